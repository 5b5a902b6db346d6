import { describe, expect, test } from '@jest/globals'
import { createHash } from 'node:crypto'
import { answerTokens, exchange, providerOf, request, validate } from '../kit/provider/code-exchange.js'
import { failureOf } from '../kit/failure.js'
import { json } from '../kit/provider/answers.js'
import { FakeProvider } from '../kit/provider/provider.js'

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
