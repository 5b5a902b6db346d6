import { describe, expect, test } from '@jest/globals'
import {
  AccessError,
  BearerError,
  ConfigurationError,
  type OidcError,
  ProviderError,
  SessionError,
  TokenEndpointError,
  TokenValidationError,
} from '../../lib/errors.js'
import { callApplication } from '../../lib/resource-server/application-call.js'
import { failureOf } from '../kit/failure.js'
import { proofClient } from '../kit/resource-server/proof.js'
import { startApi } from '../kit/resource-server/server.js'
import { pastDeadline } from '../kit/timers.js'

const seconds = 7
const called = (call: () => unknown) => callApplication('check', call, seconds)
const headers = { 'Retry-After': '9' }

/** Errors of calls that the function makes by this package, which say nothing about the request at hand. */
const foreign: readonly OidcError[] = [
  new TokenEndpointError('invalid_grant', 'x'),
  new TokenEndpointError('interaction_required', 'x'),
  new TokenEndpointError('token_request_failed', 'x'),
  new SessionError('session_missing', 'x'),
  new SessionError('session_store_unavailable', 'x'),
  new TokenValidationError('token_expired', 'x'),
  new AccessError('not_allowed', 'x'),
]

describe('a function of the application', () => {
  test('returns its answer, at once or later', async () => {
    expect(await called(() => 'done')).toBe('done')
    expect(await called(async () => 'done')).toBe('done')
  })

  test.each(foreign)('that fails with an error of another call is an outage: %s', async (cause) => {
    const failing = [
      () => Promise.reject(cause),
      () => {
        throw cause
      },
    ]
    for (const call of failing) {
      const error = await failureOf(called(call))
      expect(error).toBeInstanceOf(ProviderError)
      expect(error).toMatchObject({
        ...{ code: 'provider_unavailable', status: 503, message: 'the function in "check" failed', cause },
        headers: { 'Retry-After': '5' },
      })
    }
  })

  test.each([
    new BearerError('invalid_token', 'x'),
    new ConfigurationError('invalid_options', 'x'),
    new ProviderError('provider_timeout', 'x', { headers }),
  ])('may refuse, tell of a mistake, or of an outage: %s', async (error) => {
    expect(await failureOf(called(() => Promise.reject(error)))).toBe(error)
  })

  test('that fails because of a provider is an outage, whatever the provider has answered', async () => {
    const cause = new ProviderError('provider_response_invalid', 'x', { status: 502 })
    expect(await failureOf(called(() => Promise.reject(cause)))).toMatchObject({
      ...{ code: 'provider_response_invalid', status: 503, cause, headers: { 'Retry-After': '5' } },
    })
  })

  test('that is late, or fails with an error of its own, is an outage', async () => {
    const late = await failureOf(pastDeadline(seconds, () => called(() => new Promise(() => undefined))))
    expect(late).toMatchObject({ code: 'provider_timeout', status: 503 })
    const failed = await failureOf(called(() => Promise.reject(new Error('hunter2'))))
    expect(failed).toMatchObject({ code: 'provider_unavailable', status: 503 })
    expect(`${failed.cause}`).not.toContain('hunter2')
  })
})

describe.each(foreign.map((error) => [error.code, error] as const))('where %s comes from', (_code, error) => {
  const fail = () => Promise.reject(error)
  const outage = { status: 503, json: { code: 'provider_unavailable' } }

  test.each([
    ['"check"', { check: fail }],
    ['"issuer"', { issuer: fail }],
  ])('%s, the request gets 503', async (_option, options) => {
    const api = await startApi({ options })
    const answer = await api.present(api.issuer.accessToken())
    expect(answer).toMatchObject(outage)
    expect([answer.headers['retry-after'], answer.headers['www-authenticate']]).toEqual(['5', undefined])
  })

  test('"apiKey.verify", the request gets 503', async () => {
    const api = await startApi({ options: { apiKey: { header: 'x-api-key', verify: fail } } })
    expect(await api.send({ headers: { 'x-api-key': 'key-1' } })).toMatchObject(outage)
  })

  test('"dpop.replayCache", the request gets 503', async () => {
    const dpop = { mode: 'required', replayCache: { add: fail } }
    const api = await startApi({ options: { dpop } })
    const client = proofClient(api.issuer)
    const token = client.token()
    const proof = client.proof(token, { claims: { htu: `${api.host.url}/api/orders` } })
    expect(await api.send({ headers: { authorization: `DPoP ${token}`, dpop: proof } })).toMatchObject(outage)
  })
})
