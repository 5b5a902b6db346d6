import type * as v from 'valibot'
import { type JsonObject, omitUndefined } from '../base/json.js'
import { ConfigurationError } from '../errors.js'
import { checkOptions } from '../options/common/parse.js'
import type { Person } from './options.js'
import { type Grant, type ProviderKey, type ProviderState, newKey } from './provider/state.js'
import { accessTokenClaims, idTokenClaims, issueAccessToken, sign } from './provider/tokens.js'
import { idTokenOptions, tokenOptions } from './schema.js'

/** Content of an access token of `accessToken()`. */
export interface TestTokenOptions {
  /** The person, by their name in `users`, or any other `sub`. @default the first of `users` */
  sub?: string | undefined
  /** Scopes, separated by spaces. @default none */
  scope?: string | undefined
  /** The API that it is for, or several. @default the provider's `audience` */
  audience?: string | readonly string[] | undefined
  /** The client that it is issued to. @default the first of `clients` */
  clientId?: string | undefined
  /** Seconds for which it is valid. @default the provider's `accessTokenSeconds` */
  expiresIn?: number | undefined
  /** `typ` of its header. @default 'at+jwt' */
  typ?: string | undefined
  /** Thumbprint of the key that it is bound to (DPoP). @default none */
  jkt?: string | undefined
  /** Further claims, or others in place of the usual ones; `undefined` leaves one out. @default none */
  claims?: Readonly<Record<string, unknown>> | undefined
}

/** Content of an ID Token of `accessToken.idToken()`. */
export interface TestIdTokenOptions extends Pick<TestTokenOptions, 'sub' | 'clientId' | 'claims'> {
  /** Seconds for which it is valid. @default 300 */
  expiresIn?: number | undefined
}

type TokenOptions = v.InferOutput<typeof tokenOptions>

/** Makes access tokens, valid and invalid ones. */
export interface AccessTokens {
  /** An access token that `bearer(provider.options.bearer)` accepts. */
  (options?: TestTokenOptions): string
  /** One that expired an hour ago. */
  expired(options?: TestTokenOptions): string
  /** One for another API. */
  forOtherAudience(options?: TestTokenOptions): string
  /** One that names another issuer. */
  fromOtherIssuer(options?: TestTokenOptions): string
  /** One that is signed with a foreign key, under the name of the provider's key. */
  forged(options?: TestTokenOptions): string
  /** An ID Token, by default valid for 300 seconds. No API may accept it. */
  idToken(options?: TestIdTokenOptions): string
}

// Shared by all providers: to make a key takes a tenth of a second.
let foreignKey: ProviderKey | undefined

/** Creates what makes tokens of a provider. */
export function createAccessTokens(state: ProviderState): AccessTokens {
  const { clock } = state
  const maker =
    (make: (options: TokenOptions) => string) =>
    (options: TestTokenOptions = {}): string =>
      make(checkOptions('accessToken()', tokenOptions, options))
  const changed = (changes: () => JsonObject) =>
    maker((options) => accessToken(state, { ...options, claims: { ...changes(), ...options.claims } }))
  return Object.assign(
    maker((options) => accessToken(state, options)),
    {
      expired: changed(() => ({ iat: clock.seconds - 7200, exp: clock.seconds - 3600 })),
      forOtherAudience: changed(() => ({ aud: 'https://another-api.test' })),
      fromOtherIssuer: changed(() => ({ iss: 'https://another-issuer.test' })),
      forged: maker(({ typ = 'at+jwt', ...options }) =>
        sign(state, typ, claimsOf(state, grantOf(state, options), options), (foreignKey ??= newKey())),
      ),
      idToken: (options: TestIdTokenOptions = {}) =>
        idToken(state, checkOptions('accessToken.idToken()', idTokenOptions, options)),
    },
  )
}

function accessToken(state: ProviderState, options: TokenOptions): string {
  const { typ } = options
  const grant = grantOf(state, options)
  const claims = claimsOf(state, grant, options)
  return typ === undefined ? issueAccessToken(state, grant, claims) : sign(state, typ, claims)
}

function idToken(state: ProviderState, options: v.InferOutput<typeof idTokenOptions>): string {
  const grant = { ...grantOf(state, options), nonce: state.clock.newName() }
  return sign(state, 'JWT', changedBy(state, options, idTokenClaims(state, grant)))
}

function claimsOf(state: ProviderState, grant: Grant, options: TokenOptions): JsonObject {
  return changedBy(state, options, accessTokenClaims(state, grant))
}

function changedBy(
  { clock }: ProviderState,
  { expiresIn, claims }: Pick<TokenOptions, 'expiresIn' | 'claims'>,
  usual: JsonObject,
): JsonObject {
  return omitUndefined({ ...usual, ...(expiresIn === undefined ? {} : { exp: clock.seconds + expiresIn }), ...claims })
}

function grantOf(
  state: ProviderState,
  {
    sub,
    scope = '',
    audience,
    clientId,
    jkt,
  }: Partial<Pick<TokenOptions, 'sub' | 'scope' | 'audience' | 'clientId' | 'jkt'>>,
): Grant {
  const { users, clients } = state.configuration
  const [[firstClient = ''] = []] = clients
  return {
    person: sub === undefined ? firstOf(users) : (users.get(sub) ?? { name: sub, sub, claims: { sub } }),
    clientId: clientId ?? firstClient,
    scope,
    audience: [audience ?? []].flat(),
    ...omitUndefined({ jkt }),
  }
}

function firstOf(users: ReadonlyMap<string, Person>): Person | undefined {
  const [[, person] = []] = users
  return person
}

/**
 * The person of a name.
 *
 * @throws {ConfigurationError} `invalid_options`: nobody is called that
 */
export function personNamed({ configuration }: ProviderState, name: string): Person {
  const person = configuration.users.get(name)
  if (person !== undefined) return person
  const known = [...configuration.users.keys()].join(', ')
  throw new ConfigurationError(
    'invalid_options',
    `the test provider knows nobody called "${name}": its users are ${known}`,
  )
}
