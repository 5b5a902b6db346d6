import { describe, expect, test } from '@jest/globals'
import { createStaticKeys } from '../../../lib/provider/keys.js'
import { VerifiedTokenCache } from '../../../lib/resource-server/validation/verified-token-cache.js'
import type { SignedToken } from '../../../lib/resource-server/types.js'
import { testApi } from '../../kit/resource-server/api.js'
import { publicJwk, signingKey } from '../../kit/provider/keys.js'
import { Clock } from '../../kit/clock.js'

/** What the cache is to give back; the cache itself reads the keys' generation only. */
function signedToken(subject = 'alice'): SignedToken {
  const token: SignedToken['token'] = {
    ...{ claims: {}, subject, issuer: 'https://issuer.example.com', clientId: undefined, isMachine: false, scopes: [] },
    ...{ expiresAt: 0, notBefore: 0, confirmation: undefined, authorizationDetails: undefined },
  }
  return { token, keys: createStaticKeys({ keys: [publicJwk(signingKey())] }), generation: 1 }
}

function cacheOf(
  tokens: Readonly<Record<string, SignedToken>>,
  clock = new Clock(),
  maxEntries = 100,
): VerifiedTokenCache {
  const cache = new VerifiedTokenCache({ maxEntries, ttlSeconds: 60 }, clock)
  // The first time is only noticed, the second lets it in.
  for (const [token, signed] of [...Object.entries(tokens), ...Object.entries(tokens)]) cache.offer(token, signed)
  return cache
}

const token = testApi().issuer.accessToken()

describe('BR16: the entry of a token in the cache', () => {
  test('BR16: needs the exact token, to its last character', () => {
    const signed = signedToken()
    const cache = cacheOf({ [token]: signed })
    for (let i = 0; i < token.length; i++) {
      // The neighbours by one bit, and what UTF-8 and Latin-1 might take for the same.
      for (const bits of [1, 2, 32, 128, 256]) {
        const other = String.fromCharCode(token.charCodeAt(i) ^ bits)
        expect(cache.get(token.slice(0, i) + other + token.slice(i + 1))).toBeUndefined()
      }
      expect(cache.get(token.slice(0, i) + token.slice(i + 1))).toBeUndefined()
    }
    expect(cache.get(token)).toBe(signed)
  })

  test('BR16: is not found by a token with the same end, or by the end alone', () => {
    const cache = cacheOf({ [token]: signedToken() })
    const tail = token.slice(-12)
    const [header = '', payload = '', signature = ''] = token.split('.')
    const admin = Buffer.from(JSON.stringify({ sub: 'admin' })).toString('base64url')
    for (const stranger of [
      ...[tail, `${header}.${admin}.${signature}`, `${header}..${signature}`, `.${payload}.${signature}`, signature],
      ...['', ` ${token}`, `${token} `, `${token}=`, token + tail, token.toLowerCase(), token.repeat(2)],
    ]) {
      expect(cache.get(stranger)).toBeUndefined()
    }
  })

  test('BR16: is not confused with that of another token with the same end', () => {
    const twin = `another.token.${token.slice(-12)}`
    const [alice, bob] = [signedToken('alice'), signedToken('bob')]
    const cache = cacheOf({ [token]: alice, [twin]: bob })
    expect([undefined, alice]).toContain(cache.get(token))
    expect([undefined, bob]).toContain(cache.get(twin))
    expect(cache.size).toBe(1)
  })

  test('BR16: ends after its time, when the clock is set back, and with its keys', () => {
    const clock = new Clock()
    let generation = 1
    const signed = signedToken()
    const keys = { ...signed.keys }
    Object.defineProperty(keys, 'generation', { get: () => generation })
    const cache = cacheOf({ [token]: { ...signed, keys } }, clock)
    expect(cache.get(token)).toBeDefined()
    for (const [seconds, isKnown] of [
      [59, true],
      [1, false],
      [-119, true],
      [-1, false],
      [60, true],
    ] as const) {
      clock.seconds += seconds
      expect(cache.get(token) !== undefined).toBe(isKnown)
    }
    generation++
    expect(cache.get(token)).toBeUndefined()
  })

  test('BR16: is not used where the issuer that verified it is not the current one', () => {
    const signed = signedToken()
    let { keys } = signed
    const cache = new VerifiedTokenCache(
      { maxEntries: 100, ttlSeconds: 60 },
      new Clock(),
      (known) => known.keys === keys,
    )
    for (let i = 0; i < 2; i++) cache.offer(token, signed)
    expect(cache.get(token)).toBe(signed)
    keys = signedToken().keys
    expect(cache.get(token)).toBeUndefined()
  })

  test('BR16: RE01: survives a flood of tokens that are seen once, and the cache never exceeds its limit', () => {
    const signed = signedToken()
    const cache = cacheOf({ [token]: signed }, new Clock(), 16)
    for (let i = 0; i < 400; i++) cache.offer(`a.b.${String(i).padStart(12, 'x')}`, signed)
    expect(cache.get(token)).toBe(signed)
    for (let i = 0; i < 5000; i++) cache.offer(`a.b.${String(i).padStart(12, 'x')}`, signed)
    expect(cache.size).toBeLessThanOrEqual(16)
  })
})
