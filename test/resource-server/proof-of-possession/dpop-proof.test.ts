import { describe, expect, test } from '@jest/globals'
import { ConfigurationError } from '../../../lib/errors.js'
import { bearer } from '../../../lib/middleware/bearer.js'
import { MemoryReplayCache } from '../../../lib/resource-server/proof-of-possession/replay-cache.js'
import { isSameTarget } from '../../../lib/resource-server/proof-of-possession/dpop-proof.js'
import { hosts } from '../../hosts/hosts.js'
import { reasonOf, refusalOf, testApi } from '../../kit/resource-server/api.js'
import { signHmac, signJws, signingKey } from '../../kit/provider/keys.js'
import { audience } from '../../kit/provider/provider.js'
import { apiUrl, proofClient, type ProofOverrides, sha256 } from '../../kit/resource-server/proof.js'
import { startApi } from '../../kit/resource-server/server.js'
import { Clock } from '../../kit/clock.js'

function dpopApi(dpop: unknown = 'allowed', options: Record<string, unknown> = {}) {
  const api = testApi({ dpop, ...options })
  const client = proofClient(api.issuer)
  const present = (token: string, dpop: string | readonly string[], more: Record<string, unknown> = {}) =>
    api.validator.validate(`DPoP ${token}`, { method: 'GET', url: apiUrl, dpop, ...more })
  const accept = (overrides?: ProofOverrides, more?: Record<string, unknown>) => {
    const token = client.token()
    return present(token, client.proof(token, overrides), more)
  }
  const refuse = async (overrides?: ProofOverrides, more?: Record<string, unknown>) => {
    const error = await refusalOf(accept(overrides, more))
    expect(error).toMatchObject({ status: 401, code: 'invalid_dpop_proof' })
    return error
  }
  return { ...api, client, present, accept, refuse }
}

describe('a bound token with its proof', () => {
  test.each(['ES256', 'ES384', 'ES512', 'RS256', 'PS256', 'EdDSA'])('is accepted with a key for %s', async (alg) => {
    const { present, issuer } = dpopApi()
    const client = proofClient(issuer, alg)
    const token = client.token()
    await expect(present(token, client.proof(token))).resolves.toMatchObject({ scheme: 'dpop', subject: 'alice' })
    await expect(present(token, client.proof(token))).resolves.toMatchObject({ scheme: 'dpop', token })
  })

  test.each([
    ['EdDSA', 'Ed25519'],
    ['Ed25519', 'EdDSA'],
  ])('is accepted with a proof by %s where "dpop.algorithms" names %s (RFC 9864)', async (alg, allowed) => {
    const { present, issuer } = dpopApi({ mode: 'required', algorithms: [allowed] })
    const client = proofClient(issuer, alg)
    const token = client.token()
    await expect(present(token, client.proof(token))).resolves.toMatchObject({ scheme: 'dpop' })
  })
})

