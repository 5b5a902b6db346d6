import { describe, expect, test } from '@jest/globals'
import type { TokenExchangeOptions } from '../../lib/options/client/options.js'
import { failureOf } from '../kit/failure.js'
import { down, json } from '../kit/provider/answers.js'
import { createTokens } from '../kit/client/source.js'
import { settled } from '../kit/until.js'
import { keyPair } from '../kit/key-pair.js'

const accessToken = 'urn:ietf:params:oauth:token-type:access_token'
const subjectToken = 'subject-1'
const jwtUntil = (exp: unknown) =>
  ['{"alg":"none"}', JSON.stringify({ exp }), ''].map((part) => Buffer.from(part).toString('base64url')).join('.')
const nowSeconds = (tokens: ReturnType<typeof createTokens>) => tokens.op.clock.now() / 1000

describe('exchange', () => {
  test('asks for a token on somebody’s behalf, authenticated', async () => {
    const { source, requests } = createTokens({ scope: 'own', resource: 'https://own.example' })
    expect(await source.exchange({ subjectToken })).toBe('token-1')
    expect(requests()[0]?.headers.get('authorization')).toBe(`Basic ${btoa('machine:secret-1')}`)
    expect(Object.fromEntries(requests()[0]?.body ?? [])).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: subjectToken,
      subject_token_type: accessToken,
    })
  })

  test('passes on the target, the types and the actor', async () => {
    const { source, requests } = createTokens()
    await source.exchange({
      subjectToken,
      subjectTokenType: 'urn:ietf:params:oauth:token-type:jwt',
      actorToken: 'actor-1',
      scope: 'b a',
      audience: ['x', 'y'],
      resource: 'https://api.example.com',
      authorizationDetails: [{ type: 'payment' }],
    })
    expect([...(requests()[0]?.body ?? [])].sort()).toEqual([
      ['actor_token', 'actor-1'],
      ['actor_token_type', accessToken],
      ['audience', 'x'],
      ['audience', 'y'],
      ['authorization_details', '[{"type":"payment"}]'],
      ['grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange'],
      ['resource', 'https://api.example.com'],
      ['scope', 'a b'],
      ['subject_token', subjectToken],
      ['subject_token_type', 'urn:ietf:params:oauth:token-type:jwt'],
    ])
  })

  test('is made once for the same tokens and target, also at the same time', async () => {
    const { source, requests } = createTokens()
    const calls = Array.from({ length: 20 }, () => source.exchange({ subjectToken, scope: 'a b' }))
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['token-1']))
    expect(await source.exchange({ subjectToken, scope: 'b a' })).toBe('token-1')
    expect(requests()).toHaveLength(1)
  })

  test.each<[string, Partial<TokenExchangeOptions>]>([
    ['another subject', { subjectToken: 'subject-2' }],
    ['another type of subject', { subjectTokenType: 'urn:ietf:params:oauth:token-type:jwt' }],
    ['an actor', { actorToken: 'actor-1' }],
    ['an audience', { audience: 'x' }],
    ['a resource', { resource: 'https://api.example.com' }],
    ['a scope', { scope: 'a' }],
    ['a requested type', { requestedTokenType: accessToken }],
  ])('is made again for %s', async (_what, change) => {
    const tokens = createTokens()
    const { source } = tokens
    tokens.answer = { issued_token_type: accessToken }
    expect(await source.exchange({ subjectToken })).toBe('token-1')
    expect(await source.exchange({ subjectToken, ...change })).toBe('token-2')
    expect(await source.getToken()).toBe('token-3')
  })

  test.each([accessToken, 'urn:ietf:params:oauth:token-type:jwt', undefined])(
    'accepts the issued type %p',
    async (type) => {
      const tokens = createTokens()
      tokens.answer = { issued_token_type: type }
      expect(await tokens.source.exchange({ subjectToken })).toBe('token-1')
    },
  )

  test.each([
    { issued_token_type: 'urn:ietf:params:oauth:token-type:id_token' },
    { issued_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
    { issued_token_type: 7 },
    { issued_token_type: accessToken, token_type: 'N_A' },
  ])('refuses a token that is not an access token: %j', async (answer) => {
    const tokens = createTokens()
    tokens.answer = answer
    expect(await failureOf(tokens.source.exchange({ subjectToken }))).toMatchObject({ code: 'token_response_invalid' })
  })

  test('names the requested type, and takes a token of that type only', async () => {
    const tokens = createTokens()
    const idToken = 'urn:ietf:params:oauth:token-type:id_token'
    tokens.answer = { issued_token_type: idToken, token_type: 'N_A' }
    expect(await tokens.source.exchange({ subjectToken, requestedTokenType: idToken })).toBe('token-1')
    expect(tokens.requests()[0]?.body.get('requested_token_type')).toBe(idToken)
    tokens.answer = { issued_token_type: idToken, token_type: 'Bearer' }
    expect(await tokens.source.exchange({ subjectToken: 'subject-2', requestedTokenType: idToken })).toBe('token-2')
  })

  test.each<[string, Record<string, unknown>]>([
    [accessToken, { issued_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }],
    [accessToken, { issued_token_type: undefined }],
    [accessToken, { issued_token_type: accessToken, token_type: 'N_A' }],
    ['urn:ietf:params:oauth:token-type:id_token', { issued_token_type: accessToken }],
    ['urn:ietf:params:oauth:token-type:id_token', { issued_token_type: undefined, token_type: 'N_A' }],
    ['urn:ietf:params:oauth:token-type:jwt', { issued_token_type: accessToken }],
  ])('for %s refuses %j', async (requestedTokenType, answer) => {
    const tokens = createTokens()
    tokens.answer = answer
    const error = await failureOf(tokens.source.exchange({ subjectToken, requestedTokenType }))
    expect(error).toMatchObject({ code: 'token_response_invalid', status: 502 })
    expect(error.message).not.toContain('token-1')
  })

  test('of a bound client may bring a token that is not for APIs, and no unbound access token', async () => {
    const { privateKey } = keyPair('ec', { namedCurve: 'P-256' })
    const tokens = createTokens({ dpop: { privateKey: privateKey.export({ format: 'jwk' }) } })
    const requestedTokenType = 'urn:ietf:params:oauth:token-type:id_token'
    tokens.answer = { issued_token_type: requestedTokenType, token_type: 'N_A' }
    expect(await tokens.source.exchange({ subjectToken, requestedTokenType })).toBe('token-1')
    tokens.answer = { issued_token_type: accessToken, token_type: 'Bearer' }
    expect(await failureOf(tokens.source.exchange({ subjectToken, requestedTokenType: accessToken }))).toMatchObject({
      code: 'token_response_invalid',
    })
  })

  test.each<[string, () => Response, string, number]>([
    ['a refused subject', () => json({ error: 'invalid_grant' }, 400), 'invalid_grant', 400],
    ['a refused target', () => json({ error: 'invalid_target' }, 400), 'token_request_failed', 502],
    ['a refused client', () => json({ error: 'invalid_client' }, 401), 'provider_refused_client', 502],
    ['an outage', down, 'provider_unavailable', 503],
  ])('reports %s by its own code, without naming the token', async (_what, failure, code, status) => {
    const tokens = createTokens()
    tokens.failure = failure
    const error = await failureOf(tokens.source.exchange({ subjectToken }))
    expect(error).toMatchObject({ code, status })
    expect(`${error.message}${error.cause?.message}${error.stack}`).not.toContain(subjectToken)
  })

  test.each<[Record<string, unknown>, string]>([
    [{}, '"subjectToken" is missing'],
    [{ subjectToken: '' }, '"subjectToken" is empty'],
    [{ subjectToken: 'a\nb' }, '"subjectToken" must be the token'],
    [{ subjectToken: 'x'.repeat(65_537) }, 'at most 65536 characters'],
    [{ subjectToken, subjectTokenType: 'jwt' }, '"subjectTokenType"'],
    [{ subjectToken, requestedTokenType: 'jwt' }, '"requestedTokenType" must be a URI'],
    [{ subjectToken, subjectTokenExpiresAt: Infinity }, '"subjectTokenExpiresAt"'],
    [{ subjectToken, actor_token: 'x' }, 'did you mean "actorToken"?'],
  ])('%# refuses invalid arguments without quoting them', async (options, message) => {
    const { op, source } = createTokens()
    const error = await failureOf(source.exchange(options as unknown as TokenExchangeOptions))
    expect(error).toMatchObject({ code: 'invalid_options' })
    expect(error.message).toContain(message)
    expect(error.message).not.toMatch(/subject-1|xxx/)
    expect(op.seen).toEqual([])
  })
})

