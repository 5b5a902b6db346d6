import * as v from 'valibot'
import { isUrl } from '../../base/url.js'
import { isMutualTls } from '../common/client-authentication.js'
import { credentialEntries, needsCredential, presentsCertificate } from '../common/credentials.js'
import { httpEntries, httpsNeeded, parameters, usesHttps } from '../common/http-client.js'
import { descriptionEntries, isReachedSafely, needsMembers } from '../common/provider-description.js'
import { dpopKey, jwk } from '../common/private-key.js'
import { authorizationDetails } from '../authorization-details/schema.js'
import { callback, issuerUrl, origin, wholeNumber, secrets, text, listOf, resources, scopes } from '../common/fields.js'
import { parseOptions, section } from '../common/parse.js'
import { isSharedTenant } from '../common/tenants.js'
import { hasMethods, sharedStore } from '../common/stores.js'
import type { IdentityProvider } from './options.js'

/** What a token is for (RFC 6749 section 3.3, RFC 8707 section 2, RFC 8693 section 2.1). */
const targetEntries = {
  scope: v.optional(scopes, ''),
  resource: v.optional(resources, []),
  audience: v.optional(
    listOf((value) => value !== '', 'the name of a service'),
    [],
  ),
  authorizationDetails: v.optional(authorizationDetails),
}

// What the grants define themselves.
const ownParameters =
  /^(?:grant_type|scope|authorization_details|resource|audience|assertion|code|code_verifier|redirect_uri|refresh_token|requested_.*|client_.*|subject_.*|actor_.*)$/

const params = v.optional(
  v.pipe(
    parameters,
    v.check(
      (value) => Object.keys(value).every((name) => !ownParameters.test(name)),
      'must not set parameters that have options of their own, or that identify the client, such as scope or client_id',
    ),
  ),
  {},
)

const entries = {
  issuer: issuerUrl("the provider's issuer URL"),
  ...descriptionEntries,
  ...credentialEntries('machine', "this service's client ID"),
  clientAssertionKey: v.optional(
    v.union([text('a key'), jwk, callback], 'must be a PKCS#8 PEM, a private JWK or a function'),
  ),
  dpop: v.optional(dpopKey),
  ...targetEntries,
  params,
  allowedOrigins: v.optional(v.array(origin)),
  cacheMaxEntries: v.optional(wholeNumber(1, 100_000), 1000),
  sharedStore,
  secret: v.optional(secrets),
  ...httpEntries,
}

/** The checks of the options of `clientCredentials()`. */
export const schema = v.pipe(
  section(entries),
  usesHttps(({ issuer }) => ({ issuer })),
  v.check((o) => isReachedSafely(o, o.dangerouslyAllowHttp), httpsNeeded('discoveryUrl', 'metadata')),
  // The metadata there name a template as the issuer, so they could not be used.
  v.check(
    (o) => o.discoveryUrl === false || !isSharedTenant(o.issuer),
    'must name the tenant in "issuer" rather than "common", "organizations" or "consumers": a service gets its tokens from one tenant',
  ),
  needsMembers(() => ['token_endpoint']),
  v.check(
    (o) =>
      isMutualTls(o.clientAuthentication) ||
      [o.clientSecret, o.clientAssertionKey, o.clientKeys, o.clientAssertion, o.tls].some(
        (credential) => credential !== undefined,
      ),
    'must give "clientSecret", "clientAssertionKey", "clientKeys", "clientAssertion" or "tls": only a client with credentials gets tokens of its own',
  ),
  needsCredential(),
  presentsCertificate(),
  v.check(
    (o) => (o.sharedStore === undefined) === (o.secret === undefined),
    'must give "sharedStore" and "secret" together: the tokens there are encrypted',
  ),
)

/** The checks of the target of a token. */
export const targetSchema = section(targetEntries)

const token = (what: string) =>
  v.pipe(
    text(what),
    v.regex(/^[\x20-\x7e]+$/, `must be ${what}, unchanged`),
    v.maxLength(65_536, 'must have at most 65536 characters'),
  )
const uri = v.pipe(
  v.string('must be a URI'),
  v.check((value) => isUrl(value), 'must be a URI'),
)
const tokenTypeUri = (name: string) => `urn:ietf:params:oauth:token-type:${name}`
const tokenType = v.optional(uri, tokenTypeUri('access_token'))

const expiry = v.optional(v.pipe(v.number('must be seconds since the epoch'), v.finite()))

/** The checks of the options of `onBehalfOf()`. */
export const assertionSchema = section({
  ...targetEntries,
  assertion: token('the access token of the person to act for'),
  assertionExpiresAt: expiry,
})

/** The checks of the options of `exchange()`. */
export const exchangeSchema = section({
  ...targetEntries,
  subjectToken: token('the token of the person to act for'),
  subjectTokenType: tokenType,
  subjectTokenExpiresAt: expiry,
  actorToken: v.optional(token('the token of the actor')),
  actorTokenType: tokenType,
  requestedTokenType: v.optional(uri),
})

const whatIdentityProvider = 'what clientCredentials() returns for the identity provider'

/** The checks of the options of `crossAppAccess()`. */
export const crossAppAccessSchema = section({
  identityProvider: v.pipe(
    v.custom<IdentityProvider>((value) => hasMethods(value, ['exchange', 'drop']), `must be ${whatIdentityProvider}`),
    v.description(whatIdentityProvider),
  ),
  subjectToken: token('the ID Token of the person to act for'),
  subjectTokenType: v.optional(uri, tokenTypeUri('id_token')),
  subjectTokenExpiresAt: expiry,
  scope: targetEntries.scope,
  resource: targetEntries.resource,
})

/** The checked and frozen options of `clientCredentials()`, every default in place. */
export type ClientCredentialsConfiguration = v.InferOutput<typeof schema>

/** What a token is for, checked. */
type TargetConfiguration = v.InferOutput<typeof targetSchema>

/** The options of `onBehalfOf()`, checked. */
type AssertionConfiguration = v.InferOutput<typeof assertionSchema>

/** The options of `exchange()`, checked. */
export type ExchangeConfiguration = v.InferOutput<typeof exchangeSchema>

/**
 * Checks the options of `clientCredentials()`.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function parseClientCredentialsOptions(options: unknown): ClientCredentialsConfiguration {
  return parseOptions('clientCredentials()', schema, options)
}

/**
 * Checks the target of a token.
 *
 * @param call - the call that got the options: messages begin with it
 * @throws {ConfigurationError} `invalid_options`
 */
export function parseTokenTarget(options: unknown, call = 'getToken()'): TargetConfiguration {
  return parseOptions(call, targetSchema, options)
}

/**
 * Checks the options of `onBehalfOf()`.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function parseAssertion(options: unknown): AssertionConfiguration {
  return parseOptions('onBehalfOf()', assertionSchema, options)
}

/**
 * Checks the options of `crossAppAccess()`.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function parseCrossAppAccess(options: unknown): v.InferOutput<typeof crossAppAccessSchema> {
  return parseOptions('crossAppAccess()', crossAppAccessSchema, options)
}

/**
 * Checks the options of `exchange()`.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function parseTokenExchange(options: unknown): ExchangeConfiguration {
  return parseOptions('exchange()', exchangeSchema, options)
}
