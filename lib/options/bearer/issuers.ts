import * as v from 'valibot'
import { isJsonObject } from '../../base/json.js'
import { issuerUrl } from '../common/fields.js'
import {
  isIssuerTemplate,
  isSharedTenant,
  sharedTenantFlaw,
  tenantList,
  tenantPlace as place,
  tenantsMismatch,
} from '../common/tenants.js'
import type { Rules } from '../common/parse.js'
import { issuerAliases } from '../common/provider-description.js'
import {
  audience,
  type IssuerConfiguration,
  issuerOptions,
  ownRules,
  profile,
  type ResolvedIssuerConfiguration,
  ruleEntries,
} from './issuer-schema.js'
import { keySources } from './keys.js'

const issuerName = issuerUrl("the authorization server's issuer URL")

const issuerForms = 'an issuer URL, a list, a map from issuer URL to { audience, ... }, or a function'

const issuerNames = v.union(
  [issuerName, v.pipe(v.array(issuerName), v.minLength(1, 'must name at least one issuer')), v.function()],
  `must be ${issuerForms}`,
)

const issuerMap = v.pipe(
  v.record(issuerName, issuerOptions),
  v.check((map) => Object.keys(map).length > 0, 'must name at least one issuer'),
)

/** The options that decide who is trusted. */
export const trustEntries = {
  issuer: v.pipe(
    // A map has errors of its own: they name the issuer.
    v.lazy((given) => (isJsonObject(given) ? issuerMap : issuerNames)),
    v.description(issuerForms),
  ),
  audience: v.optional(audience),
  ...ruleEntries,
  profile: v.optional(profile, 'rfc9068'),
  issuerAliases: v.optional(issuerAliases),
  tenants: v.optional(tenantList),
}

type Trust = v.InferOutput<v.StrictObjectSchema<typeof trustEntries, undefined>>

/** The trusted issuers: known ones by identifier, and a resolver for others if there is one. */
export interface TrustConfiguration {
  readonly issuers: ReadonlyMap<string, IssuerConfiguration>
  readonly resolver?: (issuer: string) => unknown
  /** Defaults for the results of the resolver. */
  readonly defaults: ResolvedIssuerConfiguration
}

const descriptionNames = ['discoveryUrl', 'metadata', 'internalOrigin'] as const
const sharedNames = [
  'audience',
  'clients',
  'issuerAliases',
  'subject',
  'algorithms',
  ...keySources,
  ...descriptionNames,
  'allowPrivateAddresses',
  'tenants',
] as const

/** Rules between these options. */
export const trustRules: Rules<Trust> = [
  [(o) => isMap(o.issuer) || o.audience !== undefined, `must have an "audience": ${v.getDescription(audience)}`],
  [
    (o) => !isMap(o.issuer) || sharedNames.every((name) => o[name] === undefined),
    `must not have ${sharedNames.map((name) => `"${name}"`).join(', ')} together with a map of issuers: set it in the map`,
  ],
  ...ownRules,
  [(o) => ![...trustOf(o).issuers.keys()].some(isSharedTenant), sharedTenantFlaw],
  [(o) => isTemplate(o.issuer) === (o.tenants !== undefined), tenantsMismatch],
  [
    (o) => typeof o.issuer === 'string' || ![...trustOf(o).issuers.keys()].some(isTemplate),
    'must not have a template such as "https://login.example.com/{tenantid}/v2.0" in a list or a map as "issuer", since no token names it: give it as the only "issuer", with "tenants", or name the issuer of each tenant',
  ],
  [
    (o) => o.issuerAliases === undefined || typeof o.issuer === 'string' || isMap(o.issuer),
    'must have "issuerAliases" with one issuer only: with several, use a map from issuer URL to { audience, issuerAliases }',
  ],
  [
    (o) => !isDescribed(o) || (typeof o.issuer === 'string' && o.tenants === undefined),
    'must have "discoveryUrl", "metadata" and "internalOrigin" with one issuer only: with several, use a map from issuer URL to { audience, ... }',
  ],
  [
    (o) => o.tenants === undefined || (o.issuerAliases ?? []).every((alias) => place.test(alias)),
    'must have "issuerAliases" with the same place to fill as "issuer", such as {tenantid}',
  ],
  [
    (o) => repeatedSpelling(trustOf(o)) === undefined,
    (o) =>
      `must not have the same spelling of an issuer twice in "issuer" and "issuerAliases", as ${repeatedSpelling(trustOf(o))}: each belongs to one issuer`,
  ],
  [
    (o) => issuersWithout(trustOf(o), hasNeededAudience).length === 0,
    (o) =>
      `must have an "audience" with profile "external", for ${issuersWithout(trustOf(o), hasNeededAudience).join(', ')}: nothing else distinguishes such tokens from those for other services`,
  ],
]

function isDescribed(o: Trust): boolean {
  return descriptionNames.some((name) => o[name] !== undefined)
}

// The first name that two issuers have.
function repeatedSpelling({ issuers }: TrustConfiguration): string | undefined {
  const spellings = [...issuers].flatMap(([issuer, { issuerAliases = [] }]) => [issuer, ...issuerAliases])
  return spellings.find((name, index) => spellings.indexOf(name) < index)
}

/** The issuers whose options are not as they should be. */
export function issuersWithout(
  { issuers }: TrustConfiguration,
  isRight: (options: IssuerConfiguration) => boolean,
): readonly string[] {
  return [...issuers].flatMap(([issuer, own]) => (isRight(own) ? [] : [issuer]))
}

/** Whether an issuer with profile `external` has an audience: nothing else distinguishes its tokens. */
export function hasNeededAudience({ profile, audience }: Pick<IssuerConfiguration, 'profile' | 'audience'>): boolean {
  return profile !== 'external' || audience !== null
}

function isMap(issuer: Trust['issuer']): issuer is Record<string, IssuerConfiguration> {
  return isJsonObject(issuer)
}

function isTemplate(issuer: Trust['issuer']): boolean {
  return typeof issuer === 'string' && isIssuerTemplate(issuer)
}

/** The trusted issuers of the options. */
export function trustOf({ issuer, audience = null, tenants, ...rules }: Trust): TrustConfiguration {
  const shared: IssuerConfiguration = { ...rules, audience }
  const { issuerAliases, ...defaults } = shared
  const trust = (names: readonly string[]) => new Map(names.map((name) => [name, shared]))
  if (isMap(issuer)) return { issuers: new Map(Object.entries(issuer).map(withDefault(rules))), defaults }
  if (typeof issuer === 'function') return { issuers: new Map(), resolver: (name) => call(issuer, name), defaults }
  const names = typeof issuer === 'string' ? [issuer] : issuer
  if (tenants === undefined) return { issuers: trust(names), defaults }
  const filled = tenants.map((tenant): [string, IssuerConfiguration] => {
    const fill = (template: string): string => template.replace(place, tenant)
    const aliases = issuerAliases === undefined ? {} : { issuerAliases: issuerAliases.map(fill) }
    return [fill(String(names[0])), { ...shared, ...aliases }]
  })
  return { issuers: new Map(filled), defaults }
}

function withDefault({ profile }: Pick<IssuerConfiguration, 'profile'>) {
  return ([name, own]: [string, IssuerConfiguration]): [string, IssuerConfiguration] => [
    name,
    { ...own, profile: own.profile ?? profile },
  ]
}

function call(resolver: (...args: readonly unknown[]) => unknown, issuer: string): unknown {
  return resolver(issuer)
}
