import { describe, expect, test } from '@jest/globals'
import { createProvider } from '../../lib/provider/provider.js'
import type { ClientSettings } from '../../lib/provider/types.js'
import { answerTokens, exchange, exchangeCode, providerOf, request } from '../kit/provider/code-exchange.js'
import { failureOf } from '../kit/failure.js'
import { json } from '../kit/provider/answers.js'
import { ecKey, halfHash, mint, otherRsaKey, signingKey } from '../kit/provider/keys.js'
import { FakeProvider } from '../kit/provider/provider.js'
import { pastDeadline } from '../kit/timers.js'

describe('a code exchange', () => {
  test('sends code, verifier and redirect URI once, and returns validated tokens', async () => {
    const op = new FakeProvider()
    const { id_token: idToken } = await answerTokens(op, { scope: 'openid' })
    const tokens = await exchangeCode(providerOf(op), exchange())
    expect({ ...tokens, idTokenClaims: { ...tokens.idTokenClaims } }).toEqual({
      idToken,
      idTokenClaims: op.claims({ at_hash: halfHash('access-1') }),
      accessToken: 'access-1',
      tokenType: 'bearer',
      expiresAt: op.clock.now() / 1000 + 3600,
      refreshToken: 'refresh-1',
      scope: 'openid',
    })
    const sent = op.seen.filter(({ url }) => url.pathname === '/token')
    expect(sent).toHaveLength(1)
    expect(Object.fromEntries(sent[0]?.body ?? [])).toEqual({
      grant_type: 'authorization_code',
      code: 'code-1',
      redirect_uri: request.redirectUri,
      code_verifier: request.codeVerifier,
    })
  })

  test('counts the lifetime of a token from the request: a slow response makes it no younger', async () => {
    const op = new FakeProvider()
    const sentAt = op.clock.seconds
    await answerTokens(op, { expires_in: 600 })
    op.intercept = (url) => void (url.endsWith('/token') && op.clock.advance(50))
    expect(await exchangeCode(providerOf(op), exchange())).toMatchObject({ expiresAt: sentAt + 600 })
  })

  test('CB29: returns the granted scope, or the requested one where the response has none', async () => {
    const op = new FakeProvider()
    await answerTokens(op, { expires_in: undefined, refresh_token: undefined })
    const tokens = await exchangeCode(providerOf(op), exchange())
    expect(tokens.scope).toBe('openid profile')
    expect(tokens).not.toHaveProperty('expiresAt')
    expect(tokens).not.toHaveProperty('refreshToken')
  })

  test('goes by the clock of the runtime, not by the machine’s', async () => {
    const op = new FakeProvider()
    op.clock.seconds = Date.UTC(2035, 0, 1) / 1000
    await answerTokens(op)
    await expect(exchangeCode(providerOf(op), exchange())).resolves.toBeDefined()
    await answerTokens(op, {}, await mint(op.claims({ exp: op.clock.now() / 1000 - 60 })))
    expect(await failureOf(exchangeCode(providerOf(op), exchange()))).toMatchObject({ code: 'token_expired' })
  })

  test.each<[string, Record<string, unknown>]>([
    ['CB25: an access token that is not text', { access_token: 1 }],
    ['CB25: an access token with a line break', { access_token: 'a\r\nb' }],
    ['CB25: no ID Token', { id_token: undefined }],
    ['CB25: an ID Token that is not text', { id_token: 1 }],
    ['CB25: error in a 200', { error: 'invalid_grant', access_token: undefined }],
    ['CB26: no token type', { token_type: undefined }],
    ['CB26: an unknown token type', { token_type: 'mac' }],
    ['CB26: a token type that was not requested', { token_type: 'DPoP' }],
    ['CB25: expires_in that is not a number', { expires_in: 'soon' }],
    ['CB25: a refresh token that is not text', { refresh_token: 5 }],
    ['CB25: a scope that is not text', { scope: ['openid', 5] }],
    ['CB26: a token type that is null', { token_type: null }],
    ['CB26: an empty token type', { token_type: '' }],
    ['CB25: an ID Token that is null', { id_token: null }],
  ])('does not accept %s as a token response', async (_what, changes) => {
    const op = new FakeProvider()
    await answerTokens(op, changes)
    const error = await failureOf(exchangeCode(providerOf(op), exchange()))
    expect(error).toMatchObject({ name: 'TokenEndpointError', code: 'token_response_invalid', status: 502 })
    expect(op.count('/token')).toBe(1)
  })

  test.each([null, ''])('treats an optional member that is %j as missing', async (blank) => {
    const op = new FakeProvider()
    await answerTokens(op, { refresh_token: blank, scope: blank, expires_in: blank, error: blank })
    const { idTokenClaims: _, ...tokens } = await exchangeCode(providerOf(op), exchange())
    expect(tokens).toEqual({
      accessToken: 'access-1',
      tokenType: 'bearer',
      scope: request.scope,
      idToken: expect.any(String),
    })
  })

  test.each([
    [['openid', 'user:read:email'], 'openid user:read:email'],
    [['openid', ''], 'openid'],
    [[], ''],
  ])('accepts a list as scope, as Twitch writes it: %j', async (scope, granted) => {
    const op = new FakeProvider()
    await answerTokens(op, { scope })
    expect((await exchangeCode(providerOf(op), exchange())).scope).toBe(granted)
  })

  test.each([undefined, null, ''])(
    'accepts an ID Token where the access token is %j, as at Azure AD B2C',
    async (blank) => {
      const op = new FakeProvider()
      const id_token = await mint(op.claims())
      await answerTokens(op, { access_token: blank, token_type: blank, expires_in: undefined, id_token })
      const { idTokenClaims, ...tokens } = await exchangeCode(providerOf(op), exchange())
      expect(idTokenClaims).toMatchObject({ sub: 'user-1' })
      expect(tokens).toEqual({
        tokenType: 'bearer',
        scope: request.scope,
        refreshToken: 'refresh-1',
        idToken: id_token,
      })
    },
  )

  test('does not give machines an ID Token in place of an access token', async () => {
    const op = new FakeProvider()
    await answerTokens(op, { access_token: undefined })
    const error = await failureOf(providerOf(op).clientCredentials({ scope: 'a', resource: [], audience: [] }))
    expect(error).toMatchObject({ code: 'token_response_invalid' })
    expect(error.message).toContain('no access token')
  })

  test.each([null, ''])('gives machines their token where all that is optional is %j', async (blank) => {
    const op = new FakeProvider()
    await answerTokens(op, { refresh_token: blank, scope: blank, expires_in: blank, id_token: blank })
    await expect(providerOf(op).clientCredentials({ scope: 'a', resource: [], audience: [] })).resolves.toMatchObject({
      accessToken: 'access-1',
      scope: 'a',
    })
  })

  test.each(['bEARER', 'bearer', 'BEARER'])('CB26: accepts the token type %p as bearer', async (type) => {
    const op = new FakeProvider()
    await answerTokens(op, { token_type: type })
    expect((await exchangeCode(providerOf(op), exchange())).tokenType).toBe('bearer')
  })

  test('cuts an absurd lifetime to ten years', async () => {
    const op = new FakeProvider()
    await answerTokens(op, { expires_in: 1e300 })
    const { expiresAt } = await exchangeCode(providerOf(op), exchange())
    expect(expiresAt).toBe(op.clock.now() / 1000 + 315_360_000)
  })

  test.each<[string, Response, string, number]>([
    ['CB25: HTML', new Response('<html>eyJhbGciOi.secret</html>', { status: 200 }), 'token_response_invalid', 502],
    ['CB25: JSON cut in half', json('{"access_token":"secret-token'), 'token_response_invalid', 502],
    ['CB25: a list', json('["secret-token"]'), 'token_response_invalid', 502],
    ['CB25: an empty 200', new Response(null, { status: 204 }), 'token_response_invalid', 502],
    ['CB25: a 400 without JSON', new Response('secret-token', { status: 400 }), 'token_response_invalid', 502],
    ['a used code', json({ error: 'invalid_grant', error_description: 'secret-token' }, 400), 'invalid_grant', 400],
    ['invalid_request', json({ error: 'invalid_request' }, 400), 'token_request_failed', 502],
    ['an error that is not a code', json({ error: '<secret-token>' }, 400), 'token_request_failed', 502],
    ['a refused client', json({ error: 'invalid_client' }, 401), 'provider_refused_client', 502],
    ['a refused client with status 400', json({ error: 'invalid_client' }, 400), 'provider_refused_client', 502],
    ['an unauthorized client', json({ error: 'unauthorized_client' }, 400), 'provider_refused_client', 502],
    ['a 401 without JSON', new Response('', { status: 401 }), 'provider_refused_client', 502],
    [
      'a 401 with a challenge',
      new Response('', { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } }),
      'provider_refused_client',
      502,
    ],
    [
      'invalid_grant beside a challenge',
      json({ error: 'invalid_grant' }, 400, { 'www-authenticate': 'Bearer error="x"' }),
      'invalid_grant',
      400,
    ],
    ['an outage', new Response('', { status: 500 }), 'provider_unavailable', 503],
    ['a rate limit', new Response('', { status: 429 }), 'provider_unavailable', 503],
    [
      'CB28: a redirect',
      new Response(null, { status: 307, headers: { location: 'https://evil.example' } }),
      'provider_redirected',
      502,
    ],
    ['too large an answer', json({ x: 'x'.repeat(300_000) }), 'provider_response_too_large', 502],
  ])('%s', async (_what, answer, code, status) => {
    const op = new FakeProvider()
    op.answers['/token'] = answer
    const error = await failureOf(exchangeCode(providerOf(op), exchange()))
    expect(error).toMatchObject({ code, status })
    expect(op.count('/token')).toBe(1)
    const told = []
    for (let at = error; at instanceof Error; at = at.cause as Error)
      told.push(at.stack, at.message, JSON.stringify(at))
    expect(told.join()).not.toContain('secret')
  })

  test.each<[ClientSettings['idTokenAudiences'], string]>([
    [undefined, 'refused'],
    [['api'], 'accepted'],
    ['any', 'accepted'],
  ])('IT03: with an ID Token for a second audience, where %j is trusted: %s', async (idTokenAudiences, expected) => {
    const op = new FakeProvider()
    const provider = providerOf(op, idTokenAudiences === undefined ? {} : { idTokenAudiences })
    await answerTokens(op, {}, await mint(op.claims({ aud: ['client-1', 'api'], azp: 'client-1' })))
    const verdict = await exchangeCode(provider, exchange()).then(
      () => 'accepted',
      (error) => `${error.code}: ${error.message}`,
    )
    if (expected === 'accepted') expect(verdict).toBe(expected)
    else expect(verdict).toMatch(/^token_audience_mismatch: .*names \["client-1","api"\].*"idTokenAudiences"/)
  })

  test.each<[string, Record<string, unknown>]>([
    ['iss', { iss: 'https://evil.example' }],
    ['aud', { aud: 'client-2' }],
    ['nonce', { nonce: undefined }],
    ['nonce', { nonce: 'another' }],
    ['exp', { exp: 'soon' }],
    ['sub', { sub: 5 }],
    ['auth_time', { auth_time: 'x' }],
    ['iat', { iat: 4e9, exp: 4e9 + 300 }],
  ])('names the invalid claim of an ID Token in the message: %s', async (claim, changes) => {
    const op = new FakeProvider()
    await answerTokens(op, {}, await mint(op.claims(changes)))
    const error = await failureOf(exchangeCode(providerOf(op), exchange()))
    expect([error.name, error.message]).toEqual(['TokenValidationError', expect.stringContaining(claim)])
  })

  test('CB24: never sends a code twice, whatever happens to the first request', async () => {
    const op = new FakeProvider()
    op.answers['/token'] = () => Promise.reject(new TypeError('fetch failed'))
    expect(await failureOf(exchangeCode(providerOf(op), exchange()))).toMatchObject({
      code: 'provider_unreachable',
      status: 503,
    })
    expect(op.count('/token')).toBe(1)
    const hung = new FakeProvider()
    hung.answers['/token'] = () => new Promise<Response>(() => undefined)
    const provider = createProvider(hung.settings, hung.client)
    const late = pastDeadline(
      hung.settings.httpTimeoutSeconds,
      () => failureOf(exchangeCode(provider, exchange())),
      () => hung.count('/token') > 0,
    )
    expect(await late).toMatchObject({ code: 'provider_timeout', status: 503 })
    expect(hung.count('/token')).toBe(1)
  })

  test.each<[string, Record<string, unknown>, string]>([
    ['IT02: another issuer', { iss: 'https://evil.example' }, 'token_issuer_mismatch'],
    ['IT03: another audience', { aud: 'client-2' }, 'token_audience_mismatch'],
    ['IT03: another azp', { azp: 'client-2' }, 'token_audience_mismatch'],
    ['CB10: another nonce', { nonce: 'nonce-2' }, 'token_nonce_mismatch'],
    ['IT10: expired', { exp: 1 }, 'token_expired'],
    ['IT13: another access token', { at_hash: halfHash('other') }, 'token_hash_mismatch'],
    ['IT13: another code', { c_hash: halfHash('other') }, 'token_hash_mismatch'],
    ['IT18: a logout token', { events: {} }, 'token_type_refused'],
    ['IT12: no sub', { sub: undefined }, 'token_claim_missing'],
    ['CB10: no nonce', { nonce: undefined }, 'token_nonce_mismatch'],
  ])('refuses %s in the ID Token', async (_what, changes, code) => {
    const op = new FakeProvider()
    await answerTokens(op, {}, await mint(op.claims(changes)))
    const error = await failureOf(exchangeCode(providerOf(op), exchange()))
    expect(error).toMatchObject({ name: 'TokenValidationError', code, status: 502 })
    expect(op.count('/userinfo')).toBe(0)
  })

  test('IT05: verifies the signature before anything else', async () => {
    const op = new FakeProvider()
    const forged = await mint(op.claims({ iss: 'https://evil.example', nonce: 'x' }), otherRsaKey.privateKey)
    await answerTokens(op, {}, forged)
    expect(await failureOf(exchangeCode(providerOf(op), exchange()))).toMatchObject({ code: 'token_signature_invalid' })
  })

  test('IT06, IT07: refuses an ID Token with another alg without a request for keys', async () => {
    const op = new FakeProvider()
    await answerTokens(op, {}, await mint(op.claims(), ecKey.privateKey, { alg: 'ES256', kid: 'ec-1' }))
    expect(await failureOf(exchangeCode(providerOf(op), exchange()))).toMatchObject({ code: 'token_algorithm_refused' })
    expect(op.count('/jwks')).toBe(0)
  })

  test('CB38: enforces max_age and acr', async () => {
    const op = new FakeProvider()
    await answerTokens(op)
    const provider = providerOf(op)
    for (const asked of [{ maxAge: 60 }, { acrValues: ['high'] }]) {
      expect(await failureOf(exchangeCode(provider, exchange({}, asked)))).toMatchObject({
        code: 'authentication_too_weak',
        status: 403,
      })
    }
  })

  test('JK01: fetches a key that the provider began to use a moment ago', async () => {
    const op = new FakeProvider()
    const provider = providerOf(op)
    await provider.ready()
    op.jwks({ ...otherRsaKey.jwk, kid: 'new' })
    await answerTokens(op, {}, await mint(op.claims(), otherRsaKey.privateKey, { alg: 'RS256', kid: 'new' }))
    await expect(exchangeCode(provider, exchange())).resolves.toBeDefined()
  })

  test.each(['under a new kid', 'under the same kid', 'without kid'])(
    'JK01: signs everybody in where the provider rotates its key %s before each of 20 logins in a row',
    async (how) => {
      const op = new FakeProvider()
      const provider = providerOf(op, { idTokenSigningAlg: 'ES256' })
      for (let i = 0; i < 20; i++) {
        const { privateKey, jwk } = signingKey('ES256')
        const kid = { 'under a new kid': `k${i}`, 'under the same kid': 'same' }[how]
        op.jwks({ ...jwk, ...(kid === undefined ? {} : { kid }) })
        await answerTokens(op, {}, await mint(op.claims(), privateKey, { alg: 'ES256', kid }))
        await expect(exchangeCode(provider, exchange())).resolves.toBeDefined()
      }
    },
  )

  test('DI05: uses endpoints that moved once the metadata are renewed', async () => {
    const op = new FakeProvider()
    const provider = providerOf(op)
    await provider.ready()
    op.metadata['token_endpoint'] = 'https://issuer.example/token2'
    await answerTokens(op)
    op.answers['/token2'] = op.answers['/token'] ?? json({})
    op.clock.advance(3600)
    await provider.metadata()
    await new Promise((resolve) => setImmediate(resolve))
    await answerTokens(op)
    op.answers['/token2'] = op.answers['/token'] ?? json({})
    await exchangeCode(provider, exchange())
    expect([op.count('/token'), op.count('/token2')]).toEqual([0, 1])
  })
})
