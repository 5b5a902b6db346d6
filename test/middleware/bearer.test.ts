import { afterEach, describe, expect, test } from '@jest/globals'
import { ConfigurationError } from '../../lib/errors.js'
import { bearer, createBearer } from '../../lib/middleware/bearer.js'
import { parseBearerOptions } from '../../lib/options/bearer/schema.js'
import { createBearerValidator } from '../../lib/resource-server/bearer-validator.js'
import { all } from '../../lib/policy/combinators.js'
import { claim } from '../../lib/policy/claims.js'
import { scope } from '../../lib/policy/requirements.js'
import { hosts } from '../hosts/hosts.js'
import { reasonOf, refusalOf, testApi } from '../kit/resource-server/api.js'
import { signHmac, signJws, signingKey } from '../kit/provider/keys.js'
import { apiProvider, audience } from '../kit/provider/provider.js'
import { type ApiOptions, startApi, type TestServer } from '../kit/resource-server/server.js'

const running: TestServer[] = []
const start = async (options?: ApiOptions) => {
  const server = await startApi(options)
  running.push(server)
  return server
}
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()))
})

const invalidToken = 'Bearer error="invalid_token", error_description="the access token is not valid here"'

describe('BR02: a token is read from the one Authorization header only', () => {
  test('BR02: several Authorization headers are 400, also when the first one is valid', async () => {
    const { issuer, send } = await start()
    const good = `Bearer ${issuer.accessToken()}`
    for (const authorization of [
      [good, good],
      [good, 'Bearer x'],
      ['Basic eDp5', good],
    ]) {
      const answer = await send({ headers: { authorization } })
      expect(answer).toMatchObject({ status: 400, json: { code: 'invalid_request' } })
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer error="invalid_request"/)
    }
  })

  test('BR02: header and query together are 400; the query alone is ignored', async () => {
    const { issuer, send, present } = await start()
    const token = issuer.accessToken()
    expect((await present(token, { path: `/api/orders?access_token=${token}` })).status).toBe(400)
    expect((await present(token, { path: `/api/orders?x=1&access%5Ftoken=${token}` })).status).toBe(400)
    const alone = await send({ path: `/api/orders?access_token=${token}` })
    expect(alone).toMatchObject({ status: 401, json: { code: 'missing_token' } })
    expect((await present(token, { path: '/api/orders?q=access' })).status).toBe(200)
  })

  test('BR02: another scheme is no token, so a parameter beside it is ignored as it is alone', async () => {
    const { send } = await start()
    const path = '/api/orders?access_token=x'
    const answer = await send({ headers: { authorization: 'Basic eDp5' }, path })
    expect(answer).toMatchObject({ status: 401, json: { code: 'missing_token' } })
    expect(answer.headers['www-authenticate']).toBe('Bearer')
    expect((await send({ headers: { authorization: ['Basic eDp5', 'Basic eDp5'] }, path })).status).toBe(400)
    for (const authorization of ['', 'Bearer', 'bearer x', 'DPoP x']) {
      expect((await send({ headers: { authorization }, path })).status).toBe(400)
    }
  })

  test('BR02: a form that a parser has read counts as a second token', async () => {
    const before = [
      (req: object, _res: unknown, next: () => void) => {
        Object.assign(req, { body: { access_token: 'x' } })
        next()
      },
    ]
    const { issuer, present, send } = await start({ before })
    const form = {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'access_token=x',
    }
    expect((await present(issuer.accessToken(), form)).status).toBe(400)
    expect((await send(form)).status).toBe(401)
    const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"access_token":"x"}' }
    expect((await present(issuer.accessToken(), json)).status).toBe(200)
  })
})

