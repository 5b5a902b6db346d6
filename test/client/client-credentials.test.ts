import { describe, expect, test } from '@jest/globals'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { clientCredentials } from '../../lib/index.js'
import { createTokens } from '../kit/client/source.js'
import { pastDeadline } from '../kit/timers.js'
import { settled } from '../kit/until.js'
import { startRealProvider } from '../provider-real/provider.js'
import { failureOf } from '../kit/failure.js'
import { down, json } from '../kit/provider/answers.js'
import { keyPair } from '../kit/key-pair.js'

const api = 'https://api.example.com'
const many = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index))

describe('many callers at once', () => {
  test('CC01: make one token request at a real provider, and one for metadata', async () => {
    const op = await startRealProvider()
    const source = clientCredentials({ issuer: op.issuer, ...op.machine, resource: api, scope: 'orders:read' })
    const tokens = await Promise.all(many(100, () => source.getToken()))
    expect(new Set(tokens).size).toBe(1)
    expect(op.requests).toEqual(['GET /.well-known/openid-configuration', 'POST /token'])
    source.close()
    await op.close()
  })

  test('CC01: make one renewal in the early window', async () => {
    const { op, source, requests } = createTokens()
    await source.getToken()
    op.clock.advance(540)
    await Promise.all(many(100, () => source.getToken()))
    await settled()
    expect(requests()).toHaveLength(2)
  })

  test('CC01: make one renewal of an expired token, and all get its token', async () => {
    const { op, source, requests } = createTokens()
    await source.getToken()
    op.clock.advance(601)
    expect(new Set(await Promise.all(many(100, () => source.getToken())))).toEqual(new Set(['token-2']))
    expect(requests()).toHaveLength(2)
  })

  test('CC01: share one failure, and none after it', async () => {
    const tokens = createTokens()
    tokens.failure = down
    const failures = await Promise.all(many(100, () => failureOf(tokens.source.getToken())))
    expect(failures.every(({ code }) => code === 'provider_unavailable')).toBe(true)
    expect(tokens.requests()).toHaveLength(1)
    tokens.failure = undefined
    expect(await tokens.source.getToken()).toBe('token-2')
  })

  test('CC01: drop the token once when a hundred calls are answered with 401', async () => {
    const { op } = createTokens()
    let count = 0
    const { issuer } = op
    const fetch = (async (input: string | URL, init?: RequestInit) => {
      if (String(input).startsWith(issuer)) return op.fetch(input, init)
      const isOld = new Headers(init?.headers).get('authorization') === 'Bearer token-1'
      await settled()
      count++
      return new Response('', { status: isOld ? 401 : 200 })
    }) as typeof globalThis.fetch
    const source = clientCredentials({ issuer, clientId: 'machine', clientSecret: 'x', fetch })
    const responses = await Promise.all(many(100, () => source.fetch(`${api}/x`)))
    expect(responses.every(({ status }) => status === 200)).toBe(true)
    expect([count, op.count('/token')]).toEqual([200, 2])
  })
})

describe('keys of the cache', () => {
  test('CC01: do not depend on the order of a target’s members, or on repetitions', async () => {
    const { source, requests } = createTokens()
    const [a, b] = [`${api}/a`, `${api}/b`]
    const first = await source.getToken({ scope: 'x y z', resource: [a, b], audience: ['p', 'q'] })
    for (const scope of ['z y x', ' x  y z ', 'x x y z']) {
      expect(await source.getToken({ scope, resource: [b, a, b], audience: ['q', 'p'] })).toBe(first)
    }
    expect(requests()).toHaveLength(1)
  })

  test('CC01: differ between any two targets, whatever their names look like', async () => {
    const { source } = createTokens()
    const targets = [
      {},
      { scope: 'a' },
      { scope: 'A' },
      { scope: 'a b' },
      { scope: 'ab' },
      { audience: 'a' },
      { audience: 'a b' },
      { audience: ['a', 'b'] },
      { audience: 'a,b' },
      { audience: ['ab'] },
      { audience: ['ab', 'c'] },
      { audience: ['a', 'bc'] },
      { audience: ['a', '1:b'] },
      { audience: 'a1:b' },
      { audience: '1;1:a' },
      { resource: 'urn:a' },
      { resource: ['urn:a', 'urn:b'] },
      { resource: 'urn:a', audience: 'urn:b' },
      { resource: 'urn:b', audience: 'urn:a' },
      { audience: ['urn:a', 'urn:b'] },
      { scope: 'urn:a' },
      { audience: 'urn:a' },
      { scope: '__proto__' },
      { scope: 'constructor' },
    ]
    const tokens = await Promise.all(targets.map((target) => source.getToken(target)))
    expect(new Set(tokens).size).toBe(targets.length)
  })

  test('CC01: do not change when a caller changes its target afterwards', async () => {
    const { source } = createTokens()
    const target = { scope: 'a', audience: ['x'] }
    expect(await source.getToken(target)).toBe('token-1')
    target.audience.push('y')
    expect(await source.getToken(target)).toBe('token-2')
    expect(await source.getToken({ scope: 'a', audience: 'x' })).toBe('token-1')
  })
})

