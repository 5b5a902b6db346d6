import { describe, expect, test } from '@jest/globals'
import { TokenValidationError } from '../../../lib/errors.js'
import { noteBroughtLogin, noteLogin } from '../../../lib/resource-server/issuers/logins.js'
import {
  isCompactJws,
  requireAccessToken,
  requireAccessTokenUse,
  requireNoLogin,
} from '../../../lib/resource-server/validation/token-type.js'
import { failureOf } from '../../kit/failure.js'

type Profile = Parameters<typeof requireAccessToken>[2]
const check = (typ: string | undefined, claims: Record<string, unknown> = {}, profile: Profile = 'jwt') =>
  requireAccessToken({ alg: 'ES256', ...(typ === undefined ? {} : { typ }) }, claims, profile)

async function refusalOf(work: () => unknown) {
  const error = await failureOf(work)
  expect(error).toBeInstanceOf(TokenValidationError)
  expect(error.code).toBe('token_type_refused')
  return { message: error.message, details: error.details }
}

const idTokenHashes = ['at_hash', 'c_hash', 's_hash', 'urn:openid:params:jwt:claim:rt_hash']
const marks = ['scope', 'scp', 'client_id', 'permissions', 'cid', 'appid', 'appidacr', 'azpacr', 'gty']
const profiles: readonly Profile[] = ['rfc9068', 'jwt', 'external']

describe('the typ of an access token', () => {
  test.each(['at+jwt', 'AT+JWT', 'application/at+jwt', 'Application/At+Jwt'])('is that of RFC 9068 as %s', (typ) => {
    for (const profile of profiles) expect(check(typ, {}, profile)).toBe(true)
  })

  test.each([undefined, 'JWT', 'jwt', 'application/jwt', 'APPLICATION/JWT'])('says nothing as %s', (typ) => {
    expect(check(typ, { scope: 'a' }, 'jwt')).toBe(false)
    expect(check(typ, {}, 'external')).toBe(false)
  })

  test('may be JOSE for the profile "external" only', async () => {
    for (const typ of ['JOSE', 'application/jose']) {
      expect(check(typ, {}, 'external')).toBe(false)
      await refusalOf(() => check(typ, { scope: 'a' }))
    }
  })

  test.each<[string | undefined, Record<string, unknown>, Profile, string, object]>([
    [
      'JWT',
      { scope: 'a' },
      'rfc9068',
      'has the typ "JWT" in its header, not "at+jwt" as profile "rfc9068" wants (profile: "jwt" would take it)',
      { seen: '"JWT"', expected: '"at+jwt"' },
    ],
    [
      undefined,
      { scope: 'a' },
      'rfc9068',
      'has no typ in its header, not "at+jwt" as profile "rfc9068" wants (profile: "jwt" would take it)',
      { seen: 'missing', expected: '"at+jwt"' },
    ],
    [
      undefined,
      { sub: 'ann' },
      'rfc9068',
      'has no typ in its header, not "at+jwt" as profile "rfc9068" wants (it looks like an ID Token, which no profile takes: send the access token)',
      { seen: 'missing', expected: '"at+jwt"' },
    ],
    ['JOSE', { scope: 'a' }, 'rfc9068', 'has the typ "JOSE" in its header', { seen: '"JOSE"', expected: '"at+jwt"' }],
    [
      'logout+jwt',
      { scope: 'a' },
      'jwt',
      'has the typ "logout+jwt" in its header',
      { seen: '"logout+jwt"', expected: '"at+jwt" or "jwt"' },
    ],
    [
      'a b',
      { scope: 'a' },
      'external',
      'has the typ an unknown name in its header',
      { seen: 'an unknown name', expected: '"at+jwt" or "jwt" or "jose"' },
    ],
    ['', { scope: 'a' }, 'jwt', 'has the typ an unknown name in its header', { expected: '"at+jwt" or "jwt"' }],
    [
      'xapplication/jwt',
      { scope: 'a' },
      'jwt',
      'has the typ "xapplication/jwt" in its header',
      { seen: '"xapplication/jwt"' },
    ],
  ])('is refused as %s beside %j by the profile %s', async (typ, claims, profile, message, details) => {
    const refusal = await refusalOf(() => check(typ, claims, profile))
    expect(refusal.message).toBe(`the token ${message}`)
    expect(refusal.details).toMatchObject({ subject: 'typ', option: 'profile', ...details })
  })
})

describe('the claims of another type of token', () => {
  test.each(profiles)('are refused by the profile %s: events', async (profile) => {
    for (const events of [{}, undefined]) {
      expect(await refusalOf(() => check('at+jwt', { events, scope: 'a' }, profile))).toEqual({
        message: 'the token is a logout token, or another event',
        details: { subject: 'events' },
      })
    }
  })

  test.each(idTokenHashes)('are refused by every profile: %s', async (name) => {
    for (const profile of profiles) {
      expect(await refusalOf(() => check('at+jwt', { [name]: 'x', scope: 'a' }, profile))).toEqual({
        message: `the token is an ID Token: it has the claim "${name}"`,
        details: { subject: name },
      })
    }
  })

  test('are refused by two profiles: nonce', async () => {
    for (const profile of ['rfc9068', 'external'] as const) {
      expect(await refusalOf(() => check('at+jwt', { nonce: 'x', scope: 'a' }, profile))).toEqual({
        message: `the token is an ID Token: it has a "nonce" (profile "${profile}")`,
        details: { subject: 'nonce', option: 'profile' },
      })
    }
    expect(check('JWT', { nonce: 'x', scope: 'a' }, 'jwt')).toBe(false)
  })

  test.each([
    [{ typ: 'ID' }, 'typ', '"ID"'],
    [{ typ: 'Refresh' }, 'typ', '"Refresh"'],
    [{ typ: 'a b' }, 'typ', 'an unknown name'],
    [{ typ: '' }, 'typ', 'an unknown name'],
    [{ typ: 5 }, 'typ', 'something'],
    [{ typ: null }, 'typ', 'something'],
    [{ typ: ['Bearer'] }, 'typ', 'something'],
    [{ token_use: 'id' }, 'token_use', '"id"'],
    [{ typ: 'Bearer', token_use: 'id' }, 'token_use', '"id"'],
    [{ typ: 'ID', token_use: 'access' }, 'typ', '"ID"'],
    [{ typ: 'ID', token_use: 'id' }, 'typ', '"ID"'],
  ])('are refused by what they call themselves: %j', async (claims, subject, seen) => {
    const refusal = {
      message: `the token calls itself ${seen}, which is not an access token`,
      details: { subject, seen },
    }
    expect(await refusalOf(() => requireAccessTokenUse(claims))).toEqual(refusal)
    for (const profile of profiles) expect(await refusalOf(() => check('at+jwt', claims, profile))).toEqual(refusal)
  })
})

