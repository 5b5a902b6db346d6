import { afterEach, describe, expect, test } from '@jest/globals'
import type { TraceEvent } from '../../../lib/index.js'
import { ProviderError } from '../../../lib/errors.js'
import { AuditWatch } from '../../kit/watching/audit.js'
import { watchAll } from '../../kit/watching/watching.js'
import { reasonOf, refusalOf, testApi } from '../../kit/resource-server/api.js'
import { introspectingApi } from '../../kit/resource-server/introspecting.js'
import { proofClient } from '../../kit/resource-server/proof.js'

const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

const auto = { tokenFormat: 'auto' }
const isoOf = (seconds: number) => new Date(seconds * 1000).toISOString()

describe('the Authorization header', () => {
  test.each([...[undefined, 'Basic YTpi', 'Digest username="x"', 'Negotiate', 'Bearerx y']])(
    'without a token of a scheme for tokens is none: %p',
    async (authorization) => {
      const error = await refusalOf(testApi().validator.validate(authorization))
      expect(error).toMatchObject({ status: 401, code: 'missing_token', headers: { 'WWW-Authenticate': 'Bearer' } })
    },
  )

  test.each([
    ['required', 'Bearer', 'DPoP', /^DPoP error="invalid_token", error_description="[^"]+", algs="[^"]+"$/],
    ['off', 'DPoP', 'Bearer', /^Bearer error="invalid_token", error_description="[^"]+"$/],
  ])('DP16: with dpop: %s and a token as %s is refused, and asks for %s', async (dpop, seen, expected, challenge) => {
    const { issuer, validator } = testApi({ dpop })
    for (const token of [issuer.accessToken(), proofClient(issuer).token(), 'x']) {
      const error = await refusalOf(validator.validate(`${seen} ${token}`))
      expect(error).toMatchObject({ status: 401, code: 'invalid_token', details: { seen, expected, option: 'dpop' } })
      expect(error.headers['WWW-Authenticate']).toMatch(challenge)
      const message = `the token was sent as ${seen}, and this API takes tokens as ${expected}`
      expect(error.cause).toMatchObject({ code: 'token_binding_failed', message })
    }
    expect(issuer.requests).toEqual([])
  })

  test('DP16: with a token of a scheme that is not taken is an audit event', async () => {
    const audited = new AuditWatch()
    stops.push(() => audited.stop())
    const { issuer, validator } = testApi({ dpop: 'required' })
    await refusalOf(validator.validate(`Bearer ${issuer.accessToken()}`))
    expect(audited.take()).toMatchObject([{ name: 'token_refused', reason: 'token_binding_failed' }])
  })

  test.each(['', ' ', 'Bearer', 'Bearer ', 'Bearer a b', 'Bearer a,b', 'Bearer "a"', 'a"b c', 'Bearer a=b'])(
    'that is not well-formed is refused as such, whatever is accepted: %p',
    async (authorization) => {
      for (const { validator } of [testApi(), introspectingApi(), introspectingApi({}, auto)]) {
        expect(await refusalOf(validator.validate(authorization))).toMatchObject({
          status: 400,
          code: 'invalid_request',
        })
      }
    },
  )

  test('with a token that is none is refused as a token', async () => {
    const error = await testApi().refuse('abc')
    expect(error).toMatchObject({ status: 401, code: 'invalid_token' })
    expect(reasonOf(error)).toBe('token_malformed')
  })
})

describe('a token that is cached', () => {
  /** The first time is only noticed, the second lets it in. */
  const cached = async (claims: (now: number) => Record<string, unknown>) => {
    const api = testApi()
    const { seconds: now } = api.issuer.clock
    const token = api.issuer.accessToken(claims(now))
    for (let i = 0; i < 2; i++) await api.accept(token)
    const { claims: known } = await api.accept(token)
    expect((await api.accept(token)).claims).toBe(known)
    return { ...api, token, now }
  }

  test('is valid until its exp and the tolerance, and then refused with what is known of both', async () => {
    const { issuer, accept, refuse, token, now } = await cached((seconds) => ({ exp: seconds + 10 }))
    issuer.clock.seconds = now + 39.9
    await accept(token)
    issuer.clock.seconds = now + 40
    const { cause, details } = await refuse(token)
    expect(cause).toMatchObject({ code: 'token_expired', message: "the token's exp is in the past" })
    expect(details).toEqual({
      subject: 'exp',
      seen: isoOf(now + 10),
      offBySeconds: -30,
      option: 'clockToleranceSeconds',
    })
  })

  test('is valid from its nbf and the tolerance on, and before refused with what is known of both', async () => {
    const { issuer, accept, refuse, token, now } = await cached((seconds) => ({ nbf: seconds }))
    issuer.clock.seconds = now - 30
    await accept(token)
    issuer.clock.seconds = now - 31
    const { cause, details } = await refuse(token)
    expect(cause).toMatchObject({ code: 'token_not_yet_valid', message: "the token's nbf is in the future" })
    expect(details).toEqual({ subject: 'nbf', seen: isoOf(now), offBySeconds: 31, option: 'clockToleranceSeconds' })
  })

  test('is not where the cache is switched off', async () => {
    const { issuer, accept } = testApi({ cache: false })
    const token = issuer.accessToken()
    const { claims } = await accept(token)
    for (let i = 0; i < 3; i++) expect((await accept(token)).claims).not.toBe(claims)
  })

  test('is none whose claims are from an introspection response', async () => {
    const api = introspectingApi({ cacheSeconds: 0 }, { ...auto, profile: 'jwt' })
    const token = api.issuer.accessToken({ sub: undefined, aud: undefined }, { typ: 'JWT' })
    for (let i = 0; i < 4; i++) await api.accept(token)
    expect(api.questions).toHaveLength(4)
  })
})

