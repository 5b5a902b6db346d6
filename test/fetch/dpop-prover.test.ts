import { beforeEach, describe, expect, test } from '@jest/globals'
import { hash } from 'node:crypto'
import { inspect } from 'node:util'
import { decodeJwt } from 'jose'
import { asksForNonce, sentMethod } from '../../lib/fetch/dpop.js'
import type { ClientSettings } from '../../lib/provider/types.js'
import { createDpopProver } from '../../lib/fetch/dpop-prover.js'
import { createProvider } from '../../lib/provider/provider.js'
import { RefreshGrants } from '../../lib/relying-party/tokens/refresh-grant.js'
import { clientCredentials } from '../../lib/index.js'
import { createTokens } from '../kit/client/source.js'
import { exchangeCode } from '../kit/provider/code-exchange.js'
import { failureOf } from '../kit/failure.js'
import { json } from '../kit/provider/answers.js'
import { mint, signingKey } from '../kit/provider/keys.js'
import { FakeProvider } from '../kit/provider/provider.js'
import { holderKey, holderPem, proofOf, wantsNonce } from '../kit/provider/proofs.js'
import { record } from '../session/example.js'
import { Clock, start } from '../kit/clock.js'

const api = 'https://api.example.com'
const dpop = { privateKey: holderPem }
const granted = { access_token: 'second', token_type: 'DPoP', expires_in: 600, refresh_token: 'refresh-2' }
const lost = () => {
  throw Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error(), { code: 'ECONNRESET' }) })
}