describe('a DPoP proof (RFC 9449 section 4.3)', () => {
  test('DP02: must be alone and well-formed', async () => {
    const { client, present } = dpopApi()
    const token = client.token()
    const good = client.proof(token)
    const large = client.proof(token, { claims: { x: 'x'.repeat(4096) } })
    const bad = [
      [],
      [''],
      [good, client.proof(token)],
      `${good}, ${good}`,
      'x',
      `${good}.x`,
      `${good}=`,
      ` ${good}`,
      large,
      'a'.repeat(1e6),
    ]
    for (const dpop of bad) {
      expect(await refusalOf(present(token, dpop))).toMatchObject({ status: 401, code: 'invalid_dpop_proof' })
    }
    await present(token, good)
  })

  test.each([
    ['jti', [undefined, '', 5, null]],
    ['htm', [undefined, 5, null]],
    ['htu', [undefined, 5, null, '', 'orders', '//api.example.com/orders']],
    ['iat', [undefined, '1800000000', null, Number.MAX_VALUE]],
  ])('DP03: must have %s, of its type', async (name, values) => {
    const { refuse } = dpopApi()
    for (const value of values) await refuse({ claims: { [name]: value } })
  })

  test.each(['JWT', 'at+jwt', undefined, 'dpop', 'dpop+jwt2', ''])('DP04: with typ %p is refused', async (typ) => {
    await dpopApi().refuse({ header: { typ } })
  })

  test('DP05: must have an asymmetric alg in the list', async () => {
    const { client, present, refuse } = dpopApi({ mode: 'allowed', algorithms: ['ES384'] })
    await refuse()
    const open = dpopApi()
    for (const alg of ['none', 'HS256', 'HS512', 'ES384', '', 'RS256']) await open.refuse({ header: { alg } })
    const token = client.token()
    const claims = { jti: 'x', htm: 'GET', htu: apiUrl, iat: open.issuer.clock.seconds, ath: sha256(token) }
    const jwk = { kty: 'oct', k: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0' }
    const hmac = signHmac({ alg: 'HS256', typ: 'dpop+jwt', jwk }, claims, Buffer.from(jwk.k, 'base64url'))
    expect(await refusalOf(present(token, hmac))).toMatchObject({ code: 'invalid_dpop_proof' })
  })

  test('DP06: must have a signature that verifies with the key in its header', async () => {
    const { refuse } = dpopApi()
    expect(reasonOf(await refuse({ key: signingKey() }))).toBe('token_signature_invalid')
  })

  test('DP07: must have a key that is public and complete', async () => {
    const { client, refuse } = dpopApi()
    const secret = client.key.privateKey.export({ format: 'jwk' })
    for (const jwk of [
      secret,
      { ...client.jwk, k: 'x' },
      { ...client.jwk, p: 'x' },
      { kty: 'oct', k: 'AAAA' },
      { ...client.jwk, y: undefined },
      { ...client.jwk, crv: 'P-384' },
      {},
      null,
      'x',
      [client.jwk],
      undefined,
    ]) {
      await refuse({ header: { jwk } })
    }
  })

  test('DP08: must have the method as htm, as sent and in its case', async () => {
    const { accept, refuse } = dpopApi()
    await refuse({ claims: { htm: 'get' } })
    await refuse({ claims: { htm: 'POST' } })
    await refuse({}, { method: 'POST' })
    await accept({ claims: { htm: 'POST' } }, { method: 'POST' })
  })

  test('DP11: without a nonce gets 401 use_dpop_nonce and a nonce where nonces are required', async () => {
    const { accept, issuer } = dpopApi({ mode: 'allowed', nonce: true })
    const first = await refusalOf(accept())
    expect(first).toMatchObject({ status: 401, code: 'use_dpop_nonce' })
    expect(first.headers['WWW-Authenticate']).toMatch(/^DPoP error="use_dpop_nonce"/)
    const nonce = first.headers['DPoP-Nonce']
    await accept({ claims: { nonce } })
    for (const bad of ['x', '', 5, null, `${nonce}x`, 'x'.repeat(500)]) {
      expect(await refusalOf(accept({ claims: { nonce: bad } }))).toMatchObject({ code: 'use_dpop_nonce' })
    }
    issuer.clock.seconds += 300
    const renewed: string[] = []
    const onNonce = (value: string) => void renewed.push(value)
    await accept({ claims: { nonce } }, { onNonce })
    expect(renewed).toHaveLength(1)
    await accept({ claims: { nonce: renewed[0] } }, { onNonce })
    expect(renewed).toHaveLength(1)
    issuer.clock.seconds += 300
    expect(await refusalOf(accept({ claims: { nonce } }))).toMatchObject({ code: 'use_dpop_nonce' })
  })

  test('DP11: may have a nonce of another process with the same secret, and of no other', async () => {
    const nonceOf = async (api: ReturnType<typeof dpopApi>) => (await refusalOf(api.accept())).headers['DPoP-Nonce']
    const [old, new_] = ['one-random-secret-0123456789abcdef!!', 'two-random-secret-0123456789abcdef!!']
    const withSecret = (...secret: string[]) => dpopApi({ mode: 'required', nonce: { secret } })
    const nonce = await nonceOf(withSecret(old))
    await withSecret(old).accept({ claims: { nonce } })
    await withSecret(new_, old).accept({ claims: { nonce } })
    expect(await refusalOf(withSecret(new_).accept({ claims: { nonce } }))).toMatchObject({ code: 'use_dpop_nonce' })
  })

  test('DP12: must have a current iat', async () => {
    const { accept, refuse, issuer } = dpopApi()
    const now = issuer.clock.seconds
    const old = { message: 'the DPoP proof is refused: iat is too far from the current time' }
    for (const iat of [now - 61, now + 6, 0, -1, 1e15])
      expect((await refuse({ claims: { iat } })).cause).toMatchObject(old)
    for (const iat of [now - 60, now + 5, now - 0.5]) await accept({ claims: { iat } })
    const wide = dpopApi({ mode: 'allowed', proofMaxAgeSeconds: 300, proofClockToleranceSeconds: 0 })
    await wide.accept({ claims: { iat: now - 300 } })
    expect((await wide.refuse({ claims: { iat: now + 1 } })).cause).toMatchObject(old)
    expect((await wide.refuse({ claims: { iat: now - 301 } })).cause).toMatchObject(old)
  })

  test('DP12: must be within its own exp and nbf, if it has them (RFC 7519 section 4.1)', async () => {
    const { accept, refuse, issuer } = dpopApi()
    const now = issuer.clock.seconds
    for (const claims of [
      { exp: now - 5 },
      { exp: 1 },
      { exp: 'soon' },
      { nbf: now + 6 },
      { nbf: 'soon' },
      { exp: 1e300 },
    ])
      await refuse({ claims })
    for (const claims of [{ exp: now - 4 }, { exp: now + 300, nbf: now }, { nbf: now + 5 }, { exp: null, nbf: null }])
      await accept({ claims })
  })

  test('DP13: must have the hash of this token as ath', async () => {
    const { client, present, refuse } = dpopApi()
    const [token, other] = [client.token(), client.token()]
    expect(await refusalOf(present(token, client.proof(other)))).toMatchObject({ code: 'invalid_dpop_proof' })
    for (const ath of [undefined, '', 5, null, sha256('x'), `${sha256(token)}=`]) await refuse({ claims: { ath } })
  })

  test('DP14: by another key, or with a token that is bound to nothing, is invalid_token', async () => {
    const { client, issuer, present } = dpopApi()
    const thief = proofClient(issuer)
    const token = client.token()
    const stolen = await refusalOf(present(token, thief.proof(token)))
    expect(stolen).toMatchObject({ status: 401, code: 'invalid_token' })
    expect(stolen.headers['WWW-Authenticate']).toMatch(/^DPoP error="invalid_token"/)
    // Whose signature it is, is not even looked at: a stranger's key may be costly to verify with.
    const unsigned = await refusalOf(present(token, client.proof(token, { header: { jwk: thief.jwk } })))
    expect(unsigned.cause).toMatchObject({ message: 'the proof is signed with another key' })
    const unbound = issuer.accessToken()
    expect(await refusalOf(present(unbound, client.proof(unbound)))).toMatchObject({ code: 'invalid_token' })
  })
})

describe('DP10: the URL of a DPoP proof', () => {
  test('DP10: is compared after normalization, without query and fragment', async () => {
    const { accept, refuse } = dpopApi()
    for (const htu of [
      'https://api.example.com/orders?x=1#y',
      'HTTPS://API.example.com:443/orders',
      'https://api.example.com/a/../orders',
      'https://api.example.com/%6frders',
    ]) {
      await accept({ claims: { htu } })
    }
    for (const htu of [
      'http://api.example.com/orders',
      'https://api.example.com/orders/',
      'https://api.example.com/Orders',
      'https://api.example.com:8443/orders',
      'https://api.example.com.evil.example/orders',
      'https://user@api.example.com/orders',
      'https://evil.example/https://api.example.com/orders',
      'https://api.example.com/orders%2f1',
    ]) {
      await refuse({ claims: { htu } })
    }
    await accept({}, { url: `${apiUrl}?page=2` })
    await refuse({}, { url: undefined })
  })

  test('DP10: keeps an encoded slash distinct from a slash, in either case', () => {
    expect(isSameTarget('https://a.example/x%2fy', 'https://a.example/x%2Fy')).toBe(true)
    expect(isSameTarget('https://a.example/x%2fy', 'https://a.example/x/y')).toBe(false)
    expect(isSameTarget('https://a.example/%7ex', 'https://a.example/~x')).toBe(true)
    expect(isSameTarget('ftp://a.example/x', 'ftp://a.example/x')).toBe(false)
  })

  test.each(hosts)('DP10: consists on $name of the configured origin and the path as it came in', async (host) => {
    const server = await startApi({ host, options: { dpop: 'required' } })
    const client = proofClient(server.issuer)
    const token = client.token()
    const send = (htu: string, headers: Record<string, string> = {}) =>
      server.send({
        path: '/api/orders?x=1',
        headers: { ...headers, authorization: `DPoP ${token}`, dpop: client.proof(token, { claims: { htu } }) },
      })
    expect((await send(`${server.host.url}/api/orders`)).status).toBe(200)
    expect((await send(`${server.host.url}/orders`)).status).toBe(401)
    const evil = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' }
    expect((await send('https://evil.example/api/orders', evil)).status).toBe(401)
    expect((await send('http://evil.example/api/orders', evil)).status).toBe(401)
    expect((await send(`${server.host.url}/api/orders`, { ...evil, host: 'a/path?' })).status).toBeGreaterThanOrEqual(
      200,
    )
  })

  test('DP10: must be configured for DPoP to start', () => {
    const options = { issuer: 'https://issuer.example.com', audience, dpop: 'allowed' } as const
    expect(() => bearer(options)).toThrow(ConfigurationError)
    expect(() => bearer({ ...options, baseUrl: 'https://api.example.com/?path' })).toThrow(ConfigurationError)
  })

  test('DP02: two DPoP headers are refused over HTTP, too', async () => {
    const server = await startApi({ options: { dpop: 'allowed' } })
    const client = proofClient(server.issuer)
    const token = client.token()
    const proof = () => client.proof(token, { claims: { htu: `${server.host.url}/api/orders` } })
    const send = (dpop: string[]) => server.send({ headers: { authorization: `DPoP ${token}`, dpop } })
    expect((await send([proof()])).status).toBe(200)
    expect(await send([proof(), proof()])).toMatchObject({ status: 401, json: { code: 'invalid_dpop_proof' } })
  })
})

describe('DP15: a replay of a DPoP proof', () => {
  test('DP15: is refused', async () => {
    const { client, present } = dpopApi()
    const token = client.token()
    const proof = client.proof(token)
    await present(token, proof)
    expect(await refusalOf(present(token, proof))).toMatchObject({ code: 'invalid_dpop_proof' })
  })

  test('DP15: is refused to all but one of a hundred at the same moment', async () => {
    const seen = new Set<string>()
    const replayCache = { add: async (key: string) => !seen.has(key) && seen.add(key).size > 0 }
    for (const dpop of ['allowed', { mode: 'allowed', replayCache }]) {
      const { client, present } = dpopApi(dpop)
      const token = client.token()
      const proof = client.proof(token)
      const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => present(token, proof)))
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    }
  })

  test('DP15: is not recorded where the proof fails any other check', async () => {
    const { client, present } = dpopApi()
    const token = client.token()
    const jti = 'the-same'
    await refusalOf(present(token, client.proof(token, { claims: { jti, htm: 'POST' } })))
    await present(token, client.proof(token, { claims: { jti } }))
  })

  test('DP15: accepts the same jti from two clients', async () => {
    const { client, issuer, present } = dpopApi()
    for (const each of [client, proofClient(issuer)]) {
      const token = each.token()
      await present(token, each.proof(token, { claims: { jti: 'the-same' } }))
    }
  })

  test('DP15: is not ruled out by a store that fails, or that answers anything but true and false: nobody is let in', async () => {
    const down = dpopApi({
      mode: 'allowed',
      replayCache: { add: async () => Promise.reject(new Error('ECONNREFUSED')) },
    })
    const outage = await refusalOf(down.accept())
    expect(outage.status).toBe(503)
    expect(outage.headers['Retry-After']).toMatch(/^\d+$/)
    for (const answer of ['OK', 1, null, undefined, {}]) {
      const odd = dpopApi({ mode: 'allowed', replayCache: { add: async () => answer } })
      const mistake = { status: 500, code: 'invalid_options', message: expect.stringContaining('"dpop.replayCache"') }
      expect(await refusalOf(odd.accept())).toMatchObject(mistake)
    }
    const full = dpopApi({ mode: 'allowed', replayCache: { add: async () => false } })
    expect(await refusalOf(full.accept())).toMatchObject({ code: 'invalid_dpop_proof' })
  })

  test('DP15: is found by hashed keys whose lifetime covers the window, in a store that is not frozen', async () => {
    const replayCache = {
      calls: [] as unknown[][],
      count: 0,
      add(...args: unknown[]) {
        this.count++
        this.calls.push(args)
        return true
      },
    }
    const { accept } = dpopApi({ mode: 'allowed', replayCache })
    await accept({ claims: { jti: 'personal-jti' } })
    expect(replayCache.calls).toEqual([[expect.stringMatching(/^dpop:1:[A-Za-z0-9_-]{43}$/), 65]])
    expect(replayCache.count).toBe(1)
  })

  test('DP15: is refused for a proof of the near future as long as it is valid, to the last moment', async () => {
    const { client, issuer, present } = dpopApi()
    const token = client.token()
    const proof = client.proof(token, { claims: { iat: issuer.clock.seconds + 5 } })
    await present(token, proof)
    for (const seconds of [64, 1]) {
      issuer.clock.seconds += seconds
      const error = await refusalOf(present(token, proof))
      expect(error.cause).toMatchObject({ message: expect.stringContaining('jti') })
    }
  })

  test('DP15: is refused by a cache that forgets what has expired, nothing else, and refuses when it is full', () => {
    const clock = new Clock()
    const cache = new MemoryReplayCache(clock, 3)
    expect([cache.add('a', 60), cache.add('a', 60)]).toEqual([true, false])
    clock.seconds += 59
    expect(cache.add('a', 60)).toBe(false)
    expect([cache.add('b', 60), cache.add('c', 60)]).toEqual([true, true])
    expect(() => cache.add('d', 60)).toThrow(expect.objectContaining({ status: 503 }))
    clock.seconds += 1
    expect([cache.add('b', 60), cache.add('c', 60)]).toEqual([false, false])
    clock.seconds += 60
    expect([cache.add('a', 60), cache.add('b', 60)]).toEqual([true, true])
    for (const key of ['x', 'y', 'z']) {
      clock.seconds += 600
      cache.add(key, 60)
    }
    expect(cache.size).toBe(3)
  })

  test.each([
    ['an hour ahead for a moment', [3600, -3599]],
    ['an hour ahead for a moment, just when a generation ended', [59, 3600, -3600]],
    ['far behind for a moment', [-86_400, 86_400]],
    ['ahead, and then corrected', [3600, 0, -3600]],
    ['behind by less than a lifetime', [-30]],
    ['behind by an hour', [-3600]],
  ])('DP15: is still refused for a clock that is %s', (_what, steps) => {
    const clock = new Clock()
    const cache = new MemoryReplayCache(clock)
    cache.add('before', 60)
    clock.seconds += 1
    expect(cache.add('proof', 60)).toBe(true)
    for (const [index, step] of steps.entries()) {
      clock.seconds += step
      expect(cache.add(`other ${index}`, 60)).toBe(true)
    }
    expect(cache.add('proof', 60)).toBe(false)
  })

  test('DP15: at any age is refused when the clock is set back by a lifetime, while others come in', () => {
    const lifetime = 65
    for (let age = 0; age <= 2 * lifetime; age++) {
      const clock = new Clock()
      const cache = new MemoryReplayCache(clock)
      for (let second = 0; second < 40; second++, clock.seconds++) cache.add(`before ${second}`, lifetime)
      cache.add('proof', lifetime)
      for (let second = 0; second < age; second++) {
        clock.seconds++
        cache.add(`other ${second}`, lifetime)
      }
      clock.seconds -= lifetime
      expect([age, cache.add('proof', lifetime)]).toEqual([age, false])
    }
  })

  test('DP15: is still refused when a clock that was set back reaches its time again', () => {
    const clock = new Clock()
    const cache = new MemoryReplayCache(clock)
    cache.add('proof', 60)
    clock.seconds -= 7200
    for (let minute = 0; minute < 120; minute++) {
      cache.add(`minute ${minute}`, 60)
      clock.seconds += 60
    }
    expect(cache.add('proof', 60)).toBe(false)
  })

  test('DP15: is forgotten in time though the clock was set back, and nobody has to wait', () => {
    const clock = new Clock()
    const cache = new MemoryReplayCache(clock, 100)
    for (const step of [0, -7200, 7200, -7200]) {
      clock.seconds += step
      for (let second = 0; second < 600; second++) {
        clock.seconds++
        expect(cache.add(`${step} ${clock.seconds} ${second}`, 60)).toBe(true)
      }
    }
    expect(cache.size).toBeLessThan(600)
  })
})

