import { describe, expect, test } from '@jest/globals'
import { connect } from 'node:net'
import { ConfigurationError } from '../../../lib/errors.js'
import { bearer } from '../../../lib/middleware/bearer.js'
import { VerifiedTokenCache } from '../../../lib/resource-server/validation/verified-token-cache.js'
import type { SignedToken } from '../../../lib/resource-server/types.js'
import { reasonOf, testApi } from '../../kit/resource-server/api.js'
import { publicJwk, signingKey } from '../../kit/provider/keys.js'
import { type FakeProvider, apiProvider, audience } from '../../kit/provider/provider.js'
import { startApi } from '../../kit/resource-server/server.js'
import { Clock } from '../../kit/clock.js'
import { pastDeadline } from '../../kit/timers.js'

const keyRequests = (issuer: FakeProvider) => issuer.requests.filter((url) => url.endsWith('/jwks')).length
const settle = async () => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
}

describe('JK: the keys of an issuer', () => {
  test('JK01: work at once when they are new, and the next ones seconds later too', async () => {
    const { issuer, accept } = testApi()
    await accept(issuer.accessToken())
    for (let i = 0; i < 3; i++) {
      issuer.keys = [signingKey()]
      issuer.clock.seconds += 2
      await accept(issuer.accessToken())
    }
    expect(keyRequests(issuer)).toBe(4)
  })

  test('JK01: are fetched once, with the metadata, for a hundred tokens at the first moment', async () => {
    const { issuer, accept } = testApi()
    await Promise.all(Array.from({ length: 100 }, () => accept(issuer.accessToken())))
    expect(issuer.requests).toHaveLength(2)
  })

  test('JK02: are requested a few times in a flood of invented kids, and good tokens still pass', async () => {
    const { issuer, accept, refuse } = testApi()
    await accept(issuer.accessToken())
    for (let i = 0; i < 200; i++) {
      const error = await refuse(issuer.accessToken({}, { kid: `invented-${i}` }))
      if (i < 3) expect([error.status, reasonOf(error)]).toEqual([401, 'token_key_not_found'])
      else expect(error).toMatchObject({ status: 503, code: 'provider_keys_throttled' })
    }
    expect(keyRequests(issuer)).toBeLessThanOrEqual(4)
    await accept(issuer.accessToken())
  })

  test('JK02: make no good token a 401 after strangers’ invented kids: it is told to come back, and then works', async () => {
    const { issuer, accept, refuse } = testApi()
    await accept(issuer.accessToken())
    for (let i = 0; i < 30; i++) await refuse(issuer.accessToken({}, { kid: `invented-${i}` }))
    issuer.keys = [signingKey()]
    const error = await refuse(issuer.accessToken())
    expect(error.status).toBe(503)
    expect(error.headers).not.toHaveProperty('WWW-Authenticate')
    issuer.clock.seconds += Number(error.headers['Retry-After'])
    await accept(issuer.accessToken())
  })

  test.each([
    ['of nobody', {}, { alg: 'none' }],
    ['of another type', {}, { typ: 'logout+jwt' }],
    ['of another issuer', { iss: 'https://evil.example' }, {}],
    ['for another audience', { aud: 'https://other.example' }, {}],
    ['without audience', { aud: undefined }, {}],
    ['that is past', { exp: 5 }, {}],
    ['without exp', { exp: undefined }, {}],
    ['with an unknown algorithm', {}, { alg: 'XX256' }],
  ])('JK02: are not requested for invented kids in tokens %s, which stay 401', async (_what, claims, header) => {
    const { issuer, accept, refuse } = testApi()
    await accept(issuer.accessToken())
    const { length } = issuer.requests
    for (let i = 0; i < 30; i++) {
      expect((await refuse(issuer.accessToken(claims, { kid: `invented-${i}`, ...header }))).status).toBe(401)
    }
    expect(issuer.requests).toHaveLength(length)
    issuer.keys = [signingKey()]
    await accept(issuer.accessToken())
  })

  test('JK01: are found where a key took another’s place under its kid, and forged signatures stay 401', async () => {
    const { issuer, accept, refuse } = testApi()
    await accept(issuer.accessToken())
    const [old] = issuer.keys
    issuer.keys = [signingKey('ES256', { kid: old?.kid ?? '' })]
    await accept(issuer.accessToken())
    for (let i = 0; i < 20; i++) {
      const error = await refuse(issuer.accessToken({}, {}, signingKey('ES256', { kid: old?.kid ?? '' })))
      expect([error.status, reasonOf(error)]).toEqual([401, 'token_signature_invalid'])
    }
    expect(keyRequests(issuer)).toBeLessThanOrEqual(6)
  })

  test.each([1800, 3600, 36_000])('JK07: verify no token with withdrawn keys after %s idle seconds', async (idle) => {
    const { issuer, accept, refuse } = testApi()
    await accept(issuer.accessToken())
    const [withdrawn] = issuer.keys
    issuer.keys = [signingKey()]
    issuer.clock.seconds += idle
    expect(reasonOf(await refuse(issuer.accessToken({}, {}, withdrawn)))).toBe('token_key_not_found')
    await accept(issuer.accessToken())
  })

  test('JK07: are not withdrawn by an empty set', async () => {
    const { issuer, accept } = testApi()
    await accept(issuer.accessToken())
    const [key] = issuer.keys
    issuer.keys = []
    issuer.clock.seconds += 3600
    await accept(issuer.accessToken({}, {}, key))
  })

  test('JK03: serve for the configured hours while the issuer is down', async () => {
    const { issuer, accept, refuse } = testApi({ keysStaleSeconds: 7200 })
    await accept(issuer.accessToken())
    issuer.intercept = () => new Response('', { status: 503 })
    for (let i = 0; i < 12; i++) {
      issuer.clock.seconds += 600
      await accept(issuer.accessToken())
      await settle()
    }
    const during = issuer.requests.length
    expect(during).toBeLessThan(40)
    issuer.clock.seconds += 1200
    const error = await refuse(issuer.accessToken())
    expect(error.status).toBe(503)
    expect(error.headers['Retry-After']).toMatch(/^\d+$/)
    issuer.intercept = undefined
    issuer.clock.seconds += 60
    await accept(issuer.accessToken())
  })

  test.each([
    ['100 MB', () => new Response(new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(65_536)) }))],
    ['a thousand keys', () => Response.json({ keys: Array.from({ length: 1000 }, () => ({ kty: 'RSA' })) })],
    ['HTML', () => new Response('<html>')],
    ['no keys member', () => Response.json({})],
    ['keys that are not a list', () => Response.json({ keys: {} })],
  ])('JK04: in a set that is %s are an outage', async (_what, answer) => {
    const { issuer, refuse } = testApi()
    issuer.intercept = (url) => (url.endsWith('/jwks') ? answer() : undefined)
    expect((await refuse(issuer.accessToken())).status).toBe(503)
  })

  test('JK04: are given up after the deadline where the set trickles', async () => {
    const { issuer, refuse } = testApi({ httpTimeoutSeconds: 30 })
    issuer.intercept = (url) => (url.endsWith('/jwks') ? new Response(new ReadableStream({})) : undefined)
    const refusal = await pastDeadline(
      30,
      () => refuse(issuer.accessToken()),
      () => keyRequests(issuer) > 0,
    )
    expect(refusal).toMatchObject({ status: 503, code: 'provider_timeout' })
  })

  test('JK04: are ignored where they are unusable, and the others still work', async () => {
    const { issuer, accept } = testApi()
    const [key] = issuer.keys
    if (key === undefined) throw new Error('no key')
    const good = publicJwk(key)
    const keys = [
      null,
      'x',
      { kty: 'oct', k: 'AAAA' },
      { kty: 'XYZ' },
      { ...good, kid: 'enc', use: 'enc' },
      { ...good, x: 'AAAA' },
      good,
    ]
    issuer.intercept = (url) => (url.endsWith('/jwks') ? Response.json({ keys }) : undefined)
    await accept(issuer.accessToken())
  })

  test('JK05: are not fetched by a redirect', async () => {
    const { issuer, refuse } = testApi()
    issuer.intercept = (url) => (url.endsWith('/jwks') ? Response.redirect('http://169.254.169.254/', 302) : undefined)
    expect((await refuse(issuer.accessToken())).status).toBe(503)
    expect(issuer.requests.some((url) => url.includes('169.254'))).toBe(false)
  })

  test('JK07: are unusable after the next refresh where they were removed, for tokens seen before as well', async () => {
    const { issuer, accept, refuse } = testApi()
    const token = issuer.accessToken({ exp: issuer.clock.seconds + 86_400 })
    for (let i = 0; i < 3; i++) await accept(token)
    issuer.keys = [signingKey()]
    issuer.clock.seconds += 3600
    await accept(issuer.accessToken())
    expect((await refuse(token)).status).toBe(401)
  })

  test('JK: are never fetched where they are configured, and a PEM serves tokens with any kid', async () => {
    const issuer = apiProvider()
    const [key] = issuer.keys
    if (key === undefined) throw new Error('no key')
    const jwks = { keys: [publicJwk(key)] }
    const bySet = testApi({ jwks }, issuer)
    await bySet.accept(issuer.accessToken())
    expect(reasonOf(await bySet.refuse(issuer.accessToken({}, { kid: 'other' })))).toBe('token_key_not_found')
    expect(Object.isFrozen(jwks) || Object.isFrozen(jwks.keys)).toBe(false)
    const byPem = testApi({ publicKey: key.publicKey.export({ type: 'spki', format: 'pem' }) }, issuer)
    await byPem.accept(issuer.accessToken({}, { kid: 'other' }))
    await byPem.accept(issuer.accessToken({}, { kid: undefined }))
    expect((await byPem.refuse(issuer.accessToken({}, {}, signingKey()))).status).toBe(401)
    expect(issuer.requests).toEqual([])
    const secret = key.privateKey.export({ type: 'pkcs8', format: 'pem' })
    for (const publicKey of [secret, 'x', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----']) {
      expect(() => testApi({ publicKey })).toThrow(ConfigurationError)
    }
    for (const jwks of [{}, { keys: [] }, [], { keys: [{ kty: 'oct', k: 'AAAA' }] }]) {
      expect(() => testApi({ jwks })).toThrow(ConfigurationError)
    }
  })
})

