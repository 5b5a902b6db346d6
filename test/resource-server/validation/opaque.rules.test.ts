import { describe, expect, test } from '@jest/globals'
import { ConfigurationError, ProviderError } from '../../../lib/errors.js'
import { apiUrl, proofClient } from '../../kit/resource-server/proof.js'
import { reasonOf } from '../../kit/resource-server/api.js'
import { active, type IntrospectingApi, introspectingApi } from '../../kit/resource-server/introspecting.js'

const isoOf = (seconds: number) => new Date(seconds * 1000).toISOString()

describe('the token_type of an introspection response', () => {
  test.each(['Bearer', 'bearer', 'BEARER', undefined, null, ''])('may be %p', async (type) => {
    const api = introspectingApi()
    api.answer = active(api.issuer, { token_type: type })
    await expect(api.accept('opaque-1')).resolves.toMatchObject({ subject: 'alice' })
  })

  test.each(['DPoP', 'dpop'])('may be %p for a token with a key', async (type) => {
    const api = introspectingApi({}, { dpop: 'allowed' })
    const client = proofClient(api.issuer)
    api.answer = active(api.issuer, { token_type: type, cnf: { jkt: client.jkt } })
    const request = { url: apiUrl, dpop: client.proof('opaque-1') }
    await expect(api.validator.validate('DPoP opaque-1', request)).resolves.toMatchObject({ scheme: 'dpop' })
  })

  test.each([
    ['N_A', 'an unknown name'],
    ['mac', '"mac"'],
    ['bearer x', 'an unknown name'],
    [5, 'something'],
    [['bearer'], 'something'],
  ])('may not be %p', async (type, seen) => {
    const api = introspectingApi()
    api.answer = active(api.issuer, { token_type: type })
    const { cause, details } = await api.refuse('opaque-1')
    expect(cause).toMatchObject({ code: 'token_type_refused', message: 'the token is not an access token' })
    expect(details).toEqual({ subject: 'token_type', seen })
  })
})

