import { describe, expect, test } from '@jest/globals'
import { TokenValidationError } from '../../../lib/errors.js'
import { checkTokenClaims } from '../../../lib/resource-server/validation/access-token-claims.js'
import { start } from '../../kit/clock.js'
import { failureOf } from '../../kit/failure.js'

const iss = 'https://op.example'
const usual = {
  source: 'rfc9068' as const,
  issuer: iss,
  aliases: ['op.example'],
  audience: ['api', 'orders'] as readonly string[] | null,
  clients: undefined as readonly string[] | undefined,
  now: start,
  clockToleranceSeconds: 10,
}
type Expected = Partial<
  Omit<typeof usual, 'source'> & { readonly source: 'rfc9068' | 'jwt' | 'external' | 'introspection' }
>

const good = { iss, aud: 'api', exp: start + 300, iat: start, client_id: 'web', jti: '1' }
const check = (claims: Record<string, unknown>, expected: Expected = {}) =>
  checkTokenClaims({ ...good, ...claims }, { ...usual, ...expected })
const none = { iss: undefined, aud: undefined, exp: undefined, iat: undefined, client_id: undefined, jti: undefined }

const hint = ' (profile: "jwt" does not require it)'
const clock = { option: 'clockToleranceSeconds' }
const isoOf = (seconds: number) => new Date(seconds * 1000).toISOString()
const audiences = { expected: '["api","orders"]', option: 'audience' }

