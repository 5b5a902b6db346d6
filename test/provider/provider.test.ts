import { describe, expect, test } from '@jest/globals'
import { createHash } from 'node:crypto'
import { createProvider } from '../../lib/provider/provider.js'
import type { AuthorizationRequest, ClientSettings } from '../../lib/provider/types.js'
import { type Callback, exchangeCode, validate } from '../kit/provider/code-exchange.js'
import { failureOf } from '../kit/failure.js'
import { json } from '../kit/provider/answers.js'
import { ecKey, halfHash, mint, otherRsaKey, rsaKey, signingKey } from '../kit/provider/keys.js'
import { FakeProvider } from '../kit/provider/provider.js'
import { pastDeadline } from '../kit/timers.js'

const providerOf = (op: FakeProvider, client: Partial<ClientSettings> = {}) =>
  createProvider(op.settings, { ...op.client, ...client })

const request: AuthorizationRequest = {
  redirectUri: 'https://app.example/callback',
  scope: 'openid profile',
  state: 'state-1',
  nonce: 'nonce-1',
  codeVerifier: 'v'.repeat(43),
  parameters: {},
}

const exchange = (response: Record<string, string> = {}, changes: Partial<Callback> = {}): Callback => ({
  redirectUri: request.redirectUri,
  response: new URLSearchParams({ code: 'code-1', state: 'state-1', ...response }),
  state: 'state-1',
  nonce: 'nonce-1',
  codeVerifier: request.codeVerifier,
  scope: request.scope,
  ...changes,
})

/** Lets the token endpoint answer with a good response, changed. */
async function answerTokens(
  op: FakeProvider,
  changes: Record<string, unknown> = {},
  idToken?: string,
): Promise<Record<string, unknown>> {
  const body = {
    access_token: 'access-1',
    token_type: 'Bearer',
    expires_in: 3600,
    refresh_token: 'refresh-1',
    id_token: idToken ?? (await mint(op.claims({ at_hash: halfHash('access-1') }))),
    ...changes,
  }
  op.answers['/token'] = () => json(body)
  return body
}

describe('an authorization request', () => {
  test('CB11, CB12: is a code flow with PKCE S256, state and nonce', async () => {
    const op = new FakeProvider()
    const url = new URL(await providerOf(op).authorizationUrl({ ...request, parameters: { prompt: 'login' } }))
    expect(`${url.origin}${url.pathname}`).toBe('https://issuer.example/authorize')
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: 'client-1',
      response_type: 'code',
      redirect_uri: request.redirectUri,
      scope: request.scope,
      state: 'state-1',
      nonce: 'nonce-1',
      code_challenge: createHash('sha256').update(request.codeVerifier).digest('base64url'),
      code_challenge_method: 'S256',
      prompt: 'login',
    })
    expect([...url.searchParams.keys()]).toHaveLength(9)
  })

  test('keeps the query of the authorization endpoint', async () => {
    const op = new FakeProvider()
    op.metadata['authorization_endpoint'] = 'https://issuer.example/authorize?tenant=a'
    const url = new URL(await providerOf(op).authorizationUrl(request))
    expect(url.searchParams.get('tenant')).toBe('a')
  })

  test.each([
    'response_type',
    'client_id',
    'redirect_uri',
    'scope',
    'state',
    'nonce',
    'code_challenge',
    'code_challenge_method',
    'request',
    'request_uri',
    'client_secret',
  ])('CB31: does not let the parameter %s be set from outside', async (name) => {
    const failure = failureOf(
      providerOf(new FakeProvider()).authorizationUrl({ ...request, parameters: { [name]: 'x' } }),
    )
    expect(await failure).toMatchObject({ code: 'invalid_options' })
  })

  test.each(['fragment', 'fragment.jwt', 'web_message', ''])('cannot have the response_mode %p', async (mode) => {
    const parameters = { response_mode: mode }
    expect(await failureOf(providerOf(new FakeProvider()).authorizationUrl({ ...request, parameters }))).toMatchObject({
      code: 'invalid_options',
    })
  })

  test.each([
    'https://app.example',
    'https://app.example/cb?a=1',
    'https://app.example/cb#a',
    '/cb',
    'https://APP.example/cb',
  ])('cannot have the redirect URI %p, which the token request could not repeat', async (redirectUri) => {
    expect(await failureOf(providerOf(new FakeProvider()).authorizationUrl({ ...request, redirectUri }))).toMatchObject(
      {
        code: 'invalid_options',
      },
    )
  })

  test('CB12: is not sent to a provider without S256', async () => {
    const op = new FakeProvider()
    op.metadata['code_challenge_methods_supported'] = ['plain']
    expect(await failureOf(providerOf(op).authorizationUrl(request))).toMatchObject({
      code: 'provider_metadata_invalid',
    })
    expect(await failureOf(providerOf(op).ready())).toMatchObject({ code: 'provider_metadata_invalid' })
  })
})