describe('BR03: the grammar of the Authorization header', () => {
  test.each(['Bearer', 'bearer', 'BEARER', 'bEaReR'])('BR03: accepts the scheme in any case: %s', async (scheme) => {
    const { issuer, validator } = testApi()
    await expect(validator.validate(`${scheme} ${issuer.accessToken()}`)).resolves.toMatchObject({ subject: 'alice' })
    await expect(validator.validate(`${scheme}   ${issuer.accessToken()}`)).resolves.toMatchObject({ subject: 'alice' })
  })

  test.each([
    ['nothing', ''],
    ['the scheme alone', 'Bearer'],
    ['the scheme and a space', 'Bearer '],
    ['a tab', 'Bearer\tTOKEN'],
    ['a space and a tab', 'Bearer \tTOKEN'],
    ['two tokens', 'Bearer TOKEN TOKEN'],
    ['a trailing space', 'Bearer TOKEN '],
    ['a comma', 'Bearer TOKEN, Bearer TOKEN'],
    ['quotes', 'Bearer "TOKEN"'],
    ['a parameter', 'Bearer token="TOKEN"'],
    ['padding inside', 'Bearer a=b'],
    ['a zero byte', 'Bearer TOKEN\u0000'],
    ['a line end', 'Bearer TOKEN\r\nX: y'],
    ['letters outside ASCII', 'Bearer TÖKEN'],
    ['full-width letters', 'Ｂearer TOKEN'],
    ['a leading space', ' Bearer TOKEN'],
  ])('BR03: answers %s with 400, and never as anonymous', async (_what, header) => {
    const { issuer, validator } = testApi()
    const error = await refusalOf(validator.validate(header.replaceAll('TOKEN', issuer.accessToken())))
    expect(error).toMatchObject({ status: 400, code: 'invalid_request' })
    expect(error.headers['WWW-Authenticate']).toMatch(/^Bearer error="invalid_request"/)
    expect(issuer.requests).toEqual([])
  })

  test.each([
    ['a megabyte', `Bearer ${'a'.repeat(1_000_000)}`],
    ['a megabyte of spaces', `Bearer${' '.repeat(1_000_000)}x`],
    ['a megabyte without any space', 'B'.repeat(1_000_000)],
  ])('BR03: answers %s, which no server lets through, with 400 and the true reason', async (_what, header) => {
    const { validator } = testApi()
    const error = await refusalOf(validator.validate(header))
    const message = 'the Authorization header is too long'
    expect(error).toMatchObject({ status: 400, code: 'invalid_request', message })
    expect(error.headers['WWW-Authenticate']).toContain(`error_description="${message}"`)
  })

  test('BR03: leads to 400 over HTTP on every host, and no handler runs', async () => {
    for (const host of hosts) {
      const { send } = await start({ host })
      const answer = await send({ headers: { authorization: 'Bearer a b' } })
      expect(answer).toMatchObject({ status: 400, json: { code: 'invalid_request' } })
    }
  })
})

describe('BR04: a request without credentials', () => {
  test.each([
    ['nothing', undefined],
    ['Basic', 'Basic dXNlcjpwYXNz'],
    ['Digest', 'Digest username="x"'],
    ['an unknown scheme', 'Bearerish abc'],
  ])('BR04: %s gets 401 with a bare challenge', async (_what, authorization) => {
    const error = await refusalOf(testApi().validator.validate(authorization))
    expect(error).toMatchObject({ status: 401, code: 'missing_token' })
    expect(error.headers['WWW-Authenticate']).toBe('Bearer')
  })

  test('BR04: with a realm gets a challenge that names it and nothing else', async () => {
    const error = await refusalOf(testApi({ realm: 'orders' }).validator.validate(undefined))
    expect(error.headers['WWW-Authenticate']).toBe('Bearer realm="orders"')
  })
})

describe('BR05: an invalid token and a missing scope', () => {
  test('BR05: differ: 401 invalid_token, and 403 insufficient_scope with the scope’s name', async () => {
    const { issuer, present } = await start({ requirements: [scope('orders:write')] })
    const bad = await present(issuer.accessToken({ exp: issuer.clock.seconds - 3600 }))
    expect(bad.status).toBe(401)
    expect(bad.headers['www-authenticate']).toBe(invalidToken)
    const poor = await present(issuer.accessToken())
    expect(poor).toMatchObject({ status: 403, json: { code: 'insufficient_scope' } })
    expect(poor.headers['www-authenticate']).toBe(
      'Bearer error="insufficient_scope", error_description="the access token lacks the scope that this needs", scope="orders:write"',
    )
    expect((await present(issuer.accessToken({ scope: 'orders:write' }))).status).toBe(200)
  })

  test('BR05: differ from another missing claim, which is 403 without a challenge, since no other scope would help', async () => {
    const { issuer, present } = await start({ requirements: [all(scope('orders:read'), claim('dept', 'hr'))] })
    const answer = await present(issuer.accessToken())
    expect(answer).toMatchObject({ status: 403, json: { code: 'not_allowed' } })
    expect(answer.headers['www-authenticate']).toBeUndefined()
  })
})

