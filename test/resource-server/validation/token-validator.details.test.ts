import { describe, expect, test } from '@jest/globals'
import { inspect } from 'node:util'
import { failureOf } from '../../kit/failure.js'
import { active, introspectingApi } from '../../kit/resource-server/introspecting.js'
import { testApi } from '../../kit/resource-server/api.js'

const { issuer, refuse } = testApi({ clients: ['web'] })
const { seconds: now } = issuer.clock
const iss = issuer.issuer

const cases: readonly (readonly [string, Record<string, unknown>, Record<string, unknown>, object])[] = [
  ['another alg', {}, { alg: 'HS256' }, { subject: 'alg', seen: '"HS256"', option: 'algorithms' }],
  ['another typ', {}, { typ: 'JWT' }, { subject: 'typ', seen: '"JWT"', expected: '"at+jwt"', option: 'profile' }],
  ['no typ', {}, { typ: undefined }, { subject: 'typ', seen: 'missing', expected: '"at+jwt"', option: 'profile' }],
  [
    'another iss',
    { iss: 'https://other.example' },
    {},
    { subject: 'iss', seen: '"https://other.example"', expected: JSON.stringify(iss), option: 'issuer' },
  ],
  ['no iss', { iss: undefined }, {}, { subject: 'iss', seen: 'missing', option: 'issuer' }],
  ['another aud', { aud: ['a', 'b'] }, {}, { subject: 'aud', seen: '["a","b"]', option: 'audience' }],
  ['no aud', { aud: undefined }, {}, { subject: 'aud', seen: 'missing', option: 'audience' }],
  ['an exp that has passed', { exp: now - 130 }, {}, { subject: 'exp', offBySeconds: -130 }],
  ['an nbf that is to come', { nbf: now + 300 }, {}, { subject: 'nbf', offBySeconds: 300 }],
  ['an iat that is to come', { iat: now + 301 }, {}, { subject: 'iat', option: 'clockToleranceSeconds' }],
  ['an exp that is not a date', { exp: 'soon' }, {}, { subject: 'exp', seen: 'not a date' }],
  ['no jti', { jti: undefined }, {}, { subject: 'jti', seen: 'missing' }],
  [
    'another client',
    { client_id: 'x' },
    {},
    { subject: 'client_id', seen: '"x"', expected: '["web"]', option: 'clients' },
  ],
  ['an aud of objects', { aud: [{ email: 'alice' }] }, {}, { subject: 'aud', seen: 'of type list' }],
  ['another use', { token_use: 'id' }, {}, { subject: 'token_use', seen: '"id"' }],
  ['an event in it', { events: {} }, {}, { subject: 'events' }],
  ['the hash of an access token', { at_hash: 'x' }, {}, { subject: 'at_hash' }],
  ['a nonce', { nonce: 'x' }, {}, { subject: 'nonce', option: 'profile' }],
  ['no sub', { sub: undefined }, {}, { subject: 'sub', seen: 'missing', option: 'subject' }],
  ['a sub that is not text', { sub: 5 }, {}, { subject: 'sub', seen: 'another value', option: 'subject' }],
  ['a key that it is bound to', { cnf: { jkt: 'x'.repeat(43) } }, {}, { subject: 'cnf', option: 'dpop' }],
  ['a kid that is not published', {}, { kid: 'x' }, { subject: 'kid', seen: '"x"' }],
]

describe('the refusal of an access token', () => {
  test.each(cases)('with %s has details of what was seen and expected', async (_what, claims, header, expected) => {
    const error = await refuse(issuer.accessToken(claims, header))
    expect(error.code).toBe('invalid_token')
    expect(error.details).toMatchObject(expected)
  })

  test("names the token by what is nobody's secret", async () => {
    const { details } = await refuse(issuer.accessToken({ aud: 'x', email: 'alice@example.com' }))
    expect(details?.token).toMatchObject({ typ: '"at+jwt"', iss: JSON.stringify(iss), aud: '"x"', client: '"web"' })
    expect(inspect(details, { depth: 5 })).not.toContain('alice')
  })

  test('shows its details neither as JSON, nor in a copy, nor when it is printed', async () => {
    const error = await refuse(issuer.accessToken({ aud: 'planted' }))
    expect(Object.keys(error)).not.toContain('details')
    expect(JSON.stringify(error) + JSON.stringify({ ...error })).not.toContain('planted')
  })

  test('cuts and quotes what anybody may have written', async () => {
    const { details } = await refuse(issuer.accessToken({ aud: `\n\u001b[31m${'x'.repeat(500)}` }))
    expect(details?.seen).toMatch(/^"\\n\\u001b\[31mx+\.\.\."$/)
    expect(details?.seen).toHaveLength(100)
  })
})

describe('the refusal of a token that was accepted before has details', () => {
  test('once it has expired', async () => {
    const api = testApi({ clockToleranceSeconds: 0 })
    const token = `Bearer ${api.issuer.accessToken({ exp: api.issuer.clock.seconds + 60 })}`
    await api.validator.validate(token)
    api.issuer.clock.advance(61)
    const error = await failureOf(api.validator.validate(token))
    expect(error).toMatchObject({ details: { subject: 'exp', offBySeconds: -1, option: 'clockToleranceSeconds' } })
  })

  test('once its introspection response has expired', async () => {
    const api = introspectingApi({ cacheSeconds: 60 }, { clockToleranceSeconds: 0 })
    api.answer = () => Response.json(active(api.issuer, { exp: api.issuer.clock.seconds + 30 }))
    await api.validator.validate('Bearer opaque-1')
    api.issuer.clock.advance(31)
    expect(await api.refuse('opaque-1')).toMatchObject({ details: { subject: 'exp', offBySeconds: -1 } })
  })

  test('if it is of another type, by its introspection response', async () => {
    const api = introspectingApi()
    api.answer = () => Response.json(active(api.issuer, { token_type: 'N_A' }))
    expect(await api.refuse('opaque-1')).toMatchObject({ details: { subject: 'token_type' } })
  })
})
