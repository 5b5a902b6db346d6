import { describe, expect, test } from '@jest/globals'
import { createClient } from 'redis'
import {
  bearer,
  claim,
  clientCredentials,
  createBearerValidator,
  csrf,
  oidc,
  optionsFromEnv,
  requireAuth,
  role,
  scope,
  signInAgain,
} from '../lib/index.js'
import { failureOf } from './kit/failure.js'
import { apiProvider, audience } from './kit/provider/provider.js'

const secret = 'Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4'
const issuer = 'https://id.example.com'
const good = { issuer, clientId: 'app', clientSecret: 'a client secret', baseUrl: 'https://app.example.com', secret }
const api = { issuer, audience: 'https://api.example.com' }
const request = { method: 'GET', url: '/', headers: {} }

type Call = (...args: readonly unknown[]) => unknown
const call =
  (make: unknown, ...args: readonly unknown[]) =>
  () =>
    (make as Call)(...args)
const app = (options: object) => call(oidc, { ...good, ...options })
const env = (changes: object) =>
  call((given: NodeJS.ProcessEnv) => oidc(optionsFromEnv(given)), {
    ...{ ISSUER: issuer, CLIENT_ID: 'app', BASE_URL: good.baseUrl, SESSION_SECRET: secret },
    ...changes,
  })

/** A mistake, and what its message says: what was given, what was expected, and how to mend it. */
type Row = readonly [mistake: string, make: () => unknown, given: string, expected: string, fix: string]

