import { describe, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { ConfigurationError } from '../../../lib/errors.js'
import { type OidcConfiguration, parseOidcOptions } from '../../../lib/options/oidc/schema.js'
import { keyPair } from '../../kit/key-pair.js'

const minimal = {
  issuer: 'https://op.example.com',
  clientId: 'web',
  baseUrl: 'https://app.example.com',
  secret: 'a secret for tests only, 32 characters at least',
}

function parse(changes: object = {}): OidcConfiguration {
  return parseOidcOptions({ ...minimal, ...changes })
}

/** The same, with what the pages say in place of the function that tells it by request. */
function plain(changes: object = {}): object {
  const { pages, ...others } = parse(changes)
  return { ...others, pages: { showErrors: pages.showErrors, ...pages.for(undefined) } }
}

/** The message of the error that options make, without its first line. */
function complaint(options: unknown): string {
  try {
    parseOidcOptions(options)
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError)
    expect(error).toMatchObject({ code: 'invalid_options', status: 500, expose: false })
    const [first, ...rest] = (error as Error).message.split('\n')
    expect(first).toBe('oidc(): invalid options')
    return rest.join('\n')
  }
  return 'accepted'
}

const wrong = (changes: object): string => complaint({ ...minimal, ...changes })

describe('the options of oidc()', () => {
  test('have a default wherever they may be left out', () => {
    expect(plain()).toEqual({
      issuer: 'https://op.example.com',
      clientId: 'web',
      baseUrl: 'https://app.example.com',
      secret: [minimal.secret],
      scope: 'openid profile email',
      resource: [],
      routes: {
        login: '/login',
        callback: '/callback',
        logout: '/logout',
        backchannelLogout: '/backchannel-logout',
        frontchannelLogout: '/frontchannel-logout',
        session: false,
        jwks: false,
        deviceRegistration: false,
        deviceRefresh: false,
      },
      session: {
        idleSeconds: 86_400,
        absoluteSeconds: 604_800,
        rollingStepSeconds: 8_640,
        maxCookieBytes: 7168,
        storeTimeoutSeconds: 2,
        cookie: { sameSite: 'Lax', transient: false },
      },
      authorizationParams: {},
      loginParams: [],
      idTokenSigningAlg: 'RS256',
      idTokenAudiences: [],
      clockToleranceSeconds: 30,
      httpTimeoutSeconds: 5,
      returnTo: { origins: [] },
      allowedOrigins: [],
      logout: {
        atProvider: true,
        returnTo: '/',
        revoke: true,
        params: {},
        redirectParameter: 'post_logout_redirect_uri',
      },
      userinfo: false,
      silentLogin: false,
      pages: { showErrors: true, language: 'en', texts: {} },
      dangerouslyAllowHttp: false,
    })
  })

  test('may be undefined wherever they may be left out', () => {
    const optional = ['clientSecret', 'clientAuthentication', 'clientAssertionKey', 'clientAssertionAlg', 'baseUrls']
    const further = [
      'scope',
      'resource',
      'routes',
      'session',
      'authorizationParams',
      'pushedAuthorizationRequests',
      'returnTo',
    ]
    const rest = [
      'idTokenSigningAlg',
      'idTokenAudiences',
      'clockToleranceSeconds',
      'httpTimeoutSeconds',
      'logout',
      'onLogin',
      'onError',
      'pages',
    ]
    const names = [...optional, ...further, ...rest, 'allowedOrigins', 'fetch', 'dangerouslyAllowHttp']
    expect(plain(Object.fromEntries(names.map((name) => [name, undefined])))).toEqual(plain())
    const nested = {
      routes: {
        login: undefined,
        callback: undefined,
        logout: undefined,
        backchannelLogout: undefined,
        frontchannelLogout: undefined,
        session: undefined,
      },
      session: {
        idleSeconds: undefined,
        absoluteSeconds: undefined,
        rollingStepSeconds: undefined,
        maxCookieBytes: undefined,
        cookie: { name: undefined, domain: undefined, sameSite: undefined, transient: undefined },
      },
      returnTo: { default: undefined, origins: undefined },
      logout: { atProvider: undefined, returnTo: undefined, revoke: undefined },
    }
    expect(plain(nested)).toEqual(plain())
  })

  test('keep what was given', () => {
    const onLogin = (): undefined => undefined
    const given = {
      clientSecret: 'a client secret of at least 32 characters',
      clientAuthentication: 'client_secret_post',
      clientAssertionKey: 'a key',
      clientAssertionAlg: 'ES256',
      secret: ['the new secret is this, long and random', 'the old secret is this, long and random'],
      scope: 'openid offline_access',
      resource: ['https://orders.example.com', 'urn:example:billing'],
      routes: {
        login: '/auth/in',
        callback: '/auth/cb',
        logout: '/auth/out',
        backchannelLogout: '/auth/back',
        frontchannelLogout: '/auth/front',
        session: '/auth/me',
        jwks: '/auth/keys',
      },
      sessionRoute: { claims: ['email'] },
      session: {
        idleSeconds: 600,
        absoluteSeconds: 3600,
        rollingStepSeconds: 30,
        maxCookieBytes: 12_288,
        storeTimeoutSeconds: 5,
        cookie: { name: 'sid', domain: 'example.com', sameSite: 'Strict', transient: true },
      },
      authorizationParams: { response_mode: 'form_post', max_age: '600', audience: 'https://api.example.com' },
      loginParams: ['ui_locales', 'organization'],
      pushedAuthorizationRequests: true,
      idTokenSigningAlg: 'ES256',
      idTokenAudiences: ['api'],
      clockToleranceSeconds: 0,
      httpTimeoutSeconds: 60,
      returnTo: { default: '/home', origins: ['https://www.example.com'] },
      logout: {
        atProvider: false,
        returnTo: '/bye',
        revoke: false,
        params: { federated: '' },
        redirectParameter: 'logout_uri',
      },
      userinfo: true,
      silentLogin: true,
      allowedOrigins: ['https://api.example.com', 'http://127.0.0.1:8080'],
      onLogin,
      onError: onLogin,
      fetch,
      pages: { language: 'de', texts: { home: 'Start' } },
      dangerouslyAllowHttp: true,
    }
    expect(plain(given)).toEqual({
      ...minimal,
      ...given,
      routes: { ...given.routes, deviceRegistration: false, deviceRefresh: false },
      pages: { showErrors: true, ...given.pages },
    })
  })

  test.each([
    [{ absoluteSeconds: 3600 }, { idleSeconds: 3600, rollingStepSeconds: 360 }],
    [{ absoluteSeconds: 172_800 }, { idleSeconds: 86_400, rollingStepSeconds: 8_640 }],
  ])('session: %j needs no idle limit of its own', (session, expected) => {
    expect(parse({ session }).session).toMatchObject(expected)
  })

  test('accept several base URLs instead of one', () => {
    const baseUrls = ['https://a.example.com', 'https://b.example.com/app']
    expect(parse({ baseUrl: undefined, baseUrls })).toMatchObject({ baseUrls })
  })

  test('accept a private key as PEM or as JWK, and freeze nothing of the caller', () => {
    const { privateKey } = keyPair('ec', { namedCurve: 'P-256' })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
    expect(parse({ clientAssertionKey: pem })).toMatchObject({ clientAssertionKey: pem })
    const jwk = { ...privateKey.export({ format: 'jwk' }), key_ops: ['sign'] }
    const origins = ['https://www.example.com']
    const secrets = [minimal.secret]
    const authorizationParams = { audience: 'x' }
    const given = { clientAssertionKey: jwk, clientAuthentication: 'private_key_jwt', authorizationParams }
    const parsed = parse({ ...given, returnTo: { origins }, secret: secrets })
    expect(parsed.clientAssertionKey).toEqual(jwk)
    for (const value of [jwk, jwk.key_ops, origins, secrets, authorizationParams])
      expect(Object.isFrozen(value)).toBe(false)
  })

  test('become a configuration that is frozen at every depth', () => {
    const parsed = parse({ returnTo: { origins: ['https://www.example.com'] }, authorizationParams: { a: 'b' } })
    const { secret, routes, session, authorizationParams, returnTo, logout } = parsed
    const parts = [parsed, secret, routes, session, session.cookie, authorizationParams, returnTo, returnTo.origins]
    for (const part of [...parts, logout]) expect(Object.isFrozen(part)).toBe(true)
  })

  test('allow http for loopback, and elsewhere only with the dangerous permission', () => {
    for (const url of ['http://localhost:3000', 'http://127.0.0.1:8080', 'http://[::1]:80', 'http://127.1.2.3']) {
      expect(parse({ issuer: url, baseUrl: url })).toMatchObject({ issuer: url, baseUrl: url })
    }
    const http = { issuer: 'http://op.internal', baseUrl: 'http://app.internal' }
    expect(wrong(http)).toContain('must use https in "issuer" and "baseUrl"')
    expect(parse({ ...http, dangerouslyAllowHttp: true })).toMatchObject(http)
    for (const url of ['http://localhost.evil.example', 'http://127.0.0.1.evil.example', 'http://mylocalhost']) {
      expect(wrong({ baseUrl: url })).toContain('must use https')
    }
  })

  test('treat names below localhost as this machine for baseUrl and issuer, but not for tokens that go to APIs', () => {
    for (const url of ['http://tenant.localhost:3000', 'http://a.b.localhost', 'http://TENANT.LOCALHOST']) {
      expect(parseOidcOptions({ ...minimal, baseUrl: url }).baseUrl).toBe(url)
      expect(parseOidcOptions({ ...minimal, issuer: url }).issuer).toBe(url)
    }
    expect(() => parseOidcOptions({ ...minimal, baseUrl: 'http://xlocalhost' })).toThrow('must use https')
    const allowedOrigins = ['http://api.localhost']
    expect(() => parseOidcOptions({ ...minimal, allowedOrigins })).toThrow('must use https in "allowedOrigins"')
  })

  test.each(['https://*.example.com', 'https://*', 'https://a.*.example.com', 'https://%2A.example.com'])(
    'refuse the wildcard %s as a base URL, and the message says why',
    (url) => {
      const why = /must name one host: providers compare redirect URIs exactly.*into "baseUrls"/
      expect(() => parseOidcOptions({ ...minimal, baseUrl: url })).toThrow(why)
    },
  )

  test.each([
    'https://*',
    'https://*.',
    'https://*a.example.com',
    'https://a*.example.com',
    'https://**.example.com',
    'https://*.*.example.com',
    'https://a.*.example.com',
    'https://*.example.*',
  ])('refuse the pattern %s in baseUrls, and the message shows one', (url) => {
    expect(() => parseOidcOptions({ ...minimal, baseUrl: undefined, baseUrls: [url] })).toThrow(
      /"baseUrls.0" must name one host, or have "\*" .* https:\/\/\*\.example\.com/,
    )
  })

  test.each(['https://*.example.com', 'https://*.preview.example.com:8443/app', 'http://*.localhost:3000'])(
    'accept the pattern %s in baseUrls',
    (url) => {
      expect(parseOidcOptions({ ...minimal, baseUrl: undefined, baseUrls: [url] }).baseUrls).toEqual([url])
    },
  )

  test('accept a function as baseUrl, with the baseUrls that it may return', () => {
    const baseUrls = ['https://a.example.com', 'https://*.example.com']
    const baseUrl = () => 'https://a.example.com'
    expect(parseOidcOptions({ ...minimal, baseUrl, baseUrls })).toMatchObject({ baseUrlOf: baseUrl, baseUrls })
    expect(() => parseOidcOptions({ ...minimal, baseUrl })).toThrow(
      'must have "baseUrls" together with a function as "baseUrl": they list what it may return',
    )
  })

  test('refuse a cookie domain that does not contain the hosts of a pattern', () => {
    const session = { cookie: { domain: 'other.example' } }
    const baseUrls = ['https://*.example.com']
    expect(() => parseOidcOptions({ ...minimal, session, baseUrl: undefined, baseUrls })).toThrow(
      'session.cookie.domain',
    )
  })

  test('refuse form_post on plain http, and the message says why', () => {
    const authorizationParams = { response_mode: 'form_post' }
    for (const baseUrl of ['http://localhost:3000', 'http://127.0.0.1', 'http://app.localhost'])
      expect(() => parseOidcOptions({ ...minimal, baseUrl, authorizationParams })).toThrow(
        /must use https in "baseUrl" for "response_mode" form_post: .*SameSite=None/,
      )
    const urls = { baseUrl: undefined, baseUrls: ['http://localhost:3000'] }
    expect(() => parseOidcOptions({ ...minimal, ...urls, authorizationParams })).toThrow('form_post')
    expect(parseOidcOptions({ ...minimal, authorizationParams }).authorizationParams).toEqual(authorizationParams)
  })

  test.each(['/callback', '/app/callback/'])('refuse the redirect URI, %s, as a base URL', (path) => {
    expect(() => parseOidcOptions({ ...minimal, baseUrl: `https://app.example.com${path}` })).toThrow(
      'must have "baseUrl" without "/callback": that path is added to it',
    )
  })

  test.each(['/.well-known/openid-configuration', '/realms/x/.well-known/openid-configuration'])(
    'refuse the URL of metadata, %s, as an issuer',
    (path) => {
      expect(() => parseOidcOptions({ ...minimal, issuer: `https://op.example.com${path}` })).toThrow(
        /"issuer" must be the issuer itself, without/,
      )
    },
  )
})