describe('a refresh', () => {
  let op: FakeProvider
  const session = record({ tokens: { accessToken: 'first', tokenType: 'dpop', scope: 'openid', expiresAt: start } })
  const tokenRequests = () => op.seen.filter(({ url }) => url.pathname === '/token')
  const grantsOf = (client: Partial<ClientSettings> = {}) =>
    new RefreshGrants(createProvider(op.settings, { ...op.client, dpop, ...client }), op.clock)
  beforeEach(() => {
    op = new FakeProvider()
  })

  test('RF13: that is answered with use_dpop_nonce is sent once more, with the nonce and a new client assertion', async () => {
    op.answers['/token'] = wantsNonce('n-1', () => json(granted))
    const { privateKey } = signingKey('ES256')
    const clientAssertionKey = privateKey.export({ format: 'jwk' })
    const outcome = await grantsOf({ clientAssertionKey }).refresh(session, 'refresh-1')
    expect(outcome).toMatchObject({ kind: 'renewed', tokens: { accessToken: 'second', tokenType: 'dpop' } })
    const sent = tokenRequests()
    expect(sent).toHaveLength(2)
    const proofs = await Promise.all(sent.map(({ headers }) => proofOf(headers, op.clock)))
    expect(proofs.map(({ payload }) => payload['nonce'])).toEqual([undefined, 'n-1'])
    const jtis = proofs.map(({ payload }) => payload.jti)
    expect(new Set(jtis).size).toBe(2)
    const assertions = sent.map(({ body }) => decodeJwt(body.get('client_assertion') ?? ''))
    expect(new Set(assertions.map(({ jti }) => jti)).size).toBe(2)
    expect(sent.map(({ body }) => body.get('refresh_token'))).toEqual(['refresh-1', 'refresh-1'])
  })

  test('RF13: is not sent a third time, and the refresh token is not doubted for it', async () => {
    let nonces = 0
    op.answers['/token'] = () => json({ error: 'use_dpop_nonce' }, 400, { 'dpop-nonce': `n-${++nonces}` })
    const grants = grantsOf()
    for (let spend = 1; spend <= 4; spend++) {
      const error = await failureOf(grants.refresh(session, 'refresh-1'))
      expect(error).toMatchObject({ name: 'TokenEndpointError', code: 'token_request_failed' })
      expect(tokenRequests()).toHaveLength(2 * spend)
    }
    op.answers['/token'] = () => json(granted)
    expect(await grants.refresh(session, 'refresh-1')).toMatchObject({ kind: 'renewed' })
  })

  test('RF13: still retries once after a lost response', async () => {
    let losses = 1
    op.answers['/token'] = wantsNonce('n-1', () => (losses-- > 0 ? lost() : json(granted)))
    expect(await grantsOf().refresh(session, 'refresh-1')).toMatchObject({ kind: 'renewed' })
    expect(tokenRequests()).toHaveLength(3)
  })

  test('DP18: is not repeated where the server names no nonce, or the same one again', async () => {
    op.answers['/token'] = () => json({ error: 'use_dpop_nonce' }, 400)
    const grants = grantsOf()
    expect(await failureOf(grants.refresh(session, 'refresh-1'))).toMatchObject({ code: 'token_request_failed' })
    expect(tokenRequests()).toHaveLength(1)
    op.answers['/token'] = () => json({ error: 'use_dpop_nonce' }, 400, { 'dpop-nonce': 'n-1' })
    await failureOf(grants.refresh(session, 'refresh-1'))
    expect(tokenRequests()).toHaveLength(3)
    await failureOf(grants.refresh(session, 'refresh-1'))
    expect(tokenRequests()).toHaveLength(4)
  })

  test('DP19: and the login before it are proved by the same key', async () => {
    const { privateKey, publicKey } = holderKey
    op.answers['/token'] = () => json(granted)
    op.metadata['userinfo_endpoint'] = `${op.issuer}/userinfo`
    op.answers['/userinfo'] = () => json({ sub: 'alice' })
    const provider = createProvider(op.settings, {
      ...op.client,
      dpop: { privateKey: privateKey.export({ format: 'jwk' }) },
    })
    const secrets = { state: 's', nonce: 'n', codeVerifier: 'v'.repeat(43) }
    const request = { redirectUri: 'https://app.example/cb', scope: 'openid', parameters: {}, ...secrets }
    const { searchParams } = new URL(await provider.authorizationUrl(request))
    await new RefreshGrants(provider, op.clock).refresh(session, 'refresh-1')
    await provider.userinfo('second', 'alice')
    const proofs = await Promise.all(
      op.seen.filter(({ headers }) => headers.has('dpop')).map(({ headers }) => proofOf(headers, op.clock)),
    )
    expect(proofs.map(({ payload }) => [payload['htm'], payload['htu']])).toEqual([
      ['POST', `${op.issuer}/token`],
      ['GET', `${op.issuer}/userinfo`],
    ])
    expect(new Set([...proofs.map(({ jkt }) => jkt), searchParams.get('dpop_jkt')]).size).toBe(1)
    expect(proofs[0]?.header.jwk).toEqual(publicKey.export({ format: 'jwk' }))
  })

  test.each([
    ['bearer', dpop, 'Bearer'],
    ['dpop', undefined, 'DPoP'],
  ])('refuses a %s token in place of the requested type', async (_what, key, type) => {
    op.answers['/token'] = () => json({ ...granted, token_type: type })
    const provider = createProvider(op.settings, { ...op.client, ...(key === undefined ? {} : { dpop: key }) })
    const request = { refreshToken: 'refresh-1', scope: 'openid', idTokenClaims: { iss: op.issuer, sub: 'alice' } }
    const error = await failureOf(provider.refresh(request))
    expect(error).toMatchObject({ name: 'TokenEndpointError', code: 'token_response_invalid' })
    expect(error.message).toMatch(key === undefined ? /was not requested/ : /not bound to the key/)
    expect(await failureOf(provider.clientCredentials({ scope: '', resource: [], audience: [] }))).toMatchObject({
      code: 'token_response_invalid',
    })
    const subject = { token: 'x', type: 'urn:ietf:params:oauth:token-type:access_token' }
    const exchange = { subject, target: { scope: '', resource: [], audience: [] } }
    expect(await failureOf(provider.exchangeToken(exchange))).toMatchObject({ code: 'token_response_invalid' })
  })

  test('at the login is refused where it brings a bearer token, and a code is sent again only for want of a nonce', async () => {
    const idToken = await mint(op.claims())
    const exchange = {
      redirectUri: 'https://app.example/cb',
      response: new URLSearchParams({ code: 'c', state: 's', iss: op.issuer }),
      state: 's',
      nonce: 'nonce-1',
      codeVerifier: 'v'.repeat(43),
      scope: 'openid',
    }
    const provider = createProvider(op.settings, { ...op.client, dpop })
    op.answers['/token'] = wantsNonce('n-1', () => json({ ...granted, id_token: idToken }))
    expect(await exchangeCode(provider, exchange)).toMatchObject({ accessToken: 'second', tokenType: 'dpop' })
    expect(tokenRequests()).toHaveLength(2)
    op.answers['/token'] = () => json({ ...granted, token_type: 'bearer', id_token: idToken })
    expect(await failureOf(exchangeCode(provider, exchange))).toMatchObject({ code: 'token_response_invalid' })
    expect(tokenRequests()).toHaveLength(3)
  })

  test('does not keep the userinfo endpoint from asking for a nonce once', async () => {
    const challenge = { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': 'n-1' }
    op.answers['/userinfo'] = async ({ headers }) =>
      (await proofOf(headers, op.clock)).payload['nonce'] === 'n-1' ? json({ sub: 'alice' }) : json({}, 401, challenge)
    const provider = createProvider(op.settings, { ...op.client, dpop })
    expect(await provider.userinfo('second', 'alice')).toEqual({ sub: 'alice' })
    const sent = op.seen.filter(({ url }) => url.pathname === '/userinfo')
    expect(sent.map(({ headers }) => headers.get('authorization'))).toEqual(['DPoP second', 'DPoP second'])
    op.answers['/userinfo'] = () => json({}, 401, challenge)
    expect(await failureOf(provider.userinfo('second', 'alice'))).toMatchObject({ code: 'token_inactive' })
    expect(op.count('/userinfo')).toBe(3)
  })
})

/** A machine with bound tokens, and APIs that answer by path. */
function machine(answer: (headers: Headers, url: URL, init: RequestInit) => Response | Promise<Response>) {
  const calls: { url: URL; headers: Headers; method: string }[] = []
  const fetch = (async (input: string | URL, init: RequestInit = {}) => {
    const url = new URL(String(input))
    if (url.hostname === 'issuer.example') return tokens.op.fetch(input, init)
    const headers = new Headers(init.headers)
    calls.push({ url, headers, method: init.method ?? 'GET' })
    return answer(headers, url, init)
  }) as typeof globalThis.fetch
  const tokens = createTokens({ fetch, dpop })
  tokens.answer = { token_type: 'DPoP' }
  const proofs = async () =>
    Promise.all(calls.map(async ({ headers }) => (await proofOf(headers, tokens.op.clock)).payload))
  return { ...tokens, tokens, calls, proofs }
}

const challenge = (nonce: string | undefined, scheme = 'DPoP') =>
  new Response('no', {
    status: 401,
    headers: {
      'www-authenticate': `Bearer realm="a, DPoP error=x", ${scheme} algs="ES256", error="use_dpop_nonce"`,
      ...(nonce === undefined ? {} : { 'dpop-nonce': nonce }),
    },
  })

describe('an API', () => {
  test('gets a bound token with a proof for just this request', async () => {
    const { source, calls, proofs, op } = machine(() => new Response('ok'))
    await source.fetch(`${api}/orders/a%20b?status=open#top`, { method: 'post', headers: { dpop: 'mine' } })
    await source.fetch(`${api}/orders`)
    expect(calls.map(({ headers }) => headers.get('authorization'))).toEqual(['DPoP token-1', 'DPoP token-1'])
    const [first, second] = await proofs()
    expect(first).toEqual({
      jti: expect.any(String),
      htm: 'POST',
      htu: `${api}/orders/a%20b`,
      iat: Math.floor(op.clock.now() / 1000),
      ath: hash('sha256', 'token-1', 'base64url'),
    })
    expect(second).toMatchObject({ htm: 'GET', htu: `${api}/orders`, ath: first?.['ath'] })
    expect(second?.jti).not.toBe(first?.jti)
  })

  test.each(['DPoP', 'dpop', 'DPOP'])('DP18: that asks for a nonce by the scheme %s gets it once', async (scheme) => {
    const { source, proofs, requests, calls } = machine(async (headers) =>
      (await proofOf(headers, new Clock())).payload['nonce'] === 'n-1' ? new Response('ok') : challenge('n-1', scheme),
    )
    expect((await source.fetch(`${api}/x`, { method: 'PUT', body: 'x' })).status).toBe(200)
    expect((await proofs()).map(({ nonce }) => nonce)).toEqual([undefined, 'n-1'])
    expect((await source.fetch(`${api}/y`)).status).toBe(200)
    expect(calls).toHaveLength(3)
    expect(requests()).toHaveLength(1)
  })

  test('DP18: that always asks for a nonce is asked twice, and the token is kept', async () => {
    let nonces = 0
    const { source, calls, requests } = machine(() => challenge(`n-${++nonces}`))
    const response = await source.fetch(`${api}/x`)
    expect([response.status, await response.text()]).toEqual([401, 'no'])
    expect([calls.length, requests().length]).toEqual([2, 1])
    expect(await source.getToken()).toBe('token-1')
  })

  test.each([
    ['names none', undefined],
    ['names an invalid one', 'a "nonce" with \\'],
    ['names one that is too long', 'x'.repeat(1025)],
  ])('DP18: that asks for a nonce but %s is not asked again', async (_what, nonce) => {
    const { source, calls } = machine(() => challenge(nonce))
    expect((await source.fetch(`${api}/x`)).status).toBe(401)
    expect(calls).toHaveLength(1)
  })

  test('DP18: that asks for a nonce leaves the renewal of the token to a later 401', async () => {
    const { source, calls, requests } = machine(async (headers) => {
      const { payload } = await proofOf(headers, new Clock())
      if (payload['nonce'] !== 'n-1') return challenge('n-1')
      return new Response('', { status: headers.get('authorization') === 'DPoP token-1' ? 401 : 200 })
    })
    expect((await source.fetch(`${api}/x`)).status).toBe(200)
    expect(calls.map(({ headers }) => headers.get('authorization'))).toEqual([
      'DPoP token-1',
      'DPoP token-1',
      'DPoP token-2',
    ])
    expect(requests()).toHaveLength(2)
  })

  test('DP18: gets only the nonces of its own origin, those of successful responses too', async () => {
    const { source, proofs } = machine(
      (_headers, { host }) => new Response('ok', { headers: { 'dpop-nonce': `of-${host}` } }),
    )
    for (const url of [`${api}/a`, 'https://b.example/a', `${api}/b`, 'https://b.example/b', 'https://c.example/']) {
      await source.fetch(url)
    }
    const seen = (await proofs()).map(({ nonce }) => nonce)
    expect(seen).toEqual([undefined, undefined, 'of-api.example.com', 'of-b.example', undefined])
  })

  test('DP18: that asks for a nonce after the body was consumed leaves the retry to the caller', async () => {
    const { source, calls } = machine(() => challenge('n-1'))
    const { body } = new Response('x')
    expect((await source.fetch(`${api}/x`, { method: 'POST', body })).status).toBe(401)
    expect(calls).toHaveLength(1)
    expect(await source.getToken()).toBe('token-1')
  })

  test('gets a new proof for each redirect, which no other origin gets', async () => {
    const to = (location: string) => new Response(null, { status: 302, headers: { location } })
    const { source, calls } = machine((_headers, { pathname, host }) =>
      host !== 'api.example.com' ? new Response('ok') : to(pathname === '/a' ? '/b?c=d' : 'https://evil.example/x'),
    )
    await source.fetch(`${api}/a`, { method: 'POST', body: 'x', headers: { dpop: 'of the caller' } })
    expect(calls.map(({ method, url }) => `${method} ${url.href}`)).toEqual([
      `POST ${api}/a`,
      `GET ${api}/b?c=d`,
      'GET https://evil.example/x',
    ])
    const clock = new Clock()
    const [first, second] = await Promise.all(calls.slice(0, 2).map(({ headers }) => proofOf(headers, clock)))
    expect(first?.payload).toMatchObject({ htm: 'POST', htu: `${api}/a` })
    expect(second?.payload).toMatchObject({ htm: 'GET', htu: `${api}/b` })
    expect(second?.payload.jti).not.toBe(first?.payload.jti)
    expect([...(calls[2]?.headers ?? ['?'])]).toEqual([])
  })
})

describe('a DPoP nonce', () => {
  test('DP18: is remembered for a limited number of origins', () => {
    const prover = createDpopProver(dpop, new Clock())
    for (let i = 0; i < 1000; i++) {
      prover.rememberNonce(new URL(`https://${i}.example/`), `n-${i}`)
    }
    const known = Array.from({ length: 1000 }, (_, i) => prover.nonceOf(new URL(`https://${i}.example/`)))
    expect(known.filter((nonce) => nonce !== undefined)).toHaveLength(100)
    expect(known.at(-1)).toBe('n-999')
  })

  test.each<[boolean, string]>([
    [true, 'DPoP error="use_dpop_nonce"'],
    [true, 'dPoP ERROR=use_dpop_nonce'],
    [true, 'DPoP error = "use_dpop_nonce", error_description="a \\" b"'],
    [true, 'Basic abc==, Bearer error="invalid_token", DPoP realm="x, y", error="use_dpop_nonce"'],
    [false, 'Bearer error="use_dpop_nonce"'],
    [false, 'DPoP error="invalid_token", Bearer error="use_dpop_nonce"'],
    [false, 'DPoP error="invalid_token", error_description="DPoP error=use_dpop_nonce"'],
    [false, 'DPoP realm="error=\\"use_dpop_nonce\\""'],
    [false, 'DPoP'],
    [false, ''],
  ])('is asked for: %p by %p', (expected, header) => {
    const headers = { 'www-authenticate': header }
    expect(asksForNonce(new Response('', { status: 401, headers }))).toBe(expected)
    expect(asksForNonce(new Response('', { status: 403, headers }))).toBe(false)
  })

  // With a search that backtracks this would take hours, and end with the time limit of tests.
  test('is looked for in linear time, whatever the challenge is', () => {
    for (const text of ['a="', 'a ', 'a=', ',', 'a="\\"', '\\', '"']) {
      const headers = { 'www-authenticate': `DPoP ${text.repeat(200_000)}` }
      expect(asksForNonce(new Response('', { status: 401, headers }))).toBe(false)
    }
  })

  test.each(['get', 'Delete', 'PATCH', 'post', 'HEAD', 'QUERY', undefined])(
    'is proved for the method %p as fetch sends it',
    (method) => {
      const init = method === undefined ? {} : { method }
      expect(sentMethod(method)).toBe(new Request('https://api.example.com', init).method)
    },
  )
})

describe('an error', () => {
  const { d: secretPart = '' } = holderKey.privateKey.export({ format: 'jwk' })

  test('DP19: shows neither the DPoP key nor proofs', async () => {
    const op = new FakeProvider()
    const provider = createProvider(op.settings, { ...op.client, dpop })
    const errors: unknown[] = []
    const replies = [
      () => json({ error: 'invalid_dpop_proof', error_description: 'no' }, 400),
      ({ headers }: { headers: Headers }) => json({ error: `x ${headers.get('dpop')}` }, 400),
      ({ headers }: { headers: Headers }) => new Response(headers.get('dpop'), { status: 200 }),
      () => lost(),
    ]
    for (const reply of replies) {
      op.answers['/token'] = reply
      errors.push(await failureOf(provider.clientCredentials({ scope: '', resource: [], audience: [] })))
    }
    const shown = errors.map((error) => inspect(error, { depth: 10, showHidden: true })).join('\n')
    const proofs = op.seen.map(({ headers }) => headers.get('dpop')).filter((proof) => proof !== null)
    expect(proofs).toHaveLength(4)
    for (const secret of [secretPart, ...proofs, ...proofs.map((proof) => proof.split('.')[2])]) {
      expect(shown).not.toContain(secret)
    }
    expect(inspect(provider, { depth: 10 })).not.toContain(secretPart)
  })

  test('DP19: about the key does not show it, nor does a token source', () => {
    const options = { issuer: 'https://issuer.example', clientId: 'machine', clientSecret: 'x' }
    const { publicKey, privateKey } = holderKey
    const p384 = signingKey('ES384').privateKey.export({ format: 'jwk' })
    const own = privateKey.export({ format: 'jwk' })
    const wrong: readonly [unknown, RegExp][] = [
      [{ privateKey: publicKey.export({ type: 'spki', format: 'pem' }) }, /"dpop.privateKey" must be a private key/],
      [{ privateKey: publicKey.export({ format: 'jwk' }) }, /"dpop.privateKey" must be a private key/],
      [{ privateKey: { kty: 'oct', k: 'c2VjcmV0' } }, /"dpop.privateKey" must be a private key/],
      [{ privateKey: { ...own, x: own.y } }, /dpop.privateKey must be a private key/],
      [{ privateKey: holderPem.slice(0, 60) }, /dpop.privateKey must be a private key/],
      [{ privateKey }, /"dpop.privateKey" must be a private key/],
      [{ privateKey: p384 }, /dpop.privateKey does not suit .*: one of ES256, EdDSA/],
      [{ privateKey: { ...own, alg: 'ES384' } }, /does not suit/],
      [{ privateKey: holderPem, alg: 'RS256' }, /does not suit/],
      [{ privateKey: holderPem, alg: 'HS256' }, /"dpop.alg" must be one of ES256/],
      [{ privateKey: signingKey('Ed448').privateKey.export({ format: 'jwk' }) }, /Ed25519/],
      [{ key: holderPem }, /"dpop.key" is not an option/],
      [{}, /"dpop.privateKey" is missing/],
      [holderPem, /"dpop"/],
    ]
    for (const [given, message] of wrong) {
      let error: unknown
      try {
        clientCredentials({ ...options, dpop: given as never })
      } catch (thrown) {
        error = thrown
      }
      expect(error).toMatchObject({ name: 'ConfigurationError', code: 'invalid_options' })
      expect(String(error)).toMatch(message)
      const shown = inspect(error, { depth: 10, showHidden: true })
      for (const secret of [secretPart, p384.d ?? '', holderPem.slice(30, 60), 'c2VjcmV0']) {
        expect(shown).not.toContain(secret)
      }
    }
    expect(inspect(clientCredentials({ ...options, dpop }), { depth: 10 })).not.toContain(secretPart)
  })
})
