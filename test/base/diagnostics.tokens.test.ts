import { afterAll, beforeEach, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { OidcError, TraceEvent } from '../../lib/index.js'
import { createTokens } from '../kit/client/source.js'
import { json } from '../kit/provider/answers.js'
import { signJws, signingKey } from '../kit/provider/keys.js'
import { apiProvider, audience } from '../kit/provider/provider.js'
import { active, introspectingApi } from '../kit/resource-server/introspecting.js'
import { testApi } from '../kit/resource-server/api.js'
import { type Fault, faults } from '../kit/watching/faults.js'
import { faces, Marks } from '../kit/watching/marks.js'
import { watchAll } from '../kit/watching/watching.js'

const marks = new Marks()
const seen: string[] = []
const told = new Map<string, TraceEvent>()
const watching = watchAll((event, phase) => {
  seen.push(faces(event))
  told.set(`${event.step} ${phase}`, event)
})
beforeEach(() => told.clear())
afterAll(() => watching.stop())

/** Waits until a promise settles, and checks its error and all events meanwhile. */
async function expectNothingSeen(promise: Promise<unknown>): Promise<unknown> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  const texts = [...seen.splice(0), faces(error)]
  expect(texts.flatMap((text) => marks.leaksIn(text))).toEqual([])
  return error
}

describe('the diagnostics of an API', () => {
  const issuer = apiProvider()
  const { validator } = testApi({}, issuer)
  const stranger = signingKey()
  const person = marks.plant('person')
  const claims = { sub: person, name: person, email: `${person}@example.com`, jti: person, client_id: 'web' }

  const badTokens: Readonly<Record<string, () => string>> = {
    garbage: () => `Bearer ${marks.plant('garbage')}`,
    'another scheme': () => `Basic ${marks.plant('basic')}`,
    'two tokens': () => `Bearer ${marks.plant('one')} ${marks.plant('two')}`,
    'no ASCII': () => `Bearer ${marks.plant('text')}é`,
    'a long token': () => `Bearer ${marks.plant('long').repeat(1000)}`,
    'three segments': () => `Bearer ${marks.plant('a')}.${marks.plant('b')}.${marks.plant('c')}`,
    'a foreign key': () => `Bearer ${issuer.accessToken(claims, {}, stranger)}`,
    'an unknown kid': () => `Bearer ${issuer.accessToken(claims, { kid: 'unknown' })}`,
    'a foreign issuer': () => `Bearer ${issuer.accessToken({ ...claims, iss: 'https://foreign.example' })}`,
    'another audience': () => `Bearer ${issuer.accessToken({ ...claims, aud: 'another' })}`,
    'another type': () => `Bearer ${issuer.accessToken(claims, { typ: marks.plant('typ') })}`,
    'another algorithm': () => `Bearer ${issuer.accessToken(claims, { alg: marks.plant('alg') })}`,
    'an old token': () => `Bearer ${issuer.accessToken({ ...claims, exp: 1 })}`,
    'a broken claim': () => `Bearer ${issuer.accessToken({ ...claims, exp: marks.plant('exp') })}`,
    'a header that is critical': () => `Bearer ${issuer.accessToken(claims, { crit: [marks.plant('crit')] })}`,
    'no JSON': () => `Bearer ${signJws('{"alg":"ES256"}', marks.plant('payload'), stranger)}`,
  }

  test.each(Object.entries(badTokens))('LK01: hold nothing of a request with %s', async (_name, authorization) => {
    const value = authorization()
    marks.add(...value.split(/[ .]/).slice(1))
    expect(await expectNothingSeen(validator.validate(value))).toBeInstanceOf(Error)
    expect(told.get('validation error')).toMatchObject({ step: 'validation', outcome: 'failed' })
    expect(told.get('validation error')).not.toHaveProperty('issuer')
  })

  test('LK01: name the issuer and audience of a token, which are not personal', async () => {
    for (const [claim, value] of [
      ['iss', 'https://foreign.example'],
      ['aud', 'another'],
    ] as const) {
      const error = await expectNothingSeen(
        validator.validate(`Bearer ${issuer.accessToken({ ...claims, [claim]: value })}`),
      )
      expect(String((error as Error).cause)).toContain(value)
    }
  })

  test('LK01: name what identifies a refused token, and nothing else of it', async () => {
    const { seconds } = issuer.clock
    const token = { ...claims, aud: 'another', iat: seconds, exp: seconds + 60 }
    const error = await expectNothingSeen(validator.validate(`Bearer ${issuer.accessToken(token, { kid: 'unknown' })}`))
    const details = {
      subject: 'aud',
      seen: '"another"',
      expected: JSON.stringify([audience]),
      option: 'audience',
      token: {
        alg: '"ES256"',
        typ: '"at+jwt"',
        kid: '"unknown"',
        iss: JSON.stringify(issuer.issuer),
        aud: '"another"',
        client: '"web"',
        iat: seconds,
        exp: seconds + 60,
      },
    }
    expect((error as OidcError).details).toEqual(details)
    expect(told.get('validation error')).toMatchObject({ details })
  })

  test('LK01: hold nothing else that stands in the issuer or audience', async () => {
    const parts = fc.array(fc.constantFrom(' ', '.', '\t', ',', '=', '"', '%00', 'Bearer ', 'DPoP '), { maxLength: 4 })
    const check = fc.asyncProperty(fc.string({ maxLength: 20 }), parts, fc.string(), async (before, between, after) => {
      const text = [before, ...between.map((part) => part + marks.plant('any')), after].join('')
      await expectNothingSeen(validator.validate(text))
      await expectNothingSeen(validator.validate(`Bearer ${text}`))
    })
    await fc.assert(check, { numRuns: 100 })
  })

  test('LK01: name only the issuer of a valid token', async () => {
    const token = issuer.accessToken(claims)
    marks.add(...token.split('.').slice(1))
    for (let time = 0; time < 2; time++) {
      expect(await expectNothingSeen(validator.validate(`Bearer ${token}`))).toBeUndefined()
      const event = { step: 'validation', issuer: issuer.issuer, outcome: 'succeeded' }
      expect(told.get('validation end')).toEqual(event)
    }
  })

  test('a token that was seen before is validated synchronously, with subscribers or without', () => {
    const { issuer: other, validator: fresh } = testApi()
    const token = `Bearer ${other.accessToken()}`
    return fresh.validate(token).then(async () => {
      told.clear()
      const pending = fresh.validate(token)
      expect(told.get('validation end')).toMatchObject({ outcome: 'succeeded' })
      await pending
      expect(told.has('validation asyncEnd')).toBe(false)
    })
  })
})