describe('a pushed authorization request', () => {
  const pushed = () => json({ request_uri: 'urn:ietf:params:oauth:request_uri:x', expires_in: 60 }, 201)

  test.each([
    ['the client wants it', {}, { pushedAuthorizationRequests: true }],
    ['the provider requires it', { require_pushed_authorization_requests: true }, {}],
  ])('CB36: leaves client_id and request_uri only in the browser when %s', async (_what, members, client) => {
    const op = new FakeProvider()
    Object.assign(op.metadata, members)
    op.answers['/par'] = pushed
    const provider = providerOf(op, client)
    const url = new URL(await provider.authorizationUrl({ ...request, parameters: { prompt: 'login' } }))
    expect([...url.searchParams].sort()).toEqual([
      ['client_id', 'client-1'],
      ['request_uri', 'urn:ietf:params:oauth:request_uri:x'],
    ])
    const sent = op.seen.find((seen) => seen.url.pathname === '/par')
    expect(sent?.method).toBe('POST')
    expect(sent?.headers.get('authorization')).toMatch(/^Basic /)
    expect(Object.fromEntries(sent?.body ?? [])).toMatchObject({
      state: 'state-1',
      prompt: 'login',
      scope: request.scope,
    })
    await provider.authorizationUrl(request)
    expect(op.count('/par')).toBe(2)
  })

  test('CB36: is reported as impossible without an endpoint for it', async () => {
    const op = new FakeProvider()
    delete op.metadata['pushed_authorization_request_endpoint']
    const provider = providerOf(op, { pushedAuthorizationRequests: true })
    expect(await failureOf(provider.authorizationUrl(request))).toMatchObject({ code: 'invalid_options' })
  })

  test.each([
    [json({ error: 'invalid_client' }, 401), 'provider_refused_client', 502],
    [json({ error: 'invalid_request', error_description: 'someone@example.com' }, 400), 'authorization_failed', 502],
    [json({}, 201), 'authorization_failed', 502],
    [new Response('', { status: 503 }), 'provider_unavailable', 503],
    [new Response(null, { status: 302 }), 'provider_redirected', 502],
  ])('CB36: %# with an invalid response becomes %p', async (answer, code, status) => {
    const op = new FakeProvider()
    op.answers['/par'] = answer
    const error = await failureOf(providerOf(op, { pushedAuthorizationRequests: true }).authorizationUrl(request))
    expect(error).toMatchObject({ code, status })
    expect(`${error.message}${error.cause?.message}`).not.toContain('someone')
  })
})

