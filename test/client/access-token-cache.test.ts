import { describe, expect, test } from '@jest/globals'
import { ProviderError, TokenEndpointError } from '../../lib/index.js'
import { failureOf } from '../kit/failure.js'
import { down, json } from '../kit/provider/answers.js'
import { createTokens } from '../kit/client/source.js'
import { pastDeadline } from '../kit/timers.js'
import { settled } from '../kit/until.js'
import { keyPair } from '../kit/key-pair.js'

const api = 'https://api.example.com'

describe('getToken', () => {
  test('sends exactly the target of the options, authenticated', async () => {
    const { source, requests } = createTokens({ scope: 'b a b', resource: api, audience: ['y', 'x'] })
    expect(await source.getToken()).toBe('token-1')
    expect(requests()).toHaveLength(1)
    expect([...(requests()[0]?.body ?? [])]).toEqual([
      ['scope', 'a b'],
      ['resource', api],
      ['audience', 'x'],
      ['audience', 'y'],
      ['grant_type', 'client_credentials'],
    ])
    expect(requests()[0]?.headers.get('authorization')).toBe(`Basic ${btoa('machine:secret-1')}`)
  })

  test('sends no target where none is given', async () => {
    const { source, requests } = createTokens()
    await source.getToken()
    expect([...(requests()[0]?.body.keys() ?? [])]).toEqual(['grant_type'])
  })

  test('takes single members of the target from the call, and the rest from the options', async () => {
    const { source, requests } = createTokens({ scope: 'a', resource: api })
    await source.getToken({ scope: 'b' })
    await source.getToken({ scope: '', resource: [], audience: 'x' })
    expect(requests().map(({ body }) => Object.fromEntries(body))).toEqual([
      { scope: 'b', resource: api, grant_type: 'client_credentials' },
      { audience: 'x', grant_type: 'client_credentials' },
    ])
  })

  test('needs metadata with a token endpoint, and nothing of logins or keys', async () => {
    const { op, source } = createTokens()
    await source.ready()
    expect(op.seen.map(({ url }) => url.pathname)).toEqual(['/.well-known/openid-configuration', '/token'])
    expect(source.health()).toMatchObject({ issuer: op.issuer, metadata: 'fresh', keys: 'unknown' })
    const other = createTokens()
    delete other.op.metadata['token_endpoint']
    expect(await failureOf(other.source.getToken())).toMatchObject({ code: 'provider_metadata_invalid' })
  })

  test.each(['made-up', 'a.b.c', 7, null])('drops an ID Token that nobody asked for: %j', async (idToken) => {
    const tokens = createTokens({ scope: 'openid' })
    tokens.answer = { id_token: idToken }
    expect(await tokens.source.getToken()).toBe('token-1')
    expect(tokens.op.seen).toHaveLength(2)
  })

  test.each<[unknown, string]>([
    [{ scopes: 'a' }, 'did you mean "scope"?'],
    [{ scope: ['a'] }, '"scope" must be scopes separated by spaces'],
    [{ scope: 'a\nb' }, '"scope" must be scopes separated by spaces'],
    [{ resource: 'api' }, '"resource" must be an absolute URI without fragment'],
    [{ resource: `${api}#x` }, '"resource" must be an absolute URI without fragment'],
    [{ resource: [7] }, '"resource" must be an absolute URI without fragment'],
    [{ audience: '' }, '"audience" must be the name of a service'],
    [{ audience: 7 }, '"audience" must be the name of a service'],
    [null, 'options must be an object'],
    ['a', 'options must be an object'],
  ])('refuses the target %j, and sends nothing', async (target, message) => {
    const { op, source } = createTokens()
    const error = await failureOf(source.getToken(target as object))
    expect(error).toMatchObject({ name: 'ConfigurationError', code: 'invalid_options' })
    expect(error.message).toContain(message)
    expect(op.seen).toEqual([])
  })
})