describe('DI: discovery of a trusted issuer', () => {
  test('asks again soon where the metadata lack jwks_uri', async () => {
    const { issuer, accept, refuse } = testApi()
    const { metadata } = issuer
    issuer.metadata = { issuer: issuer.issuer }
    expect(await refuse(issuer.accessToken())).toMatchObject({ status: 503, code: 'provider_metadata_invalid' })
    issuer.metadata = metadata
    issuer.clock.seconds += 2
    await accept(issuer.accessToken())
  })

  test('DI01: refuses metadata of another issuer', async () => {
    for (const name of ['https://issuer.example.com/', 'https://evil.example.com', undefined, 5]) {
      const { issuer, refuse } = testApi()
      issuer.metadata = { ...issuer.metadata, issuer: name }
      expect(await refuse(issuer.accessToken())).toMatchObject({ status: 503, code: 'provider_issuer_mismatch' })
      expect(keyRequests(issuer)).toBe(0)
    }
  })

  test('DI02: refuses plain http, for the issuer and for its endpoints', async () => {
    expect(() => bearer({ issuer: 'http://issuer.example.com', audience })).toThrow(/https/)
    expect(() => bearer({ issuer: ['https://a.example.com', 'http://b.example.com'], audience })).toThrow(/https/)
    const { issuer, refuse } = testApi()
    issuer.metadata = { ...issuer.metadata, jwks_uri: 'http://issuer.example.com/jwks' }
    expect(await refuse(issuer.accessToken())).toMatchObject({ status: 503, code: 'provider_metadata_invalid' })
    bearer({ issuer: 'http://issuer.internal', audience, dangerouslyAllowHttp: true }).close()
    bearer({ issuer: 'http://localhost:3000', audience }).close()
  })

  test('DI03: never contacts an issuer that a token invents', async () => {
    const { issuer, refuse } = testApi()
    for (const iss of [
      'https://169.254.169.254',
      'http://localhost:1',
      'file:///etc/passwd',
      'https://issuer.example.com.evil.example',
    ]) {
      await refuse(issuer.accessToken({ iss }))
    }
    expect(issuer.requests).toEqual([])
  })

  test('DI04: does not keep an API from starting while the issuer is down, answers 503, and recovers by itself', async () => {
    const { issuer, accept, refuse, validator } = testApi()
    issuer.intercept = () => Promise.reject(new TypeError('fetch failed'))
    await expect(validator.ready()).rejects.toMatchObject({ status: 503 })
    const before = issuer.requests.length
    const all = await Promise.all(Array.from({ length: 50 }, () => refuse(issuer.accessToken())))
    for (const error of all) {
      expect(error.status).toBe(503)
      expect(error.headers['Retry-After']).toMatch(/^\d+$/)
      expect(error.headers['WWW-Authenticate']).toBeUndefined()
    }
    expect(issuer.requests.length - before).toBeLessThanOrEqual(2)
    issuer.intercept = undefined
    issuer.clock.seconds += 2
    await accept(issuer.accessToken())
    expect(validator.health()).toMatchObject([{ issuer: issuer.issuer, metadata: 'fresh', keys: 'fresh' }])
  })

  test('DI05: finds keys that move with the metadata', async () => {
    const { issuer, accept } = testApi()
    await accept(issuer.accessToken())
    const [key] = issuer.keys
    issuer.metadata = { ...issuer.metadata, jwks_uri: 'https://issuer.example.com/moved' }
    issuer.intercept = (url) =>
      url.endsWith('/moved') && key !== undefined ? Response.json({ keys: issuer.keys.map(publicJwk) }) : undefined
    issuer.clock.seconds += 3700
    await accept(issuer.accessToken())
    await settle()
    issuer.clock.seconds += 700
    await accept(issuer.accessToken())
    await settle()
    expect(issuer.requests).toContain('https://issuer.example.com/moved')
  })
})

