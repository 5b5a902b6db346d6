import { describe, expect, test } from '@jest/globals'
import { createHmac } from 'node:crypto'
import { ConfigurationError, TokenValidationError } from '../../../lib/errors.js'
import type { VerificationKey } from '../../../lib/jose/algorithms.js'
import { givenKeys } from '../../../lib/resource-server/issuers/given-keys.js'
import { failureOf } from '../../kit/failure.js'
import { keyPair } from '../../kit/key-pair.js'
import { publicJwk, rsaKey, signingKey, type SigningKey } from '../../kit/provider/keys.js'

function created(options: Parameters<typeof givenKeys>[0]) {
  const keys = givenKeys(options)
  if (keys === undefined) throw new Error('no keys were given')
  return keys
}

const pemOf = ({ publicKey }: SigningKey) => String(publicKey.export({ type: 'spki', format: 'pem' }))
const none = { isSigned: () => false }
const algsOf = (found: readonly VerificationKey[]) => found.map(({ alg }) => alg)

describe('keys of the options', () => {
  test('are none unless some are given', () => {
    expect(givenKeys({})).toBeUndefined()
    expect(givenKeys({ algorithms: ['ES256'] })).toBeUndefined()
  })

  test('as a set are found by the kid that a token names', async () => {
    const key = signingKey()
    const keys = created({ jwks: { keys: [publicJwk(key)] } })
    expect(algsOf(keys.find({ alg: 'ES256', kid: key.kid }))).toEqual(['ES256'])
    expect(keys.find({ alg: 'ES256', kid: 'x' })).toEqual([])
  })

  test.each([signingKey('ES256'), signingKey('EdDSA'), rsaKey])('as PEM are found by any kid: $alg', async (key) => {
    const keys = created({ publicKey: pemOf(key) })
    for (const selector of [{ alg: key.alg }, { alg: key.alg, kid: key.kid }, { alg: key.alg, kid: 'x' }]) {
      expect(algsOf(keys.find(selector))).toEqual([key.alg])
      expect(await keys.load(selector)).toEqual(keys.find(selector))
      expect(await failureOf(keys.load(selector, none))).toMatchObject({ code: 'token_signature_invalid' })
    }
    expect(keys.find({ alg: 'ES512' })).toEqual([])
    expect(await failureOf(keys.load({ alg: 'ES512' }))).toMatchObject({ code: 'token_key_not_found' })
    expect(keys.freshness()).toEqual({ state: 'fresh' })
  })

  test('as PEM must be a public key', async () => {
    for (const publicKey of ['x', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----']) {
      const error = await failureOf(() => givenKeys({ publicKey }))
      expect(error).toBeInstanceOf(ConfigurationError)
      expect(error).toMatchObject({ code: 'invalid_options', message: '"publicKey" must be a public key as PEM' })
    }
  })
})

test('a public key as PEM that verifies no signatures is named, with what it may be', async () => {
  const { publicKey } = keyPair('x25519')
  const pem = String(publicKey.export({ type: 'spki', format: 'pem' }))
  const error = await failureOf(() => givenKeys({ publicKey: pem }))
  expect(error).toBeInstanceOf(ConfigurationError)
  expect(error).toMatchObject({
    code: 'invalid_options',
    message: '"publicKey" must be of RSA with 2048 to 8192 bits, of EC with P-256, P-384 or P-521, or Ed25519 or Ed448',
  })
})

describe('secrets of the options', () => {
  const [one, two] = [Buffer.alloc(64, 1), Buffer.alloc(64, 2)]
  const isSignedBy = (secret: Buffer, alg: string, found: readonly VerificationKey[]) => {
    const input = Buffer.from('input')
    const signature = createHmac(`sha${alg.slice(2)}`, secret)
      .update(input)
      .digest()
    return found.map((key) => key.verify(input, signature))
  }

  test('are keys for the algorithms that are named, whatever kid a token names', () => {
    const keys = created({ secret: [{ bytes: one }, { bytes: two }], algorithms: ['HS256', 'HS512'] })
    for (const alg of ['HS256', 'HS512']) {
      const found = keys.find({ alg, kid: 'x' })
      expect(algsOf(found)).toEqual([alg, alg])
      expect([isSignedBy(one, alg, found), isSignedBy(two, alg, found)]).toEqual([
        [true, false],
        [false, true],
      ])
    }
    expect(keys.find({ alg: 'HS384' })).toEqual([])
    expect(created({ secret: [{ bytes: one }] }).find({ alg: 'HS256' })).toEqual([])
  })

  test('are for one algorithm where they name it', () => {
    const secret = [{ bytes: one, alg: 'HS256' }, { bytes: two }]
    const keys = created({ secret, algorithms: ['HS256', 'HS384'] })
    expect(isSignedBy(one, 'HS256', keys.find({ alg: 'HS256' }))).toEqual([true, false])
    expect(isSignedBy(one, 'HS384', keys.find({ alg: 'HS384' }))).toEqual([false])
    expect(isSignedBy(two, 'HS384', keys.find({ alg: 'HS384' }))).toEqual([true])
  })

  test('are never fetched: what they did not sign is refused at once', async () => {
    const keys = created({ secret: [{ bytes: one }], algorithms: ['HS256'] })
    const invalid = await failureOf(keys.load({ alg: 'HS256', kid: 'x' }))
    expect(invalid).toBeInstanceOf(TokenValidationError)
    expect(invalid).toMatchObject({ code: 'token_signature_invalid' })
    expect(await failureOf(keys.load({ alg: 'HS512' }))).toMatchObject({ code: 'token_key_not_found' })
    expect(await keys.encryptionKeys()).toEqual([])
    await expect(keys.ready()).resolves.toBeUndefined()
    expect(keys.freshness()).toEqual({ state: 'fresh' })
    expect(keys.generation).toBe(1)
    keys.close()
    expect(keys.find({ alg: 'HS256' })).toHaveLength(1)
  })
})
