import { traced } from '../../base/diagnostics.js'
import { Cached } from '../../base/cache/cached-document.js'
import type { JsonObject } from '../../base/json.js'
import { quoted, seenValue } from '../../base/error-cause.js'
import { ProviderError } from '../../errors.js'
import type { Runtime } from '../../base/runtime.js'
import type { HttpClient } from '../../provider/transport/http-client.js'
import { fetchWellKnown } from '../../provider/well-known.js'

/** The endpoints of a transmitter's API. */
export type TransmitterEndpoint =
  | 'configuration_endpoint'
  | 'status_endpoint'
  | 'add_subject_endpoint'
  | 'remove_subject_endpoint'
  | 'verification_endpoint'

/** Where a transmitter's configuration is. */
interface ConfigurationPlace {
  readonly issuer: string
  readonly configurationUrl?: string | undefined
  readonly runtime: Runtime
}

const maxAgeSeconds = 1800
const maxBytes = 256 * 1024

/**
 * Creates the cache of a transmitter's configuration, which is kept while the transmitter is down.
 *
 * @see https://openid.net/specs/openid-sharedsignals-framework-1_0.html#name-obtaining-transmitter-confi
 */
export function createConfiguration(place: ConfigurationPlace, httpClient: HttpClient): Cached<Readonly<JsonObject>> {
  const { issuer, configurationUrl, runtime } = place
  const urls = configurationUrl === undefined ? wellKnownUrls(issuer) : [configurationUrl]
  return new Cached({
    runtime,
    maxAgeSeconds,
    staleSeconds: Infinity,
    fetch: () =>
      traced('discovery', { issuer }, async () => requireIssuer(await fetchDocument(urls, httpClient), issuer)),
  })
}

/** The URL of an endpoint, or of the keys (`jwks_uri`); {@link ProviderError} `provider_metadata_invalid` if there is none. */
export async function transmitterUrl(
  configuration: Cached<Readonly<JsonObject>>,
  name: TransmitterEndpoint | 'jwks_uri',
  httpClient: HttpClient,
): Promise<string> {
  const isUrl = (url: unknown): url is string => typeof url === 'string' && httpClient.allows(url)
  const { [name]: url } = await configuration.getWith((document) => isUrl(document[name]))
  if (isUrl(url)) return url
  const why = url === undefined ? 'is missing' : 'is not an absolute https URL'
  const message = `the transmitter's configuration cannot be used for this: ${name} ${why}`
  throw new ProviderError('provider_metadata_invalid', message)
}

// SSF 1.0 section 7.2.1 puts the name before the path of the issuer; some transmitters have it after the path, as OpenID Connect does.
function wellKnownUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  const name = '/.well-known/ssf-configuration'
  return path === '' ? [origin + name] : [origin + name + path, origin + path + name]
}

async function fetchDocument(urls: readonly string[], httpClient: HttpClient): Promise<JsonObject> {
  const unexpected = (status: number) => invalid(`the transmitter returns no configuration (status ${status})`)
  const document = await fetchWellKnown({ urls, maxBytes, unexpected }, httpClient)
  if (document !== undefined) return document
  const message = `the transmitter has no configuration at ${urls.join(' or ')} (status 404): check its issuer, or name the URL in "configurationUrl"`
  throw invalid(message)
}

function requireIssuer(document: JsonObject, issuer: string): JsonObject {
  if (document['issuer'] === issuer) return document
  const seen = seenValue(document['issuer'])
  const message = `the transmitter is configured as ${quoted(issuer)}, but calls itself ${seen}: spell it exactly as it does`
  const details = { subject: 'issuer', seen, expected: quoted(issuer), option: 'issuer' }
  throw new ProviderError('provider_issuer_mismatch', message, { details })
}

function invalid(message: string): ProviderError {
  return new ProviderError('provider_response_invalid', message)
}