describe('BR06: a challenge', () => {
  const hostile = 'x"\r\nSet-Cookie: a=b\u00e9<script>\\'

  test('BR06: repeats nothing of the token, its claims or its header, nor does the body', async () => {
    const { issuer, present, send } = await start()
    const secret = 'S3CR3T-marker'
    const answers = [
      await present(issuer.accessToken({ iss: secret })),
      await present(issuer.accessToken({ aud: secret })),
      await present(issuer.accessToken({}, { kid: secret })),
      await present(issuer.accessToken({}, { alg: secret })),
      await present(secret),
      await send({ headers: { authorization: `${secret} x` } }),
      await send({ headers: { authorization: `Bearer ${secret}"` } }),
    ]
    for (const { text, headers } of answers) expect(text + JSON.stringify(headers)).not.toContain(secret)
  })

  test('BR06: drops quotes, line ends and letters outside ASCII from scopes', async () => {
    const { issuer, present } = await start({ requirements: [scope(hostile)] })
    const header = (await present(issuer.accessToken())).headers['www-authenticate'] ?? ''
    expect(header).toMatch(/scope="xSet-Cookie: a=b<script>"$/)
    expect(/^[\x20-\x7e]+$/.test(header)).toBe(true)
  })

  test.each([
    ['https://bücher.example/.well-known/x', 'https://xn--bcher-kva.example/.well-known/x'],
    ['https://api.example.com/bücher\\"x', 'https://api.example.com/b%C3%BCcher/%22x'],
    ['https://API.example.com:443', 'https://API.example.com:443'],
    ['https://api.example.com/a/../b%2f', 'https://api.example.com/a/../b%2f'],
  ])('BR06: names the metadata %s as %s', async (url, named) => {
    for (const resourceMetadata of [url, { url }]) {
      const { send } = await start({ options: { resourceMetadata } })
      expect((await send()).headers['www-authenticate']).toBe(`Bearer resource_metadata="${named}"`)
    }
  })

  test('BR06: cannot have a realm with quotes or line ends', () => {
    for (const realm of ['a"b', 'a\r\nb', 'é', 'a\\b']) {
      expect(() => bearer({ issuer: 'https://issuer.example.com', audience, realm })).toThrow(ConfigurationError)
    }
  })
})

describe('BR07: with required: false, only a request without credentials is anonymous', () => {
  test('BR07: no header and another scheme pass; an invalid token and an invalid header do not', async () => {
    const before = [] as const
    const { issuer, bearer: middleware } = await start({ options: { required: false }, before })
    const seen = async (authorization?: string, url = '/api') => {
      const raw = authorization === undefined ? [] : ['Authorization', authorization]
      const headers = authorization === undefined ? {} : { authorization }
      return middleware.authenticate({ headers, rawHeaders: raw, method: 'GET', url } as never)
    }
    await expect(seen()).resolves.toBeUndefined()
    await expect(seen(`Bearer ${issuer.accessToken()}`)).resolves.toMatchObject({ principal: { subject: 'alice' } })
    await expect(seen('Bearer x')).rejects.toMatchObject({ status: 401, code: 'invalid_token' })
    await expect(seen('Bearer a b')).rejects.toMatchObject({ status: 400 })
    await expect(seen('')).rejects.toMatchObject({ status: 400 })
    await expect(seen('Basic dTpw')).resolves.toBeUndefined()
    await expect(seen('Basic dTpw', '/api?access_token=x')).resolves.toBeUndefined()
    await expect(seen('DPoP x')).rejects.toMatchObject({ status: 401, code: 'invalid_token' })
    await expect(seen(`Bearer ${issuer.accessToken({ exp: issuer.clock.seconds - 100 })}`)).rejects.toMatchObject({
      status: 401,
    })
  })

  test('BR07: a guard behind it challenges an anonymous request', async () => {
    const { send } = await start({ options: { required: false } })
    const answer = await send()
    expect(answer).toMatchObject({ status: 401, json: { code: 'missing_token' } })
    expect(answer.headers['www-authenticate']).toBe('Bearer')
  })
})