describe('the life of a token', () => {
  test('is used until the early window, without a request, however often it is asked for', async () => {
    const { op, source, requests } = createTokens()
    await source.getToken()
    op.clock.advance(440)
    expect(await Promise.all([source.getToken(), source.getToken({ scope: '' })])).toEqual(['token-1', 'token-1'])
    expect(requests()).toHaveLength(1)
  })

  test('is renewed in the background once it is in the early window', async () => {
    const { op, source, requests } = createTokens()
    await source.getToken()
    op.clock.advance(530)
    expect(await Promise.all([source.getToken(), source.getToken()])).toEqual(['token-1', 'token-1'])
    await settled()
    expect(await source.getToken()).toBe('token-2')
    expect(requests()).toHaveLength(2)
  })

  test('begins to be renewed at moments that differ between processes', async () => {
    const starts = new Set<number>()
    for (let process = 0; process < 20; process++) {
      const { op, source, requests } = createTokens()
      await source.getToken()
      op.clock.advance(440)
      let seconds = 440
      for (; requests().length < 2 && seconds < 600; seconds += 5) {
        op.clock.advance(5)
        await source.getToken()
        await settled()
      }
      starts.add(seconds)
      expect(seconds).toBeGreaterThanOrEqual(450)
      expect(seconds).toBeLessThanOrEqual(535)
    }
    expect(starts.size).toBeGreaterThan(3)
  })

  test('is renewed before it is returned where it could expire on its way', async () => {
    const { op, source } = createTokens()
    await source.getToken()
    op.clock.advance(595)
    expect(await source.getToken()).toBe('token-2')
  })

  test('counts from the request, not from a slow response', async () => {
    const tokens = createTokens()
    const release = tokens.hold()
    const pending = tokens.source.getToken()
    await settled()
    tokens.op.clock.advance(599)
    release()
    await pending
    tokens.op.clock.advance(2)
    expect(await tokens.source.getToken()).toBe('token-2')
  })

  test('is at most a minute where the provider does not say how long it lives', async () => {
    const tokens = createTokens()
    tokens.answer = { expires_in: undefined }
    await tokens.source.getToken()
    tokens.op.clock.advance(40)
    expect(await tokens.source.getToken()).toBe('token-1')
    tokens.op.clock.advance(20)
    expect(await tokens.source.getToken()).toBe('token-2')
  })

  test('is over at once where the provider says so', async () => {
    const tokens = createTokens()
    tokens.answer = { expires_in: 0 }
    expect([await tokens.source.getToken(), await tokens.source.getToken()]).toEqual(['token-1', 'token-2'])
  })

  test('is not prolonged by a clock that is set back', async () => {
    const { op, source } = createTokens()
    await source.getToken()
    op.clock.advance(-86_400)
    expect(await source.getToken()).toBe('token-1')
    await settled()
    expect(await source.getToken()).toBe('token-2')
  })

  test('ends with the source, which asks for nothing any more', async () => {
    const { source, requests } = createTokens()
    await source.getToken()
    source.close()
    expect(await failureOf(source.getToken())).toMatchObject({ code: 'provider_unreachable', status: 503 })
    expect(requests()).toHaveLength(1)
  })

  test('ends with a source that is closed while it is being asked for', async () => {
    const tokens = createTokens()
    await tokens.source.getToken()
    tokens.hold()
    const pending = failureOf(tokens.source.getToken({ scope: 'other' }))
    await settled()
    tokens.source.close()
    expect(await pending).toMatchObject({ code: 'provider_unreachable', status: 503 })
  })
})