describe('an authorization response', () => {
  const verdict = async (response: Record<string, string> | URLSearchParams, metadata = {}) => {
    const op = new FakeProvider()
    Object.assign(op.metadata, metadata)
    await answerTokens(op)
    const parameters = new URLSearchParams(response)
    const provider = providerOf(op)
    const result = await validate(provider, { response: parameters, state: 'state-1' }).then(
      ({ code }) => code,
      (error) => error.code,
    )
    expect(op.count('/token')).toBe(0)
    return result
  }
  const good = { code: 'code-1', state: 'state-1' }
  const iss = 'https://issuer.example'
  const advertised = { authorization_response_iss_parameter_supported: true }

  test.each<[string, Record<string, string>, Record<string, unknown>, string]>([
    ['a good response', good, {}, 'code-1'],
    ['CB23: unknown parameters', { ...good, session_state: 'x', scope: 'y', foo: 'z' }, {}, 'code-1'],
    ['CB15: the right iss', { ...good, iss }, advertised, 'code-1'],
    ['CB15: iss though not advertised', { ...good, iss }, {}, 'code-1'],
    ['CB15: another iss', { ...good, iss: `${iss}/` }, advertised, 'issuer_mismatch'],
    ['CB15: another iss though not advertised', { ...good, iss: 'https://evil.example' }, {}, 'issuer_mismatch'],
    ['CB15: an empty iss', { ...good, iss: '' }, {}, 'issuer_mismatch'],
    ['CB15: no iss though advertised', good, advertised, 'issuer_mismatch'],
    ['CB15: no iss on an error', { error: 'access_denied', state: 'state-1' }, advertised, 'issuer_mismatch'],
    [
      'CB15: another iss on an error',
      { error: 'access_denied', state: 'state-1', iss: 'x' },
      advertised,
      'issuer_mismatch',
    ],
    ['CB01: no state', { code: 'code-1' }, {}, 'state_missing'],
    ['CB01: an empty state', { code: 'code-1', state: '' }, {}, 'state_missing'],
    ['CB01: another state', { code: 'code-1', state: 'state-2' }, {}, 'state_mismatch'],
    ['CB01: a longer state', { code: 'code-1', state: 'state-11' }, {}, 'state_mismatch'],
    ['CB16: an error without state', { error: 'access_denied' }, {}, 'state_missing'],
    ['CB16: an error with another state', { error: 'access_denied', state: 'x' }, {}, 'state_mismatch'],
    ['a refusal', { error: 'access_denied', state: 'state-1' }, {}, 'access_denied'],
    ['CB33: login_required', { error: 'login_required', state: 'state-1' }, {}, 'login_required'],
    ['CB33: interaction_required', { error: 'interaction_required', state: 'state-1' }, {}, 'login_required'],
    ['CB33: consent_required', { error: 'consent_required', state: 'state-1' }, {}, 'login_required'],
    [
      'CB33: account_selection_required',
      { error: 'account_selection_required', state: 'state-1' },
      {},
      'login_required',
    ],
    ['an outage', { error: 'temporarily_unavailable', state: 'state-1' }, {}, 'provider_unavailable'],
    ['a server error', { error: 'server_error', state: 'state-1' }, {}, 'provider_unavailable'],
    ['another error', { error: 'invalid_scope', state: 'state-1' }, {}, 'authorization_failed'],
    ['CB18: neither code nor error', { state: 'state-1' }, {}, 'invalid_response'],
    ['CB18: an empty code', { state: 'state-1', code: '' }, {}, 'invalid_response'],
    ['CB18: code and error', { ...good, error: 'access_denied' }, {}, 'invalid_response'],
    ['tokens in the front channel', { ...good, id_token: 'x' }, {}, 'invalid_response'],
    ['an access token in the front channel', { ...good, access_token: 'x' }, {}, 'invalid_response'],
    ['CB37: a JARM response', { ...good, response: 'x' }, {}, 'invalid_response'],
  ])('%s', async (_what, response, metadata, expected) => {
    expect(await verdict(response, metadata)).toBe(expected)
  })

  test('CB03: without iss, though the metadata promise one, is reported as such', async () => {
    const op = new FakeProvider()
    op.metadata['authorization_response_iss_parameter_supported'] = true
    const error = await failureOf(validate(providerOf(op), exchange()))
    expect([error.code, error.message]).toEqual(['issuer_mismatch', expect.stringContaining('has no iss, although')])
  })

  test.each(['code', 'state', 'iss', 'error'])('CB18: is refused with a repeated %s', async (name) => {
    const response = new URLSearchParams(good)
    response.append(name, 'x')
    response.append(name, 'x')
    expect(await verdict(response)).toBe('invalid_response')
  })

  test('has statuses that tell a refusal, an outage and a mistake apart', async () => {
    const provider = providerOf(new FakeProvider())
    const failure = (error: string) =>
      failureOf(validate(provider, { response: new URLSearchParams({ error, state: 'state-1' }), state: 'state-1' }))
    expect(await failure('access_denied')).toMatchObject({ status: 403 })
    expect(await failure('server_error')).toMatchObject({ status: 503, headers: { 'Retry-After': '5' } })
    expect(await failure('invalid_scope')).toMatchObject({ status: 400 })
  })

  test('CB17: is quoted only where it holds a plain error code', async () => {
    const provider = providerOf(new FakeProvider())
    for (const error of ['<script>', 'a\r\nb', 'x'.repeat(65), 'é']) {
      const response = new URLSearchParams({ error, error_description: 'secret-text', state: 'state-1' })
      const failure = await failureOf(validate(provider, { response, state: 'state-1' }))
      expect(failure).toMatchObject({ code: 'authorization_failed' })
      expect(failure.message).toBe('the provider refused the authorization request: unknown')
    }
  })
})

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

