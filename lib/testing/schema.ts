import * as v from 'valibot'
import { isJsonObject, type JsonObject } from '../base/json.js'
import { authorizationDetails } from '../options/authorization-details/schema.js'
import { httpUrl, seconds, text } from '../options/common/fields.js'
import { section } from '../options/common/parse.js'

const claims = v.custom<JsonObject>(isJsonObject, "must be an object of claims, such as { dept: 'hr' }")
const members = v.custom<JsonObject>(isJsonObject, 'must be an object')
const words = v.string('must be a string')
const path = v.pipe(text('a path such as "/login"'), v.regex(/^\//, 'must be a path that starts with "/"'))
const number = v.pipe(v.number('must be a number of seconds'), v.finite('must be a number of seconds'))

const client = section({
  clientSecret: v.optional(text('a secret')),
  publicKey: v.optional(v.custom<JsonObject>(isJsonObject, 'must be a JWK')),
  redirectUris: v.optional(v.array(words, 'must be a list of URLs')),
})

/** The checks of the options of `testProvider()`. */
export const providerOptions = section({
  users: v.optional(
    v.pipe(
      v.record(v.string(), claims, 'must be an object: each name with its claims'),
      v.check((users) => Object.keys(users).length > 0, 'must name at least one person'),
    ),
  ),
  clients: v.optional(
    v.pipe(
      v.record(v.string(), client, 'must be an object: each client ID with its options'),
      v.check((clients) => Object.keys(clients).length > 0, 'must have at least one client'),
    ),
  ),
  issuer: v.optional(
    v.pipe(
      httpUrl('a URL'),
      v.check((url) => !url.endsWith('/'), 'must be a URL without a slash at its end'),
    ),
    'https://provider.test',
  ),
  baseUrl: v.optional(httpUrl('a URL'), 'http://localhost:3000'),
  audience: v.optional(text('the API’s name'), 'https://api.test'),
  tokenFormat: v.optional(v.picklist(['jwt', 'opaque'], 'must be "jwt" or "opaque"'), 'jwt'),
  accessTokenSeconds: v.optional(seconds(1, 31_536_000), 300),
  fetch: v.optional(v.custom<typeof globalThis.fetch>((given) => typeof given === 'function', 'must be a function')),
})

/** The checks of the options of `signIn()`. */
export const signInOptions = section({
  path: v.optional(path, '/login'),
  error: v.optional(text('an error code such as "access_denied"')),
  acr: v.optional(text('a text')),
  authTime: v.optional(number),
  cookie: v.optional(words),
})

/** The checks of the options of `signOut()`. */
export const signOutOptions = section({ path: v.optional(path, '/logout'), cookie: v.optional(words) })

/** The checks of the options of `backchannelLogout()`. */
export const backchannelLogoutOptions = section({
  app: v.optional(v.unknown()),
  path: v.optional(path),
  clientId: v.optional(text('a client ID')),
})

const idTokenEntries = {
  sub: v.optional(words),
  clientId: v.optional(words),
  expiresIn: v.optional(number),
  claims: v.optional(members),
}

/** The checks of the options of `accessToken.idToken()`. */
export const idTokenOptions = section(idTokenEntries)

/** The checks of the options of `accessToken()`. */
export const tokenOptions = section({
  ...idTokenEntries,
  scope: v.optional(words, ''),
  audience: v.optional(v.union([words, v.array(words)], 'must be a string, or a list of strings')),
  typ: v.optional(words),
  jkt: v.optional(words),
})

/** The checks of the options of `signedIn()`. */
export const signedInOptions = section({
  data: v.optional(members),
  scope: v.optional(words),
  authorizationDetails: v.optional(authorizationDetails),
  accessToken: v.optional(text('an access token')),
  refreshToken: v.optional(text('a refresh token')),
  expiresIn: v.optional(number, 3600),
  authTime: v.optional(number),
  acr: v.optional(words),
  provider: v.optional(words),
  baseUrl: v.optional(words),
})
