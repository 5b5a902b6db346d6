import * as v from 'valibot'
import { asymmetricAlgorithms } from '../common/algorithms.js'
import { methodChoice, missingCredential, missingCredentialMessage } from '../common/client-authentication.js'
import { dpop, mtls } from './proof-of-possession.js'
import { type IssuerConfiguration, trustEntries, trustOf, trustRules } from './issuers.js'
import { keySources } from './keys.js'
import { httpUrl, isAllowedHere, seconds, text } from '../common/fields.js'
import { keepsRules, parseOptions, type Rules, section } from '../common/parse.js'

const callback = v.pipe(v.function('must be a function'), v.description('a function'))
const flag = v.pipe(v.boolean('must be true or false'), v.description('true or false'))

const introspection = v.pipe(
  section({
    clientId: text("this API's client ID at the authorization server"),
    clientSecret: v.optional(text('the client secret')),
    clientAuthentication: v.optional(v.picklist(...methodChoice('introspection'))),
    clientAssertionKey: v.optional(
      v.union(
        [
          v.string(),
          v.pipe(
            v.record(v.string(), v.unknown()),
            v.transform((jwk) => ({ ...jwk })),
          ),
        ],
        'must be a PKCS#8 PEM or a private JWK',
      ),
    ),
    clientAssertionAlg: v.optional(text('a JWS algorithm')),
    issuer: v.optional(httpUrl('the issuer to ask')),
    signedResponseAlg: v.optional(
      v.picklist(asymmetricAlgorithms, `must be one of ${asymmetricAlgorithms.join(', ')}`),
    ),
    cacheSeconds: v.optional(seconds(0, 60), 30),
  }),
  v.check(
    (o) => missingCredential(o) === undefined,
    ({ input }) => missingCredentialMessage(input),
  ),
)

const cacheSection = section({
  maxEntries: v.optional(
    v.pipe(
      v.number('must be a number'),
      v.check((n) => Number.isInteger(n) && n >= 1 && n <= 1_000_000, 'must be a whole number from 1 to 1000000'),
    ),
    5000,
  ),
  ttlSeconds: v.optional(seconds(1, 3600), 60),
})

const metadataUrl = v.pipe(
  v.union(
    [
      httpUrl('the URL of the metadata'),
      v.custom<{ readonly url: string }>(
        (value) =>
          (typeof value === 'object' || typeof value === 'function') &&
          value !== null &&
          'url' in value &&
          typeof value.url === 'string',
      ),
    ],
    'must be a URL, or what resourceMetadata() returned',
  ),
  v.transform((value) => (typeof value === 'string' ? value : value.url)),
)

const entries = {
  ...trustEntries,
  tokenFormat: v.optional(v.picklist(['jwt', 'opaque', 'auto'], 'must be "jwt", "opaque" or "auto"')),
  introspection: v.optional(introspection),
  dpop: v.optional(dpop, 'off'),
  mtls: v.optional(mtls, 'off'),
  baseUrl: v.optional(
    v.pipe(
      httpUrl("this server's own origin"),
      v.check((value) => new URL(value).pathname === '/', 'must be an origin such as "https://api.example.com"'),
    ),
  ),
  required: v.optional(flag, true),
  scopes: v.optional(callback),
  isMachine: v.optional(callback),
  clockToleranceSeconds: v.optional(seconds(0, 300), 30),
  httpTimeoutSeconds: v.optional(seconds(0.1, 60), 5),
  keysStaleSeconds: v.optional(seconds(0, 604_800), 86_400),
  fetch: v.optional(callback),
  cache: v.optional(v.union([v.literal(false), cacheSection], 'must be false or { maxEntries, ttlSeconds }'), {}),
  realm: v.optional(v.pipe(text('a name'), v.regex(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/, 'must be plain text'))),
  resourceMetadata: v.optional(metadataUrl),
  dangerouslyAllowHttp: v.optional(flag, false),
  onError: v.optional(callback),
}

const checked = section(entries)
type Checked = v.InferOutput<typeof checked>

const rules: Rules<Checked> = [
  ...trustRules,
  [
    (o) => (o.tokenFormat ?? 'jwt') === 'jwt' || o.introspection !== undefined,
    'must give "introspection" for this "tokenFormat"',
  ],
  [
    (o) => o.introspection === undefined || o.tokenFormat !== 'jwt',
    'must not have "introspection" with tokenFormat "jwt", which never introspects',
  ],
  [hasIntrospectionIssuer, 'must name one of the issuers in "introspection.issuer": opaque tokens do not name theirs'],
  [
    (o) => fetchedUrls(o).every((url) => isAllowedHere(new URL(url), o.dangerouslyAllowHttp)),
    'must use https in "issuer" and "jwksUri": plain http is for loopback hosts only (or dangerouslyAllowHttp)',
  ],
]

// An issuer whose keys are given is only a name.
function fetchedUrls(o: Checked): readonly string[] {
  const { issuers, defaults } = trustOf(o)
  const hasKeys = (own: IssuerConfiguration) => keySources.some((source) => own[source] !== undefined)
  const discovered = [...issuers].flatMap(([issuer, own]) => (hasKeys(own) ? [] : [issuer]))
  const keySets = [defaults, ...issuers.values()].flatMap(({ jwksUri }) => jwksUri ?? [])
  const asked =
    o.introspection === undefined ? [] : [o.introspection.issuer ?? issuers.keys().next().value ?? []].flat()
  return [...discovered, ...keySets, ...asked]
}

function hasIntrospectionIssuer(o: Checked): boolean {
  if (o.introspection === undefined) return true
  const { issuers, resolver } = trustOf(o)
  const { issuer } = o.introspection
  if (issuer === undefined) return issuers.size === 1 && resolver === undefined
  return issuers.has(issuer) || resolver !== undefined
}

const schema = v.pipe(
  checked,
  keepsRules(rules),
  v.transform((o) => ({
    ...o,
    trust: trustOf(o),
    tokenFormat: o.tokenFormat ?? (o.introspection === undefined ? ('jwt' as const) : ('opaque' as const)),
  })),
)

/** The checked and frozen options of `bearer()`, every default in place. */
export type BearerConfiguration = v.InferOutput<typeof schema>

/**
 * Checks the options of `bearer()`.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function parseBearerOptions(options: unknown, call = 'bearer()'): BearerConfiguration {
  return parseOptions(call, schema, options)
}