describe('BR08: a JWT', () => {
  test.each(['at+jwt', 'AT+JWT', 'application/at+jwt', 'Application/At+Jwt'])(
    'BR08: with typ %s is an access token',
    async (typ) => {
      const { issuer, accept } = testApi()
      await expect(accept(issuer.accessToken({}, { typ }))).resolves.toMatchObject({ subject: 'alice' })
    },
  )

  test.each([undefined, 'JWT', 'jwt', 'at', 'at+jwt2', 'application/jwt', 'x/at+jwt', 'logout+jwt', 'dpop+jwt', ''])(
    'BR08: with typ %p is not an access token in the rfc9068 profile',
    async (typ) => {
      const { issuer, refuse } = testApi()
      expect(reasonOf(await refuse(issuer.accessToken({}, { typ })))).toBe('token_type_refused')
    },
  )

  const idToken = { scope: undefined, client_id: undefined, jti: undefined }
  const kinds: readonly (readonly [string, Record<string, unknown>, Record<string, unknown>])[] = [
    ['an ID Token with nonce', { ...idToken, nonce: 'n' }, { typ: 'JWT' }],
    ['an ID Token without typ', { ...idToken, nonce: 'n' }, { typ: undefined }],
    ['an ID Token without nonce', { ...idToken, at_hash: 'x', azp: 'web' }, { typ: 'JWT' }],
    ['an ID Token with c_hash', { ...idToken, c_hash: 'x' }, { typ: 'JWT' }],
    [
      'an ID Token with nothing of its own',
      { ...idToken, auth_time: 1, acr: '1', amr: ['pwd'], sid: 's', azp: 'web' },
      { typ: 'JWT' },
    ],
    ['an ID Token that also names scopes', { at_hash: 'x', nonce: 'n' }, { typ: 'JWT' }],
    ["Keycloak's ID Token", { ...idToken, typ: 'ID', azp: 'web' }, { typ: 'JWT' }],
    ["Keycloak's refresh token", { typ: 'Refresh' }, { typ: 'JWT' }],
    ["Keycloak's offline token", { typ: 'Offline' }, { typ: 'JWT' }],
    ["Cognito's ID Token", { ...idToken, token_use: 'id' }, { typ: undefined }],
    ['a logout token', { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }, { typ: 'JWT' }],
    ['a logout token by typ', { ...idToken, events: {} }, { typ: 'logout+jwt' }],
    ['a DPoP proof', {}, { typ: 'dpop+jwt' }],
    ['a JARM response', {}, { typ: 'oauth-authz-resp+jwt' }],
    ['an introspection response', {}, { typ: 'token-introspection+jwt' }],
    ['a security event', {}, { typ: 'secevent+jwt' }],
    ['a client assertion', {}, { typ: 'client-authentication+jwt' }],
  ]

  test.each(kinds)('BR08: is refused by the jwt profile as %s', async (_what, claims, header) => {
    const { issuer, refuse } = testApi({ profile: 'jwt' })
    expect(reasonOf(await refuse(issuer.accessToken(claims, header)))).toBe('token_type_refused')
  })

  test.each(kinds)('BR08: is refused by the rfc9068 profile as %s', async (_what, claims, header) => {
    const { issuer, refuse } = testApi()
    expect(reasonOf(await refuse(issuer.accessToken(claims, header)))).toBe('token_type_refused')
  })

  test.each([
    ['at_hash', { at_hash: 'x' }],
    ['nonce', { nonce: 'n' }],
    ['events', { events: {} }],
    ['typ: ID', { typ: 'ID' }],
  ])('BR08: with typ at+jwt and %s is still refused', async (_what, claims) => {
    const { issuer, refuse } = testApi()
    expect(reasonOf(await refuse(issuer.accessToken(claims)))).toBe('token_type_refused')
  })

  test.each([
    ['scope as a string', { scope: 'orders:read' }],
    ['an empty scope', { scope: '' }],
    ['scp', { scp: ['orders:read'] }],
    ['client_id', { client_id: 'web' }],
    ['permissions', { permissions: [] }],
    ["Okta's cid", { cid: 'web' }],
    ["Keycloak's typ: Bearer, and a nonce", { typ: 'Bearer', nonce: 'n', azp: 'web' }],
    ["Cognito's token_use", { token_use: 'access' }],
    ["Entra's azpacr, without any scope", { azpacr: '1', azp: 'web', roles: ['x'] }],
    [
      'all that an ID Token has, its nonce too, and a scope',
      { nonce: 'n', azp: 'web', auth_time: 1, acr: '1', scope: 'a' },
    ],
  ])(
    'BR08: is accepted by the jwt profile where it shares issuer, audience, key and typ with the ID Token: %s',
    async (_what, claims) => {
      const { issuer, accept } = testApi({ profile: 'jwt' })
      await expect(accept(issuer.accessToken({ ...idToken, ...claims }, { typ: 'JWT' }))).resolves.toMatchObject({
        subject: 'alice',
      })
    },
  )
})

