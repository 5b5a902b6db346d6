import * as v from 'valibot'
import { httpUrl, isAllowedUrl, routePath, seconds, secrets, text } from './fields.js'
import { parseOptions, section } from './parse.js'

/** Parameters that only this package may set: an application that could would switch a protection off. */
export const protocolParameters: ReadonlySet<string> = new Set([
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
])

const signingAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
  'HS256',
] as const

const callback = v.pipe(v.function('must be a function'), v.description('a function'))
const flag = v.pipe(v.boolean('must be true or false'), v.description('true or false'))
// Every member of such a section has a default, so that an empty object is a whole one.
const byDefault = <Entries extends v.ObjectEntries>(entries: Entries) =>
  // eslint-disable-next-line @typescript-eslint/consistent-type-assertions -- true of its callers, which the type cannot tell
  v.optional(section(entries), {} as never)

const cookie = byDefault({
  name: v.optional(
    v.pipe(
      text('a cookie name'),
      v.regex(
        /^(?!__)[A-Za-z0-9._-]{1,40}$/,
        'must be 1 to 40 letters, digits, ".", "_" or "-"; the prefix is put before it by itself',
      ),
    ),
    'oidc',
  ),
  domain: v.optional(text('a domain')),
  sameSite: v.optional(v.picklist(['Lax', 'Strict'], 'must be "Lax" or "Strict"'), 'Lax'),
  transient: v.optional(flag, false),
})

const session = v.pipe(
  byDefault({
    idleSeconds: v.optional(seconds(60, 31_536_000), 86_400),
    absoluteSeconds: v.optional(seconds(60, 31_536_000), 604_800),
    rollingStepSeconds: v.optional(seconds(0, 86_400)),
    maxCookieBytes: v.optional(
      v.pipe(
        v.number(),
        v.check(
          (n) => Number.isInteger(n) && n >= 1024 && n <= 12_288,
          'must be a whole number of bytes from 1024 to 12288: Node refuses request heads over 16 KiB',
        ),
      ),
      7168,
    ),
    cookie,
  }),
  v.transform((value) => ({ ...value, rollingStepSeconds: value.rollingStepSeconds ?? value.idleSeconds / 10 })),
)

const authorizationParams = v.pipe(
  v.optional(v.record(v.string(), v.string('must be a string')), {}),
  v.check(
    (value) => Object.keys(value).every((name) => !protocolParameters.has(name)),
    `must not set ${[...protocolParameters].join(', ')}: those are this package's own`,
  ),
  v.check(
    (value) => [undefined, 'query', 'form_post'].includes(value['response_mode']),
    'response_mode must be "query" or "form_post"',
  ),
)

const scope = v.pipe(
  text('scopes separated by spaces'),
  v.check((value) => value.split(' ').includes('openid'), 'must contain "openid"'),
)

/** The members of `oidc()`'s options. */
export const oidcEntries = {
  issuer: httpUrl("the provider's issuer URL"),
  clientId: text("this application's client ID"),
  clientSecret: v.optional(text('the client secret')),
  clientAuthentication: v.optional(
    v.picklist(
      ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
      'must be client_secret_basic, client_secret_post, private_key_jwt or none',
    ),
  ),
  clientAssertionKey: v.optional(
    v.union([v.string(), v.record(v.string(), v.any())], 'must be a PKCS#8 PEM or a private JWK'),
  ),
  clientAssertionAlg: v.optional(text('a JWS algorithm')),
  baseUrl: v.optional(httpUrl("this application's own URL, such as https://app.example.com")),
  baseUrls: v.optional(
    v.pipe(v.array(httpUrl('one of the URLs of this application')), v.minLength(1, 'must name at least one URL')),
  ),
  secret: secrets,
  scope: v.optional(scope, 'openid profile email'),
  routes: byDefault({
    login: v.optional(routePath, '/login'),
    callback: v.optional(routePath, '/callback'),
    logout: v.optional(routePath, '/logout'),
  }),
  session,
  authorizationParams,
  pushedAuthorizationRequests: v.optional(flag),
  idTokenSigningAlg: v.optional(
    v.picklist(signingAlgorithms, `must be one of ${signingAlgorithms.join(', ')}`),
    'RS256',
  ),
  clockToleranceSeconds: v.optional(seconds(0, 60), 30),
  httpTimeoutSeconds: v.optional(seconds(0.1, 60), 5),
  returnTo: byDefault({
    default: v.optional(routePath),
    origins: v.optional(
      v.array(
        v.pipe(
          httpUrl('an origin'),
          v.check(
            (value) => new URL(value).origin === value,
            'must be an origin such as "https://www.example.com", without a path',
          ),
        ),
      ),
      [],
    ),
  }),
  logout: byDefault({ atProvider: v.optional(flag, true), returnTo: v.optional(routePath, '/') }),
  onLogin: v.optional(callback),
  onError: v.optional(callback),
  fetch: v.optional(callback),
  dangerouslyAllowHttp: v.optional(flag, false),
}

const schema = v.pipe(
  section(oidcEntries),
  v.check(
    (o) => (o.baseUrl === undefined) !== (o.baseUrls === undefined),
    'must have exactly one of "baseUrl" and "baseUrls"',
  ),
  v.check(
    (o) =>
      [o.issuer, o.baseUrl, ...(o.baseUrls ?? [])].every(
        (url) => url === undefined || isAllowedUrl(new URL(url), o.dangerouslyAllowHttp),
      ),
    'must use https in "issuer" and "baseUrl": plain http is for loopback hosts only (or dangerouslyAllowHttp)',
  ),
  v.check(
    (o) => new Set((o.baseUrls ?? []).map((url) => new URL(url).protocol)).size <= 1,
    'must not mix http and https in "baseUrls": cookies could not be the same',
  ),
  v.check((o) => new Set(Object.values(o.routes)).size === 3, 'must give "routes" three different paths'),
  v.check(
    (o) => o.session.idleSeconds <= o.session.absoluteSeconds,
    'must not have "session.idleSeconds" over "session.absoluteSeconds"',
  ),
  v.check(
    (o) => o.clientAuthentication !== 'private_key_jwt' || o.clientAssertionKey !== undefined,
    'must give "clientAssertionKey" for private_key_jwt',
  ),
  v.check(
    (o) => !(o.clientAuthentication ?? '').startsWith('client_secret') || o.clientSecret !== undefined,
    'must give "clientSecret" for this "clientAuthentication"',
  ),
  v.check(
    (o) => o.idTokenSigningAlg !== 'HS256' || (o.clientSecret ?? '').length >= 32,
    'must give a "clientSecret" of at least 32 characters for HS256',
  ),
)

/** The checked and frozen options of `oidc()`, every default in place. */
export type OidcConfiguration = v.InferOutput<typeof schema>

/**
 * Checks the options of `oidc()`.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function parseOidcOptions(options: unknown): OidcConfiguration {
  return parseOptions('oidc()', schema, options)
}
