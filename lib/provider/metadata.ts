import type { OidcErrorDetails } from '../error-details.js'
import { ConfigurationError, ProviderError } from '../errors.js'
import { type EndpointName, endpointNames, mtlsEndpointNames } from '../options/common/provider-description.js'
import { tenantPlace } from '../options/common/tenants.js'
import { traced } from '../base/diagnostics.js'
import { quoted, seenValue } from '../base/error-cause.js'
import { type JsonObject, freezeJson, isJsonObject } from '../base/json.js'
import { withoutBlanks } from './endpoints/blank-members.js'
import { Cached } from '../base/cache/cached-document.js'
import type { HttpClient } from './transport/http-client.js'
import { providerOrigins } from './transport/internal-origin.js'
import type { ProviderMetadata, ProviderSettings } from './types.js'
import { fetchWellKnown } from './well-known.js'

/** What the metadata must contain. */
export interface MetadataNeeds {
  readonly members: readonly EndpointName[]
  /** Whether the authorization server must support PKCE with S256 (RFC 9700 section 2.1.1). */
  readonly pkce: boolean
}

/** Requirements for logins. */
export const loginNeeds: MetadataNeeds = {
  members: ['authorization_endpoint', 'token_endpoint', 'jwks_uri'],
  pkce: true,
}

/** Requirements for a machine's tokens. */
export const tokenNeeds: MetadataNeeds = { members: ['token_endpoint'], pkce: false }

/** For endpoints that are asked for one by one, with {@link endpointOf}. */
export const noNeeds: MetadataNeeds = { members: [], pkce: false }

/** Endpoints that browsers are sent to. */
const browserEndpoints: readonly string[] = ['authorization_endpoint', 'end_session_endpoint']
const maxBytes = 1024 * 1024

/**
 * Creates the cache of the authorization server's metadata: fetched on first use, refreshed when due, and kept while
 * the provider is down.
 *
 * @throws {ConfigurationError} `invalid_options` for an invalid issuer
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
 * @see https://www.rfc-editor.org/rfc/rfc8414#section-3
 */
export function createMetadata(
  settings: ProviderSettings,
  httpClient: HttpClient,
  needs: MetadataNeeds,
): Cached<ProviderMetadata> {
  const { metadata: given = {} } = settings
  const fetchDocument = documentSource(settings, httpClient)
  return new Cached({
    runtime: settings.runtime,
    maxAgeSeconds: settings.metadataMaxAgeSeconds,
    staleSeconds: Infinity,
    fetch: () =>
      traced('discovery', settings, async () =>
        checkMetadata(merge(withoutBlanks(await fetchDocument()), given, settings), settings, httpClient, needs),
      ),
  })
}

/**
 * Returns one endpoint's URL. If it is missing, the metadata is fetched again soon, since the provider may be fixing
 * it.
 *
 * @throws {ProviderError} `provider_metadata_invalid` if there is none
 */
export async function endpointOf(metadata: Cached<ProviderMetadata>, name: EndpointName): Promise<string> {
  const known = await metadata.getWith((document) => document[name] !== undefined)
  const url = known[name]
  if (url === undefined) throw missingEndpoint(known, name)
  return url
}

/** The error for an endpoint that is missing or unusable. */
export function missingEndpoint(metadata: ProviderMetadata, name: EndpointName): ProviderError {
  const why = unusable.get(metadata)?.includes(name) === true ? 'is not an absolute https URL' : 'is missing'
  const message = `the provider's metadata cannot be used for this: ${name} ${why} (the option "metadata" can give it)`
  return invalid('provider_metadata_invalid', message)
}

// Unusable endpoints that were removed from the metadata, for the error message when one is needed.
const unusable = new WeakMap<ProviderMetadata, readonly EndpointName[]>()

function merge(document: JsonObject, given: JsonObject, { usesMtlsEndpoints = false }: ProviderSettings): JsonObject {
  if (!usesMtlsEndpoints) return { ...document, ...given }
  return { ...document, ...aliasesIn(document), ...given, ...aliasesIn(given) }
}

function aliasesIn({ mtls_endpoint_aliases: aliases }: JsonObject): JsonObject {
  if (!isJsonObject(aliases)) return {}
  return Object.fromEntries(
    Object.entries(aliases).filter(([name]) => mtlsEndpointNames.some((known) => known === name)),
  )
}

