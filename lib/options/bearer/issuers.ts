import * as v from 'valibot'
import { asymmetricAlgorithms } from '../shared/algorithms.js'
import { flag, text } from '../shared/fields.js'
import { section } from '../shared/parse.js'

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