describe('a choice between several issuers', () => {
  test('by a template trusts its tenants only', async () => {
    const tenant = 'https://login.example.com/tenant-1/v2.0'
    const issuer = apiProvider({ issuer: tenant })
    const options = { issuer: 'https://login.example.com/{tenantid}/v2.0', tenants: ['tenant-1', 'tenant-2'] }
    const { accept, refuse } = testApi(options, issuer)
    await accept(issuer.accessToken())
    for (const name of ['tenant-3', '{tenantid}', 'tenant-1/x', 'common']) {
      const iss = `https://login.example.com/${name}/v2.0`
      expect(reasonOf(await refuse(issuer.accessToken({ iss })))).toBe('token_issuer_mismatch')
    }
    expect(() => testApi({ issuer: options.issuer })).toThrow(/tenants/)
    expect(() => testApi({ tenants: ['x'] })).toThrow(/tenants/)
    expect(() => testApi({ ...options, tenants: ['../x'] })).toThrow(ConfigurationError)
  })

  test('by a resolver is made once for each issuer in a while, for strangers too', async () => {
    const asked: string[] = []
    const issuer = apiProvider()
    const resolver = async (name: string) => {
      asked.push(name)
      return name === issuer.issuer ? { audience: 'tenant-api', algorithms: ['ES256'] } : undefined
    }
    const { accept, refuse } = testApi({ issuer: resolver }, issuer)
    await Promise.all(Array.from({ length: 20 }, () => accept(issuer.accessToken({ aud: 'tenant-api' }))))
    expect(reasonOf(await refuse(issuer.accessToken()))).toBe('token_audience_mismatch')
    for (let i = 0; i < 5; i++) await refuse(issuer.accessToken({ iss: 'https://stranger.example.com' }))
    expect(asked).toEqual([issuer.issuer, 'https://stranger.example.com'])
    issuer.clock.seconds += 300
    await accept(issuer.accessToken({ aud: 'tenant-api' }))
    expect(asked).toHaveLength(3)
    expect(keyRequests(issuer)).toBe(1)
  })

  test('by a resolver takes what it leaves out from the options around it', async () => {
    const issuer = apiProvider()
    const { accept, refuse } = testApi({ issuer: () => ({}), algorithms: ['ES256'] }, issuer)
    await accept(issuer.accessToken())
    expect(reasonOf(await refuse(issuer.accessToken({ aud: 'x' })))).toBe('token_audience_mismatch')
  })

  test('by a resolver that fails is an outage, and by one that returns nonsense a mistake of the application', async () => {
    const issuer = apiProvider()
    const failing = testApi({ issuer: () => Promise.reject(new Error('database password is hunter2')) }, issuer)
    const error = await failing.refuse(issuer.accessToken())
    expect(error.status).toBe(503)
    expect(`${error.message} ${String(error.cause)}`).not.toContain('hunter2')
    const odd = testApi({ issuer: () => ({ audiance: 'x' }) }, issuer)
    expect(await odd.refuse(issuer.accessToken())).toMatchObject({ code: 'invalid_options', status: 500 })
  })

  test('by a resolver is forgotten after a while where it does not know the issuer any more', async () => {
    const issuer = apiProvider()
    let isKnown = true
    const { accept, refuse } = testApi({ issuer: () => (isKnown ? {} : undefined) }, issuer)
    await accept(issuer.accessToken())
    isKnown = false
    issuer.clock.seconds += 300
    expect(reasonOf(await refuse(issuer.accessToken()))).toBe('token_issuer_mismatch')
  })
})