describe('BR09: the issuer of a token', () => {
  test.each([
    ['another one', 'https://evil.example.com'],
    ['a trailing slash', 'https://issuer.example.com/'],
    ['capitals', 'https://Issuer.example.com'],
    ['a port', 'https://issuer.example.com:443'],
    ['a space', 'https://issuer.example.com '],
    ['a list', ['https://issuer.example.com']],
    ['a number', 1],
    ['null', null],
    ['nothing', undefined],
  ])('BR09: with %s is refused, and nobody is asked for keys', async (_what, iss) => {
    const { issuer, refuse, validator } = testApi()
    await validator.ready()
    const before = issuer.requests.length
    expect(reasonOf(await refuse(issuer.accessToken({ iss })))).toBe('token_issuer_mismatch')
    expect(issuer.requests).toHaveLength(before)
  })

  test('BR09: is not trusted with a key of another issuer, even under the same kid', async () => {
    const a = apiProvider({ issuer: 'https://a.example.com' })
    const b = apiProvider({ issuer: 'https://b.example.com', clock: a.clock })
    b.keys = [signingKey('ES256', { kid: a.keys[0]?.kid ?? '' })]
    const fetch = (input: string) => (input.startsWith(a.issuer) ? a.fetch(input) : b.fetch(input))
    const { accept, refuse } = testApi({ issuer: [a.issuer, b.issuer], fetch }, a)
    await accept(a.accessToken())
    await accept(b.accessToken())
    expect(reasonOf(await refuse(a.accessToken({ iss: b.issuer })))).toBe('token_signature_invalid')
    expect(reasonOf(await refuse(b.accessToken({ iss: a.issuer })))).toBe('token_signature_invalid')
  })

  test('BR09: has its own audience and algorithms in a map', async () => {
    const a = apiProvider({ issuer: 'https://a.example.com' })
    const b = apiProvider({ issuer: 'https://b.example.com', clock: a.clock, keys: [signingKey('RS256')] })
    const fetch = (input: string) => (input.startsWith(a.issuer) ? a.fetch(input) : b.fetch(input))
    const issuer = {
      [a.issuer]: { audience: 'api-a', algorithms: ['ES256'] },
      [b.issuer]: { audience: ['api-b', 'api-c'], algorithms: ['PS256'] },
    }
    const { accept, refuse } = testApi({ issuer, audience: undefined, fetch }, a)
    await accept(a.accessToken({ aud: 'api-a' }))
    expect(reasonOf(await refuse(a.accessToken({ aud: 'api-b' })))).toBe('token_audience_mismatch')
    expect(reasonOf(await refuse(b.accessToken({ aud: 'api-b' })))).toBe('token_algorithm_refused')
    expect(reasonOf(await refuse(b.accessToken({ aud: 'api-b' }, { alg: 'PS256' })))).toBe('token_key_not_found')
  })
})

describe('BR10: the audience of a token', () => {
  test.each([
    ['missing', undefined],
    ['another one', 'https://other.example.com'],
    ['a list without us', ['x', 'y']],
    ['an empty list', []],
    ['a list with a number', [audience, 1]],
    ['an object', { [audience]: true }],
    ['null', null],
    ['a prefix', `${audience}/x`],
    ['other case', audience.toUpperCase()],
  ])('BR10: that is %s is refused', async (_what, aud) => {
    const { issuer, refuse } = testApi()
    expect((await refuse(issuer.accessToken({ aud }))).status).toBe(401)
  })

  test('BR10: is accepted where it is a list with this API in it', async () => {
    const { issuer, accept } = testApi()
    await expect(accept(issuer.accessToken({ aud: ['x', audience] }))).resolves.toMatchObject({ subject: 'alice' })
  })

  test('BR10: cannot be left out of the options, in types and at start-up; null has to be explicit', async () => {
    const issuer = 'https://issuer.example.com'
    // @ts-expect-error audience is missing
    expect(() => bearer({ issuer })).toThrow(/must have an "audience": /)
    // @ts-expect-error audience is missing
    expect(() => createBearerValidator({ issuer })).toThrow(/"audience"/)
    // @ts-expect-error audience is undefined
    expect(() => bearer({ issuer, audience: undefined })).toThrow(/"audience"/)
    // @ts-expect-error an issuer of the map has no audience
    expect(() => bearer({ issuer: { [issuer]: {} } })).toThrow(ConfigurationError)
    expect(() => bearer({ issuer, audience: '' })).toThrow(ConfigurationError)
    expect(() => bearer({ issuer, audience: [] })).toThrow(ConfigurationError)
    const { accept, issuer: trusted } = testApi({ audience: null })
    await expect(accept(trusted.accessToken({ aud: 'anyone' }))).resolves.toMatchObject({ subject: 'alice' })
  })
})