describe('an introspection response', () => {
  test('that the token is not active is told in these words, when it is cached too', async () => {
    const api = introspectingApi()
    api.answer = { active: false }
    for (let i = 0; i < 2; i++) {
      expect((await api.refuse('opaque-1')).cause).toMatchObject({
        code: 'token_inactive',
        message: 'the authorization server says that the token is not active',
      })
    }
    expect(api.questions).toHaveLength(1)
  })

  test('without exp ends with its place in the cache, in whole seconds', async () => {
    const api = introspectingApi({ cacheSeconds: 20 })
    const { clock } = api.issuer
    const { seconds: now } = clock
    clock.seconds = now + 0.7
    api.answer = active(api.issuer, { exp: undefined })
    expect((await api.accept('opaque-1')).expiresAt).toBe(now + 20)
    for (let i = 0; i < 2; i++) await api.accept('opaque-1')
    expect(api.questions).toHaveLength(1)
  })

  test('counts from the moment at which it was asked for', async () => {
    const api = introspectingApi({ cacheSeconds: 30 })
    api.answer = () => {
      api.issuer.clock.seconds += 20
      return Response.json(active(api.issuer))
    }
    await api.accept('opaque-1')
    api.issuer.clock.seconds += 9
    await api.accept('opaque-1')
    expect(api.questions).toHaveLength(1)
    api.issuer.clock.seconds += 1
    await api.accept('opaque-1')
    expect(api.questions).toHaveLength(2)
  })

  test('is cached until its exp; after the tolerance the token is refused with what is known of both', async () => {
    const api = introspectingApi({ cacheSeconds: 60 })
    const { clock } = api.issuer
    const exp = clock.seconds + 10
    api.answer = active(api.issuer, { exp })
    await api.accept('opaque-1')
    clock.seconds = exp - 0.1
    await api.accept('opaque-1')
    expect(api.questions).toHaveLength(1)
    for (const past of [0, 29.9]) {
      clock.seconds = exp + past
      await api.accept('opaque-1')
    }
    expect(api.questions).toHaveLength(3)
    clock.seconds = exp + 30
    const { cause, details } = await api.refuse('opaque-1')
    expect(cause).toMatchObject({ code: 'token_expired', message: "the token's exp is in the past" })
    expect(details).toEqual({
      subject: 'exp',
      seen: isoOf(exp),
      offBySeconds: -30,
      option: 'clockToleranceSeconds',
    })
    expect(api.questions).toHaveLength(3)
  })

  test.each([
    [60, 10],
    [10, 10],
    [4, 4],
  ])('that refuses a token is kept ten seconds at most, and no longer than %d: %d', async (cacheSeconds, kept) => {
    const api = introspectingApi({ cacheSeconds })
    api.answer = { active: false }
    await api.refuse('opaque-1')
    api.issuer.clock.seconds += kept - 0.1
    await api.refuse('opaque-1')
    expect(api.questions).toHaveLength(1)
    api.issuer.clock.seconds += 0.1
    api.answer = active(api.issuer)
    await api.accept('opaque-1')
    expect(api.questions).toHaveLength(2)
  })

  test.each([
    ['another audience', { aud: 'x' }],
    ['no subject', { sub: undefined }],
    ['another type', { token_type: 'mac' }],
  ])('is not asked for again at once where the token has %s', async (_what, members) => {
    const api = introspectingApi()
    api.answer = active(api.issuer, members)
    for (let i = 0; i < 3; i++) expect((await api.refuse('opaque-1')).status).toBe(401)
    expect(api.questions).toHaveLength(1)
  })

  test('is asked for again where the application made a mistake', async () => {
    const api = introspectingApi({}, { scopes: () => 'a b' })
    for (let i = 0; i < 3; i++) expect(await api.refuse('opaque-1')).toMatchObject({ code: 'invalid_options' })
    expect(api.questions).toHaveLength(3)
  })

  test('is one for each token, and never another’s', async () => {
    const api = introspectingApi()
    api.answer = ({ form }) => Response.json(active(api.issuer, { sub: `owner of ${form.get('token')}` }))
    const subjects = await Promise.all(['a', 'b', 'a'].map(async (token) => (await api.accept(token)).subject))
    expect(subjects).toEqual(['owner of a', 'owner of b', 'owner of a'])
    expect((await api.accept('b')).subject).toBe('owner of b')
    expect(api.questions).toHaveLength(2)
  })

  test('may name another spelling of the issuer, and no other', async () => {
    const api = introspectingApi({}, { issuerAliases: ['op'] })
    api.answer = active(api.issuer, { iss: 'op' })
    await expect(api.accept('opaque-1')).resolves.toMatchObject({ issuer: api.issuer.issuer })
    api.answer = active(api.issuer, { iss: 'x' })
    expect(reasonOf(await api.refuse('opaque-2'))).toBe('token_issuer_mismatch')
  })

  test('is of one of the clients, where those are named', async () => {
    const api = introspectingApi({}, { clients: ['web'] })
    await api.accept('opaque-1')
    api.answer = active(api.issuer, { client_id: 'x' })
    expect(reasonOf(await api.refuse('opaque-2'))).toBe('token_claim_invalid')
    api.answer = active(api.issuer, { client_id: undefined })
    expect(reasonOf(await api.refuse('opaque-3'))).toBe('token_claim_missing')
  })
})

describe('an introspection response that another has replaced', () => {
  test('lets nobody in when the clock is set back', async () => {
    const api = introspectingApi({ cacheSeconds: 10 })
    await api.accept('opaque-1')
    api.issuer.clock.seconds += 10
    api.answer = { active: false }
    await api.refuse('opaque-1')
    api.issuer.clock.seconds -= 0.1
    expect(reasonOf(await api.refuse('opaque-1'))).toBe('token_inactive')
    expect(api.questions).toHaveLength(2)
  })

  test('keeps nobody out when the clock is set back', async () => {
    const api = introspectingApi({ cacheSeconds: 4 })
    api.answer = { active: false }
    await api.refuse('opaque-1')
    api.issuer.clock.seconds += 4
    api.answer = active(api.issuer)
    await api.accept('opaque-1')
    api.issuer.clock.seconds -= 4
    await api.accept('opaque-1')
    expect(api.questions).toHaveLength(3)
  })
})

