import { describe, expect, test } from '@jest/globals'
import { noteBroughtLogin, noteLogin } from '../../../lib/resource-server/issuers/logins.js'
import { reasonOf, testApi } from '../../kit/resource-server/api.js'
import { apiProvider } from '../../kit/provider/provider.js'

const bare = { client_id: undefined, scope: undefined, jti: undefined }
const why = (error: { readonly cause?: unknown }) => String(error.cause)

describe('profile "rfc9068"', () => {
  test.each([
    ['an access token of the profile "jwt"', {}, 'profile: "jwt" would take it'],
    ['an ID Token with at_hash', { at_hash: 'x' }, 'looks like an ID Token, which no profile takes: send the access'],
    ['an ID Token without', bare, 'looks like an ID Token, which no profile takes: send the access token'],
  ])('says what to do instead where it refuses %s', async (_what, claims, remedy) => {
    const { issuer, refuse } = testApi({ profile: 'rfc9068' })
    expect(why(await refuse(issuer.accessToken(claims, { typ: 'JWT' })))).toContain(remedy)
  })
})

describe('profile "jwt"', () => {
  test.each([
    ['typ', { typ: 'JWT' }],
    ['typ', { typ: 'jwt' }],
    ['token_use', { token_use: 'jwt' }],
  ])(
    'BR08: refuses an ID Token whose payload calls itself a JWT in %s: it says no more than its header',
    async (_name, claims) => {
      const { issuer, accept, refuse } = testApi({ profile: 'jwt' })
      const error = await refuse(issuer.accessToken({ ...bare, ...claims }, { typ: 'JWT' }))
      expect([error.status, reasonOf(error)]).toEqual([401, 'token_type_refused'])
      await accept(issuer.accessToken({ ...bare, ...claims, scope: 'orders:read' }, { typ: 'JWT' }))
    },
  )

  test.each([
    ['Keycloak', { typ: 'Bearer' }],
    ['Keycloak, bound', { typ: 'at+jwt' }],
    ['Cognito', { token_use: 'access' }],
    ['a provider that says both', { typ: 'JWT', token_use: 'access_token' }],
  ])('accepts a token that calls itself an access token, as those of %s', async (_what, claims) => {
    const { issuer, accept } = testApi({ profile: 'jwt' })
    await accept(issuer.accessToken({ ...bare, ...claims }, { typ: 'JWT' }))
  })
})