describe('the end of a token, and of a provider', () => {
  test('CC02: an unexpired token is served while the provider is down, then there is a typed error', async () => {
    const tokens = createTokens()
    await tokens.source.getToken()
    tokens.failure = down
    for (let age = 0; age < 599; age += 1) {
      expect(await tokens.source.getToken()).toBe('token-1')
      await settledAfter(age)
      tokens.op.clock.advance(1)
    }
    tokens.op.clock.advance(2)
    const error = await failureOf(tokens.source.getToken())
    expect(error).toMatchObject({ name: 'ProviderError', code: 'provider_unavailable', status: 503 })
    expect(Number(error.headers['Retry-After'])).toBeGreaterThan(0)
    // Tries are spaced out: some dozens in the window of up to 150 seconds would be an attack of our own.
    expect(tokens.requests().length).toBeLessThan(12)
    tokens.failure = undefined
    tokens.op.clock.advance(61)
    expect(await tokens.source.getToken()).toMatch(/^token-\d+$/)
  })

  test('CC02: a token that could expire on its way is served where its renewal fails', async () => {
    const tokens = createTokens()
    await tokens.source.getToken()
    tokens.failure = down
    tokens.op.clock.advance(595)
    expect(await Promise.all(many(3, () => tokens.source.getToken()))).toEqual(many(3, () => 'token-1'))
    expect(tokens.requests()).toHaveLength(2)
  })

  test('CC02: a token that expires while its renewal fails is not served', async () => {
    const tokens = createTokens()
    await tokens.source.getToken()
    tokens.failure = down
    tokens.op.clock.advance(595)
    const release = tokens.hold()
    const pending = failureOf(tokens.source.getToken())
    await settled()
    tokens.op.clock.advance(6)
    release()
    expect(await pending).toMatchObject({ code: 'provider_unavailable', status: 503 })
  })

  test('CC02: a real provider that dies leaves the token usable', async () => {
    const op = await startRealProvider()
    const source = clientCredentials({ issuer: op.issuer, ...op.machine, resource: api })
    const token = await source.getToken()
    await op.close()
    expect(await source.getToken()).toBe(token)
    expect(await failureOf(source.getToken({ scope: 'orders:read' }))).toMatchObject({
      name: 'ProviderError',
      code: 'provider_unreachable',
      status: 503,
    })
  })

  test('CC02: a 401 drops exactly the token that got it', async () => {
    const { source, requests } = createTokens()
    const [one, other] = [await source.getToken(), await source.getToken({ scope: 'other' })]
    source.drop(one)
    expect(await source.getToken({ scope: 'other' })).toBe(other)
    expect(await source.getToken()).toBe('token-3')
    // A late answer to the token that is gone already leaves its successor alone.
    source.drop(one)
    expect(await source.getToken()).toBe('token-3')
    expect(requests()).toHaveLength(3)
  })

  test('CC02: a token dropped while its renewal fails is not served again', async () => {
    const tokens = createTokens()
    await tokens.source.getToken()
    tokens.op.clock.advance(595)
    tokens.failure = down
    const release = tokens.hold()
    const pending = failureOf(tokens.source.getToken())
    await settled()
    tokens.source.drop('token-1')
    release()
    expect(await pending).toMatchObject({ code: 'provider_unavailable' })
  })
})

async function settledAfter(age: number): Promise<void> {
  if (age > 440) await settled()
}