describe('RE: a resource server under load', () => {
  test('RE01: has a bounded cache of tokens', () => {
    const clock = new Clock()
    const cache = new VerifiedTokenCache({ maxEntries: 100, ttlSeconds: 60 }, clock)
    const keys = { generation: 1 } as SignedToken['keys']
    const signed = { token: {}, keys, generation: 1 } as unknown as SignedToken
    for (let i = 0; i < 20_000; i++) {
      const token = `${i}.${'x'.repeat(40)}.${String(i).padStart(12, 'y')}`
      cache.offer(token, signed)
      cache.offer(token, signed)
    }
    expect(cache.size).toBe(100)
  })

  test('RE01: does not let tokens that are seen once replace those that are seen often', async () => {
    const { issuer, accept } = testApi({ cache: { maxEntries: 64 } })
    const often = issuer.accessToken()
    for (let i = 0; i < 3; i++) await accept(often)
    const { claims } = await accept(often)
    for (let i = 0; i < 300; i++) {
      await accept(issuer.accessToken())
      if (i % 10 === 0) await accept(often)
    }
    expect((await accept(often)).claims).toBe(claims)
  })

  test('RE01: asks a resolver about a bounded number of strangers at the same time', async () => {
    const issuer = apiProvider()
    const { refuse } = testApi({ issuer: () => new Promise(() => undefined) }, issuer)
    const waiting = Array.from({ length: 100 }, (_, i) =>
      refuse(issuer.accessToken({ iss: `https://s${i}.example.com` })),
    )
    expect((await refuse(issuer.accessToken({ iss: 'https://one-more.example.com' }))).status).toBe(503)
    expect(waiting).toHaveLength(100)
  })

  test('RE01: refuses deep JSON, long segments and many dots early', async () => {
    const { issuer, refuse } = testApi()
    const [key] = issuer.keys
    if (key === undefined) throw new Error('no key')
    const deep = Buffer.from('{"a":'.repeat(2000)).toString('base64url')
    for (const token of [`${deep}.${deep}.x`, '.'.repeat(16_000), `${'a'.repeat(16_000)}..`, 'a.b.c', '..', '.']) {
      expect([400, 401]).toContain((await refuse(token)).status)
    }
    expect(issuer.requests).toEqual([])
  })

  test('RE02: waits for an issuer that never answers no longer than the deadline', async () => {
    const { issuer, refuse } = testApi({ httpTimeoutSeconds: 0.1 })
    issuer.intercept = () => new Promise(() => undefined)
    const errors = await Promise.all(Array.from({ length: 20 }, () => refuse(issuer.accessToken())))
    for (const error of errors) expect(error).toMatchObject({ status: 503, code: 'provider_timeout' })
  })

  test('RE03: fetches nothing after close(), and what is known still serves', async () => {
    const { issuer, accept, refuse, validator } = testApi()
    await accept(issuer.accessToken())
    validator.close()
    const before = issuer.requests.length
    await accept(issuer.accessToken())
    expect((await refuse(issuer.accessToken({}, { kid: 'new' }))).status).toBe(503)
    expect(issuer.requests).toHaveLength(before)
  })

  test('RE03: ends on close() what is under way', async () => {
    const { issuer, refuse, validator } = testApi()
    issuer.intercept = () => new Promise(() => undefined)
    const refused = refuse(issuer.accessToken())
    await settle()
    validator.close()
    expect((await refused).status).toBe(503)
  })

  test('RE04: sends no second response to a client that leaves while keys are fetched', async () => {
    const issuer = apiProvider()
    let release = () => undefined as void
    const gate = new Promise<void>((resolve) => (release = resolve))
    issuer.intercept = async (url) => {
      if (url.endsWith('/jwks')) await gate
      return undefined as never
    }
    const api = await startApi({ issuer })
    const { port } = new URL(api.host.url)
    const socket = connect(Number(port), '127.0.0.1')
    socket.write(`GET /api/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${issuer.accessToken()}\r\n\r\n`)
    while (keyRequests(issuer) === 0) await new Promise((resolve) => setImmediate(resolve))
    socket.destroy()
    await settle()
    release()
    await settle()
    expect((await api.present(issuer.accessToken())).status).toBe(200)
    expect(api.host.journal.rejections).toEqual([])
  })
})