describe('a refresh at the provider', () => {
  const before = { iss: 'https://issuer.example', sub: 'user-1', nonce: 'nonce-1', auth_time: 1000 }
  const refresh = (op: FakeProvider, changes = {}) =>
    providerOf(op).refresh({ refreshToken: 'refresh-0', scope: 'openid a b', idTokenClaims: before, ...changes })

  test('RF09: keeps what the response leaves out', async () => {
    const op = new FakeProvider()
    op.answers['/token'] = () => json({ access_token: 'access-2', token_type: 'Bearer' })
    expect(await refresh(op)).toEqual({
      accessToken: 'access-2',
      tokenType: 'bearer',
      refreshToken: 'refresh-0',
      scope: 'openid a b',
    })
  })

  test.each([null, ''])('RF09: keeps what the response writes as %j', async (blank) => {
    const op = new FakeProvider()
    await answerTokens(op, { refresh_token: blank, scope: blank, expires_in: blank, id_token: blank })
    expect(await refresh(op)).toEqual({
      accessToken: 'access-1',
      tokenType: 'bearer',
      refreshToken: 'refresh-0',
      scope: 'openid a b',
    })
  })

  test('returns a rotated refresh token and a new ID Token', async () => {
    const op = new FakeProvider()
    await answerTokens(op, { scope: 'openid a' })
    const tokens = await refresh(op)
    expect(tokens).toMatchObject({ refreshToken: 'refresh-1', scope: 'openid a', accessToken: 'access-1' })
    expect(tokens.idTokenClaims?.sub).toBe('user-1')
  })

  test('ignores a new ID Token without the sid by which logouts name the session', async () => {
    const op = new FakeProvider()
    await answerTokens(op)
    const tokens = await refresh(op, { idTokenClaims: { ...before, sid: 'session-1' } })
    expect(tokens).toMatchObject({ refreshToken: 'refresh-1', accessToken: 'access-1' })
    expect(tokens).not.toHaveProperty('idToken')
    const named = new FakeProvider()
    await answerTokens(named, {}, await mint(named.claims({ sid: 'session-1' })))
    expect(await refresh(named, { idTokenClaims: { ...before, sid: 'session-1' } })).toHaveProperty('idToken')
  })

  test('RF12: sends a refresh token with any printable character unchanged', async () => {
    const op = new FakeProvider()
    const refreshToken = 'a b%20+&=;/~"\\'
    await answerTokens(op)
    await refresh(op, { refreshToken, parameters: { scope: 'a', resource: 'https://api.example' } })
    const sent = op.seen.find(({ url }) => url.pathname === '/token')
    expect(Object.fromEntries(sent?.body ?? [])).toEqual({
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      scope: 'a',
      resource: 'https://api.example',
    })
  })

  test.each<[string, Record<string, unknown>, string]>([
    ['another person', { sub: 'user-2' }, 'subject_mismatch'],
    ['another issuer', { iss: 'https://evil.example' }, 'token_issuer_mismatch'],
    ['another audience', { aud: 'client-2' }, 'token_audience_mismatch'],
    ['no nonce and the same auth_time', { nonce: undefined, auth_time: 1000 }, ''],
  ])('RF10: refuses an ID Token about %s', async (_what, changes, code) => {
    const op = new FakeProvider()
    await answerTokens(op, {}, await mint(op.claims(changes)))
    if (code === '') await expect(refresh(op)).resolves.toHaveProperty('idToken')
    else expect(await failureOf(refresh(op))).toMatchObject({ code })
  })

  test.each<[string, Record<string, unknown>, string]>([
    ['another nonce', { nonce: 'nonce-2' }, 'token_nonce_mismatch'],
    ['an empty nonce', { nonce: '' }, 'token_nonce_mismatch'],
    ['no text as its nonce', { nonce: null }, 'token_nonce_mismatch'],
    ['another auth_time', { nonce: undefined, auth_time: 2000 }, 'token_claim_invalid'],
    ['an auth_time that is a text', { nonce: undefined, auth_time: 'yesterday' }, 'token_claim_invalid'],
    ['an end that has passed', { exp: 1 }, 'token_expired'],
    ['no end', { exp: undefined }, 'token_claim_missing'],
    ['an at_hash of another access token', { at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }, 'token_hash_mismatch'],
    ['a beginning that is to come', { nbf: 4e9 }, 'token_not_yet_valid'],
  ])('ignores an ID Token with %s, and accepts its tokens', async (_what, changes, idTokenFlaw) => {
    const op = new FakeProvider()
    await answerTokens(op, {}, await mint(op.claims(changes)))
    const tokens = await refresh(op)
    expect(tokens).toMatchObject({ accessToken: 'access-1', refreshToken: 'refresh-1', idTokenFlaw })
    expect(tokens).not.toHaveProperty('idToken')
  })

  test('refuses an ID Token about another person whatever else is invalid in it', async () => {
    const op = new FakeProvider()
    await answerTokens(op, {}, await mint(op.claims({ exp: 1, nonce: '', sub: 'user-2' })))
    expect(await failureOf(refresh(op))).toMatchObject({ code: 'subject_mismatch' })
  })

  test.each([null, '', 5, {}])('treats an ID Token that is %p as missing, and accepts its tokens', async (idToken) => {
    const op = new FakeProvider()
    op.answers['/token'] = () => json({ access_token: 'access-2', token_type: 'Bearer', id_token: idToken })
    expect(await refresh(op)).toMatchObject({ accessToken: 'access-2' })
    expect(await refresh(op)).not.toHaveProperty('idToken')
  })

  describe('with an ID Token that cannot be verified yet', () => {
    const newKey = { alg: 'RS256', kid: 'rsa-2' }
    async function unverified(changes: Record<string, unknown> = {}) {
      const op = new FakeProvider()
      const provider = providerOf(op)
      await provider.ready()
      const idToken = await mint(op.claims({ nonce: undefined, ...changes }), otherRsaKey.privateKey, newKey)
      await answerTokens(op, {}, idToken)
      op.answers['/jwks'] = () => json({}, 503)
      return { op, provider, idToken }
    }
    const request = { refreshToken: 'refresh-0', scope: 'openid', idTokenClaims: before }
    const again = (idToken: string) => ({ idToken, accessToken: 'access-1', before })

    test('keeps its tokens, and verifies it once the keys can be fetched', async () => {
      const { op, provider, idToken } = await unverified()
      const tokens = await provider.refresh(request)
      expect(tokens).toMatchObject({ accessToken: 'access-1', unverifiedIdToken: idToken })
      expect(tokens).not.toHaveProperty('idToken')
      expect(await provider.checkRefreshedIdToken(again(idToken))).toMatchObject({ unverifiedIdToken: idToken })
      op.jwks(rsaKey.jwk, otherRsaKey.jwk)
      op.clock.advance(61)
      expect(await provider.checkRefreshedIdToken(again(idToken))).toMatchObject({ idToken })
    })

    test('refuses it at once where it would be about another person, issuer or client', async () => {
      for (const [changes, code] of [
        [{ sub: 'user-2' }, 'subject_mismatch'],
        [{ iss: 'https://evil.example' }, 'token_issuer_mismatch'],
        [{ aud: ['client-2'] }, 'token_audience_mismatch'],
      ] as const) {
        const { provider } = await unverified(changes)
        expect(await failureOf(provider.refresh(request))).toMatchObject({ code })
      }
    })

    test('refuses it later where its signature is not the issuer’s', async () => {
      const { op, provider, idToken } = await unverified()
      await provider.refresh(request)
      op.jwks(rsaKey.jwk, { ...rsaKey.jwk, kid: 'rsa-2' })
      op.clock.advance(61)
      expect(await failureOf(provider.checkRefreshedIdToken(again(idToken)))).toMatchObject({
        code: 'token_signature_invalid',
      })
    })
  })

  test('RF10: refuses the whole response for a forged ID Token', async () => {
    const op = new FakeProvider()
    await answerTokens(op, {}, await mint(op.claims(), otherRsaKey.privateKey))
    expect(await failureOf(refresh(op))).toMatchObject({ code: 'token_signature_invalid' })
  })

  test.each([
    ['RF05', json({ error: 'invalid_grant' }, 400), 'invalid_grant'],
    ['RF07', new Response('', { status: 503, headers: { 'retry-after': '9' } }), 'provider_unavailable'],
  ])('tells the end of a grant and an outage apart: %s', async (_id, answer, code) => {
    const op = new FakeProvider()
    op.answers['/token'] = answer
    expect(await failureOf(refresh(op))).toMatchObject({ code })
    expect(op.count('/token')).toBe(1)
  })
})

