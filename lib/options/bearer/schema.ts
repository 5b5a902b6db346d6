import * as v from 'valibot'
import { parseUrl } from '../../base/url.js'
import { asymmetricAlgorithms } from '../common/algorithms.js'
import { credentialEntries, needsCredential, tlsFlaw } from '../common/credentials.js'
import { httpEntries, httpsNeeded } from '../common/http-client.js'
import { apiKey } from './api-key.js'
import { isReachedSafely } from '../common/provider-description.js'
import { dpop, mtls } from './proof-of-possession.js'
import { audience, type IssuerConfiguration } from './issuer-schema.js'
import { issuersWithout, type TrustConfiguration, trustEntries, trustOf, trustRules } from './issuers.js'
import { keySources } from './keys.js'
import { type KnownProviders, issuersFromProviders } from './providers.js'
import { callback, flag, httpUrl, isAllowedHere, seconds, text, whatScopes, wholeNumber } from '../common/fields.js'
import { keepsRules, parseOptions, type Rules, section } from '../common/parse.js'
import { decryptionKeys } from '../common/private-key.js'

const introspection = v.pipe(
  section({
    ...credentialEntries('introspection', "this API's client ID at the authorization server"),
    issuer: v.optional(httpUrl('the issuer to ask')),
    audience: v.optional(audience),
    signedResponseAlg: v.optional(
      v.picklist(asymmetricAlgorithms, `must be one of ${asymmetricAlgorithms.join(', ')}`),
    ),
    decryptionKeys,
    cacheSeconds: v.optional(seconds(0, 60), 30),
  }),
  v.check(
    (o) => o.decryptionKeys === undefined || o.signedResponseAlg !== undefined,
    'must give "signedResponseAlg" with "decryptionKeys": responses are signed, then encrypted (RFC 9701 section 6)',
  ),
  needsCredential(),
)

const cacheSection = section({
  maxEntries: v.optional(wholeNumber(1, 1_000_000), 5000),
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
  v.transform((value) => inAscii(typeof value === 'string' ? value : value.url)),
)

// Challenges drop all other characters (RFC 6750 section 3): without its ü, a host is another one.
function inAscii(url: string): string {
  return /^[\x21\x23-\x5b\x5d-\x7e]*$/.test(url) ? url : (parseUrl(url)?.href ?? url)
}

const challengeScope = v.pipe(
  v.union([v.string(), v.array(v.string())], `must be ${whatScopes}`),
  v.transform((value) => (typeof value === 'string' ? value : value.join(' '))),
  v.regex(/^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/, `must be ${whatScopes}`),
)

const entries = {
  ...trustEntries,
  tokenFormat: v.optional(v.picklist(['jwt', 'opaque', 'auto'], 'must be "jwt", "opaque" or "auto"')),
  introspection: v.optional(introspection),
  dpop: v.optional(dpop, 'off'),
  mtls: v.optional(mtls, 'off'),
  baseUrl: v.optional(httpUrl('a URL where clients reach this server')),
  baseUrls: v.optional(
    v.pipe(v.array(httpUrl('a URL where clients reach this server')), v.minLength(1, 'must name at least one URL')),
  ),
  required: v.optional(flag, true),
  scopes: v.optional(callback),
  isMachine: v.optional(callback),
  check: v.optional(callback),
  apiKey: v.optional(apiKey),
  clockToleranceSeconds: v.optional(seconds(0, 300), 30),
  keysStaleSeconds: v.optional(seconds(0, 604_800), 86_400),
  ...httpEntries,
  cache: v.optional(v.union([v.literal(false), cacheSection], 'must be false or { maxEntries, ttlSeconds }'), {}),
  realm: v.optional(v.pipe(text('a name'), v.regex(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/, 'must be plain text'))),
  challengeScope: v.optional(challengeScope),
  resourceMetadata: v.optional(metadataUrl),
  onError: v.optional(callback),
}

const checked = section(entries)
type Checked = v.InferOutput<typeof checked>

const rules: Rules<Checked> = [
  ...trustRules,
  [(o) => o.baseUrl === undefined || o.baseUrls === undefined, 'must have at most one of "baseUrl" and "baseUrls"'],
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
    (o) => unsafeUrls(o).length === 0,
    (o) => `${httpsNeeded('issuer', 'jwksUri')}, not for ${unsafeUrls(o).join(', ')}`,
  ],
  [
    (o) => unsafelyReached(o).length === 0,
    (o) => `${httpsNeeded('discoveryUrl', 'metadata')}, not for ${unsafelyReached(o).join(', ')}`,
  ],
]