describe('the authorization server that is asked', () => {
  /** Asks about so many tokens in vain, and then about a good one. */
  const afterFailures = async (code: string, failure: IntrospectingApi['answer']) => {
    const api = introspectingApi()
    await api.accept('warm')
    api.answer = failure
    for (let i = 0; i < 6; i++) expect(await api.refuse(`odd-${i}`)).toMatchObject({ status: 503, code })
    api.answer = active(api.issuer)
    return api
  }

  test.each<[string, () => Response]>([
    ['provider_response_invalid', () => Response.json({ active: 'yes' })],
    ['provider_response_too_large', () => new Response('x'.repeat(1_100_000))],
    [
      'outbound_limit_reached',
      () => {
        throw new ProviderError('outbound_limit_reached', 'x', { headers: { 'Retry-After': '1' } })
      },
    ],
  ])('is not taken for unavailable by %s', async (code, failure) => {
    const api = await afterFailures(code, failure)
    expect(api.questions).toHaveLength(7)
    await expect(api.accept('good')).resolves.toMatchObject({ subject: 'alice' })
  })

  test('is not taken for unavailable by a mistake of the application', async () => {
    const api = introspectingApi()
    api.answer = () => {
      throw new ConfigurationError('invalid_options', 'x')
    }
    for (let i = 0; i < 6; i++) expect(await api.refuse(`odd-${i}`)).toMatchObject({ code: 'invalid_options' })
    expect(api.questions).toHaveLength(6)
  })

  test.each<[string, () => Response | Promise<Response>]>([
    ['provider_unreachable', () => Promise.reject(new TypeError('fetch failed'))],
    ['provider_unavailable', () => new Response('', { status: 500 })],
    ['provider_refused_client', () => Response.json({ error: 'invalid_client' }, { status: 401 })],
  ])('is left alone for a while after the third %s', async (code, failure) => {
    const api = await afterFailures(code, failure)
    expect(api.questions).toHaveLength(4)
    const { headers } = await api.refuse('good')
    expect(Number(headers['Retry-After'])).toBeLessThanOrEqual(2)
    api.issuer.clock.seconds += 1
    await expect(api.accept('good')).resolves.toMatchObject({ subject: 'alice' })
  })

  const failing = (introspection: Record<string, unknown> = {}) => {
    const api = introspectingApi(introspection)
    api.answer = ({ form }) =>
      String(form.get('token')).startsWith('good')
        ? Response.json(active(api.issuer))
        : new Response('', { status: 500 })
    return api
  }

  test('is not left alone for a second failure of one token, but for that of a third', async () => {
    const api = failing()
    for (const token of ['a', 'b', 'a', 'good-1', 'a', 'b'])
      await (token === 'good-1' ? api.accept(token) : api.refuse(token))
    expect(api.questions.map(({ form }) => form.get('token'))).toEqual(['a', 'b', 'a', 'good-1', 'b'])
  })

  test('is left alone again where the one token that may ask for all fails again', async () => {
    const api = failing()
    for (const token of ['a', 'b', 'c', 'd']) await api.refuse(token)
    expect(api.questions).toHaveLength(3)
    api.issuer.clock.seconds += 1
    await api.refuse('a')
    expect(api.questions).toHaveLength(4)
    await api.refuse('good-1')
    expect(api.questions).toHaveLength(4)
  })

  test('has all failures forgotten once it answers', async () => {
    const api = failing()
    for (const token of ['a', 'b']) await api.refuse(token)
    await api.accept('good-1')
    for (const token of ['c', 'd']) await api.refuse(token)
    await api.accept('good-2')
    expect(api.questions).toHaveLength(6)
  })

  test('has those of one token forgotten once it answers for that', async () => {
    const api = introspectingApi({ cacheSeconds: 0 })
    const fail = async () => {
      api.answer = () => new Response('', { status: 500 })
      await api.refuse('opaque-1')
    }
    await fail()
    api.answer = active(api.issuer)
    await api.accept('opaque-1')
    for (let i = 0; i < 3; i++) await fail()
    expect(api.questions).toHaveLength(4)
  })
  test('is left alone after the third failure for tokens that were good before, too', async () => {
    const api = introspectingApi({ cacheSeconds: 0 })
    const tokens = ['a', 'b', 'c', 'd']
    for (const token of tokens) await api.accept(token)
    api.answer = () => new Response('', { status: 500 })
    for (const token of tokens) await api.refuse(token)
    expect(api.questions.map(({ form }) => form.get('token'))).toEqual([...tokens, 'a', 'b', 'c'])
    await api.refuse('new-1')
    expect(api.questions).toHaveLength(7)
    api.issuer.clock.seconds += 1
    api.answer = active(api.issuer)
    for (const token of [...tokens, 'new-2']) await api.accept(token)
  })
})