describe('a userinfo request', () => {
  const userinfo = (op: FakeProvider, client: Partial<ClientSettings> = {}, token = 'access-1') =>
    providerOf(op, client).userinfo(token, 'user-1')
  const jwt = (token: string) => new Response(token, { headers: { 'content-type': 'application/jwt; charset=utf-8' } })

  test('UI04: sends the token in the Authorization header only, and returns frozen claims', async () => {
    const op = new FakeProvider()
    op.answers['/userinfo'] = () => json({ sub: 'user-1', name: 'Ada', address: { country: 'x' } })
    const claims = await userinfo(op)
    expect({ ...claims }).toEqual({ sub: 'user-1', name: 'Ada', address: { country: 'x' } })
    expect([Object.isFrozen(claims), 'toString' in claims]).toEqual([true, false])
    const sent = op.seen.find(({ url }) => url.pathname === '/userinfo')
    expect(sent?.headers.get('authorization')).toBe('Bearer access-1')
    expect([sent?.method, sent?.url.search, sent?.body.toString()]).toEqual(['GET', '', ''])
  })

  test.each([{ sub: 'user-2' }, { sub: ['user-1'] }, { name: 'x' }])(
    'UI01: refuses %j as claims about another person',
    async (claims) => {
      const op = new FakeProvider()
      op.answers['/userinfo'] = () => json(claims)
      expect(await failureOf(userinfo(op))).toMatchObject({ code: 'subject_mismatch' })
    },
  )

  test('UI02: does not follow distributed claims', async () => {
    const op = new FakeProvider()
    const sources = { src: { endpoint: 'http://169.254.169.254/' } }
    op.answers['/userinfo'] = () => json({ sub: 'user-1', _claim_names: { a: 'src' }, _claim_sources: sources })
    await userinfo(op)
    expect(op.seen.map(({ url }) => url.hostname)).toEqual(['issuer.example', 'issuer.example'])
  })

  test.each<[string, Response]>([
    ['a list', json('["user-1"]')],
    ['null', json('null')],
    ['HTML', new Response('<html>', { headers: { 'content-type': 'text/html' } })],
    ['a JWT without its content type', json('a.b.c')],
    ['__proto__', json('{"sub":"user-1","__proto__":{"admin":true}}')],
    ['a status of 403', json({ sub: 'user-1' }, 403)],
    ['a status of 204', new Response(null, { status: 204 })],
  ])('UI03: does not accept %s as a UserInfo response', async (_what, answer) => {
    const op = new FakeProvider()
    op.answers['/userinfo'] = answer
    expect(await failureOf(userinfo(op))).toMatchObject({ code: 'provider_response_invalid', status: 502 })
  })

  test('UI03: reads no more than 256 KiB', async () => {
    const op = new FakeProvider()
    op.answers['/userinfo'] = () => json({ sub: 'user-1', x: 'x'.repeat(256 * 1024) })
    expect(await failureOf(userinfo(op))).toMatchObject({ code: 'provider_response_too_large' })
  })

  test.each<[string, Record<string, unknown>, string]>([
    ['a good one', {}, 'accepted'],
    ['several audiences', { aud: ['x', 'client-1'] }, 'accepted'],
    ['another issuer', { iss: 'https://evil.example' }, 'token_issuer_mismatch'],
    ['no issuer (OpenID Connect Core 5.3.2: SHOULD)', { iss: undefined }, 'accepted'],
    ['an issuer that is not text', { iss: 5 }, 'token_issuer_mismatch'],
    ['another audience', { aud: 'client-2' }, 'token_audience_mismatch'],
    ['no audience (likewise)', { aud: undefined }, 'accepted'],
    ['no person', { sub: undefined }, 'subject_mismatch'],
    ['another person', { sub: 'user-2' }, 'subject_mismatch'],
  ])('UI03: with a signed response: %s', async (_what, changes, code) => {
    const op = new FakeProvider()
    const token = await mint(op.claims(changes))
    op.answers['/userinfo'] = () => jwt(token)
    const verdict = await userinfo(op).then(
      () => 'accepted',
      (error) => error.code,
    )
    expect(verdict).toBe(code)
  })

  test('UI03: verifies a signed response with the registered algorithm', async () => {
    const op = new FakeProvider()
    op.jwks(rsaKey.jwk, ecKey.jwk)
    const forged = await mint(op.claims(), otherRsaKey.privateKey)
    op.answers['/userinfo'] = () => jwt(forged)
    expect(await failureOf(userinfo(op))).toMatchObject({ code: 'token_signature_invalid' })
    const rs256 = await mint(op.claims())
    op.answers['/userinfo'] = () => jwt(rs256)
    expect(await failureOf(userinfo(op, { userinfoSigningAlg: 'ES256' }))).toMatchObject({
      code: 'token_algorithm_refused',
    })
    const es256 = await mint(op.claims(), ecKey.privateKey, { alg: 'ES256', kid: 'ec-1' })
    op.answers['/userinfo'] = () => jwt(es256)
    await expect(userinfo(op, { userinfoSigningAlg: 'ES256' })).resolves.toBeDefined()
    expect(op.seen.at(-1)?.url.pathname).toBe('/jwks')
  })

  test('UI03: accepts a response that is signed with the client secret, and verifies it', async () => {
    const op = new FakeProvider()
    const clientSecret = 'a secret of at least thirty-two bytes'
    const client = { clientSecret, userinfoSigningAlg: 'HS256' }
    const token = await mint(op.claims(), Buffer.from(clientSecret), { alg: 'HS256', kid: undefined })
    op.answers['/userinfo'] = () => jwt(token)
    await expect(userinfo(op, client)).resolves.toMatchObject({ sub: 'user-1' })
    const forged = await mint(op.claims(), Buffer.from('x'.repeat(32)), { alg: 'HS256', kid: undefined })
    op.answers['/userinfo'] = () => jwt(forged)
    expect(await failureOf(userinfo(op, client))).toMatchObject({ code: 'token_signature_invalid' })
  })

  test('treats what is written as null or "" as missing (OpenID Connect Core 5.3.2), except sub', async () => {
    const op = new FakeProvider()
    op.answers['/userinfo'] = () => json({ sub: 'user-1', name: '', email: null, email_verified: false, age: 0 })
    expect({ ...(await userinfo(op)) }).toEqual({ sub: 'user-1', email_verified: false, age: 0 })
    for (const sub of [null, '', undefined]) {
      op.answers['/userinfo'] = () => json({ sub, name: 'Ada' })
      const error = await failureOf(userinfo(op))
      expect([error.code, error.message]).toEqual(['subject_mismatch', expect.stringContaining('has no sub')])
    }
  })

  test('UI03: refuses JSON where a signed response was agreed', async () => {
    const op = new FakeProvider()
    op.answers['/userinfo'] = () => json({ sub: 'user-1' })
    expect(await failureOf(userinfo(op, { userinfoSigningAlg: 'RS256' }))).toMatchObject({
      code: 'provider_response_invalid',
    })
  })

  test.each<[string, Response, string, number]>([
    ['an outage', new Response('', { status: 502 }), 'provider_unavailable', 503],
    ['a redirect', new Response(null, { status: 302 }), 'provider_redirected', 502],
    [
      'a refused token',
      new Response('', { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } }),
      'token_inactive',
      502,
    ],
  ])('UI04: reports %s by its own code', async (_what, answer, code, status) => {
    const op = new FakeProvider()
    op.answers['/userinfo'] = answer
    expect(await failureOf(userinfo(op))).toMatchObject({ code, status })
  })

  test('reports a provider without the endpoint, and a token that no header can carry', async () => {
    const op = new FakeProvider()
    delete op.metadata['userinfo_endpoint']
    expect(await failureOf(userinfo(op))).toMatchObject({ code: 'provider_metadata_invalid', status: 502 })
    const error = await failureOf(userinfo(new FakeProvider(), {}, 'top-secret\r\n\0'))
    expect(error).toMatchObject({ code: 'provider_response_invalid' })
    expect(`${error.message}${error.cause?.message}`).not.toContain('top-secret')
  })
})