describe('DP16: a bound token without its proof', () => {
  test.each(['off', 'allowed'])('DP16: is refused under Bearer, with dpop: %s', async (mode) => {
    const { issuer, refuse } = testApi({ dpop: mode })
    const error = await refuse(proofClient(issuer).token())
    expect(error).toMatchObject({ status: 401, code: 'invalid_token' })
    expect(reasonOf(error)).toBe('token_binding_failed')
  })

  test('DP16: is refused where it was seen before with its proof', async () => {
    const { client, present, validator } = dpopApi()
    const token = client.token()
    for (let i = 0; i < 3; i++) await present(token, client.proof(token))
    expect(await refusalOf(validator.validate(`Bearer ${token}`))).toMatchObject({ code: 'invalid_token' })
    expect(await refusalOf(present(token, []))).toMatchObject({ code: 'invalid_dpop_proof' })
  })

  test('DP16: is refused where DPoP is required, since Bearer is not offered', async () => {
    const { issuer, validator } = dpopApi('required')
    const error = await refusalOf(validator.validate(`Bearer ${issuer.accessToken()}`))
    expect(error).toMatchObject({ status: 401, code: 'invalid_token' })
    expect(error.headers['WWW-Authenticate']).toMatch(/^DPoP error="invalid_token", .*algs="[^"]+"$/)
  })

  test.each([[{ jkt: 'short' }], [{ jkt: 5 }], [{}], ['x'], [null], [{ kid: 'x' }], [{ jwk: {} }]])(
    'DP16: is refused for a cnf that is not understood: %j',
    async (cnf) => {
      const { issuer, refuse } = testApi({ dpop: 'allowed' })
      expect(reasonOf(await refuse(issuer.accessToken({ cnf })))).toBe('token_binding_failed')
    },
  )
})

