import { describe, expect, test } from '@jest/globals'
import { createPublicKey } from 'node:crypto'
import { withCertificateKeys } from '../../lib/jose/certificate-keys.js'
import { importKeySet } from '../../lib/jose/jwk-set.js'
import { selfSigned } from '../kit/resource-server/certificate.js'

const certificate = selfSigned('issuer')
const x5c = [certificate.der.toString('base64')]
const { x } = createPublicKey(certificate.key).export({ format: 'jwk' })

describe('a JWK that holds its key only in a certificate', () => {
  test('gets the members of the key', () => {
    expect(withCertificateKeys({ keys: [{ kty: 'EC', kid: 'a', x5c }] })).toMatchObject({
      keys: [{ kty: 'EC', kid: 'a', crv: 'P-256', x }],
    })
  })

  test('gets them where null stands for what it lacks', () => {
    const jwks = { keys: [{ kty: null, n: null, x: null, y: null, x5c }] }
    expect(importKeySet(withCertificateKeys(jwks))?.imported.size).toBe(1)
  })

  test.each([
    ['another type of key', { kty: 'RSA', x5c }],
    ['what is not a certificate', { kty: 'EC', x5c: ['AAAA'] }],
    ['a list of something else', { kty: 'EC', x5c: [5] }],
    ['an empty list', { kty: 'EC', x5c: [] }],
  ])('stays unusable with %s', (_what, jwk) => {
    expect(importKeySet(withCertificateKeys({ keys: [jwk] }))?.imported.size).toBe(0)
  })

  test('is ignored beside a key that is there as well', () => {
    const jwks = { keys: [{ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', x5c }] }
    expect(withCertificateKeys(jwks)).toBe(jwks)
  })

  test.each([undefined, null, 'x', {}, { keys: 5 }])('without a key set yields no key: %j', (jwks) => {
    expect(withCertificateKeys(jwks)).toBe(jwks)
  })

  test('yields no key to a caller that did not ask, such as a DPoP proof', () => {
    expect(importKeySet({ keys: [{ kty: 'EC', x5c }] })?.imported.size).toBe(0)
  })
})