describe('BR11: times and required claims', () => {
  test.each(['exp', 'iat', 'sub', 'client_id', 'jti', 'iss', 'aud'])(
    'BR11: include %s in the rfc9068 profile',
    async (name) => {
      const { issuer, refuse } = testApi()
      expect((await refuse(issuer.accessToken({ [name]: undefined }))).status).toBe(401)
    },
  )

  test('BR11: include exp in every profile', async () => {
    const { issuer, refuse } = testApi({ profile: 'jwt' })
    expect(reasonOf(await refuse(issuer.accessToken({ exp: undefined })))).toBe('token_claim_missing')
  })

  test.each([
    ['past', -31],
    ['long past', -1e9],
  ])('BR11: are refused with an exp that is %s', async (_what, offset) => {
    const { issuer, refuse } = testApi()
    expect(reasonOf(await refuse(issuer.accessToken({ exp: issuer.clock.seconds + offset })))).toBe('token_expired')
  })

  test.each(['"9999999999"', '1e999', '1e300', '-1', 'null', '[9999999999]', 'true', '1800000300000', '{}'])(
    'BR11: are refused with the exp %s, which is not a date',
    async (exp) => {
      const { issuer, refuse } = testApi({ profile: 'jwt' })
      const [key] = issuer.keys
      if (key === undefined) throw new Error('no key')
      const payload = JSON.stringify(issuer.accessTokenClaims({ exp: 0 })).replace('"exp":0', `"exp":${exp}`)
      expect((await refuse(signJws({ alg: key.alg, kid: key.kid }, payload, key))).status).toBe(401)
    },
  )

  test('BR11: are refused with nbf and iat in the future, beyond the tolerance', async () => {
    const { issuer, refuse, accept } = testApi()
    const now = issuer.clock.seconds
    expect(reasonOf(await refuse(issuer.accessToken({ nbf: now + 31 })))).toBe('token_not_yet_valid')
    expect(reasonOf(await refuse(issuer.accessToken({ iat: now + 31 })))).toBe('token_not_yet_valid')
    expect((await refuse(issuer.accessToken({ nbf: '0' }))).status).toBe(401)
    await accept(issuer.accessToken({ nbf: now + 29, iat: now + 29, exp: now - 29 }))
  })

  test.each([
    ['sub', ''],
    ['sub', 5],
    ['sub', 'x'.repeat(256)],
    ['client_id', null],
    ['jti', ['x']],
  ])('BR11: are refused with %s: %p', async (name, value) => {
    const { issuer, refuse } = testApi()
    expect((await refuse(issuer.accessToken({ [name]: value }))).status).toBe(401)
  })
})

describe('BR12: the algorithm of a token', () => {
  test.each([
    'none',
    'None',
    'nOnE',
    'NONE',
    '',
    'HS256',
    'HS512',
    'RS1',
    'ES256K',
    'PBES2-HS256+A128KW',
    'toString',
    '__proto__',
  ])('BR12: %p is refused before any key is looked up', async (alg) => {
    const { issuer, refuse } = testApi()
    const token = issuer.accessToken({}, { alg })
    expect((await refuse(token)).status).toBe(401)
    expect((await refuse(token.replace(/[^.]*$/, ''))).status).toBe(401)
    expect(issuer.requests).toEqual([])
  })

  test('BR12: is refused where it is not in the list, also when the issuer publishes a key for it', async () => {
    const { issuer, refuse } = testApi({ algorithms: ['RS256'] })
    expect(reasonOf(await refuse(issuer.accessToken()))).toBe('token_algorithm_refused')
  })

  test("BR12: cannot be HS256 with the issuer's public key, as text, for a secret", async () => {
    const { issuer, refuse, validator } = testApi()
    await validator.ready()
    const [key] = issuer.keys
    if (key === undefined) throw new Error('no key')
    for (const secret of [
      key.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      JSON.stringify(key.publicKey.export({ format: 'jwk' })),
      '',
    ]) {
      const token = signHmac({ alg: 'HS256', typ: 'at+jwt', kid: key.kid }, issuer.accessTokenClaims(), secret)
      expect(reasonOf(await refuse(token))).toBe('token_algorithm_refused')
    }
  })

  test('BR12: may be HS256 where it is named, alone, and with a secret of enough bytes', async () => {
    const secret = 'a-secret-of-more-than-thirty-two-bytes!'
    const options = { issuer: 'https://issuer.example.com', audience, secret }
    expect(() => bearer(options)).toThrow(/HS256/)
    expect(() => bearer({ ...options, algorithms: ['HS256', 'RS256'] })).toThrow(/HS256/)
    expect(() => bearer({ issuer: options.issuer, audience, secret: 'short', algorithms: ['HS256'] })).toThrow(
      /32 bytes/,
    )
    expect(() => bearer({ issuer: options.issuer, audience, algorithms: ['HS256'] })).toThrow(/secret/)
    // @ts-expect-error none is no algorithm
    expect(() => bearer({ issuer: options.issuer, audience, algorithms: ['none'] })).toThrow(ConfigurationError)
    const { issuer, accept, refuse } = testApi({ secret, algorithms: ['HS256'] })
    const header = { alg: 'HS256', typ: 'at+jwt' }
    await expect(accept(signHmac(header, issuer.accessTokenClaims(), secret))).resolves.toMatchObject({
      subject: 'alice',
    })
    expect(reasonOf(await refuse(signHmac(header, issuer.accessTokenClaims(), `${secret}x`)))).toBe(
      'token_signature_invalid',
    )
    expect(reasonOf(await refuse(issuer.accessToken()))).toBe('token_algorithm_refused')
    expect(issuer.requests).toEqual([])
  })
})