const rows: readonly Row[] = [
  ['no options', call(oidc), '(given: nothing)', 'must be an object', 'options'],
  ['options that are empty', call(oidc, {}), '"issuer" is missing', "the provider's issuer URL", '"baseUrl", this'],
  ['no variables', call(optionsFromEnv, {}), '4 of 4', 'ISSUER, CLIENT_ID, BASE_URL, SESSION_SECRET', 'set '],
  ['a variable that is empty', env({ SESSION_SECRET: ' ' }), '1 of 4', 'SESSION_SECRET', 'set SESSION_SECRET'],
  ['no base URL', app({ baseUrl: undefined }), 'are missing', "this application's own URL", '"baseUrls"'],
  ['an undefined secret', app({ secret: undefined }), '"secret" is missing', '32 characters', 'environment variable'],
  ['a short secret', app({ secret: 'keyboard cat' }), '(given: 12 characters)', 'at least 32', 'openssl rand'],
  ['a secret of one letter', app({ secret: 'a'.repeat(40) }), 'only 1 different', 'must be random', 'openssl rand'],
  [
    'a secret that was to be replaced',
    app({ secret: 'change-me-change-me-change-me-change-me' }),
    '(given: a placeholder, such as "change-me")',
    'must be random',
    'openssl rand',
  ],
  [
    'a passphrase with spaces',
    env({ SESSION_SECRET: 'correct horse battery staple and more words here' }),
    '7 characters in secret 1 of 8',
    'at least 32 characters',
    'a passphrase must have none',
  ],
  [
    'a client ID that is missing',
    app({ clientId: undefined }),
    '"clientId"',
    'is missing: expected',
    'environment variable',
  ],
  ['an undefined issuer', app({ issuer: undefined }), '"issuer"', "expected the provider's issuer URL", 'environment'],
  [
    'a parameter that this package sets',
    app({ authorizationParams: { display: 'page', state: 'x' } }),
    'cannot set state:',
    'this package does',
    'leave it out',
  ],
  [
    'a short secret of tokens',
    call(bearer, { issuer, audience: 'orders', algorithms: ['HS256'], secret: 'abc' }),
    '(given: 3 bytes)',
    'at least 32 bytes',
    '"secret"',
  ],
  ['no audience', call(bearer, { issuer }), 'options must have', 'an "audience": ', 'options'],
  ['an empty client secret', app({ clientSecret: '' }), '"clientSecret" is empty', 'the client secret', 'expected'],
  [
    'a base URL over http',
    app({ baseUrl: 'http://app.example.com' }),
    '(given: "http://app.example.com")',
    'must use https in "baseUrl":',
    'dangerouslyAllowHttp',
  ],
  [
    'an issuer over http',
    app({ issuer: 'http://id.example.com' }),
    '(given: "http://id.example.com")',
    'must use https in "issuer":',
    'dangerouslyAllowHttp',
  ],
  ['a base URL without scheme', app({ baseUrl: 'localhost:3000' }), '14 characters', 'own URL', 'it has no https://'],
  [
    'an issuer without scheme',
    app({ issuer: 'id.example.com/realms/a' }),
    'no https://',
    'issuer URL',
    '"https://id.example.com/realms/a"',
  ],
  [
    'an issuer without slashes',
    app({ issuer: 'https:id.example.com' }),
    '20 characters',
    'issuer URL',
    'it has no https://',
  ],
  [
    'an issuer after a space',
    app({ issuer: ' https://id.example.com' }),
    '23',
    'issuer URL',
    'begins or ends with a space',
  ],
  [
    'an issuer of a machine without scheme',
    call(clientCredentials, { issuer: 'id.example.com', clientId: 'a', clientSecret: 'b' }),
    'no https://',
    'issuer URL',
    '"https://id.example.com"',
  ],
  [
    'tenants by a word for several',
    app({ issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0', tenants: ['Common'] }),
    '"tenants.0"',
    'the ID of one tenant',
    'which no token names',
  ],
  [
    'the URL of metadata as issuer',
    app({ issuer: `${issuer}/.well-known/openid-configuration` }),
    '(given: "https://id.example.com/.well-known/openid-configuration")',
    'without "/.well-known/',
    'probably "https://id.example.com"',
  ],
  ['a misspelt clientID', app({ clientID: 'x' }), '"clientID"', 'is not an option', '"clientId"?'],
  ['a misspelt scope', app({ scop: 'x' }), '"scop"', 'is not an option', '"scope"?'],
  ['a second misspelt option', app({ scop: 'x', sekret: 'y' }), '"sekret"', 'is not an option', '"secret"?'],
  ['names in snake case', app({ client_secret: 'x' }), '"client_secret"', 'is not an option', '"clientSecret"?'],
  ['an option of nobody', app({ foo: 1, bar: 2 }), '"bar"', 'is not an option', 'docs/options lists'],
  ['issuer_url', app({ issuer_url: issuer }), '"issuer_url"', 'is not an option', '"issuer"?'],
  ...(
    [
      ['issuerBaseURL', '"issuer"?'],
      ['baseURL', '"baseUrl"?'],
      ['authRequired', 'requireAuth()'],
      ['auth0Logout', 'leave it out'],
      ['idpLogout', '"logout.atProvider"?'],
      ['appSession', '"session"?'],
      ['afterCallback', '"onLogin"?'],
      ['clientAuthMethod', '"clientAuthentication"?'],
      ['httpTimeout', '"httpTimeoutSeconds"?'],
      ['callbackURL', '"routes.callback"'],
      ['redirectUri', '"routes.callback"'],
      ['authorizationURL', '"issuer"?'],
      ['userInfoURL', '"metadata"?'],
      ['passReqToCallback', 'leave it out'],
      ['skipUserProfile', '"userinfo"?'],
      ['wellKnown', '"discoveryUrl"?'],
      ['trustHost', '"baseUrl"?'],
      ['callbacks', '"onLogin"?'],
      ['adapter', '"session.store"?'],
      ['debug', 'NODE_DEBUG=express-oidc'],
    ] as const
  ).map(([name, fix]): Row => [
    `${name} of another package`,
    app({ [name]: 'x' }),
    `"${name}"`,
    'is not an option',
    fix,
  ]),
  ['a scope without openid', app({ scope: 'profile' }), '(given: ', 'must contain', '"openid"'],
  ['session.maxAge', app({ session: { maxAge: 1 } }), '"session.maxAge"', 'is not an option', '"absoluteSeconds"?'],
  ['rollingDuration', app({ session: { rollingDuration: 1 } }), '"session.rollingDuration"', 'not', '"idleSeconds"?'],
  ['seconds as text', app({ session: { idleSeconds: '3600' } }), 'a text of 4', 'a number of seconds', 'from 60 to'],
  [
    'an idle end after the last one',
    app({ session: { idleSeconds: 999, absoluteSeconds: 100 } }),
    '(given: 999 and 100)',
    'must not have "session.idleSeconds" over',
    '"session.absoluteSeconds"',
  ],
  ['cookie.secure', app({ session: { cookie: { secure: true } } }), 'cookie.secure"', 'not an option', 'leave it out'],
  ['sameSite "None"', app({ session: { cookie: { sameSite: 'None' } } }), '(given: "None")', '"Strict"', 'pages of'],
  ['sameSite "lax"', app({ session: { cookie: { sameSite: 'lax' } } }), '(given: "lax")', '"Lax"', 'capital letter'],
  ['a route without slash', app({ routes: { login: 'login' } }), '5 characters', 'must be a path', 'starts with one'],
  [
    'a route that is a URL',
    app({ routes: { callback: 'http://localhost:3000/cb' } }),
    '(given: "http://localhost:3000/cb")',
    'must be a path',
    'starts with one "/"',
  ],
  ['text for an object', app({ logout: '/bye' }), '(given: a text of 4 characters)', 'must be an object', '"logout"'],
  [
    'an origin with a path',
    app({ allowedOrigins: ['https://api.example.com/v1'] }),
    '(given: "https://api.example.com/v1")',
    'must be an origin',
    'without a path',
  ],
  ['a client of Redis', app({ session: { store: createClient() } }), 'the client of Redis', 'must not', 'redisStore('],
  [
    'a store without its methods',
    app({ session: { store: { get() {} } } }),
    '(given: an object)',
    'a session store',
    'get, set',
  ],
  ['onLogin that is not a function', app({ onLogin: true }), '(given: true)', 'must be a function', '"onLogin"'],
  ['an API without audience', call(bearer, { issuer }), '"audience"', "this API's identifier", 'or null'],
  ['an empty audience', call(bearer, { issuer, audience: '' }), 'is empty', 'identifier', '"audience"'],
  ['aud', call(bearer, { ...api, aud: 'x' }), '"aud"', 'is not an option', '"audience"?'],
  ['issuerBaseURL of an API', call(bearer, { ...api, issuerBaseURL: 'x' }), '"issuerBaseURL"', 'not', '"issuer"?'],
  ['tokenSigningAlg', call(bearer, { ...api, tokenSigningAlg: 'x' }), '"tokenSigningAlg"', 'not', '"algorithms"?'],
  ['opaque tokens alone', call(bearer, { ...api, tokenFormat: 'opaque' }), '"tokenFormat"', 'must', '"introspection"'],
  ['DPoP without base URL', call(bearer, { ...api, dpop: 'required' }), 'is missing', 'the URL', '"baseUrl"'],
  ['requireAuth not called', call(requireAuth, request, {}, () => undefined), 'a request', 'must not', 'call it'],
  ['oidc not called', call(oidc, request, {}, () => undefined), 'a request', 'must not', 'app.use(oidc('],
  [
    'signInAgain not called',
    call(signInAgain, request, {}, () => undefined),
    'a request',
    'must not',
    'app.use(signInAgain(',
  ],
  ['csrf not called', call(csrf, request, {}, () => undefined), 'a request', 'must not', 'app.use(csrf('],
  ['a scope as text', call(requireAuth, 'orders:read'), 'got string', 'pass scope()', 'scope("orders:read")'],
  ['a scope as option', call(requireAuth, { scope: 'x' }), '(given: "scope"', '{ challenge', 'such as scope('],
  ['an undefined requirement', call(requireAuth, undefined), 'got undefined', 'as argument 1', 'pass scope()'],
  ['claim() without value', call(claim, 'dept'), 'claim("dept")', 'one or more', 'each as a separate argument'],
  ['role() without role', call(role), 'role()', 'one or more strings', 'each as a separate argument'],
  ['an empty scope', call(scope, ''), 'scope()', 'one or more strings', 'none of them empty'],
  ['an unknown option of csrf()', call(csrf, { foo: 1 }), '"foo"', 'is not an option', 'known are'],
  ['a machine without secret', call(clientCredentials, { issuer, clientId: 'x' }), 'options', 'must give', '"tls"'],
]

describe('a mistake of set-up', () => {
  test.each(rows)('tells what was given, what was expected, and the fix: %s', async (_mistake, make, ...parts) => {
    const { name, message } = await failureOf(make)
    expect(name).toBe('ConfigurationError')
    for (const part of parts) expect(message).toContain(part)
  })

  test('names every unknown option at once, also below', async () => {
    const { message } = await failureOf(app({ foo: 1, bar: 2, session: { baz: 3, qux: 4 }, scop: 5 }))
    for (const name of ['foo', 'bar', 'session.baz', 'session.qux', 'scop']) {
      expect(message).toContain(`"${name}" is not an option`)
    }
  })

  test('repeats no text that may be a secret', async () => {
    for (const option of ['clientSecret', 'secret', 'issuer', 'baseUrl', 'scope', 'onLogin', 'sekret']) {
      const { message } = await failureOf(app({ [option]: 'planted', foo: 1 }))
      expect(message).not.toContain('planted')
      const { message: ofToken } = await failureOf(app({ [option]: 'SG.planted.Planted', foo: 1 }))
      expect(ofToken).not.toContain('lanted')
    }
  })
})

describe('a mistake that shows at the provider', () => {
  const ready = (options: object, provider = apiProvider()): Promise<{ message: string }> => {
    const { issuer: name, fetch } = provider
    return failureOf(createBearerValidator({ issuer: name, audience, fetch, ...options }).ready())
  }

  test('names both spellings of an issuer with a slash too many', async () => {
    const provider = apiProvider()
    const { message } = await ready({ issuer: `${provider.issuer}/` }, provider)
    for (const part of [`"${provider.issuer}/"`, `calls itself "${provider.issuer}"`, 'spell it exactly']) {
      expect(message).toContain(part)
    }
  })

  test('names the URLs at which there is no metadata', async () => {
    const fetch = async () => new Response('', { status: 404 })
    const { message } = await ready({ fetch })
    for (const part of ['/.well-known/openid-configuration', 'status 404', 'check the issuer', '"discoveryUrl"']) {
      expect(message).toContain(part)
    }
  })

  test('names the host that could not be reached', async () => {
    const error = await ready({ issuer: 'http://127.0.0.1:1', fetch: undefined })
    expect(error).toMatchObject({ message: 'the provider could not be reached at http://127.0.0.1:1' })
    expect(String((error as Error).cause)).toContain('ECONNREFUSED: connect 127.0.0.1:1')
  })
})