describe('the claims of an access token', () => {
  test.each<[string, Record<string, unknown>, Expected]>([
    ['all', {}, {}],
    ['another spelling of iss', { iss: 'op.example' }, {}],
    ['one of several aud', { aud: ['x', 'orders'] }, {}],
    ['any aud, where any is taken', { aud: 'x' }, { audience: null }],
    ['any list as aud, where any is taken', { aud: ['x'] }, { audience: null }],
    ['no aud, where any is taken', { aud: undefined }, { audience: null }],
    ['aud null, where any is taken', { aud: null }, { audience: null }],
    ['an exp that just passed', { exp: start - 9 }, {}],
    ['an nbf that is just to come', { nbf: start + 10 }, {}],
    ['an iat that is just to come', { iat: start + 10 }, {}],
    ['a name of 255 characters', { client_id: 'x'.repeat(255), jti: 'y'.repeat(255) }, {}],
    [
      'no iat, client_id and jti for "jwt"',
      { iat: undefined, client_id: undefined, jti: undefined },
      { source: 'jwt' },
    ],
    ['null as client_id and jti for "jwt"', { client_id: null, jti: null }, { source: 'jwt' }],
    [
      'no iat, client_id and jti for "external"',
      { iat: undefined, client_id: undefined, jti: undefined },
      { source: 'external' },
    ],
    ['nothing in a response', none, { source: 'introspection', audience: null }],
    ['one of the clients', {}, { clients: ['x', 'web'] }],
    ['one of the clients twice', { azp: 'web', appid: 'x' }, { clients: ['x', 'web'] }],
    ['one of the clients beside null', { client_id: null, cid: 'x' }, { clients: ['x', 'web'], source: 'jwt' }],
  ])('are taken with %s', (_what, claims, expected) => {
    expect(() => check(claims, expected)).not.toThrow()
  })

  test.each<[string, Record<string, unknown>, Expected, string, string, object]>([
    [
      'no iss',
      { iss: undefined },
      {},
      'token_claim_missing',
      'iss is missing',
      { subject: 'iss', seen: 'missing', expected: `"${iss}"`, option: 'issuer' },
    ],
    [
      'another iss',
      { iss: 'https://x.example' },
      {},
      'token_issuer_mismatch',
      `iss must be "${iss}", and is "https://x.example" ("issuerAliases" can name it)`,
      { subject: 'iss', seen: '"https://x.example"', expected: `"${iss}"`, option: 'issuer' },
    ],
    [
      'a list as iss',
      { iss: ['op.example'] },
      {},
      'token_issuer_mismatch',
      `iss must be "${iss}", and is ["op.example"] ("issuerAliases" can name it)`,
      { subject: 'iss', seen: '["op.example"]', expected: `"${iss}"`, option: 'issuer' },
    ],
    [
      'another iss in a response',
      { ...none, iss: 'x' },
      { source: 'introspection', audience: null },
      'token_issuer_mismatch',
      `iss must be "${iss}", and is "x" ("issuerAliases" can name it)`,
      { subject: 'iss', seen: '"x"', expected: `"${iss}"`, option: 'issuer' },
    ],
    [
      'no exp',
      { exp: undefined },
      { source: 'jwt' },
      'token_claim_missing',
      'exp is missing',
      { subject: 'exp', seen: 'missing', expected: 'seconds since 1970' },
    ],
    [
      'no date as exp',
      { exp: '5' },
      {},
      'token_claim_invalid',
      'exp must be a date in seconds since 1970: it is "5"',
      { subject: 'exp', seen: 'not a date', expected: 'seconds since 1970' },
    ],
    [
      'no date as exp in a response',
      { ...none, exp: -1 },
      { source: 'introspection', audience: null },
      'token_claim_invalid',
      'exp must be a date in seconds since 1970: it is -1',
      { subject: 'exp', seen: 'not a date', expected: 'seconds since 1970' },
    ],
    [
      'an exp that has passed',
      { exp: start - 10 },
      {},
      'token_expired',
      'exp must not be in the past: it is 10 seconds behind this clock, and "clockToleranceSeconds" allows 10',
      { subject: 'exp', seen: isoOf(start - 10), offBySeconds: -10, ...clock },
    ],
    [
      'an exp that has passed in a response',
      { ...none, exp: start - 10 },
      { source: 'introspection', audience: null },
      'token_expired',
      'exp must not be in the past: it is 10 seconds behind this clock, and "clockToleranceSeconds" allows 10',
      { subject: 'exp', seen: isoOf(start - 10), offBySeconds: -10, ...clock },
    ],
    [
      'an nbf that is to come',
      { nbf: start + 11 },
      {},
      'token_not_yet_valid',
      'nbf must not be in the future: it is 11 seconds ahead of this clock, and "clockToleranceSeconds" allows 10',
      { subject: 'nbf', seen: isoOf(start + 11), offBySeconds: 11, ...clock },
    ],
    [
      'an iat that is to come',
      { iat: start + 11 },
      { source: 'jwt' },
      'token_not_yet_valid',
      'iat must not be in the future: it is 11 seconds ahead of this clock, and "clockToleranceSeconds" allows 10',
      { subject: 'iat', seen: isoOf(start + 11), offBySeconds: 11, ...clock },
    ],
    [
      'no date as nbf',
      { nbf: null },
      {},
      'token_not_yet_valid',
      'nbf must not be in the future: it is of type object, which is not a date',
      { subject: 'nbf', seen: 'not a date', expected: 'seconds since 1970' },
    ],
    [
      'no iat',
      { iat: undefined },
      {},
      'token_claim_missing',
      `iat is missing${hint}`,
      { subject: 'iat', seen: 'missing', expected: 'seconds since 1970' },
    ],
  ])('are refused with %s', async (_what, claims, expected, code, message, details) => {
    const error = await failureOf(() => check(claims, expected))
    expect(error).toBeInstanceOf(TokenValidationError)
    expect(error).toMatchObject({ code, message: `the token's ${message}` })
    expect(error.details).toEqual(details)
  })

  test.each(['client_id', 'jti'])('have text as %s, or nothing where that is allowed', async (name) => {
    for (const value of [undefined, null]) {
      const error = await failureOf(() => check({ [name]: value }))
      expect(error).toMatchObject({ code: 'token_claim_missing', message: `the token's ${name} is missing${hint}` })
      expect(error.details).toEqual({ subject: name, seen: 'missing' })
    }
    for (const value of ['', 5, 'x'.repeat(256)]) {
      const error = await failureOf(() => check({ [name]: value }, { source: 'jwt' }))
      const message = `the token's ${name} must be text of 1 to 255 characters`
      expect(error).toMatchObject({ code: 'token_claim_invalid', message })
      expect(error.details).toEqual({ subject: name })
    }
  })

  test.each([
    [undefined, 'missing'],
    [null, 'missing'],
    [[], '[]'],
  ])('need an audience: %j', async (aud, seen) => {
    const error = await failureOf(() => check({ aud }))
    const message = 'the token\'s aud is missing (audience: null takes tokens that name none: "clients" can say whose)'
    expect(error).toMatchObject({ code: 'token_audience_mismatch', message })
    expect(error.details).toEqual({ subject: 'aud', seen, ...audiences })
  })

  test.each([
    [5, '5'],
    [true, 'true'],
    [['api', 5], '["api",5]'],
    [[['api']], 'of type list'],
    [{ api: true }, 'of type object'],
  ])('have text as audience, or texts, whichever is taken: %j', async (aud, seen) => {
    for (const audience of [null, ['api']]) {
      const error = await failureOf(() => check({ aud }, { audience }))
      const message = "the token's aud is not text, nor a list of texts"
      expect(error).toMatchObject({ code: 'token_claim_invalid', message })
      expect(error.details).toEqual({ subject: 'aud', seen, expected: 'text, or a list of texts' })
    }
  })

  test('are refused for another audience', async () => {
    for (const [aud, seen] of [
      ['x', '"x"'],
      ['', '""'],
      [['x', 'apis'], '["x","apis"]'],
    ]) {
      const error = await failureOf(() => check({ aud }))
      expect(error).toMatchObject({
        code: 'token_audience_mismatch',
        message: `the token is for another audience: its aud is ${seen}, and "audience" is ["api","orders"]`,
      })
      expect(error.details).toEqual({ subject: 'aud', seen, ...audiences })
    }
  })

  test('are refused of a client that is not named, and of none', async () => {
    const clients = ['web', 'mobile']
    for (const [claims, subject, seen] of [
      [{ client_id: 'x' }, 'client_id', '"x"'],
      [{ azp: 'x' }, 'azp', '"x"'],
      [{ cid: ['web'] }, 'cid', '["web"]'],
      [{ appid: 'WEB' }, 'appid', '"WEB"'],
    ] as const) {
      const error = await failureOf(() => check(claims, { clients }))
      expect(error).toMatchObject({
        code: 'token_claim_invalid',
        message: `the token is another client's: its ${subject} is ${seen}, and "clients" is ["web","mobile"]`,
      })
      expect(error.details).toEqual({ subject, seen, expected: '["web","mobile"]', option: 'clients' })
    }
    const error = await failureOf(() => check({ client_id: null }, { clients, source: 'jwt' }))
    expect(error).toMatchObject({
      code: 'token_claim_missing',
      message: 'the token names no client in client_id, azp, cid, appid, and "clients" is ["web","mobile"]',
    })
    expect(error.details).toEqual({
      subject: 'client_id',
      seen: 'missing',
      expected: '["web","mobile"]',
      option: 'clients',
    })
  })
})