describe('BR13: an encrypted token', () => {
  test('BR13: is refused like any invalid token', async () => {
    const { issuer, refuse } = testApi()
    const part = Buffer.from('{"alg":"dir","enc":"A256GCM"}').toString('base64url')
    expect(reasonOf(await refuse(`${part}..AAAA.AAAA.AAAA`))).toBe('token_malformed')
    expect(issuer.requests).toEqual([])
  })
})

describe('BR15: a pattern in the options', () => {
  test('BR15: is refused, with whichever flags, since values are compared for equality', () => {
    for (const audience of [/x/, /x/g, /x/y, [/(a+)+$/]]) {
      expect(() => bearer({ issuer: 'https://issuer.example.com', audience: audience as never })).toThrow(
        ConfigurationError,
      )
    }
    expect(() => bearer({ issuer: /x/ as never, audience })).toThrow(ConfigurationError)
  })
})

describe('BR16: the cache of verified tokens', () => {
  const warm = async (api: ReturnType<typeof testApi>, token: string) => {
    for (let i = 0; i < 3; i++) await api.accept(token)
  }

  test('BR16: refuses a hit when exp has passed or the clock was set back before nbf', async () => {
    const api = testApi()
    const { clock } = api.issuer
    const token = api.issuer.accessToken({ exp: clock.seconds + 40, nbf: clock.seconds })
    await warm(api, token)
    clock.seconds += 50
    await api.accept(token)
    clock.seconds += 20
    expect(reasonOf(await api.refuse(token))).toBe('token_expired')
    clock.seconds -= 200
    expect((await api.refuse(token)).status).toBe(401)
  })

  test('BR16: misses on a token that differs in any one character', async () => {
    const api = testApi()
    const token = api.issuer.accessToken()
    await warm(api, token)
    for (let i = 0; i < token.length; i += 7) {
      const other = token[i] === 'A' ? 'B' : 'A'
      const error = await api.refuse(token.slice(0, i) + other + token.slice(i + 1))
      expect(error.status).toBe(401)
    }
    for (const twin of [`${token}=`, `${token}==`, token.replace('.', '..'), `${token}.`, `.${token}`]) {
      expect((await api.refuse(twin)).status).toBe(401)
    }
  })

  test('BR16: forgets what the old keys verified when the keys change', async () => {
    const api = testApi()
    const token = api.issuer.accessToken()
    await warm(api, token)
    api.issuer.keys = [signingKey()]
    await api.accept(api.issuer.accessToken())
    expect(reasonOf(await api.refuse(token))).toBe('token_key_not_found')
  })

  test('BR16: accepts no token of a withdrawn key within 60 seconds of a refresh of the keys', async () => {
    const api = testApi()
    const { clock } = api.issuer
    const token = api.issuer.accessToken({ exp: clock.seconds + 7200 })
    await warm(api, token)
    api.issuer.keys = [signingKey()]
    clock.seconds += 660
    await api.accept(token) // starts the refresh behind this caller's back
    await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setImmediate(resolve))
    expect((await api.refuse(token)).status).toBe(401)
  })

  test('BR16: is not shared between two validators', async () => {
    const issuer = apiProvider()
    const first = testApi({}, issuer)
    const second = testApi({ audience: 'https://other.example.com' }, issuer)
    const token = issuer.accessToken()
    await warm(first, token)
    expect(reasonOf(await second.refuse(token))).toBe('token_audience_mismatch')
  })

  test('BR16: can be switched off', async () => {
    const api = testApi({ cache: false })
    const token = api.issuer.accessToken()
    await warm(api, token)
    const [a, b] = [await api.accept(token), await api.accept(token)]
    expect(a.claims).not.toBe(b.claims)
    expect(a.claims).toEqual(b.claims)
  })

  test('BR16: does not keep guards from being asked on every request', async () => {
    let isAllowed = true
    const { issuer, present } = await start({ requirements: [() => isAllowed] })
    const token = issuer.accessToken()
    for (let i = 0; i < 3; i++) expect((await present(token)).status).toBe(200)
    isAllowed = false
    expect((await present(token)).status).toBe(403)
  })
})

