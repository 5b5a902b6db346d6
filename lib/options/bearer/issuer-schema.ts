import * as v from 'valibot'
import { flag, text } from '../common/fields.js'
import { keepsRules, type Rules, section } from '../common/parse.js'
import { descriptionEntries, issuerAliases, missingMembers } from '../common/provider-description.js'
import { keyEntries, keyRules, keySources } from './keys.js'

/** Format of access tokens. */
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

/** The option `profile`. */
export const profile = v.picklist(profiles, `must be one of ${profiles.join(', ')}`)

const clients = v.pipe(
  v.array(text('a client ID'), 'must be a list of client IDs'),
  v.minLength(1, 'must name at least one client'),
)

const ownEntries = { ...keyEntries, ...descriptionEntries }

/** The options of one issuer, wherever it is described. */
export const ruleEntries = {
  profile: v.optional(profile),
  clients: v.optional(clients),
  subject: v.optional(subject),
  ...ownEntries,
}

/** The rules for one issuer, wherever it is described. */
export const ownRules: Rules<Partial<v.InferOutput<v.StrictObjectSchema<typeof ownEntries, undefined>>>> = [
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
export const issuerOptions = v.pipe(issuerSection, keepsRules<v.InferOutput<typeof issuerSection>>(ownRules))

/** The result of a resolver. */
export const resolvedIssuer = v.pipe(resolvedSection, keepsRules<v.InferOutput<typeof resolvedSection>>(ownRules))

/** The result of a resolver, checked. */
export type ResolvedIssuerConfiguration = v.InferOutput<typeof resolvedIssuer>

/** One issuer, checked. */
export type IssuerConfiguration = v.InferOutput<typeof issuerOptions>