describe('the diagnostics of introspection', () => {
  test.each(Object.keys(faults))('LK01: hold nothing of the token when the response is %s', async (name) => {
    const clientSecret = marks.plant('api')
    const issuer = apiProvider({ issuer: `https://${name.toLowerCase()}.example.com` })
    const api = introspectingApi({ clientSecret }, {}, issuer)
    const person = marks.plant('person')
    const echo = (form: URLSearchParams, headers: Headers) =>
      `${String(form)} ${headers.get('authorization')} ${clientSecret} ${person}`
    api.answer = ({ form, headers }) => {
      const answer = async () => Response.json(active(issuer, { sub: person, username: person }))
      return (faults[name] as Fault)({ echo: echo(form, headers), answer })
    }
    for (let time = 0; time < 5; time++) {
      await expectNothingSeen(api.validator.validate(`Bearer ${marks.plant('opaque')}`))
    }
    expect(told.get('introspection asyncEnd')).toMatchObject({ issuer: issuer.issuer, clientId: 'api' })
    expect(told.get('request start')).toMatchObject({ method: 'POST', url: `${issuer.issuer}/introspect` })
  })
})

describe('the diagnostics of client credentials', () => {
  test.each(Object.keys(faults))('LK01: hold nothing of tokens when the response is %s', async (name) => {
    const clientSecret = marks.plant('machine')
    const { op, source } = createTokens({ clientSecret })
    op.answers['/token'] = ({ headers, body }) => {
      const token = { access_token: marks.plant('access'), token_type: 'Bearer', expires_in: 60 }
      const echo = `${String(body)} ${headers.get('authorization')} ${clientSecret}`
      return (faults[name] as Fault)({ echo, answer: async () => json(token) })
    }
    const subjectToken = marks.plant('subject')
    const exchange = { subjectToken, subjectTokenType: 'urn:ietf:params:oauth:token-type:access_token' }
    for (let time = 0; time < 3; time++) {
      await expectNothingSeen(source.getToken())
      await expectNothingSeen(source.exchange(exchange))
      await expectNothingSeen(source.revoke(marks.plant('revoked')))
    }
    await expectNothingSeen(Promise.reject(source.health()))
    expect(told.get('client_credentials asyncEnd')).toMatchObject({ issuer: op.issuer, clientId: 'machine' })
    expect(told.get('token_exchange asyncEnd')).toMatchObject({ issuer: op.issuer, clientId: 'machine' })
  })

  test('LK01: hold nothing of an error of a vault that quotes its secret', async () => {
    const held = marks.plant('held')
    const clientSecret = () => Promise.reject(Object.assign(new Error(held), { code: held, response: held }))
    const error = await expectNothingSeen(createTokens({ clientSecret }).source.getToken())
    expect(error).toMatchObject({ code: 'provider_unavailable' })
  })
})
