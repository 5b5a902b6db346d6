import type * as OpenidClient from 'openid-client'
import type { ClientAuth, Configuration, CustomFetchOptions, ServerMetadata } from 'openid-client'
import { ConfigurationError } from '../errors.js'
import type { DpopProver } from '../fetch/dpop.js'
import { type JsonObject, parseJsonObject } from '../base/json.js'
import { machineGrants, readableTokenResponse, withTokenType } from './endpoints/token-response.js'
import type { Cached } from '../base/cache/cached-document.js'
import type { EndpointRecord } from './health.js'
import type { HttpClient, HttpClientRequest } from './transport/http-client.js'
import type { HttpResponse, ResponseChanges } from './transport/response.js'
import { isClientRefusal } from './errors.js'
import { isDeadGrant, readRefreshResponse } from './grants/refresh-response.js'
import type { ClientSettings, ProviderMetadata } from './types.js'

// Longer than callers wait: a rotating refresh token is used once the request is sent, so its successor must not be
// lost.
const refreshSeconds = 60

/** openid-client, configured with the current metadata. */
export interface ConfiguredClient {
  readonly openid: typeof OpenidClient
  readonly configuration: Configuration
  readonly metadata: ProviderMetadata
  readonly tokenEndpoint: URL | undefined
  /** Set if tokens must be bound to a key. */
  readonly dpop: DpopProver | undefined
}

/** The client that openid-client acts for, and how it authenticates. */
interface OpenidClientSettings extends Pick<ClientSettings, 'clientId'> {
  readonly authenticate: ClientAuth
  readonly dpop: DpopProver | undefined
}

/**
 * Configures openid-client on first use, and again when the metadata changes. It never fetches metadata or keys itself.
 *
 * @param record - records whether the token endpoint responds
 */
export function createOpenidClient(
  client: OpenidClientSettings,
  cached: Cached<ProviderMetadata>,
  httpClient: HttpClient,
  record: EndpointRecord,
): () => Promise<ConfiguredClient> {
  let built: ConfiguredClient | undefined
  return async () => {
    const metadata = await cached.get()
    if (built?.metadata === metadata) return built
    const { dpop } = client
    requireProofAlgorithm(dpop, metadata)
    const tokenEndpoint = metadata.token_endpoint === undefined ? undefined : new URL(metadata.token_endpoint)
    // Loaded with the first login, since resource servers never need it.
    const openid = await import('openid-client')
    const configuration = new openid.Configuration(serverMetadata(metadata), client.clientId, {}, client.authenticate)
    configuration.timeout = 0 // The HTTP client sets the deadline, and decides which URLs may be plain http.
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- meant to stand out; metadata and the HTTP client hold the rule
    openid.allowInsecureRequests(configuration)
    const wire = { metadata, tokenEndpoint: tokenEndpoint?.href, httpClient, record, dpop }
    configuration[openid.customFetch] = (url, options) => send(wire, url, options)
    built = { openid, configuration, metadata, tokenEndpoint, dpop }
    return built
  }
}

/** What the requests of one configuration use. */
interface Wire {
  readonly metadata: ProviderMetadata
  readonly tokenEndpoint: string | undefined
  readonly httpClient: HttpClient
  readonly record: EndpointRecord
  readonly dpop: DpopProver | undefined
}

async function send(wire: Wire, url: string, options: CustomFetchOptions): Promise<Response> {
  const { metadata, httpClient, record, dpop } = wire
  if (url !== wire.tokenEndpoint) {
    const isByAnyone = url === metadata.pushed_authorization_request_endpoint
    const answer = await forward(httpClient, url, options, { isByAnyone })
    dpop?.rememberNonce(new URL(url), answer.header('dpop-nonce'))
    return toResponse(answer, options)
  }
  const grant = options.body instanceof URLSearchParams ? options.body.get('grant_type') : null
  const isRefresh = grant === 'refresh_token'
  // Anyone can cause code exchanges, by calling the callback.
  const manner = isRefresh ? { minTimeoutSeconds: refreshSeconds } : { isByAnyone: grant === 'authorization_code' }
  const request = withProof(dpop, url, options)
  const answer = await record.watch(() => forward(httpClient, url, request, manner), isRefusedClient)
  dpop?.rememberNonce(new URL(url), answer.header('dpop-nonce'))
  const json = isRefresh ? readRefreshResponse(answer) : readAnswer(answer, machineGrants.has(grant ?? ''))
  return toResponse(answer, options, { json })
}

// If the provider lists its algorithms, a mismatch is reported before anyone is redirected to it.
function requireProofAlgorithm(dpop: DpopProver | undefined, metadata: ProviderMetadata): void {
  const listed = metadata['dpop_signing_alg_values_supported']
  if (dpop === undefined || !Array.isArray(listed) || listed.includes(dpop.alg)) return
  throw new ConfigurationError('invalid_options', `dpop: the provider does not support proofs signed with ${dpop.alg}`)
}

function withProof(dpop: DpopProver | undefined, url: string, options: CustomFetchOptions): CustomFetchOptions {
  if (dpop === undefined) return options
  const { method, headers } = options
  return { ...options, headers: { ...headers, dpop: dpop.prove({ method, url: new URL(url) }) } }
}

/** The metadata as openid-client's type. */
export function serverMetadata(metadata: ProviderMetadata): ServerMetadata {
  const server: ServerMetadata = { issuer: metadata.issuer }
  Object.assign(server, metadata)
  return server
}

// A rejected client gets no tokens, as from a server that is down. A rejected grant may have the same status.
function isRefusedClient({ status, text }: HttpResponse): boolean {
  const error = parseJsonObject(text)?.['error']
  return isClientRefusal(status, error) && !isDeadGrant(error)
}

/** Sends a request of openid-client through our HTTP client. */
export async function forward(
  httpClient: HttpClient,
  url: string,
  options: CustomFetchOptions,
  manner: Pick<HttpClientRequest, 'minTimeoutSeconds' | 'isByAnyone'> = {},
): Promise<HttpResponse> {
  const { method, headers, body } = options
  const form = body instanceof URLSearchParams || typeof body === 'string' ? body : undefined
  return httpClient.request(url, { method, headers, body: form, ...manner })
}

/** Converts a response for openid-client. */
export function toResponse(
  answer: HttpResponse,
  { method }: CustomFetchOptions,
  changes: Pick<ResponseChanges, 'json' | 'text' | 'contentType'> = {},
): Response {
  // openid-client would report the challenge and ignore the JSON error, which says more (RFC 6749 section 5.2).
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- BufferedResponse says why
  return answer.toResponse({ ...changes, ...(method === 'GET' ? {} : { without: 'www-authenticate' }) })
}

function readAnswer({ status, text }: HttpResponse, isMachine: boolean): JsonObject | undefined {
  const body = status === 200 ? parseJsonObject(text) : undefined
  if (body === undefined) return undefined
  return readableTokenResponse(isMachine ? withTokenType(body) : body)
}