describe('profile "external"', () => {
  test.each([
    ['GitHub Actions', { sub: 'repo:acme/shop:ref:refs/heads/main', repository: 'acme/shop' }, { typ: 'JWT' }],
    [
      'Kubernetes',
      { sub: 'system:serviceaccount:shop:orders', 'kubernetes.io': { namespace: 'shop' } },
      { typ: undefined },
    ],
    ['SPIFFE', { sub: 'spiffe://example.com/orders', iat: undefined }, { typ: 'JOSE' }],
    ['Supabase', { role: 'authenticated', amr: [{ method: 'password' }], session_id: 's' }, { typ: 'JWT' }],
    ['Cloudflare Access', { email: 'a@example.com', type: 'app', identity_nonce: 'n' }, { typ: 'JWT' }],
    ['a mock server', { azp: 'x', tid: 'default' }, { typ: 'JWT' }],
  ])('accepts tokens without anything that only access tokens have: %s', async (_what, claims, header) => {
    const { issuer, accept } = testApi({ profile: 'external' })
    const principal = await accept(issuer.accessToken({ ...bare, ...claims }, header))
    expect(principal.issuer).toBe(issuer.issuer)
  })

  test.each([
    ['a nonce', { nonce: 'n' }, {}, /it has a "nonce"/],
    ['an at_hash', { at_hash: 'x' }, {}, /"at_hash"/],
    ['a c_hash', { c_hash: 'x' }, {}, /"c_hash"/],
    ['events', { events: {} }, {}, /logout token/],
    ['the word id', { token_use: 'id' }, {}, /calls itself "id"/],
    ['the type of a logout token', {}, { typ: 'logout+jwt' }, /typ "logout\+jwt"/],
    ['the type of a DPoP proof', {}, { typ: 'dpop+jwt' }, /typ "dpop\+jwt"/],
    ['another audience', { aud: 'x' }, {}, /aud is "x", and "audience" is \["https:/],
    ['no audience', { aud: undefined }, {}, /aud is missing/],
    ['no exp', { exp: undefined }, {}, /exp is missing/],
    ['no sub', { sub: undefined }, {}, /sub is missing/],
  ])('refuses tokens with %s', async (_what, claims, header, message) => {
    const { issuer, refuse } = testApi({ profile: 'external' })
    expect(why(await refuse(issuer.accessToken({ ...bare, ...claims }, { typ: 'JWT', ...header })))).toMatch(message)
  })

  test('refuses tokens for the client of a login of this process, whichever was set up first', async () => {
    const { issuer, accept, refuse } = testApi({ profile: 'external', audience: ['api', 'late-client'] })
    const token = () => issuer.accessToken({ ...bare, aud: ['api', 'late-client'] }, { typ: 'JWT' })
    await accept(token())
    noteLogin({ clientId: 'late-client', issuer: 'https://elsewhere.example.com' })
    const error = await refuse(token())
    expect(reasonOf(error)).toBe('token_type_refused')
    expect(why(error)).toContain('names "late-client" in aud, the client ID of an oidc()')
  })

  test('refuses tokens of an issuer where people sign in to this process', async () => {
    const issuer = apiProvider({ issuer: 'https://both.example.com' })
    const { refuse } = testApi({ profile: 'external' }, issuer)
    noteLogin({ clientId: 'both', issuer: issuer.issuer })
    expect(why(await refuse(issuer.accessToken(bare, { typ: 'JWT' })))).toContain('signs people in')
  })

  test('refuses tokens that spell their issuer as that of a login of this process', async () => {
    const login = 'https://public.example.com'
    const { issuer, accept, refuse } = testApi({ profile: 'external', issuerAliases: [login] })
    noteLogin({ clientId: 'web-of-public', issuer: login })
    expect(why(await refuse(issuer.accessToken({ ...bare, iss: login }, { typ: 'JWT' })))).toContain('signs people in')
    await accept(issuer.accessToken(bare, { typ: 'JWT' }))
  })

  test('goes on to accept tokens whose audience a stranger has as the client ID at a provider of theirs', async () => {
    const issuer = apiProvider({ issuer: 'https://machines.example.com' })
    const { accept, refuse } = testApi({ profile: 'external', audience: 'of-machines' }, issuer)
    const token = () => issuer.accessToken({ ...bare, aud: 'of-machines' }, { typ: 'JWT' })
    noteBroughtLogin({ clientId: 'of-machines', issuer: 'https://stranger.example.com' })
    await accept(token())
    noteBroughtLogin({ clientId: 'another', issuer: issuer.issuer })
    await accept(token())
    noteBroughtLogin({ clientId: 'of-machines', issuer: issuer.issuer })
    expect(reasonOf(await refuse(token()))).toBe('token_type_refused')
  })

  test('belongs to one issuer in a map, and no other', async () => {
    const issuer = apiProvider()
    const map = {
      [issuer.issuer]: { audience: 'api', profile: 'external' },
      'https://b.example.com': { audience: 'api' },
    }
    const { accept } = testApi({ issuer: map, audience: undefined }, issuer)
    await accept(issuer.accessToken({ ...bare, aud: 'api' }, { typ: 'JWT' }))
    const strict = testApi(
      { issuer: { [issuer.issuer]: { audience: 'api', profile: 'rfc9068' } }, audience: undefined, profile: 'jwt' },
      issuer,
    )
    expect(why(await strict.refuse(issuer.accessToken({ aud: 'api' }, { typ: 'JWT' })))).toContain(
      'profile: "jwt" would take it',
    )
  })

  test('needs an audience', () => {
    const issuer = apiProvider()
    const message = /must have an "audience" with profile "external"/
    expect(() => testApi({ profile: 'external', audience: null })).toThrow(message)
    const map = { [issuer.issuer]: { audience: null, profile: 'external' } }
    expect(() => testApi({ issuer: map, audience: undefined })).toThrow(message)
    expect(() =>
      testApi({ issuer: { [issuer.issuer]: { audience: null } }, audience: undefined, profile: 'external' }),
    ).toThrow(message)
  })

  test('needs an audience from a resolver, too', async () => {
    const { issuer, validator } = testApi({ issuer: () => ({ audience: null, profile: 'external' }) })
    await expect(validator.validate(`Bearer ${issuer.accessToken()}`)).rejects.toMatchObject({
      code: 'invalid_options',
    })
  })
})

describe('the reason for a refusal', () => {
  test.each([
    [
      'the typ',
      'rfc9068',
      {},
      { typ: 'JWT' },
      'has the typ "JWT" in its header, not "at+jwt" as profile "rfc9068" wants',
    ],
    ['no typ', 'rfc9068', {}, { typ: undefined }, 'has no typ in its header, not "at+jwt"'],
    ['the alg', 'jwt', {}, { alg: 'HS256' }, 'signed with "HS256", and "algorithms" allows RS256'],
    ['the kid', 'jwt', {}, { kid: 'gone' }, 'names a key that its issuer does not publish for "ES256"'],
    ['a kind', 'jwt', bare, { typ: 'JWT' }, 'profile: "external" is for issuers at which nobody signs in'],
    [
      'the issuer',
      'jwt',
      { iss: 'https://x.example' },
      {},
      'is from "https://x.example", an issuer that is not trusted here',
    ],
    [
      'the exp',
      'jwt',
      { exp: 1_799_999_000 },
      {},
      'it is 1000 seconds behind this clock, and "clockToleranceSeconds" allows 30',
    ],
    ['the nbf', 'jwt', { nbf: 1_800_000_500 }, {}, 'it is 500 seconds ahead of this clock'],
  ])('names value, expectation and option: %s', async (_what, profile, claims, header, message) => {
    const { issuer, refuse } = testApi({ profile })
    const error = await refuse(issuer.accessToken(claims, header))
    expect(why(error)).toContain(message)
    expect(`${error.message} ${error.headers['WWW-Authenticate'] ?? ''}`).not.toContain(message)
  })

  test('of a token whose signature does not verify names what else is wrong with it', async () => {
    const { issuer, accept, refuse } = testApi({ profile: 'jwt' })
    await accept(issuer.accessToken())
    const [header, , signature] = issuer.accessToken().split('.')
    const [, claims] = issuer.accessToken({ aud: 'graph' }).split('.')
    const error = await refuse([header, claims, signature].join('.'))
    expect(reasonOf(error)).toBe('token_signature_invalid')
    expect(why(error)).toContain('besides, the token is for another audience: its aud is "graph"')
  })
})
