import { describe, expect, test } from '@jest/globals'
import express from 'express'
import { createServer } from 'node:http'
import type { OnBehalfOfOptions } from '../../lib/options/client/options.js'
import { TokenEndpointError } from '../../lib/errors.js'
import { createTokens, type Tokens } from '../kit/client/source.js'
import { failureOf } from '../kit/failure.js'
import { listen } from '../kit/listen.js'
import { down, json } from '../kit/provider/answers.js'
import type { Seen } from '../kit/provider/provider.js'
import { keyPair } from '../kit/key-pair.js'

const graph = 'https://graph.microsoft.com/User.Read'
const grantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const claims = '{"access_token":{"polids":{"essential":true,"values":["9ab03e19-ed42-4168-b6b7-7001fb3e933a"]}}}'

const assertionOf = (sub: string, changes: Record<string, unknown> = {}) =>
  [{ alg: 'RS256' }, { sub, aud: 'machine', ...changes }, {}]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
const claimsOf = (token: string | null) => {
  const claims: unknown = JSON.parse(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString())
  return claims as Record<string, unknown>
}

/** Has the token endpoint answer as Entra's documents say: it names the person in the token, and refuses assertions for others. */
function answerAsEntra(tokens: Tokens, answer: (request: Seen) => Response | undefined = () => undefined) {
  let count = 0
  tokens.op.answers['/token'] = (request) => {
    const { body } = request
    const refused = (error: string) => json({ error, error_description: 'AADSTS…', error_codes: [1] }, 400)
    const needed = body.get('grant_type') === grantType && body.get('requested_token_use') === 'on_behalf_of'
    if (!needed || body.get('scope') === null) return refused('invalid_request')
    const { sub, aud } = claimsOf(body.get('assertion'))
    if (aud !== 'machine') return refused('invalid_grant')
    const granted = { access_token: `${sub}-${++count}`, token_type: 'Bearer', expires_in: 3269, ext_expires_in: 0 }
    return answer(request) ?? json({ ...granted, scope: body.get('scope'), refresh_token: 'refresh-1' })
  }
}

function entra(answer?: (request: Seen) => Response | undefined) {
  const tokens = createTokens()
  answerAsEntra(tokens, answer)
  return tokens
}