describe('an exchanged token', () => {
  test('never outlives a subject token that says when it ends', async () => {
    const tokens = createTokens()
    const subject = jwtUntil(nowSeconds(tokens) + 100)
    expect(await tokens.source.exchange({ subjectToken: subject })).toBe('token-1')
    tokens.op.clock.advance(99)
    expect(await tokens.source.exchange({ subjectToken: subject })).toBe('token-1')
    await settled()
    expect(tokens.requests()).toHaveLength(1)
    tokens.op.clock.advance(1)
    expect(await tokens.source.exchange({ subjectToken: subject })).toBe('token-2')
  })

  test('never outlives what the caller knows of an opaque subject token', async () => {
    const tokens = createTokens()
    const exchange = { subjectToken, subjectTokenExpiresAt: nowSeconds(tokens) + 10 }
    await tokens.source.exchange(exchange)
    tokens.op.clock.advance(10)
    expect(await tokens.source.exchange(exchange)).toBe('token-2')
  })

  test('an exchanged token ends with its subject token or subjectTokenExpiresAt, whichever is earlier', async () => {
    const tokens = createTokens()
    const exchange = {
      subjectToken: jwtUntil(nowSeconds(tokens) + 10),
      subjectTokenExpiresAt: nowSeconds(tokens) + 100,
    }
    await tokens.source.exchange(exchange)
    tokens.op.clock.advance(11)
    expect(await tokens.source.exchange(exchange)).toBe('token-2')
  })

  test('never outlives the actor’s token either', async () => {
    const tokens = createTokens()
    const exchange = { subjectToken, actorToken: jwtUntil(nowSeconds(tokens) + 10) }
    await tokens.source.exchange(exchange)
    tokens.op.clock.advance(11)
    expect(await tokens.source.exchange(exchange)).toBe('token-2')
  })

  test('that was cached by a caller who did not know the end is not given to a caller who does', async () => {
    const tokens = createTokens()
    const exchange = { subjectToken, subjectTokenExpiresAt: nowSeconds(tokens) + 10 }
    expect(await tokens.source.exchange({ subjectToken })).toBe('token-1')
    expect(await tokens.source.exchange(exchange)).toBe('token-2')
    tokens.op.clock.advance(11)
    expect(await tokens.source.exchange(exchange)).toBe('token-3')
  })

  test.each<[string, string]>([
    ['is opaque', 'opaque'],
    ['has no end', jwtUntil(undefined)],
    ['has an end that is not a number', jwtUntil('1')],
    ['only looks like a JWT', 'a.b.c'],
    ['is encrypted', 'a.b.c.d.e'],
  ])('keeps its own lifetime where the subject token %s', async (_what, subject) => {
    const tokens = createTokens()
    await tokens.source.exchange({ subjectToken: subject })
    tokens.op.clock.advance(440)
    expect(await tokens.source.exchange({ subjectToken: subject })).toBe('token-1')
    tokens.op.clock.advance(155)
    expect(await tokens.source.exchange({ subjectToken: subject })).toBe('token-2')
  })
})