function unsafelyReached(o: Checked): readonly string[] {
  return issuersWithout(trustOf(o), (own) => isReachedSafely(own, o.dangerouslyAllowHttp))
}

function unsafeUrls(o: Checked): readonly string[] {
  return fetchedUrls(o).filter((url) => !isAllowedHere(new URL(url), o.dangerouslyAllowHttp))
}

// An issuer whose keys, or whose metadata's URL, are given is only a name.
function fetchedUrls(o: Checked): readonly string[] {
  const { issuers, defaults } = trustOf(o)
  const isName = (own: IssuerConfiguration) =>
    own.discoveryUrl !== undefined || keySources.some((source) => own[source] !== undefined)
  const discovered = [...issuers].flatMap(([issuer, own]) => (isName(own) ? [] : [issuer]))
  const keySets = [defaults, ...issuers.values()].flatMap(({ jwksUri }) => jwksUri ?? [])
  const named = o.introspection === undefined ? '' : introspectionIssuer(o.introspection, { issuers })
  const asked = named === '' || isElsewhere(issuers.get(named)) ? [] : [named]
  return [...discovered, ...keySets, ...asked]
}

/** The issuer whose introspection endpoint is used: the only one, if none is named. */
export function introspectionIssuer(
  { issuer }: { readonly issuer?: string | undefined },
  { issuers }: Pick<TrustConfiguration, 'issuers'>,
): string {
  return issuer ?? issuers.keys().next().value ?? ''
}

function isElsewhere(own: IssuerConfiguration | undefined): boolean {
  return own?.discoveryUrl !== undefined
}

function introspectionTlsFlaw(o: Checked): string | undefined {
  if (o.introspection === undefined) return undefined
  const trust = trustOf(o)
  const { internalOrigin } = trust.issuers.get(introspectionIssuer(o.introspection, trust)) ?? {}
  return tlsFlaw({ ...o.introspection, fetch: o.fetch, internalOrigin }, 'introspection.tls')
}

function hasIntrospectionIssuer(o: Checked): boolean {
  if (o.introspection === undefined) return true
  const { issuers, resolver } = trustOf(o)
  const { issuer } = o.introspection
  if (issuer === undefined) return issuers.size === 1 && resolver === undefined
  return issuers.has(issuer) || resolver !== undefined
}

/** The checks of the options of `bearer()`. */
export const schema = v.pipe(
  checked,
  keepsRules(rules),
  v.check(
    (o) => introspectionTlsFlaw(o) === undefined,
    ({ input }) => introspectionTlsFlaw(input) ?? '',
  ),
  v.transform((o) => ({
    ...o,
    trust: trustOf(o),
    tokenFormat: o.tokenFormat ?? (o.introspection === undefined ? ('jwt' as const) : ('opaque' as const)),
  })),
)

/** The checked and frozen options of `bearer()`, every default in place. */
export type BearerConfiguration = v.InferOutput<typeof schema> & Partial<KnownProviders>

/** What reaches the authorization servers: the functions of the providers, then that of all of them. */
export function reachedBy({
  fetch,
  providerFetches = new Map(),
}: BearerConfiguration): readonly { readonly fetch?: typeof globalThis.fetch | undefined }[] {
  return [...[...providerFetches.values()].map((own) => ({ fetch: own })), { fetch }]
}

/**
 * Checks the options of `bearer()`.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function parseBearerOptions(options: unknown, call = 'bearer()'): BearerConfiguration {
  const given = issuersFromProviders(options, call)
  const configuration = parseOptions(call, schema, given.options)
  return given.known === undefined ? configuration : Object.freeze({ ...configuration, ...given.known })
}
