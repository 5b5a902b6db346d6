import { describe, expect, test } from '@jest/globals'
import { ConfigurationError, ProviderError, TokenValidationError } from '../../lib/errors.js'
import type { Principal } from '../../lib/policy/principal.js'
import { createApiKeyVerification, createTokenCheck } from '../../lib/resource-server/application-checks.js'
import { createBearerChallenges } from '../../lib/resource-server/challenges.js'
import { Clock } from '../kit/clock.js'
import { failureOf } from '../kit/failure.js'
import { pastDeadline } from '../kit/timers.js'

const principal: Principal = {
  scheme: 'bearer',
  subject: 'ann',
  issuer: 'https://op.example',
  claims: {},
  scopes: [],
  expiresAt: 0,
}
const seconds = 7
const secretive = new Error('password hunter2')

describe('the application’s check of a token', () => {
  const checked = (check: (...given: unknown[]) => unknown) => createTokenCheck(check, seconds)(principal, 'request')

  test('gets the principal and the request, and lets pass by true, at once or later', async () => {
    const given: unknown[] = []
    await checked((...each) => given.push(...each) > 0)
    expect(given).toEqual([principal, 'request'])
    await expect(checked(async () => true)).resolves.toBeUndefined()
  })

  test('refuses the token by false', async () => {
    const error = await failureOf(checked(async () => false))
    expect(error).toBeInstanceOf(TokenValidationError)
    expect(error).toMatchObject({ code: 'token_inactive', message: '"check" refuses the token' })
    expect(error.details).toEqual({ option: 'check' })
  })

  test.each([[undefined], [null], [1], ['true'], [{}]])('must not answer %p', async (answer) => {
    const error = await failureOf(checked(() => answer))
    expect(error).toBeInstanceOf(ConfigurationError)
    expect(error).toMatchObject({
      code: 'invalid_options',
      message: 'bearer(): "check" must return true or false',
    })
  })

  test('that fails is an outage, and its own words are not repeated', async () => {
    const thrown = await failureOf(
      checked(() => {
        throw secretive
      }),
    )
    const rejected = await failureOf(checked(() => Promise.reject(secretive)))
    for (const error of [thrown, rejected]) {
      expect(error).toBeInstanceOf(ProviderError)
      expect(error).toMatchObject({
        code: 'provider_unavailable',
        message: 'the function in "check" failed',
        headers: { 'Retry-After': '5' },
      })
      expect(`${error.message} ${error.cause}`).not.toContain('hunter2')
      expect(error.cause).toBeInstanceOf(Error)
    }
  })

  test('that is never made is an outage', async () => {
    const error = await failureOf(pastDeadline(seconds, () => checked(() => new Promise(() => undefined))))
    expect(error).toMatchObject({ code: 'provider_timeout', status: 503 })
    expect(error.message).toBe('the function in "check" did not return within 7 seconds')
  })

  test('may tell of an outage, which stays as it is', async () => {
    const own = new ProviderError('provider_timeout', 'too slow', { headers: { 'Retry-After': '9' } })
    expect(await failureOf(checked(() => Promise.reject(own)))).toBe(own)
  })
})

