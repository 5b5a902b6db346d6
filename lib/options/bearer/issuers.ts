import * as v from 'valibot'
import { flag, text, httpUrl } from '../common/fields.js'
import { isSharedTenant, sharedTenantFlaw, tenantList, tenantPlace as place } from '../common/tenants.js'
import { keepsRules, type Rules, section } from '../common/parse.js'
import { descriptionEntries, issuerAliases, missingMembers } from '../common/provider-description.js'
import { keyEntries, keyRules, keySources } from './keys.js'

/** What access tokens look like. */
const profiles = ['rfc9068', 'jwt', 'external'] as const

/** The option `audience`, as a list. */
export const audience = v.pipe(
  v.union(
    [
      text("this API's identifier"),
      v.pipe(v.array(text("this API's identifier")), v.minLength(1, 'must name an audience')),
      v.null(),
    ],
    'must be a non-empty string, a list of them, or null to accept tokens for anyone',
  ),
  v.transform((value) => (typeof value === 'string' ? [value] : value)),
  v.description("this API's identifier as tokens name it, or null to accept tokens for anyone"),
)

/** Where tokens name their subject. */
const subject = v.pipe(
  section({
    claim: v.optional(text('the name of a claim'), 'sub'),
    client: v.optional(flag, false),
    clientClaims: v.optional(v.array(text('the name of a claim'), 'must be a list of names of claims'), []),
  }),
  v.check((o) => o.client || o.clientClaims.length === 0, 'must not have "clientClaims" without client: true'),
)

const profile = v.picklist(profiles, `must be one of ${profiles.join(', ')}`)

const clients = v.pipe(
  v.array(text('a client ID'), 'must be a list of client IDs'),
  v.minLength(1, 'must name at least one client'),
)

const ownEntries = { ...keyEntries, ...descriptionEntries }

const ruleEntries = {
  profile: v.optional(profile),
  clients: v.optional(clients),
  subject: v.optional(subject),
  ...ownEntries,
}

/** The rules for one issuer, wherever it is described. */
const ownRules: Rules<Partial<v.InferOutput<v.StrictObjectSchema<typeof ownEntries, undefined>>>> = [
  ...keyRules,
  [
    (o) =>
      keySources.some((source) => o[source] !== undefined) ||
      missingMembers(o, [['jwks_uri', 'introspection_endpoint']]) === undefined,
    'must give jwks_uri or introspection_endpoint in "metadata": with discoveryUrl false, nothing else names them',
  ],
]

const issuerSection = section({ audience, issuerAliases: v.optional(issuerAliases), ...ruleEntries })
const resolvedSection = section({ audience: v.optional(audience), ...ruleEntries })

/** One issuer of a map. */
const issuerOptions = v.pipe(issuerSection, keepsRules<v.InferOutput<typeof issuerSection>>(ownRules))

/** The result of a resolver. */
export const resolvedIssuer = v.pipe(resolvedSection, keepsRules<v.InferOutput<typeof resolvedSection>>(ownRules))

/** The result of a resolver, checked. */
export type ResolvedIssuerConfiguration = v.InferOutput<typeof resolvedIssuer>

/** One issuer, checked. */
export type IssuerConfiguration = v.InferOutput<typeof issuerOptions>

const issuerUrl = httpUrl("the authorization server's issuer URL")

/** The options that decide who is trusted. */
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
  [(o) => isMap(o.issuer) || o.audience !== undefined, `is missing "audience": expected ${v.getDescription(audience)}`],
  [
    (o) => !isMap(o.issuer) || sharedNames.every((name) => o[name] === undefined),
    `must not have ${sharedNames.map((name) => `"${name}"`).join(', ')} beside a map of issuers: set it in the map`,
  ],
  ...ownRules,
  [(o) => ![...trustOf(o).issuers.keys()].some(isSharedTenant), sharedTenantFlaw],
  [
    (o) => isTemplate(o.issuer) === (o.tenants !== undefined),
    'must have "tenants" if, and only if, "issuer" has one placeholder such as {tenantid}',
  ],
  [
    (o) => o.issuerAliases === undefined || typeof o.issuer === 'string' || isMap(o.issuer),
    'must have "issuerAliases" beside one issuer only: with several, use a map from issuer URL to { audience, issuerAliases }',
  ],
  [
    (o) => !isDescribed(o) || (typeof o.issuer === 'string' && o.tenants === undefined),
    'must have "discoveryUrl", "metadata" and "internalOrigin" beside one issuer only: with several, use a map from issuer URL to { audience, ... }',
  ],
  [
    (o) => o.tenants === undefined || (o.issuerAliases ?? []).every((alias) => place.test(alias)),
    'must have "issuerAliases" with the same place to fill as "issuer", such as {tenantid}',
  ],
  [
    (o) => hasOwnSpellings(trustOf(o)),
    'must not have the same spelling of an issuer twice in "issuer" and "issuerAliases": each belongs to one issuer',
  ],
  [
    (o) => [...trustOf(o).issuers.values()].every(isForSomebody),
    'must have an "audience" with profile "external": nothing else tells such tokens from those for other services',
  ],
]

function isDescribed(o: Trust): boolean {
  return descriptionNames.some((name) => o[name] !== undefined)
}

function hasOwnSpellings({ issuers }: TrustConfiguration): boolean {
  const spellings = [...issuers].flatMap(([issuer, { issuerAliases = [] }]) => [issuer, ...issuerAliases])
  return new Set(spellings).size === spellings.length
}

/** Whether an issuer with profile `external` has an audience: nothing else distinguishes its tokens. */
export function isForSomebody({ profile, audience }: Pick<IssuerConfiguration, 'profile' | 'audience'>): boolean {
  return profile !== 'external' || audience !== null
}

function isMap(issuer: Trust['issuer']): issuer is Record<string, IssuerConfiguration> {
  return typeof issuer === 'object' && !Array.isArray(issuer)
}

function isTemplate(issuer: Trust['issuer']): boolean {
  return typeof issuer === 'string' && place.test(issuer)
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