describe('revoke', () => {
  test('tells the provider, authenticated, and forgets the token', async () => {
    const { op, source } = createTokens()
    op.answers['/revoke'] = () => new Response('')
    const token = await source.getToken()
    expect(await source.revoke(token, 'access_token')).toBe(true)
    const sent = op.seen.at(-1)
    expect(Object.fromEntries(sent?.body ?? [])).toEqual({ token, token_type_hint: 'access_token' })
    expect(sent?.headers.get('authorization')).toMatch(/^Basic /)
    expect(await source.getToken()).toBe('token-2')
  })

  test('forgets exchanged tokens too, and leaves the others', async () => {
    const { op, source } = createTokens()
    op.answers['/revoke'] = () => new Response('')
    await source.getToken()
    await source.revoke(await source.exchange({ subjectToken }))
    expect(await source.exchange({ subjectToken })).toBe('token-3')
    expect(await source.getToken()).toBe('token-1')
  })

  test('reports that the provider does not revoke such tokens', async () => {
    const { op, source } = createTokens()
    op.answers['/revoke'] = () => json({ error: 'unsupported_token_type' }, 400)
    expect(await source.revoke('some-token')).toBe(false)
    const other = createTokens()
    delete other.op.metadata['revocation_endpoint']
    expect(await other.source.revoke('some-token')).toBe(false)
  })

  test.each<[string, Response, string, number]>([
    ['an outage', down(), 'provider_unavailable', 503],
    ['a refused client', json({ error: 'invalid_client' }, 401), 'provider_refused_client', 502],
    ['another refusal', json({ error: 'invalid_request' }, 400), 'token_request_failed', 502],
    ['a page', new Response('<html>', { status: 404 }), 'token_response_invalid', 502],
  ])('reports %s, after one request', async (_what, answer, code, status) => {
    const { op, source } = createTokens()
    op.answers['/revoke'] = answer
    const error = await failureOf(source.revoke('some-token'))
    expect(error).toMatchObject({ code, status })
    expect(error.message).not.toContain('some-token')
    expect(op.count('/revoke')).toBe(1)
  })

  test('names the endpoint that refused', async () => {
    const { op, source } = createTokens()
    const messageFor = async (answer: Response) => {
      op.answers['/revoke'] = answer
      return (await failureOf(source.revoke('some-token'))).message
    }
    expect(await messageFor(json({ error: 'invalid_request' }, 400))).toBe(
      'the revocation endpoint refused the request: invalid_request',
    )
    expect(await messageFor(new Response('<html>', { status: 404 }))).toBe(
      'the revocation endpoint returned something that is not a revocation response',
    )
  })

  test('forgets a token however often it is called', async () => {
    const { op, source } = createTokens()
    op.answers['/revoke'] = new Response('')
    for (let count = 1; count < 10; count++) {
      const token = await source.getToken()
      expect(token).toBe(`token-${count}`)
      await source.revoke(token)
    }
  })

  test('forgets the token even while the provider is down', async () => {
    const { op, source } = createTokens()
    op.answers['/revoke'] = down
    const token = await source.getToken()
    await failureOf(source.revoke(token))
    expect(await source.getToken()).toBe('token-2')
  })
})