describe('DP17: a DPoP challenge', () => {
  test('DP17: names both schemes where both are accepted, with the error at the one that was used', async () => {
    const { client, present, refuse, validator } = dpopApi({ mode: 'allowed', algorithms: ['ES256', 'EdDSA'] })
    expect((await refusalOf(validator.validate(undefined))).headers['WWW-Authenticate']).toBe(
      'Bearer, DPoP algs="ES256 EdDSA"',
    )
    expect((await refuse({ claims: { jti: '' } })).headers['WWW-Authenticate']).toBe(
      'DPoP error="invalid_dpop_proof", error_description="the DPoP proof is not valid for this request", algs="ES256 EdDSA", Bearer',
    )
    const bad = await refusalOf(validator.validate('Bearer x'))
    expect(bad.headers['WWW-Authenticate']).toBe(
      'Bearer error="invalid_token", error_description="the access token is not valid here", DPoP algs="ES256 EdDSA"',
    )
    const token = client.token({ exp: 0 })
    expect((await refusalOf(present(token, client.proof(token)))).headers['WWW-Authenticate']).toMatch(
      /^DPoP error="invalid_token"/,
    )
  })

  test('DP18: is for the scheme in any case', async () => {
    const { client, validator } = dpopApi()
    for (const scheme of ['dpop', 'DPOP', 'DPoP']) {
      const token = client.token()
      const request = { method: 'GET', url: apiUrl, dpop: client.proof(token) }
      await expect(validator.validate(`${scheme} ${token}`, request)).resolves.toMatchObject({ scheme: 'dpop' })
    }
  })

  test('DP11: renews a nonce of the last period, over HTTP, in a successful response', async () => {
    const server = await startApi({ options: { dpop: { mode: 'allowed', nonce: true } } })
    const client = proofClient(server.issuer)
    const token = client.token({ exp: server.issuer.clock.seconds + 900 })
    const send = (nonce?: unknown) => {
      const claims = { htu: `${server.host.url}/api/orders`, iat: server.issuer.clock.seconds, nonce }
      return server.send({ headers: { authorization: `DPoP ${token}`, dpop: client.proof(token, { claims }) } })
    }
    const first = await send()
    expect(first).toMatchObject({ status: 401, json: { code: 'use_dpop_nonce' } })
    const nonce = first.headers['dpop-nonce']
    expect(await send(nonce)).toMatchObject({ status: 200 })
    server.issuer.clock.seconds += 300
    const renewed = await send(nonce)
    expect(renewed.status).toBe(200)
    expect(renewed.headers['dpop-nonce']).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(renewed.headers['dpop-nonce']).not.toBe(nonce)
  })
})

test('DP19: shows neither proofs nor keys', async () => {
  const { client, present } = dpopApi()
  const token = client.token()
  const proof = signJws({ alg: 'ES256', typ: 'dpop+jwt', jwk: client.jwk }, { secret: 'S3CR3T' }, client.key)
  const error = await refusalOf(present(token, proof))
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    expect(`${each.message} ${each.stack}`).not.toMatch(/S3CR3T|eyJ/)
  }
})