describe('an end-session request', () => {
  test('always sends client_id, and the rest where it is known', async () => {
    const op = new FakeProvider()
    const provider = providerOf(op)
    expect(await provider.endSessionUrl({})).toBe('https://issuer.example/logout?client_id=client-1')
    const url = await provider.endSessionUrl({
      idTokenHint: 'a.b.c',
      postLogoutRedirectUri: 'https://app.example/',
      state: 's',
      logoutHint: 'user',
      uiLocales: 'de en',
    })
    const parameters = {
      client_id: 'client-1',
      id_token_hint: 'a.b.c',
      post_logout_redirect_uri: 'https://app.example/',
      state: 's',
      logout_hint: 'user',
      ui_locales: 'de en',
    }
    expect(Object.fromEntries(new URL(url ?? '').searchParams)).toEqual(parameters)
  })

  test('of more than 2,048 characters leaves out the ID Token', async () => {
    const provider = providerOf(new FakeProvider())
    const length = 'https://issuer.example/logout?client_id=client-1&id_token_hint='.length
    const [fits, tooLong] = [2048, 2049].map((whole) => 'x'.repeat(whole - length))
    expect(await provider.endSessionUrl({ idTokenHint: fits ?? '' })).toHaveLength(2048)
    expect(await provider.endSessionUrl({ idTokenHint: tooLong ?? '' })).toBe(
      'https://issuer.example/logout?client_id=client-1',
    )
  })

  test('keeps a query of the endpoint itself', async () => {
    const op = new FakeProvider()
    op.metadata['end_session_endpoint'] = 'https://issuer.example/logout?tenant=a'
    expect(await providerOf(op).endSessionUrl({})).toBe('https://issuer.example/logout?tenant=a&client_id=client-1')
  })

  test('is missing where the provider has no endpoint for it', async () => {
    const op = new FakeProvider()
    delete op.metadata['end_session_endpoint']
    expect(await providerOf(op).endSessionUrl({})).toBeUndefined()
  })
})

