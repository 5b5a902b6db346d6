import * as v from 'valibot'
import { asymmetricAlgorithms } from '../common/algorithms.js'
import { flag, text, httpUrl } from '../common/fields.js'
import { section } from '../common/parse.js'

/** Algorithm names, at least one. */
export const algorithmList = <const Names extends readonly string[]>(names: Names) =>
  v.pipe(
    v.array(v.picklist(names, `must be of ${names.join(', ')}`), `must be a list of ${names.join(', ')}`),
    v.minLength(1, 'must name at least one algorithm'),
  )

/** Whom tokens must be meant for, as a list. */
export const audience = v.pipe(
  v.union(
    [
      text("this API's identifier"),
      v.pipe(v.array(text("this API's identifier")), v.minLength(1, 'must name an audience')),
      v.null(),
    ],
    'must be a non-empty string, a list of them, or null to take tokens for anyone',
  ),
  v.transform((value) => (typeof value === 'string' ? [value] : value)),
  v.description("this API's identifier as tokens name it, or null to take tokens for anyone"),
)

const jwks = v.pipe(
  v.looseObject({ keys: v.array(v.record(v.string(), v.unknown()), 'must be a list of JWKs') }, 'must be a JWK Set'),
  // The result gets frozen, and the caller's own object must not be.
  v.transform((value) => structuredClone(value)),
)

const pem = v.pipe(
  text('a public key as PEM'),
  v.check((value) => value.includes('-----BEGIN') && !value.includes('PRIVATE'), 'must be a public key as PEM'),
)

const secret = v.pipe(
  text('a secret'),
  v.check((value) => Buffer.byteLength(value) >= 32, 'must have at least 32 bytes (RFC 7518 section 3.2)'),
)

/** Members that say which keys verify. */
export const keyEntries = {
  algorithms: v.optional(algorithmList([...asymmetricAlgorithms, 'HS256'])),
  jwks: v.optional(jwks),
  publicKey: v.optional(pem),
  secret: v.optional(secret),
}

type KeyOptions = v.InferOutput<v.StrictObjectSchema<typeof keyEntries, undefined>>

/** What {@link hasOneKeySource} demands. */
export const oneKeySource = 'must have at most one of "jwks", "publicKey" and "secret"'
/** What {@link hasSecretRight} demands. */
export const secretRule = 'must name algorithms: ["HS256"], alone, together with "secret": a secret is no public key'

/** Whether keys come from one place. */
export function hasOneKeySource({ jwks, publicKey, secret }: Partial<KeyOptions>): boolean {
  return [jwks, publicKey, secret].filter((value) => value !== undefined).length <= 1
}

/** Whether HS256 and a secret come together, and alone. */
export function hasSecretRight({ algorithms, secret }: Partial<KeyOptions>): boolean {
  const isNamed = algorithms?.includes('HS256') === true
  return isNamed === (secret !== undefined) && (!isNamed || algorithms.length === 1)
}

/** Where tokens name their subject. */
export const subject = v.pipe(
  section({
    claim: v.optional(text('the name of a claim'), 'sub'),
    client: v.optional(flag, false),
    clientClaims: v.optional(v.array(text('the name of a claim'), 'must be a list of names of claims'), []),
  }),
  v.check((o) => o.client || o.clientClaims.length === 0, 'must not have "clientClaims" without client: true'),
)

/** One issuer of a map. */
export const issuerOptions = v.pipe(
  section({ audience, subject: v.optional(subject), ...keyEntries }),
  v.check((o) => hasOneKeySource(o), oneKeySource),
  v.check((o) => hasSecretRight(o), secretRule),
)

/** What a resolver answered. */
export const resolvedIssuer = v.pipe(
  section({ audience: v.optional(audience), subject: v.optional(subject), ...keyEntries }),
  v.check((o) => hasOneKeySource(o), oneKeySource),
  v.check((o) => hasSecretRight(o), secretRule),
)