describe('the client assertion', () => {
  const { privateKey } = keyPair('ec', { namedCurve: 'P-256' })
  const signing = {
    clientSecret: undefined,
    clientAssertionKey: { ...privateKey.export({ format: 'jwk' }), kid: 'key-1' },
  }
  const assertionsOf = (tokens: ReturnType<typeof createTokens>) =>
    tokens.op.seen.flatMap(({ body }) => body.get('client_assertion') ?? [])

  test('CC03: is for the issuer as a plain string, for a minute, and signed by the configured key', async () => {
    const tokens = createTokens(signing)
    await tokens.source.getToken()
    const [assertion = ''] = assertionsOf(tokens)
    const now = tokens.op.clock.now() / 1000
    expect(decodeJwt(assertion)).toEqual({
      iss: 'machine',
      sub: 'machine',
      aud: tokens.op.issuer,
      iat: now,
      exp: now + 60,
      jti: expect.stringMatching(/^[\w-]{43}$/),
    })
    expect(decodeProtectedHeader(assertion)).toEqual({ alg: 'ES256', typ: 'JWT', kid: 'key-1' })
  })

  test('CC03: has a new ID at every attempt, failed ones too, at every endpoint', async () => {
    const tokens = createTokens(signing)
    tokens.op.answers['/revoke'] = () => new Response('')
    tokens.failure = down
    await failureOf(tokens.source.getToken())
    tokens.failure = undefined
    const token = await tokens.source.getToken()
    await tokens.source.exchange({ subjectToken: 'subject-1' })
    await tokens.source.revoke(token)
    const claims = assertionsOf(tokens).map((assertion) => decodeJwt(assertion))
    expect(claims.map(({ aud }) => aud)).toEqual(many(4, () => tokens.op.issuer))
    expect(new Set(claims.map(({ jti }) => jti)).size).toBe(4)
  })

  test('CC03: is the only credential that goes to the token endpoint', async () => {
    const tokens = createTokens(signing)
    await tokens.source.getToken()
    expect(tokens.requests()[0]?.headers.has('authorization')).toBe(false)
    expect([...(tokens.requests()[0]?.body.keys() ?? [])].sort()).toEqual([
      'client_assertion',
      'client_assertion_type',
      'client_id',
      'grant_type',
    ])
  })
})

describe('the cache of tokens', () => {
  test('RE01: is bounded: the least recently used token goes first', async () => {
    const { source, requests } = createTokens({ cacheMaxEntries: 10 })
    for (let index = 0; index < 100; index++) await source.getToken({ audience: `a${index}` })
    for (let index = 90; index < 100; index++) await source.getToken({ audience: `a${index}` })
    expect(requests()).toHaveLength(100)
    await source.getToken({ audience: 'a0' })
    expect(requests()).toHaveLength(101)
  })

  test('RE01: exchanges on behalf of many people do not push out the machine’s own token', async () => {
    const { source, requests } = createTokens({ cacheMaxEntries: 10 })
    const own = await source.getToken()
    for (let index = 0; index < 100; index++) await source.exchange({ subjectToken: `subject-${index}` })
    expect(await source.getToken()).toBe(own)
    await source.exchange({ subjectToken: 'subject-99' })
    expect(requests()).toHaveLength(101)
  })
})

describe('a provider that does not answer', () => {
  test('RE02: holds nobody longer than the deadline, and later callers not at all', async () => {
    const tokens = createTokens({ httpTimeoutSeconds: 30 })
    await tokens.source.ready()
    tokens.hold()
    const target = { scope: 'other' }
    for (let attempt = 0; attempt < 2; attempt++) {
      const failures = await pastDeadline(30, () =>
        Promise.all(many(20, () => failureOf(tokens.source.getToken(target)))),
      )
      expect(new Set(failures.map(({ code }) => code))).toEqual(new Set(['provider_timeout']))
    }
    const before = tokens.requests().length
    const error = await failureOf(tokens.source.getToken(target))
    expect(error).toMatchObject({ name: 'ProviderError', code: 'provider_timeout', status: 503 })
    expect(error.headers['Retry-After']).toMatch(/^[12]$/)
    expect(tokens.requests()).toHaveLength(before)
    expect(await tokens.source.getToken()).toBe('token-1')
  })

  test('RE02: is asked again once the wait is over, and at once by a clock that was set back', async () => {
    const tokens = createTokens()
    tokens.failure = down
    for (let attempt = 0; attempt < 3; attempt++) await failureOf(tokens.source.getToken())
    expect(tokens.requests()).toHaveLength(2)
    tokens.op.clock.advance(2)
    await failureOf(tokens.source.getToken())
    expect(tokens.requests()).toHaveLength(3)
    tokens.op.clock.advance(-86_400)
    tokens.failure = undefined
    expect(await tokens.source.getToken()).toBe('token-4')
  })

  test('RE02: counts as healthy once it answers: the next single failure makes nobody wait', async () => {
    const tokens = createTokens()
    tokens.failure = down
    for (let attempt = 0; attempt < 2; attempt++) await failureOf(tokens.source.getToken())
    tokens.op.clock.advance(61)
    tokens.failure = undefined
    tokens.source.drop(await tokens.source.getToken())
    tokens.failure = down
    await failureOf(tokens.source.getToken())
    tokens.failure = undefined
    expect(await tokens.source.getToken()).toBe('token-5')
  })

  test('RE02: does not keep a refusal of one target from being told apart from others', async () => {
    const tokens = createTokens()
    tokens.failure = () => json({ error: 'invalid_scope' }, 400)
    for (let attempt = 0; attempt < 3; attempt++) {
      expect(await failureOf(tokens.source.getToken({ scope: 'x' }))).toMatchObject({ code: 'token_request_failed' })
    }
    tokens.failure = undefined
    expect(await tokens.source.getToken()).toBe('token-3')
    expect(tokens.requests()).toHaveLength(3)
  })
})