function documentSource({ issuer, discoveryUrl }: ProviderSettings, httpClient: HttpClient): () => Promise<JsonObject> {
  if (discoveryUrl === false) return async () => ({ issuer })
  // The metadata of a template are those of all tenants.
  const urls =
    discoveryUrl === undefined ? wellKnownUrls(issuer.replace(tenantPlace, 'common'), httpClient) : [discoveryUrl]
  return () => discover(urls, httpClient)
}

function wellKnownUrls(issuer: string, httpClient: HttpClient): readonly string[] {
  if (!httpClient.allows(issuer) || /[?#]/.test(issuer)) {
    const rule = 'an https URL without query and fragment (plain http is for loopback hosts only)'
    throw new ConfigurationError('invalid_options', `issuer must be ${rule}`)
  }
  return metadataUrls(issuer)
}

/** Where the metadata of an issuer may be: Discovery's place, and then that of RFC 8414. */
export function metadataUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  return [
    `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ]
}

async function discover(urls: readonly string[], httpClient: HttpClient): Promise<JsonObject> {
  const unexpected = (status: number) =>
    invalid('provider_response_invalid', `the provider returns no metadata (status ${status})`)
  const document = await fetchWellKnown({ urls, maxBytes, unexpected }, httpClient)
  if (document !== undefined) return document
  const message = `the provider has no metadata at ${urls.join(' or ')} (status 404): check the issuer, or name the URL in "discoveryUrl"`
  throw invalid('provider_response_invalid', message, { subject: 'discoveryUrl', seen: '404', option: 'issuer' })
}

function checkMetadata(
  document: JsonObject,
  settings: ProviderSettings,
  httpClient: HttpClient,
  needs: MetadataNeeds,
): ProviderMetadata {
  const { issuer } = settings
  if (document['issuer'] !== issuer) {
    const names = `${quoted(issuer)}, but the provider calls itself ${quoted(document['issuer'])}`
    const message = `the issuer is configured as ${names}: spell it exactly as the provider does`
    const details = {
      subject: 'issuer',
      seen: seenValue(document['issuer']),
      expected: quoted(issuer),
      option: 'issuer',
    }
    throw invalid('provider_issuer_mismatch', message, details)
  }
  const given = withPublicPages(document, settings)
  const isUrl = (url: unknown) => typeof url === 'string' && !url.includes('#') && httpClient.allows(url)
  const removed = endpointNames.filter((name) => given[name] !== undefined && !isUrl(given[name]))
  // Unusable endpoints are removed. That is an error only for callers that need them.
  const metadata = Object.fromEntries(Object.entries(given).filter(([name]) => !removed.some((bad) => bad === name)))
  const flaw = metadataFlaw(metadata, removed, needs)
  if (flaw !== undefined || !isMetadata(metadata)) {
    throw invalid('provider_metadata_invalid', `the provider's metadata cannot be used: ${flaw ?? 'endpoints'}`)
  }
  unusable.set(metadata, removed)
  return freezeJson(metadata)
}

// A provider that is asked at its internal address may name its pages by that.
function withPublicPages(document: JsonObject, settings: ProviderSettings): JsonObject {
  const { publicUrl } = providerOrigins(settings)
  const pages = browserEndpoints.flatMap((name) => {
    const url = document[name]
    return typeof url === 'string' ? [[name, publicUrl(url)] as const] : []
  })
  return { ...document, ...Object.fromEntries(pages) }
}

function metadataFlaw(metadata: JsonObject, left: readonly EndpointName[], needs: MetadataNeeds): string | undefined {
  const missing = needs.members.find((name) => metadata[name] === undefined)
  if (missing !== undefined) return `${missing} is ${left.includes(missing) ? 'not an absolute https URL' : 'missing'}`
  const refusesS256 = needs.pkce && !offersS256(metadata['code_challenge_methods_supported'])
  return refusesS256 ? 'it does not support PKCE with S256, which every login uses' : undefined
}

function isMetadata(metadata: JsonObject): metadata is JsonObject & ProviderMetadata {
  const isText = (name: EndpointName) => metadata[name] === undefined || typeof metadata[name] === 'string'
  return typeof metadata['issuer'] === 'string' && endpointNames.every(isText)
}

// If the member is absent, support is unknown: many providers support PKCE without announcing it.
function offersS256(methods: unknown): boolean {
  return methods === undefined || (Array.isArray(methods) && methods.includes('S256'))
}

function invalid(
  code: 'provider_response_invalid' | 'provider_issuer_mismatch' | 'provider_metadata_invalid',
  message: string,
  details?: OidcErrorDetails,
): ProviderError {
  return new ProviderError(code, message, { details })
}