describe('onBehalfOf', () => {
  test('asks as Entra’s on-behalf-of flow wants it, authenticated', async () => {
    const { source, requests } = entra()
    expect(await source.onBehalfOf({ assertion: assertionOf('ada'), scope: graph })).toBe('ada-1')
    expect(requests()[0]?.headers.get('authorization')).toMatch(/^Basic /)
    expect(Object.fromEntries(requests()[0]?.body ?? [])).toEqual({
      grant_type: grantType,
      assertion: assertionOf('ada'),
      requested_token_use: 'on_behalf_of',
      scope: graph,
    })
  })

  test('asks once for the same assertion and target, also at the same time', async () => {
    const { source, requests } = entra()
    const request = { assertion: assertionOf('ada'), scope: `${graph} openid` }
    expect(new Set(await Promise.all(Array.from({ length: 20 }, () => source.onBehalfOf(request))))).toHaveProperty(
      'size',
      1,
    )
    expect(await source.onBehalfOf({ ...request, scope: `openid ${graph}` })).toBe('ada-1')
    expect(requests()).toHaveLength(1)
  })

  test('never serves one person a token that was cached for another', async () => {
    const { source } = entra()
    const ask = (sub: string) => source.onBehalfOf({ assertion: assertionOf(sub), scope: graph })
    expect(await Promise.all(['ada', 'bob', 'ada', 'bob'].map(ask))).toEqual(['ada-1', 'bob-2', 'ada-1', 'bob-2'])
    expect(await Promise.all(['bob', 'ada'].map(ask))).toEqual(['bob-2', 'ada-1'])
  })

  test.each<[string, Partial<OnBehalfOfOptions>]>([
    ['another scope', { scope: 'openid' }],
    ['a resource', { resource: 'https://api.example.com' }],
    ['an expiry that the caller knows', { assertionExpiresAt: 4_000_000_000 }],
  ])('asks again for %s', async (_what, change) => {
    const { source } = entra()
    const request = { assertion: assertionOf('ada'), scope: graph }
    expect(await source.onBehalfOf(request)).toBe('ada-1')
    expect(await source.onBehalfOf({ ...request, ...change })).toBe('ada-2')
  })

  test('shares no cached token with an exchange of the same token', async () => {
    const { source } = createTokens()
    const token = assertionOf('ada')
    expect(await source.exchange({ subjectToken: token })).toBe('token-1')
    expect(await source.onBehalfOf({ assertion: token })).toBe('token-2')
  })

  test('caches a token no longer than its assertion is valid', async () => {
    const tokens = entra()
    const seconds = tokens.op.clock.now() / 1000
    const request = { assertion: assertionOf('ada', { exp: seconds + 60 }), scope: graph }
    expect(await tokens.source.onBehalfOf(request)).toBe('ada-1')
    tokens.op.clock.advance(59)
    expect(await tokens.source.onBehalfOf(request)).toBe('ada-1')
    tokens.op.clock.advance(1)
    expect(await tokens.source.onBehalfOf(request)).toBe('ada-2')
    const known = { assertion: 'opaque', assertionExpiresAt: tokens.op.clock.now() / 1000 + 10 }
    const other = createTokens()
    await other.source.onBehalfOf(known)
    other.op.clock.advance(70)
    expect(await other.source.onBehalfOf(known)).toBe('token-2')
  })

  test('forgets a token that an API rejected', async () => {
    const { source } = entra()
    const request = { assertion: assertionOf('ada'), scope: graph }
    source.drop(await source.onBehalfOf(request))
    expect(await source.onBehalfOf(request)).toBe('ada-2')
  })

  test('of a bound client proves the key, and refuses a bearer token', async () => {
    const { privateKey } = keyPair('ec', { namedCurve: 'P-256' })
    const tokens = createTokens({ dpop: { privateKey: privateKey.export({ format: 'jwk' }) } })
    expect(await failureOf(tokens.source.onBehalfOf({ assertion: 'opaque' }))).toMatchObject({
      code: 'token_response_invalid',
    })
    tokens.answer = { token_type: 'DPoP' }
    expect(await tokens.source.onBehalfOf({ assertion: 'opaque' })).toMatch(/^token-/)
    expect(tokens.requests().every(({ headers }) => headers.has('dpop'))).toBe(true)
  })

  test.each<[string, () => Response, string, number]>([
    ['an assertion for another service', () => json({ error: 'invalid_grant' }, 400), 'invalid_grant', 400],
    ['a scope that does not exist', () => json({ error: 'invalid_scope' }, 400), 'token_request_failed', 502],
    ['wrong credentials', () => json({ error: 'invalid_client' }, 401), 'provider_refused_client', 502],
    ['an outage', down, 'provider_unavailable', 503],
    ['a page in place of tokens', () => new Response('<html>'), 'token_response_invalid', 502],
  ])('reports %s by its own code, without naming the assertion', async (_what, answer, code, status) => {
    const { source } = entra(answer)
    const assertion = assertionOf('ada')
    const error = await failureOf(source.onBehalfOf({ assertion, scope: graph }))
    expect(error).toMatchObject({ code, status })
    expect(`${error.message}${error.cause?.message}${error.stack}`).not.toContain(assertion)
  })

  test('serves what is cached during an outage, and answers 503 where nothing is', async () => {
    let isDown = false
    const { op, source } = entra(() => (isDown ? down() : undefined))
    const ask = (sub: string) => source.onBehalfOf({ assertion: assertionOf(sub), scope: graph })
    await ask('ada')
    isDown = true
    op.clock.advance(3200)
    expect(await ask('ada')).toBe('ada-1')
    expect(await failureOf(ask('bob'))).toMatchObject({ status: 503, headers: { 'Retry-After': expect.any(String) } })
    op.clock.advance(100)
    expect(await failureOf(ask('ada'))).toMatchObject({ name: 'ProviderError', status: 503 })
  })

  test.each<[Record<string, unknown>, string]>([
    [{}, '"assertion" is missing'],
    [{ assertion: '' }, '"assertion" is empty'],
    [{ assertion: 'a', assertionExpiresAt: NaN }, '"assertionExpiresAt"'],
    [{ assertion: 'a', subjectToken: 'a' }, '"subjectToken"'],
  ])('refuses the arguments %j', async (options, message) => {
    const { op, source } = createTokens()
    const error = await failureOf(source.onBehalfOf(options as unknown as OnBehalfOfOptions))
    expect(error).toMatchObject({ code: 'invalid_options' })
    expect(error.message).toContain(message)
    expect(op.seen).toEqual([])
  })
})