const path = 'must be a string: a path such as "/login"'

describe('an invalid option', () => {
  test.each(['session.store', 'sharedStore'])('%s: a client of Redis is refused with what to do instead', (option) => {
    const rule = `  - "${option}" must not be the client of Redis itself: give redisStore(client) of express-oidc/redis, with a client of node-redis 5 or later, or of ioredis 5 or later`
    for (const client of [createClient(), new Redis({ lazyConnect: true })]) {
      expect(wrong(nest(option.split('.'), client))).toContain(rule)
    }
  })

  test.each([
    ['issuer', 5, "must be a string: the provider's issuer URL"],
    ['issuer', '', "is empty: expected the provider's issuer URL"],
    ['issuer', 'op.example.com', "must be the provider's issuer URL, without query, fragment or user name"],
    ['issuer', 'ftp://op.example.com', "must be the provider's issuer URL"],
    ['issuer', ' https://op.example.com', "must be the provider's issuer URL"],
    ['issuer', 'https://op.example.com?x=1', "must be the provider's issuer URL, without query"],
    ['issuer', 'https://op.example.com#x', "must be the provider's issuer URL, without query"],
    ['issuer', 'https://me@op.example.com', "must be the provider's issuer URL, without query"],
    ['clientId', null, "must be a string: this application's client ID"],
    ['clientId', '', "is empty: expected this application's client ID"],
    ['clientSecret', 5, 'must be a non-empty string or a function'],
    ['clientSecret', '', 'is empty: expected the client secret'],
    [
      'clientAuthentication',
      'basic',
      'must be client_secret_basic, client_secret_post, client_secret_jwt, private_key_jwt, tls_client_auth, self_signed_tls_client_auth or none',
    ],
    ['clientAssertionKey', 5, 'must be a PKCS#8 PEM or a private JWK'],
    ['clientAssertionKey', { d: 'x' }, 'must be a PKCS#8 PEM or a private JWK'],
    ['clientAssertionAlg', '', 'is empty: expected a JWS algorithm'],
    ['baseUrl', 'app.example.com', "must be this application's own URL, such as https://app.example.com"],
    ['secret', undefined, 'is missing: expected a random string of at least 32 characters, or a list of them'],
    ['secret', 5, 'must be a string, or a list of strings'],
    ['secret', [5], 'must be a string, or a list of strings'],
    ['secret', [], 'must hold at least one secret'],
    ['secret', 'secret', 'must be random and at least 32 characters long: make one with "openssl rand -base64 48"'],
    ['secret', 'x'.repeat(64), 'must be random and at least 32 characters long'],
    ['secret', [minimal.secret, 'short'], 'must be random and at least 32 characters long'],
    ['scope', 5, 'must be scopes separated by spaces, or a list of them'],
    ['scope', '', 'is empty: expected scopes separated by spaces'],
    ['scope', [], 'must contain "openid"'],
    ['scope', 'profile', 'must contain "openid"'],
    ['scope', 'openid,profile', 'must contain "openid", and have spaces between scopes, no commas'],
    ['routes', 'x', 'must be an object'],
    ['routes.login', 5, path],
    ['routes.callback', 'callback', 'must be a path that starts with one "/", without query'],
    ['routes.logout', '//evil.example', 'must be a path that starts with one "/", without query'],
    ['routes.login', '/login?a=b', 'must be a path that starts with one "/", without query'],
    ['routes.session', true, path],
    ['sessionRoute', 'sub', 'must be an object'],
    ['sessionRoute.claims', 'sub', 'must be a list of names of claims, or a function'],
    ['session.countsAsUse', true, 'must be a function'],
    ['session', 5, 'must be an object'],
    ['session.idleSeconds', 59, 'must be a number of seconds from 60 to 31536000'],
    ['session.idleSeconds', NaN, 'must be a number of seconds from 60 to 31536000'],
    ['session.absoluteSeconds', Infinity, 'must be a number of seconds from 60 to 31536000'],
    ['session.rollingStepSeconds', -1, 'must be a number of seconds from 0 to 86400'],
    ['session.storeTimeoutSeconds', 0, 'must be a number of seconds from 0.1 to 60'],
    ['session.store', {}, 'must be a session store'],
    ['session.use', 'app', 'must be "request"'],
    ['sharedStore', { get: 1 }, 'must be a shared store'],
    [
      'sharedStore',
      { get: () => undefined, set: () => undefined, destroy: () => undefined },
      'must be a shared store, such as redisStore(client) of express-oidc/redis; a store of express-session is for "session.store" of oidc()',
    ],
    ['session.revalidateSeconds', 1, 'must be a number of seconds from 10 to 86400'],
    ['session.maxCookieBytes', '7168', 'must be a whole number of bytes'],
    ['session.maxCookieBytes', 2000.5, 'must be a whole number of bytes from 1024 to 12288'],
    ['session.maxCookieBytes', 1023, 'must be a whole number of bytes from 1024 to 12288'],
    ['session.maxCookieBytes', 12_289, 'must be a whole number of bytes from 1024 to 12288'],
    ['session.cookie', 'oidc', 'must be an object'],
    ['session.cookie.name', '__Host-x', 'must be 1 to 40 letters, digits'],
    ['session.cookie.name', 'a b', 'must be 1 to 40 letters, digits'],
    ['session.cookie.domain', '.example.com', 'must be a domain such as "example.com", without a leading dot'],
    ['session.cookie.domain', 'example.com; Path=/x', 'must be a domain such as "example.com"'],
    ['session.cookie.sameSite', 'None', 'must be "Lax" or "Strict"'],
    ['session.cookie.transient', 1, 'must be true or false'],
    ['authorizationParams', 'x', 'must be an object of strings'],
    ['authorizationParams.audience', ['x'], 'must be a string'],
    ['loginParams', 'ui_locales', 'must be a list of names'],
    ['loginParams.0', 'a b', 'must be the name of a parameter'],
    ['pushedAuthorizationRequests', 'yes', 'must be true or false'],
    ['idTokenSigningAlg', 'none', 'must be one of RS256, RS384'],
    ['decryptionKeys', 'x', 'must be a list of private keys'],
    ['decryptionKeys', [], 'must name a key'],
    ['decryptionKeys', Array(9).fill({ kty: 'RSA' }), 'must name eight keys at most'],
    ['encryptedResponses', [], 'must be a list of id_token, userinfo, authorization'],
    ['encryptedResponses', 'userinfo', 'must be a list of id_token, userinfo, authorization'],
    ['idTokenSigningAlg', [], 'must be one of RS256, RS384'],
    ['idTokenSigningAlg', ['RS256', 'none'], 'must be one of RS256, RS384'],
    ['idTokenAudiences', 'api', 'must be a list of audiences, or "any"'],
    ['clockToleranceSeconds', 301, 'must be a number of seconds from 0 to 300'],
    ['httpTimeoutSeconds', 0, 'must be a number of seconds from 0.1 to 60'],
    ['returnTo', '/home', 'must be an object'],
    ['returnTo.default', 'home', 'must be a path that starts with one "/"'],
    ['returnTo.origins', 'https://www.example.com', 'must be a list of origins'],
    ['returnTo.origins.0', 'www.example.com', 'must be an origin'],
    ['returnTo.origins.0', 'https://*.example.com', 'must be an origin'],
    ['returnTo.origins.0', 5, 'must be a string: an origin'],
    ['returnTo.origins.0', 'https://www.example.com/', 'must be an origin such as "https://www.example.com"'],
    ['logout', false, 'must be an object'],
    ['logout.atProvider', 'no', 'must be true or false'],
    ['logout.revoke', 1, 'must be true or false'],
    ['logout.params', { id_token_hint: 'x' }, 'must not set client_id, id_token_hint, state, post_logout_redirect_uri'],
    ['logout.params.federated', 1, 'must be a string'],
    ['logout.redirectParameter', 'state', 'must be the name of the parameter for the page to return to'],
    ['logout.redirectParameter', 'a&b', 'must be the name of a parameter'],
    [
      'logout',
      { redirectParameter: 'returnTo', params: { returnTo: '/' } },
      'must not set "redirectParameter" in "params"',
    ],
    ['userinfo', 'yes', 'must be true or false'],
    ['silentLogin', 'yes', 'must be true or false'],
    ['logout.returnTo', 'https://evil.example', 'must be a path that starts with one "/"'],
    ['onLogin', {}, 'must be a function'],
    ['onError', 'next', 'must be a function'],
    ['fetch', {}, 'must be a function'],
    ['dangerouslyAllowHttp', 'true', 'must be true or false'],
  ])('%s: %p is named with what was expected', (dotPath, value, expected) => {
    expect(wrong(nest(dotPath.split('.'), value))).toContain(`  - "${dotPath}" ${expected}`)
  })

  test.each([
    ['both base URLs', { baseUrls: ['https://a.example.com'] }, 'must have exactly one of "baseUrl" and "baseUrls"'],
    ['no base URL', { baseUrl: undefined }, 'must have "baseUrl", this application\'s own URL'],
    ['no list of base URLs', { baseUrls: 'https://a.example.com' }, '"baseUrls" must be a list of URLs'],
    [
      'one host twice',
      { baseUrl: undefined, baseUrls: ['https://a.example.com', 'https://a.example.com/b'] },
      'must not name one host twice in "baseUrls"',
    ],
    ['an empty list of base URLs', { baseUrls: [] }, '"baseUrls" must name at least one URL'],
    [
      'http and https together',
      { baseUrl: undefined, baseUrls: ['http://localhost', 'https://a.example.com'] },
      'must not mix http and https in "baseUrls"',
    ],
    [
      'parameters of a login route that is off',
      { routes: { login: false }, loginParams: ['ui_locales'] },
      'must not have "loginParams" with "routes.login" false',
    ],
    ['no callback', { routes: { callback: false } }, '"routes.callback"'],
    ['equal paths', { routes: { login: '/callback' } }, 'must give "routes" different paths'],
    [
      'a session route without a login route',
      { routes: { login: false, session: '/session' } },
      'must not have "routes.session" with "routes.login" false',
    ],
    [
      'claims of a session route that is off',
      { sessionRoute: { claims: ['email'] } },
      'must have "routes.session", such as "/session", with "sessionRoute"',
    ],
    ['equal logouts', { routes: { backchannelLogout: '/logout' } }, 'must give "routes" different paths'],
    [
      'an idle limit over the absolute one',
      { session: { idleSeconds: 120, absoluteSeconds: 60 } },
      'must not have "session.idleSeconds" over "session.absoluteSeconds"',
    ],
    [
      'a rolling step that the idle limit is shorter than',
      { session: { idleSeconds: 60, rollingStepSeconds: 60 } },
      'must have "session.rollingStepSeconds" below "session.idleSeconds"',
    ],
    [
      'a cookie domain that the application is outside of',
      { session: { cookie: { domain: 'ample.com' } } },
      'must give a "session.cookie.domain" that contains the host of "baseUrl"',
    ],
    [
      'private_key_jwt without a key',
      { clientAuthentication: 'private_key_jwt' },
      'must give "clientAssertionKey" or "clientAssertion" or "clientKeys" for private_key_jwt',
    ],
    [
      'a secret method without a secret',
      { clientAuthentication: 'client_secret_basic' },
      'must give "clientSecret" for client_secret_basic',
    ],
    [
      'HS256 without a long secret',
      { idTokenSigningAlg: 'HS256', clientSecret: 'short' },
      'must give a "clientSecret" of at least 32 bytes, as text, for HS256 (RFC 7518 section 3.2)',
    ],
    [
      'HS256 with a secret that a function looks up, since the key for ID Tokens must not change meanwhile',
      { idTokenSigningAlg: 'HS256', clientSecret: () => 'x'.repeat(32) },
      'must give a "clientSecret" of at least 32 bytes, as text, for HS256 (RFC 7518 section 3.2)',
    ],
    [
      'HS256 with nothing but an assertion',
      { idTokenSigningAlg: 'HS256', clientSecret: undefined, clientAssertion: { file: '/var/run/token' } },
      'must give a "clientSecret" of at least 32 bytes, as text, for HS256 (RFC 7518 section 3.2)',
    ],
    [
      'HS512 with the secret of HS384',
      { idTokenSigningAlg: 'HS512', clientSecret: 'x'.repeat(63) },
      'must give a "clientSecret" of at least 64 bytes, as text, for HS512',
    ],
    [
      'HS256 without a secret',
      { idTokenSigningAlg: ['HS256'], clientSecret: undefined },
      'must give a "clientSecret" of at least 32 bytes',
    ],
    [
      'HS256 for a public client',
      { idTokenSigningAlg: 'HS256', clientSecret: 'x'.repeat(32), clientAuthentication: 'none' },
      'must give a "clientSecret" of at least 32 bytes',
    ],
    [
      'HS256 beside an algorithm with public keys',
      { idTokenSigningAlg: ['RS256', 'HS256'], clientSecret: 'x'.repeat(32) },
      'must name HS256 alone in "idTokenSigningAlg"',
    ],
    [
      'encryption without keys',
      { encryptedResponses: ['id_token'] },
      'must give "decryptionKeys" for "encryptedResponses"',
    ],
    [
      'two algorithms with a secret',
      { idTokenSigningAlg: ['HS256', 'HS512'], clientSecret: 'x'.repeat(64) },
      'must name HS256 alone in "idTokenSigningAlg"',
    ],
    [
      'HS256 with further audiences',
      { idTokenSigningAlg: 'HS256', clientSecret: 'x'.repeat(32), idTokenAudiences: 'any' },
      'must not give "idTokenAudiences" with HS256',
    ],
    ['another response mode', { authorizationParams: { response_mode: 'fragment' } }, 'must give "response_mode" as'],
    ['a max_age in words', { authorizationParams: { max_age: 'an hour' } }, 'must give "max_age" as a whole number'],
  ])('%s: is explained', (_name, changes, expected) => {
    expect(wrong(changes)).toContain(expected)
  })

  test.each([
    'client_id',
    'client_secret',
    'code_challenge',
    'code_challenge_method',
    'nonce',
    'redirect_uri',
    'request',
    'request_uri',
    'response_type',
    'scope',
    'state',
  ])('authorizationParams.%s: is refused, since it would switch a protection off', (name) => {
    expect(wrong({ authorizationParams: { [name]: 'x' } })).toContain(
      `"authorizationParams" cannot set ${name}: this package does`,
    )
  })

  test.each([
    ...['client_id', 'redirect_uri', 'response_type', 'response_mode', 'scope', 'state', 'nonce', 'code_challenge'],
    ...['code_challenge_method', 'request', 'request_uri', 'resource', 'audience', 'claims', 'prompt', 'max_age'],
    ...['acr_values', 'id_token_hint', 'returnTo', 'iss', 'target_link_uri', 'dpop_jkt', 'client_secret'],
  ])('loginParams may not name %s: links would decide it', (name) => {
    expect(wrong({ loginParams: ['ui_locales', name] })).toContain('"loginParams" must not name client_id')
  })

  test('authorizationParams may be a function', () => {
    const authorizationParams = () => ({ ui_locales: 'de' })
    expect(parse({ authorizationParams })).toMatchObject({
      authorizationParams: {},
      authorizationParamsOf: authorizationParams,
    })
  })

  test.each([undefined, null, 5, 'https://op.example.com'])('%p in place of an object is refused', (options) => {
    expect(complaint(options)).toContain('  - options must be an object (given: ')
  })

  test('is reported as missing where it is', () => {
    expect(complaint({})).toBe(
      [
        `  - "issuer" is missing: expected the provider's issuer URL`,
        `  - "clientId" is missing: expected this application's client ID`,
        '  - "secret" is missing: expected a random string of at least 32 characters, or a list of them',
        `  - options must have "baseUrl", this application's own URL, such as https://app.example.com, or several as "baseUrls": both are missing`,
      ].join('\n'),
    )
  })

  test('is reported together with all other invalid options', () => {
    const lines = complaint({ isuer: 'x', session: { idle: 5 } }).split('\n')
    expect(lines.map((line) => line.split('"')[1])).toEqual([
      'issuer',
      'clientId',
      'secret',
      'session.idle',
      'isuer',
      'baseUrl',
    ])
  })
})