describe('the verification of an API key', () => {
  const clock = new Clock()
  const create = (verify: (key: string, request: unknown) => unknown) =>
    createApiKeyVerification(
      { verify },
      { challenges: createBearerChallenges({ schemes: ['bearer'], proofAlgorithms: [] }), runtime: clock, seconds },
    )
  const verified = (answer: unknown) => create(() => answer)('key-1', 'request')
  const refused = { status: 401, code: 'invalid_api_key', headers: { 'WWW-Authenticate': 'Bearer' } }

  test('gets the key and the request, and may answer later', async () => {
    const given: unknown[] = []
    const verify = async (...each: unknown[]) => {
      given.push(each)
      return { subject: 'jobs' }
    }
    await create(verify)('key-1', 'request')
    expect(given).toEqual([['key-1', 'request']])
  })

  test('refuses an empty key without asking', async () => {
    let asked = 0
    const verify = () => ({ subject: `jobs ${++asked}` })
    expect(await failureOf(create(verify)('', 'request'))).toMatchObject(refused)
    expect(asked).toBe(0)
  })

  test.each([[undefined], [null], [false]])('refuses a key of which the answer is %p', async (answer) => {
    expect(await failureOf(verified(answer))).toMatchObject(refused)
    expect(await failureOf(verified(Promise.resolve(answer)))).toMatchObject(refused)
  })

  test('makes a frozen principal of what the owner is known by, and nothing of what is not said', async () => {
    const found = await verified({ subject: 'jobs' })
    expect({ ...found, claims: { ...found.claims } }).toEqual({
      scheme: 'api-key',
      subject: 'jobs',
      issuer: 'api-key',
      scopes: [],
      claims: {},
      expiresAt: Infinity,
    })
    expect(Object.keys(found).sort()).toEqual(['claims', 'expiresAt', 'issuer', 'scheme', 'scopes', 'subject'])
    expect([found, found.scopes, found.claims].every(Object.isFrozen)).toBe(true)
    expect(found.claims['toString']).toBeUndefined()
  })

  test('takes over what is said, and freezes copies only', async () => {
    const claims = { plan: { name: 'gold' } }
    const scopes = ['orders:read']
    const expiresAt = clock.seconds + 60
    const said = { subject: 'jobs', issuer: 'us', scopes, claims, clientId: 'batch', isMachine: false, expiresAt }
    const found = await verified(said)
    expect({ ...found, claims: { ...found.claims } }).toEqual({ scheme: 'api-key', ...said })
    expect([found, found.scopes, found.claims].every(Object.isFrozen)).toBe(true)
    expect([scopes, claims, claims.plan].some(Object.isFrozen)).toBe(false)
    expect(found.claims['toString']).toBeUndefined()
  })

  test('refuses a key from the moment on at which it expires', async () => {
    const ending = (seconds: number) => verified({ subject: 'jobs', expiresAt: clock.seconds + seconds })
    for (const seconds of [-60, -0.5, 0]) expect(await failureOf(ending(seconds))).toMatchObject(refused)
    expect(await ending(0.5)).toMatchObject({ expiresAt: clock.seconds + 0.5 })
  })

  test.each([
    ['a text', 'jobs', 'options must be an object (given: a text of 4 characters)'],
    ['nothing of the owner', {}, '"subject" is missing: expected who the key belongs to'],
    ['an empty subject', { subject: '' }, '"subject" is empty: expected who the key belongs to'],
    ['an empty issuer', { subject: 'x', issuer: '' }, '"issuer" is empty: expected who vouches for the subject'],
    [
      'scopes in one text',
      { subject: 'x', scopes: 'a b' },
      '"scopes" must be a list of scopes (given: a text of 3 characters)',
    ],
    ['a scope that is none', { subject: 'x', scopes: [5] }, '"scopes.0" must be a scope (given: 5)'],
    ['claims that are none', { subject: 'x', claims: 5 }, '"claims" must be an object (given: 5)'],
    ['an empty client', { subject: 'x', clientId: '' }, '"clientId" is empty: expected a client ID'],
    [
      'a machine that is a text',
      { subject: 'x', isMachine: 'yes' },
      '"isMachine" must be true or false (given: "yes")',
    ],
    ['a date', { subject: 'x', expiresAt: new Date() }, '"expiresAt" must be a time in seconds (given: an object)'],
  ])('must not answer %s', async (_what, answer, problem) => {
    const error = await failureOf(verified(answer))
    expect(error).toBeInstanceOf(ConfigurationError)
    expect(error.message).toBe(`bearer(): apiKey.verify(): invalid options\n  - ${problem}`)
  })

  test('that fails is an outage, and its own words are not repeated', async () => {
    const error = await failureOf(verified(Promise.reject(secretive)))
    expect(error).toMatchObject({
      code: 'provider_unavailable',
      status: 503,
      message: 'the function in "apiKey.verify" failed',
      headers: { 'Retry-After': '5' },
    })
    expect(`${error.message} ${error.cause}`).not.toContain('hunter2')
    const own = new ProviderError('provider_timeout', 'too slow', { headers: { 'Retry-After': '9' } })
    expect(await failureOf(verified(Promise.reject(own)))).toBe(own)
  })
  test('that never ends is an outage', async () => {
    const error = await failureOf(pastDeadline(seconds, () => verified(new Promise(() => undefined))))
    expect(error).toMatchObject({ code: 'provider_timeout', status: 503 })
    expect(error.message).toBe('the function in "apiKey.verify" did not return within 7 seconds')
  })
})