describe('the check of the application', () => {
  const checking = (answer: (...given: unknown[]) => unknown) => testApi({ check: answer })

  test('gets the principal and the request for each request, also for a token that is cached', async () => {
    const given: unknown[][] = []
    const { issuer, accept } = checking((...each) => given.push(each) > 0)
    const token = issuer.accessToken()
    const requests = [{ method: 'GET' }, { method: 'PUT' }, { method: 'POST' }, { method: 'GET' }]
    for (const request of requests) {
      const principal = await accept(token, request)
      expect(given.at(-1)).toEqual([principal, request])
      expect(principal).toMatchObject({ subject: 'alice', token })
    }
    expect(given).toHaveLength(4)
  })

  test('refuses a token as any other check does', async () => {
    const { issuer, refuse } = checking(() => false)
    const error = await refuse(issuer.accessToken())
    expect(error).toMatchObject({ status: 401, code: 'invalid_token', details: { option: 'check' } })
    expect(error.headers['WWW-Authenticate']).toMatch(/^Bearer error="invalid_token"/)
    expect(reasonOf(error)).toBe('token_inactive')
  })

  test('that fails is an outage, and one that answers nothing a mistake of the application', async () => {
    const failing = checking(() => Promise.reject(new Error('x')))
    expect(await failing.refuse(failing.issuer.accessToken())).toMatchObject({
      status: 503,
      code: 'provider_unavailable',
    })
    const late = checking(() => Promise.reject(new ProviderError('provider_timeout', 'x')))
    expect(await late.refuse(late.issuer.accessToken())).toMatchObject({ code: 'provider_timeout', status: 503 })
    const odd = checking(() => undefined)
    expect(await odd.refuse(odd.issuer.accessToken())).toMatchObject({ status: 500, code: 'invalid_options' })
  })

  test('is not asked about a token that is refused anyway', async () => {
    let asked = 0
    const { issuer, refuse } = checking(() => ++asked > 0)
    expect(reasonOf(await refuse(issuer.accessToken({ exp: 5 })))).toBe('token_expired')
    expect(asked).toBe(0)
  })
})

describe('those who watch', () => {
  const validations = () => {
    const events: TraceEvent[] = []
    const watching = watchAll((event, phase) => {
      if (event.step === 'validation' && phase === 'start') events.push(event)
    })
    stops.push(() => watching.stop())
    return events
  }

  test('hear of the issuer of each valid token, at once or later', async () => {
    const events = validations()
    const { issuer, accept } = testApi()
    for (let i = 0; i < 2; i++) await accept(issuer.accessToken())
    expect(events.map((event) => event.issuer)).toEqual([issuer.issuer, issuer.issuer])
    expect(events.some((event) => 'remarks' in event)).toBe(false)
  })

  test('get the same principals and refusals', async () => {
    validations()
    const { issuer, accept, refuse } = testApi({ check: () => true })
    const token = issuer.accessToken()
    await expect(accept(token)).resolves.toMatchObject({ subject: 'alice', token })
    expect(reasonOf(await refuse(issuer.accessToken({ exp: 5 })))).toBe('token_expired')
  })

  test.each([false, true])('hear of each refusal of a token in the audit, traced as well: %p', async (isTraced) => {
    const audit = new AuditWatch()
    stops.push(() => audit.stop())
    if (isTraced) validations()
    const { issuer, validator, accept, refuse } = testApi()
    await refuse(issuer.accessToken({ aud: 'x' }))
    await accept(issuer.accessToken())
    await refuse(issuer.accessToken({ exp: 5 }))
    await refusalOf(validator.validate(undefined))
    const reasons = audit.take().map((event) => [event.name, 'reason' in event && event.reason])
    expect(reasons).toEqual([
      ['token_refused', 'token_audience_mismatch'],
      ['token_refused', 'token_expired'],
    ])
  })
})