describe('an unknown option', () => {
  test.each([
    ['isuer', '"isuer" is not an option: did you mean "issuer"?'],
    ['clientID', '"clientID" is not an option: did you mean "clientId"?'],
    ['client_secret', '"client_secret" is not an option: did you mean "clientSecret"?'],
    ['session.idleSecond', '"session.idleSecond" is not an option: did you mean "idleSeconds"?'],
    ['session.cookie.samesite', '"session.cookie.samesite" is not an option: did you mean "sameSite"?'],
    [
      'session.cookie.httpOnly',
      '"session.cookie.httpOnly" is not an option: cookies are always HttpOnly here: leave it out',
    ],
    ['session.cookie.partitioned', 'is not an option: known are name, domain, sameSite, transient'],
    ['routes.profile', '"routes.profile" is not an option: did you mean "session"?'],
    ['user', '"user" is not an option: did you mean "routes.session"?'],
    ['sessionRoute.fields', '"sessionRoute.fields" is not an option: did you mean "claims"?'],
    ['routes.signOut', '"routes.signOut" is not an option: known are login, callback, logout'],
  ])('%s: gets a suggestion', (dotPath, expected) => {
    expect(wrong(nest(dotPath.split('.'), true))).toContain(expected)
  })
})

test('no message about options repeats a value that may be secret', () => {
  const canary = 'canary-7f3a'
  const texts = ['clientSecret', 'secret', 'scope', 'clientAuthentication', 'idTokenSigningAlg', 'issuer', 'baseUrl']
  const nested = [
    'session',
    'routes',
    'returnTo',
    'logout',
    'authorizationParams',
    'session.cookie',
    'session.maxCookieBytes',
  ]
  const others = ['baseUrls', 'clientAssertionKey', 'session.cookie.domain', 'authorizationParams.state', 'onLogin']
  for (const dotPath of [...texts, ...nested, ...others, 'unknown', 'session.unknown', 'session.idleSeconds']) {
    for (const value of [canary, [canary], { [`x`]: canary }, { toString: () => canary }]) {
      expect(wrong(nest(dotPath.split('.'), value))).not.toContain(canary)
    }
  }
  expect(complaint(canary)).not.toContain(canary)
})

function nest([first = '', ...rest]: readonly string[], value: unknown): object {
  const inner = rest.length === 0 ? value : nest(rest, value)
  return first === '' ? {} : /^\d+$/.test(first) ? [inner] : { [first]: inner }
}

test('the option for scopes may be a list', () => {
  const { scope } = parseOidcOptions({ ...minimal, scope: ['openid', 'email', 'User.Read'] })
  expect(scope).toBe('openid email User.Read')
  expect(wrong({ scope: ['openid', ''] })).toContain('"scope.1" must be one scope, without spaces')
  expect(wrong({ scope: ['openid email'] })).toContain('"scope.0" must be one scope, without spaces')
})