describe('a failure', () => {
  test.each<[string, Response, object, string]>([
    ['invalid_client', json({ error: 'invalid_client' }, 401), ProviderError, 'provider_refused_client'],
    ['unauthorized_client', json({ error: 'unauthorized_client' }, 400), ProviderError, 'provider_refused_client'],
    ['invalid_scope', json({ error: 'invalid_scope' }, 400), TokenEndpointError, 'token_request_failed'],
    ['invalid_target', json({ error: 'invalid_target' }, 400), TokenEndpointError, 'token_request_failed'],
    ['no JSON', new Response('<p>'), TokenEndpointError, 'token_response_invalid'],
    ['a redirect', new Response(null, { status: 302 }), ProviderError, 'provider_redirected'],
  ])('of the kind %s has its own class and code', async (_what, response, type, code) => {
    const tokens = createTokens()
    tokens.failure = () => response.clone()
    const error = await failureOf(tokens.source.getToken())
    expect(error).toBeInstanceOf(type)
    expect(error).toMatchObject({ code, status: 502 })
    expect(`${error.message}${error.cause?.message}`).not.toContain('secret-1')
  })

  test.each<[string, Record<string, unknown>]>([
    ['another token type', { token_type: 'DPoP' }],
    ['a token type that is a number', { token_type: 1 }],
    ['no token', { access_token: undefined }],
    ['a token that would break the header', { access_token: 'a\r\nb' }],
    ['a lifetime that is not a number', { expires_in: 'soon' }],
    ['a negative lifetime', { expires_in: -1 }],
  ])('is token_response_invalid where the response has %s', async (_what, answer) => {
    const tokens = createTokens()
    tokens.answer = answer
    expect(await failureOf(tokens.source.getToken())).toMatchObject({ code: 'token_response_invalid' })
  })

  test('is not remembered: the next call asks again', async () => {
    const tokens = createTokens()
    tokens.failure = down
    expect(await failureOf(tokens.source.getToken())).toMatchObject({ code: 'provider_unavailable', status: 503 })
    tokens.failure = undefined
    expect(await tokens.source.getToken()).toBe('token-2')
  })

  test('of an unforeseen kind is a typed error too', async () => {
    const tokens = createTokens()
    const { randomBytes } = tokens.op.clock
    await tokens.source.getToken()
    tokens.op.clock.randomBytes = () => {
      tokens.op.clock.randomBytes = randomBytes
      throw new Error('no entropy')
    }
    expect(await failureOf(tokens.source.getToken({ scope: 'other' }))).toMatchObject({
      code: 'provider_response_invalid',
      status: 502,
    })
  })
})

describe('credentials that are looked up', () => {
  test('may be a PEM or a JWK, also beside a secret', async () => {
    const { privateKey } = keyPair('ed25519')
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const given = [pem, privateKey.export({ format: 'jwk' })]
    const clientAssertionKey = () => given.pop() ?? ''
    const { source, requests } = createTokens({ clientAssertionKey, clientAuthentication: 'private_key_jwt' })
    for (const scope of ['a', 'b']) await source.getToken({ scope })
    expect(requests().filter(({ body }) => body.has('client_assertion'))).toHaveLength(2)
    expect(await failureOf(source.getToken())).toMatchObject({ code: 'provider_unavailable' })
  })

  test('may be a secret, which is looked up for every request', async () => {
    let secret = 'old'
    const { source, requests } = createTokens({ clientSecret: async () => secret })
    await source.getToken()
    secret = 'new'
    await source.getToken({ scope: 'other' })
    const sent = requests().map(({ headers }) => atob(headers.get('authorization')?.slice(6) ?? ''))
    expect(sent).toEqual(['machine:old', 'machine:new'])
  })

  test.each<[string, () => unknown, string, number]>([
    [
      'throws',
      () => {
        throw new Error('the vault says: hunter2')
      },
      'provider_unavailable',
      503,
    ],
    ['rejects', () => Promise.reject(new Error('the vault says: hunter2')), 'provider_unavailable', 503],
    ['returns nothing', () => undefined, 'provider_unavailable', 503],
    ['returns an empty secret', () => '', 'provider_unavailable', 503],
    ['hangs', () => new Promise(() => {}), 'provider_timeout', 503],
  ])('end in a typed error without details when a lookup %s', async (_what, lookup, code, status) => {
    const clientSecret = lookup as () => string
    let isAsked = false
    const watched = () => ((isAsked = true), clientSecret())
    const { source, requests } = createTokens({ clientSecret: watched, httpTimeoutSeconds: 30 })
    const error = await pastDeadline(
      30,
      () => failureOf(source.getToken()),
      () => isAsked,
    )
    expect(error).toMatchObject({ code, status })
    expect(`${error.message}${error.cause?.message}`).not.toContain('hunter2')
    expect(requests()).toEqual([])
  })
})