describe('BR17: the principal of a token', () => {
  test.each([
    ['sub is the client', {}, { sub: 'web' }],
    ["Auth0's gty", {}, { sub: 'web@clients', gty: 'client-credentials' }],
    ["Entra's idtyp", {}, { sub: 'oid', idtyp: 'app' }],
  ])('BR17: is a machine where a client acts for itself: %s', async (_what, options, claims) => {
    const { issuer, accept } = testApi(options)
    await expect(accept(issuer.accessToken(claims))).resolves.toMatchObject({ isMachine: true, clientId: 'web' })
  })

  test('BR17: is not a machine where a person acts', async () => {
    const { issuer, accept } = testApi()
    await expect(accept(issuer.accessToken({ acr: '1' }))).resolves.toMatchObject({ isMachine: false, clientId: 'web' })
  })
})

describe('BR18: a request without a token', () => {
  test.each([
    ['a health check', { headers: { 'user-agent': 'kube-probe/1.30' } }],
    ['a monitor', { headers: { 'user-agent': 'ELB-HealthChecker/2.0' } }],
    ['OPTIONS', { method: 'OPTIONS' }],
    ['HEAD', { method: 'HEAD' }],
    ['an encoded slash', { path: '/api%2forders' }],
    ['a public path in the query', { path: '/api/orders?next=/health' }],
    ['a fragment', { path: '/api/orders#/health' }],
    ['an original URL header', { headers: { 'x-original-url': '/health', 'x-rewrite-url': '/health' } }],
    ['a method override', { headers: { 'x-http-method-override': 'OPTIONS' } }],
    ['a local address', { headers: { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1' } }],
  ])('BR18: is refused even as %s', async (_what, options) => {
    for (const host of hosts) {
      const { send } = await start({ host })
      expect([401, 404]).toContain((await send(options)).status)
    }
  })
})

describe('BR19: a header that claims an identity', () => {
  test('BR19: is neither read nor set', async () => {
    const spoofed = {
      'x-forwarded-user': 'admin',
      'x-forwarded-email': 'admin@example.com',
      'x-auth-request-user': 'admin',
      'x-userinfo': 'e30=',
      'remote-user': 'admin',
    }
    const { issuer, send, present } = await start()
    expect((await send({ headers: spoofed })).status).toBe(401)
    const answer = await present(issuer.accessToken(), { headers: spoofed })
    expect(answer.json?.['auth']).toMatchObject({ subject: 'alice' })
    expect(answer.text).not.toContain('admin')
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('x-forwarded'))).toEqual([])
  })
})

describe('one bearer() behind another', () => {
  test('validates the token as well, so that what the outer one accepts passes only if the inner one accepts it too', async () => {
    const [other, issuer] = [apiProvider({ issuer: 'https://other.example.com' }), apiProvider()]
    const fetchFrom: typeof fetch = (input, init) =>
      (String(input).startsWith(other.issuer) ? other : issuer).fetch(input, init)
    const both = { issuer: [other.issuer, issuer.issuer], audience, fetch: fetchFrom }
    const before = [createBearer(parseBearerOptions(both), issuer.clock)]
    const { present } = await start({ issuer, before, options: { audience: 'admin' } })
    expect((await present(issuer.accessToken({ aud: [audience, 'admin'] }))).status).toBe(200)
    expect((await present(issuer.accessToken({ aud: audience }))).status).toBe(401)
    expect((await present(other.accessToken({ aud: [audience, 'admin'] }))).status).toBe(401)
  })
})