describe('a person who has to act first', () => {
  const failure = async (body: Record<string, unknown>) => {
    const tokens = createTokens()
    tokens.failure = () => json(body, 400)
    const error = await failureOf(tokens.source.onBehalfOf({ assertion: 'opaque' }))
    if (!(error instanceof TokenEndpointError)) throw error
    return error
  }

  test('is named by a challenge that the API can answer with as it is', async () => {
    const error = await failure({
      error: 'interaction_required',
      error_description: 'AADSTS50079: you must enroll in multifactor authentication to access bf8d80f9.',
      error_codes: [50079],
      claims,
    })
    expect(error).toMatchObject({ code: 'interaction_required', status: 401, claims })
    const challenge = error.headers['WWW-Authenticate'] ?? ''
    const [, sent = ''] = /^Bearer error="insufficient_claims", claims="([^"]+)"$/.exec(challenge) ?? []
    expect(Buffer.from(sent, 'base64').toString()).toBe(claims)
    expect(error.message).not.toMatch(/polids|AADSTS/)
  })

  test('is answered so by Express, where the API passes the error on', async () => {
    const { source } = entra(() => json({ error: 'interaction_required', claims }, 400))
    const app = express().get('/photo', async (_req, res) => {
      res.json(await source.onBehalfOf({ assertion: assertionOf('ada'), scope: graph }))
    })
    const { origin, close } = await listen(createServer(app))
    const response = await fetch(`${origin}/photo`)
    const text = await response.text()
    await close()
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer error="insufficient_claims", claims="${Buffer.from(claims).toString('base64')}"`,
    )
    expect(text).not.toContain(assertionOf('ada'))
  })

  test.each([
    { error: 'interaction_required' },
    { error: 'consent_required' },
    { error: 'login_required' },
    { error: 'invalid_grant', suberror: 'consent_required' },
    { error: 'invalid_grant', suberror: 'basic_action' },
    { error: 'invalid_grant', suberror: 'additional_action', claims },
    { error: 'invalid_grant', claims },
  ])('is recognised by %j', async (body) => {
    const error = await failure(body)
    expect(error).toMatchObject({ code: 'interaction_required', status: 401 })
    expect(error.claims).toBe(body.claims)
    expect(error.headers['WWW-Authenticate']).toMatch(
      body.claims === undefined ? /^Bearer error="insufficient_user_authentication"$/ : /claims="/,
    )
  })

  test.each([
    { error: 'invalid_grant', suberror: 'bad_token' },
    { error: 'invalid_grant', claims: 'none' },
    { error: 'invalid_grant', claims: '[]' },
    { error: 'invalid_grant', claims: { access_token: {} } },
    { error: 'invalid_grant', claims: JSON.stringify({ long: 'x'.repeat(5000) }) },
  ])('is not, where the grant is simply refused: %#', async (body) => {
    expect(await failure(body)).toMatchObject({ code: 'invalid_grant', status: 400, claims: undefined, headers: {} })
  })

  test('is recognised in an exchange too, and gets no cached error for the next token', async () => {
    const tokens = createTokens()
    tokens.failure = () => json({ error: 'interaction_required', claims }, 400)
    const exchange = (subjectToken: string) => tokens.source.exchange({ subjectToken })
    for (const _time of [1, 2, 3]) {
      expect(await failureOf(exchange('before'))).toMatchObject({ code: 'interaction_required', status: 401, claims })
    }
    tokens.failure = undefined
    expect(await exchange('after')).toMatch(/^token-/)
  })
})