/** An answer of a resolver, checked. */
export type ResolvedIssuerConfiguration = v.InferOutput<typeof resolvedIssuer>

/** One issuer, checked. */
export type IssuerConfiguration = v.InferOutput<typeof issuerOptions>

const issuerUrl = httpUrl("the authorization server's issuer URL")

/** The members that say who is trusted. */
export const trustEntries = {
  issuer: v.pipe(
    v.union(
      [
        issuerUrl,
        v.pipe(v.array(issuerUrl), v.minLength(1, 'must name at least one issuer')),
        v.function(),
        v.pipe(
          v.record(issuerUrl, issuerOptions),
          v.check((map) => Object.keys(map).length > 0, 'must name at least one issuer'),
        ),
      ],
      'must be an issuer URL, a list, a map from issuer URL to { audience, ... }, or a function',
    ),
    v.description('an issuer URL, a list, a map from issuer URL to { audience, ... }, or a function'),
  ),
  audience: v.optional(audience),
  subject: v.optional(subject),
  ...keyEntries,
  tenants: v.optional(
    v.pipe(
      v.array(v.pipe(text('a tenant'), v.regex(/^[A-Za-z0-9._-]{1,128}$/, 'must be a name or an ID'))),
      v.minLength(1, 'must name at least one tenant'),
    ),
  ),
}

type Trust = v.InferOutput<v.StrictObjectSchema<typeof trustEntries, undefined>>

/** What `bearer()` trusts: known issuers by their identifier, and perhaps a resolver for others. */
export interface TrustConfiguration {
  readonly issuers: ReadonlyMap<string, IssuerConfiguration>
  readonly resolver?: (issuer: string) => unknown
  /** What an answer of the resolver leaves out. */
  readonly defaults: ResolvedIssuerConfiguration
}

const sharedNames = ['audience', 'subject', 'algorithms', 'jwks', 'publicKey', 'secret', 'tenants'] as const
const place = /\{[A-Za-z]+\}/

/** The rules that hold between the members. */
export const trustRules: readonly (readonly [(trust: Trust) => boolean, string])[] = [
  [(o) => isMap(o.issuer) || o.audience !== undefined, `is missing "audience": expected ${v.getDescription(audience)}`],
  [
    (o) => !isMap(o.issuer) || sharedNames.every((name) => o[name] === undefined),
    `must not have ${sharedNames.map((name) => `"${name}"`).join(', ')} beside a map of issuers: say it in the map`,
  ],
  [hasOneKeySource, oneKeySource],
  [hasSecretRight, secretRule],
  [
    (o) => isTemplate(o.issuer) === (o.tenants !== undefined),
    'must have "tenants" when, and only when, "issuer" has one place to fill such as {tenantid}',
  ],
]

function isMap(issuer: Trust['issuer']): issuer is Record<string, IssuerConfiguration> {
  return typeof issuer === 'object' && !Array.isArray(issuer)
}

function isTemplate(issuer: Trust['issuer']): boolean {
  return typeof issuer === 'string' && place.test(issuer)
}

/** Spells out who is trusted. */
export function trustOf({ issuer, audience = null, tenants, ...keys }: Trust): TrustConfiguration {
  const shared: IssuerConfiguration = { ...keys, audience }
  const trust = (names: readonly string[]) => new Map(names.map((name) => [name, shared]))
  const defaults = shared
  if (isMap(issuer)) return { issuers: new Map(Object.entries(issuer)), defaults }
  if (typeof issuer === 'function') return { issuers: new Map(), resolver: (name) => call(issuer, name), defaults }
  const names = typeof issuer === 'string' ? [issuer] : issuer
  if (tenants === undefined) return { issuers: trust(names), defaults }
  return { issuers: trust(tenants.map((tenant) => String(names[0]).replace(place, tenant))), defaults }
}

function call(resolver: (...args: readonly unknown[]) => unknown, issuer: string): unknown {
  return resolver(issuer)
}
