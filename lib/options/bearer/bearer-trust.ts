import * as v from 'valibot'
import {
  audience,
  hasOneKeySource,
  hasSecretRight,
  type IssuerConfiguration,
  issuerOptions,
  keyEntries,
  oneKeySource,
  type ResolvedIssuerConfiguration,
  secretRule,
  subject,
} from './issuers.js'
import { httpUrl, text } from '../shared/fields.js'

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