describe('what tells an access token from an ID Token', () => {
  test.each(marks)('is the claim %s for the profile "jwt"', (name) => {
    expect(check('JWT', { [name]: null })).toBe(false)
  })

  test.each([
    ...['Bearer', 'bearer', 'DPoP', 'at+jwt', 'access', 'access_token'].map((typ) => ({ typ })),
    ...['access', 'access_token', 'Access'].map((token_use) => ({ token_use })),
  ])('is how it calls itself for the profile "jwt": %j', (claims) => {
    expect(requireAccessTokenUse(claims)).toBe(true)
    expect(check('JWT', claims)).toBe(false)
  })

  test('is nothing else for the profile "jwt", and not needed for the others', async () => {
    const claims = { iss: 'x', sub: 'x', aud: 'x', azp: 'x', nonce: 'x', roles: ['x'], scopes: 'x' }
    expect(requireAccessTokenUse(claims)).toBe(false)
    expect(await refusalOf(() => check('JWT', claims))).toEqual({
      message:
        'the token has nothing that would tell it from an ID Token, such as "scope" or "client_id" (profile: "external" is for issuers at which nobody signs in to this application)',
      details: { subject: 'scope or client_id', seen: 'missing', option: 'profile' },
    })
    expect(check('JWT', { ...claims, nonce: undefined, typ: 'JWT', scope: 'a' })).toBe(false)
    expect(check('at+jwt', claims)).toBe(true)
    expect(check('at+jwt', {}, 'rfc9068')).toBe(true)
    expect(check('JWT', {}, 'external')).toBe(false)
  })
})

describe('a token of an issuer with the profile "external"', () => {
  const external = 'https://external.example'

  test('is refused where people sign in to this process at that issuer, or at its spelling', async () => {
    const login = 'https://signin.example'
    noteLogin({ clientId: 'of-signin', issuer: login })
    const message = `the token is from "${login}", where an oidc() of this process signs people in: profile "external" is not for it`
    const details = { subject: 'iss', seen: `"${login}"`, option: 'profile' }
    expect(await refusalOf(() => requireNoLogin({ iss: 'other', aud: 'x' }, login))).toEqual({ message, details })
    expect(await refusalOf(() => requireNoLogin({ iss: login, aud: 'x' }, external))).toEqual({ message, details })
    expect(() => requireNoLogin({ iss: external, aud: 'x' }, external)).not.toThrow()
  })

  test('is refused for the client of a login of this process', async () => {
    noteLogin({ clientId: 'of-login', issuer: 'https://elsewhere.example' })
    const refusal = {
      message: 'the token names "of-login" in aud, the client ID of an oidc() of this process: it may be an ID Token',
      details: { subject: 'aud', seen: '"of-login"', option: 'profile' },
    }
    for (const aud of ['of-login', ['x', 'of-login']]) {
      expect(await refusalOf(() => requireNoLogin({ iss: external, aud }, external))).toEqual(refusal)
    }
    for (const aud of ['x', ['x', 'y'], undefined, []]) {
      expect(() => requireNoLogin({ iss: external, aud }, external)).not.toThrow()
    }
  })

  test('is refused for the client of a login that somebody brought, at its issuer or its spelling only', async () => {
    const brought = 'https://brought-external.example'
    noteBroughtLogin({ clientId: 'of-brought', issuer: brought })
    await refusalOf(() => requireNoLogin({ iss: 'x', aud: ['x', 'of-brought'] }, brought))
    await refusalOf(() => requireNoLogin({ iss: brought, aud: 'of-brought' }, external))
    expect(() => requireNoLogin({ iss: external, aud: 'of-brought' }, external)).not.toThrow()
    expect(() => requireNoLogin({ iss: brought, aud: 'x' }, brought)).not.toThrow()
  })
})

describe('a compact JWS', () => {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const header = part({ alg: 'none' })

  test.each([`${header}.x.y`, `${header}..`, `${part({ alg: '' })}.x.`])('is %s', (token) => {
    expect(isCompactJws(token)).toBe(true)
  })

  test.each([
    ...[
      '',
      '.',
      '..',
      '.x.y',
      'x',
      'a.b.c',
      header,
      `${header}.x`,
      `${header}.x.y.z`,
      `${header}.x.y.`,
      `x.${header}.y`,
    ],
    ...[
      `${part({ alg: 5 })}.x.y`,
      `${part({})}.x.y`,
      `${part(['alg'])}.x.y`,
      `${part('alg')}.x.y`,
      `${part(null)}.x.y`,
    ],
  ])('is not %s', (token) => {
    expect(isCompactJws(token)).toBe(false)
  })
})