describe('the health of the provider', () => {
  test('is known without a request', async () => {
    const op = new FakeProvider()
    const provider = providerOf(op)
    expect(provider.health()).toEqual({
      issuer: op.issuer,
      metadata: 'unknown',
      keys: 'unknown',
      tokenEndpoint: { state: 'unknown' },
    })
    expect(op.seen).toHaveLength(0)
    await provider.ready()
    op.clock.advance(700)
    expect(provider.health()).toMatchObject({
      metadata: 'fresh',
      metadataAgeSeconds: 700,
      keys: 'stale',
      keysAgeSeconds: 700,
    })
    expect(op.seen).toHaveLength(2)
  })

  test('names the last failure', async () => {
    const op = new FakeProvider()
    op.answers['/jwks'] = new Response('', { status: 503 })
    const provider = providerOf(op)
    await failureOf(provider.ready())
    expect(provider.health()).toMatchObject({
      issuer: op.issuer,
      metadata: 'fresh',
      keys: 'unknown',
      lastFailure: 'provider_unavailable',
    })
  })

  test('does not depend on keys where ID Tokens are signed with the client secret', async () => {
    const op = new FakeProvider()
    delete op.metadata['jwks_uri']
    const clientSecret = 'a secret of at least thirty-two bytes'
    const provider = providerOf(op, { clientSecret, idTokenSigningAlg: 'HS256' })
    await provider.ready()
    await answerTokens(op, {}, await mint(op.claims(), Buffer.from(clientSecret), { alg: 'HS256', kid: undefined }))
    await expect(exchangeCode(provider, exchange())).resolves.toBeDefined()
    expect(op.count('/jwks')).toBe(0)
  })

  test('RE03: does not keep close() from ending what is under way', async () => {
    const op = new FakeProvider()
    op.answers['/.well-known/openid-configuration'] = () => new Promise<Response>(() => undefined)
    const provider = providerOf(op)
    const waiting = failureOf(provider.ready())
    await new Promise((resolve) => setImmediate(resolve))
    provider.close()
    expect(await waiting).toMatchObject({ code: 'provider_unreachable' })
    expect(await failureOf(provider.metadata())).toMatchObject({ code: 'provider_unreachable' })
  })
})
