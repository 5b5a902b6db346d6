import { describe, expect, jest, test } from '@jest/globals'
import type { KeyObject } from 'node:crypto'
import { publicJwkOf } from '../../lib/jose/public-jwk.js'
import { keyPair } from '../kit/key-pair.js'

describe('publicJwkOf()', () => {
  const { privateKey, publicKey } = keyPair('ec', { namedCurve: 'P-256' })
  const { crv, kty, x, y } = privateKey.export({ format: 'jwk' })

  test.each([
    ['a public', publicKey],
    ['a private', privateKey],
  ])('gives the public members of %s key', (_kind, key) => {
    expect(publicJwkOf(key)).toEqual({ crv, kty, x, y })
  })

  // The application may have just generated it, and then Node.js 20 waits for ever.
  test.each([
    ['a public', publicKey],
    ['a private', privateKey],
  ])('exports as a JWK only what was read from an encoding of %s key', (_kind, key) => {
    const exported = jest.spyOn(Object.getPrototypeOf(publicKey) as KeyObject, 'export')
    publicJwkOf(key)
    expect(exported.mock.calls).toEqual([[{ type: 'spki', format: 'der' }], [{ format: 'jwk' }]])
    exported.mockRestore()
  })
})
