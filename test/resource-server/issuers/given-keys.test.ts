import { describe, expect, test } from '@jest/globals'
import { type KeyObject, createHmac, randomBytes } from 'node:crypto'
import { reasonOf, testApi } from '../../kit/resource-server/api.js'
import { selfSigned } from '../../kit/resource-server/certificate.js'
import { publicJwk, signJws, signingKey } from '../../kit/provider/keys.js'
import { keyPair } from '../../kit/key-pair.js'
import { apiProvider } from '../../kit/provider/provider.js'

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const hmacToken = (alg: string, secret: Buffer, claims: Record<string, unknown>, header = {}) => {
  const input = `${encode({ alg, typ: 'at+jwt', ...header })}.${encode(claims)}`
  return `${input}.${createHmac(`sha${alg.slice(2)}`, secret)
    .update(input)
    .digest('base64url')}`
}
const bytes = randomBytes(64)
const spellings: readonly (readonly [string, unknown])[] = [
  ['bytes', new Uint8Array(bytes)],
  ['base64', { base64: bytes.toString('base64') }],
  ['base64url', { base64: bytes.toString('base64url') }],
  ['a JWK', { kty: 'oct', k: bytes.toString('base64url') }],
  ['a list of two', [randomBytes(64), bytes]],
]

describe('a shared secret', () => {
  test.each(spellings)('verifies HS256, HS384 and HS512 where they are configured: %s', async (_what, secret) => {
    for (const alg of ['HS256', 'HS384', 'HS512']) {
      const { issuer, accept, refuse } = testApi({ algorithms: [alg], secret })
      await accept(hmacToken(alg, bytes, issuer.accessTokenClaims()))
      expect(reasonOf(await refuse(hmacToken(alg, randomBytes(64), issuer.accessTokenClaims())))).toBe(
        'token_signature_invalid',
      )
      const other = alg === 'HS256' ? 'HS512' : 'HS256'
      expect(reasonOf(await refuse(hmacToken(other, bytes, issuer.accessTokenClaims())))).toBe(
        'token_algorithm_refused',
      )
    }
  })

  test('is the UTF-8 bytes of a text, even if that looks like base64', async () => {
    const text = bytes.toString('base64')
    const { issuer, accept, refuse } = testApi({ algorithms: ['HS256'], secret: text })
    await accept(hmacToken('HS256', Buffer.from(text), issuer.accessTokenClaims()))
    await refuse(hmacToken('HS256', bytes, issuer.accessTokenClaims()))
  })

  test('is used for one algorithm only if it is a JWK with alg', async () => {
    const other = randomBytes(64)
    const jwk = (k: Buffer, alg: string) => ({ kty: 'oct', k: k.toString('base64url'), alg, kid: 'x', use: 'sig' })
    const secret = [jwk(bytes, 'HS256'), jwk(other, 'HS512')]
    const { issuer, accept, refuse } = testApi({ algorithms: ['HS256', 'HS512'], secret })
    await accept(hmacToken('HS256', bytes, issuer.accessTokenClaims()))
    await accept(hmacToken('HS512', other, issuer.accessTokenClaims()))
    expect(reasonOf(await refuse(hmacToken('HS512', bytes, issuer.accessTokenClaims())))).toBe(
      'token_signature_invalid',
    )
  })

  test('is copied, so that later changes of the bytes do not matter', async () => {
    const own = Buffer.from(bytes)
    const { issuer, accept } = testApi({ algorithms: ['HS256'], secret: own })
    own.fill(0)
    await accept(hmacToken('HS256', bytes, issuer.accessTokenClaims()))
  })

  test.each([
    ['too short for HS512', { algorithms: ['HS512'], secret: randomBytes(63) }, /64 for HS512/],
    ['too short for one of two', { algorithms: ['HS256', 'HS384'], secret: randomBytes(32) }, /48 for HS384/],
    [
      'a public key',
      { algorithms: ['HS256'], secret: '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----' },
      /"secret" must not be a key as PEM: "publicKey"/,
    ],
    ['too short for all', { algorithms: ['HS256'], secret: { base64: 'AAAA' } }, /at least 32 bytes/],
    ['that is not base64', { algorithms: ['HS256'], secret: { base64: 'ä'.repeat(44) } }, /"secret.*base64/],
    ['beside public keys', { algorithms: ['HS256', 'RS256'], secret: bytes }, /and no others/],
    ['without algorithms', { secret: bytes }, /must name algorithms/],
    ['that is missing', { algorithms: ['HS384'] }, /together with "secret"/],
    [
      'for encryption',
      { algorithms: ['HS256'], secret: { kty: 'oct', k: encode('x'.repeat(40)), use: 'enc' } },
      /"secret"/,
    ],
    ['a public key', { algorithms: ['HS256'], secret: publicJwk(signingKey()) }, /"secret"/],
    [
      'of another alg',
      { algorithms: ['HS256'], secret: { kty: 'oct', k: bytes.toString('base64url'), alg: 'HS512' } },
      /suit/,
    ],
    ['none at all', { algorithms: ['HS256'], secret: [] }, /"secret/],
    ['too many', { algorithms: ['HS256'], secret: Array.from({ length: 9 }, () => bytes) }, /"secret/],
  ])('that is %s is refused at the start, and not repeated', (_what, options, message) => {
    expect(() => testApi(options)).toThrow(message)
    try {
      testApi(options)
    } catch (error) {
      expect(String(error)).not.toContain(bytes.toString('base64url').slice(0, 12))
    }
  })
})

describe('a public key as PEM', () => {
  test('may have the characters \\n where lines end, as environment variables do', async () => {
    const issuer = apiProvider()
    const pem = String(issuer.keys[0]?.publicKey.export({ type: 'spki', format: 'pem' }))
    const { accept } = testApi({ publicKey: pem.replaceAll('\n', '\\n') }, issuer)
    await accept(issuer.accessToken())
  })

  test('may be a certificate', async () => {
    const { pem, key } = selfSigned('issuer')
    const issuer = apiProvider()
    const { accept } = testApi({ publicKey: pem }, issuer)
    await accept(issuer.accessToken({}, {}, { kid: 'x', alg: 'ES256', privateKey: key, publicKey: key }))
  })
})

describe('a public key as PEM that cannot verify signatures', () => {
  const pemOf = ({ publicKey }: { readonly publicKey: KeyObject }) => publicKey.export({ type: 'spki', format: 'pem' })
  test.each([
    ['RSA for PSS only', () => keyPair('rsa-pss', { modulusLength: 2048 })],
    ['DSA', () => keyPair('dsa', { modulusLength: 1024, divisorLength: 160 })],
    ['a Brainpool curve', () => keyPair('ec', { namedCurve: 'brainpoolP256r1' })],
    ['secp256k1', () => keyPair('ec', { namedCurve: 'secp256k1' })],
    ['X25519', () => keyPair('x25519')],
    ['1024 bits of RSA', () => keyPair('rsa', { modulusLength: 1024 })],
  ])('is a mistake in "publicKey" that is named: %s', (_what, generate) => {
    const mistake = { name: 'ConfigurationError', message: expect.stringMatching(/^"publicKey" .*RSA .*P-256/) }
    expect(() => testApi({ publicKey: pemOf(generate()) })).toThrow(expect.objectContaining(mistake))
  })

  test('is one where a resolver returns it, too', async () => {
    const publicKey = pemOf(keyPair('x25519'))
    const { issuer, refuse } = testApi({ issuer: () => ({ publicKey }) })
    const error = await refuse(issuer.accessToken())
    expect([error.status, error.message]).toEqual([500, expect.stringContaining('"publicKey"')])
  })
})

test('a JWK Set that holds no usable key is a mistake in "jwks" that is named', () => {
  expect(() => testApi({ jwks: { keys: [] } })).toThrow('"jwks" must hold')
})

describe('the keys of an issuer', () => {
  test('may be in certificates only', async () => {
    const { der, key } = selfSigned('issuer')
    const issuer = apiProvider()
    issuer.intercept = (url) =>
      url.endsWith('/jwks')
        ? Response.json({ keys: [{ kty: 'EC', kid: 'x', x5c: [der.toString('base64')] }] })
        : undefined
    const { accept } = testApi({}, issuer)
    await accept(issuer.accessToken({}, {}, { kid: 'x', alg: 'ES256', privateKey: key, publicKey: key }))
  })

  test('for EdDSA verify Ed25519, too, whichever of the two is allowed', async () => {
    for (const algorithms of [['EdDSA'], ['Ed25519'], undefined]) {
      const issuer = apiProvider({ keys: [signingKey('EdDSA')] })
      const { accept } = testApi({ algorithms }, issuer)
      await accept(issuer.accessToken({}, { alg: 'EdDSA' }))
      await accept(issuer.accessToken({}, { alg: 'Ed25519' }))
    }
  })

  test('are tried beyond the fourth for a token without kid, and those passed over are counted in the reason', async () => {
    const issuer = apiProvider()
    issuer.keys = Array.from({ length: 12 }, () => signingKey())
    const { accept, refuse } = testApi({}, issuer)
    await accept(issuer.accessToken({}, { kid: undefined }, issuer.keys[11]))
    issuer.intercept = (url) =>
      url.endsWith('/jwks') ? Response.json({ keys: [...issuer.keys.map(publicJwk), { kty: 'XYZ' }, 5] }) : undefined
    const header = { alg: 'ES256', typ: 'at+jwt' }
    const error = await refuse(signJws(header, issuer.accessTokenClaims(), signingKey()))
    expect(reasonOf(error)).toBe('token_signature_invalid')
    expect(String(error.cause)).toContain('(2 of its keys were passed over')
  })
})
