import { describe, expect, test } from '@jest/globals'
import { createPublicKey } from 'node:crypto'
import { importDecryptionKeys } from '../../lib/jose/decryption-key.js'
import { ecPair, keysByKind, rsaPair, secretKey, x25519Pair } from '../kit/provider/encryption.js'
import { keyPair } from '../kit/key-pair.js'

const { rsa, ec } = keysByKind
const failure = (...keys: Parameters<typeof importDecryptionKeys>[1]): string => {
  try {
    importDecryptionKeys('decryptionKeys', keys)
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('expected a failure')
}

describe('a decryption key', () => {
  test.each([
    ['an RSA key', rsa, { kty: 'RSA' }],
    ['a key on P-256', ec, { kty: 'EC', crv: 'P-256' }],
    ['a key on P-384', ecPair('P-384'), { kty: 'EC', crv: 'P-384' }],
    ['a key on P-521', ecPair('P-521'), { kty: 'EC', crv: 'P-521' }],
    ['an X25519 key', x25519Pair(), { kty: 'OKP', crv: 'X25519' }],
  ])('may be %s, as PEM and as JWK', (_what, { pem, jwk }, expected) => {
    const [fromPem, fromJwk] = importDecryptionKeys('decryptionKeys', [pem, { ...jwk, kid: 'k', alg: 'a', use: 'enc' }])
    expect(fromPem).toMatchObject(expected)
    expect(fromPem).not.toHaveProperty('kid')
    expect(fromJwk).toMatchObject({ ...expected, kid: 'k', alg: 'a' })
  })

  test.each([16, 24, 32, 48, 64])('may be a secret of %i bytes', (length) => {
    const { jwk, encrypts } = secretKey(length)
    expect(importDecryptionKeys('decryptionKeys', [{ ...jwk, kid: 'k' }])).toEqual([
      { kty: 'oct', key: encrypts, kid: 'k' },
    ])
  })

  test('is named in errors by its place in the list', () => {
    expect(failure(rsa.pem, 'x')).toMatch(/^"decryptionKeys\[1\]" is not a private key/)
  })

  test.each([
    ['a public PEM', createPublicKey(rsa.pem).export({ type: 'spki', format: 'pem' }).toString(), 'is a public key'],
    ['a public JWK', createPublicKey(rsa.pem).export({ format: 'jwk' }), 'is a public key'],
    ['RSA of 1024 bits', rsaPair(1024).pem, 'must have at least 2048 bits'],
    ['a key on secp256k1', ecPair('secp256k1').jwk, 'is of a type or curve that is not supported, secp256k1'],
    ['a key for signatures', keyPair('ed25519').privateKey.export({ format: 'jwk' }), 'not supported, ed25519'],
    ['a JWK whose use is sig', { ...rsa.jwk, use: 'sig' }, 'has another "use" than "enc"'],
    ['a secret of another length', secretKey(20).jwk, 'must have 16, 24, 32, 48, 64 bytes in "k"'],
    ['a secret without bytes', { kty: 'oct' }, 'must have 16, 24, 32, 48, 64 bytes in "k"'],
    ['a broken PEM', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----', 'is not a private key'],
    ['a broken JWK', { kty: 'RSA', d: 'AA' }, 'is not a private key'],
  ])('must not be %s', (_what, key, expected) => {
    expect(failure(key)).toContain(expected)
  })

  test('never shows in an error', () => {
    expect(failure({ ...rsa.jwk, n: 'canary' })).not.toContain('canary')
    expect(failure('canary')).not.toContain('canary')
  })
})
