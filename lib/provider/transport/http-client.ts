import { outage } from '../../base/outage.js'
import { isUrl, parseUrl } from '../../base/url.js'
import { ConfigurationError } from '../../errors.js'
import { ownError, redactedCause } from '../../base/error-cause.js'
import { isAllowedHere } from '../../options/common/fields.js'
import type { ApiTlsConfiguration } from '../../options/common/tls.js'
import { isTraced, type TraceContext, traced, type TraceNotes } from '../../base/diagnostics.js'
import { tlsFailure } from '../tls/failure.js'
import type { TlsSource } from '../tls/tls-source.js'
import { fetchTransport } from './fetch-transport.js'
import { keepAliveTransport } from './node-transport.js'
import { providerOrigins } from './internal-origin.js'
import { isRefused, refusalOf } from './refusal.js'
import { HttpResponse } from './response.js'
import { RequestSlots } from './request-slots.js'
import type { PendingResponse, Transport } from './transport.js'
import type { ProviderSettings } from '../types.js'

/** One request to the provider. */
export interface HttpClientRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | URLSearchParams | undefined
  /** Maximum size of the decoded body in bytes. Default 256 KiB. */
  readonly maxBytes?: number
  /** Minimum deadline, for requests whose response must not be lost. */
  readonly minTimeoutSeconds?: number
  /** Whether anyone can cause such requests, without limit: some slots are then reserved for other requests. */
  readonly isByAnyone?: boolean
}

/** Makes all requests to the provider, with a deadline and a size limit, and without following redirects. */
export interface HttpClient {
  /**
   * Sends one request and reads the whole response. Responses with status 2xx and most 4xx are returned.
   *
   * @throws {ProviderError} for redirects, 408, 425, 429 and 5xx, a missed deadline, a body that is too large, and an
   *   unreachable provider; `outbound_limit_reached` if too many requests are in flight
   */
  request(url: string, request?: HttpClientRequest): Promise<HttpResponse>
  /** Whether requests to this URL are allowed. */
  allows(url: string): boolean
  /** Aborts requests in flight; later ones fail. */
  close(): void
}

/** Which `fetch` or certificate to use, the deadline, and whether plain http is allowed. */
type HttpClientSettings = Pick<ProviderSettings, 'fetch' | 'httpTimeoutSeconds' | 'dangerouslyAllowHttp'> &
  Partial<Pick<ProviderSettings, 'issuer' | 'internalOrigin' | 'allowPrivateAddresses'>> & {
    readonly tls?: TlsSource<ApiTlsConfiguration> | undefined
  }

const decoder = new TextDecoder()
const defaultMaxBytes = 256 * 1024

/**
 * Creates the HTTP client for all requests to the provider.
 *
 * @throws {ConfigurationError} `invalid_options` for a `fetch` whose addresses should be checked
 */
export function createHttpClient(settings: HttpClientSettings): HttpClient {
  const transport = transportOf(settings)
  const underWay = new Set<Abort>()
  const slots = new RequestSlots(settings.httpTimeoutSeconds * 1000)
  let closed = false
  const { internalUrl } = providerOrigins(settings)
  const allows = (url: string) => isUrl(url) && isRequestable(new URL(url), settings)
  const sendOne = async (url: string, request: HttpClientRequest, notes?: TraceNotes): Promise<HttpResponse> => {
    if (closed) throw outage('provider_unreachable', 'the connection to the provider is closed')
    const { method = 'GET', headers = {}, body, maxBytes, minTimeoutSeconds = 0 } = request
    const sending = transport.send(url, { method, headers, body })
    const seconds = Math.max(settings.httpTimeoutSeconds, minTimeoutSeconds)
    const { origin } = new URL(url)
    const hasCertificate = settings.tls?.known()?.cert !== undefined
    return answerInTime(sending, { seconds, underWay, origin, hasCertificate }, receive(sending, maxBytes, notes))
  }
  const perform = async (url: string, request: HttpClientRequest, notes?: TraceNotes): Promise<HttpResponse> => {
    if (!allows(url)) throw new ConfigurationError('invalid_options', 'requests to the provider must use https')
    return slots.run(request.isByAnyone ?? false, () => sendOne(url, request, notes))
  }
  return {
    allows,
    request: async (named, request = {}) => {
      const url = internalUrl(named)
      return traced('request', isTraced('request') ? traceContext(settings, url, request) : {}, (notes) =>
        perform(url, request, notes),
      )
    },
    close() {
      closed = true
      for (const abort of underWay) abort(outage('provider_unreachable', 'the connection to the provider was closed'))
      transport.close()
    },
  }
}

/**
 * The transport for these settings.
 *
 * @throws {ConfigurationError} `invalid_options` for a `fetch` whose addresses should be checked
 */
export function transportOf({
  fetch,
  tls,
  allowPrivateAddresses = true,
  internalOrigin,
}: HttpClientSettings): Transport {
  const isTrusted = ({ origin }: URL) => allowPrivateAddresses || origin === internalOrigin
  if (fetch === undefined) return keepAliveTransport({ tls, isTrusted })
  if (allowPrivateAddresses) return fetchTransport(fetch)
  const message =
    'allowPrivateAddresses: false cannot be used with your own "fetch", which looks names up by itself: leave "fetch" out, or refuse private addresses in it and set allowPrivateAddresses: true'
  throw new ConfigurationError('invalid_options', message)
}

type Abort = (reason: Error) => void

// Without the query, which might contain secrets.
function traceContext(
  { issuer }: HttpClientSettings,
  url: string,
  { method = 'GET' }: HttpClientRequest,
): TraceContext {
  const { origin, pathname } = parseUrl(url) ?? { origin: '', pathname: '' }
  return { method, url: origin + pathname, ...(issuer === undefined ? {} : { issuer }) }
}

function isRequestable(url: URL, { internalOrigin, dangerouslyAllowHttp }: HttpClientSettings): boolean {
  const isAllowed = url.origin === internalOrigin || isAllowedHere(url, dangerouslyAllowHttp)
  return isAllowed && url.username === '' && url.password === ''
}

interface Deadline {
  readonly seconds: number
  readonly underWay: Set<Abort>
  /** Where the request goes, for messages. */
  readonly origin: string
  readonly hasCertificate: boolean
}

// The race covers a custom fetch that ignores its signal.
async function answerInTime<T>(
  sending: PendingResponse,
  { seconds, underWay, ...place }: Deadline,
  received: Promise<T>,
): Promise<T> {
  let abort: Abort = () => undefined
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = (reason) => {
      reject(reason)
      sending.abort(reason)
    }
  })
  const timer = setTimeout(() => {
    abort(outage('provider_timeout', `the provider did not answer within ${seconds} seconds`))
  }, seconds * 1000)
  timer.unref()
  underWay.add(abort)
  try {
    return await Promise.race([received, aborted])
  } catch (error) {
    throw failureOf(error, place)
  } finally {
    clearTimeout(timer)
    underWay.delete(abort)
  }
}

function failureOf(error: unknown, { origin, hasCertificate }: Pick<Deadline, 'origin' | 'hasCertificate'>): Error {
  const reason = tlsFailure(error, hasCertificate)
  const message = `the provider could not be reached at ${origin}${reason === undefined ? '' : ` (${reason})`}`
  return ownError(error) ?? outage('provider_unreachable', message, undefined, redactedCause(error))
}

async function receive(
  { answer }: PendingResponse,
  maxBytes = defaultMaxBytes,
  notes?: TraceNotes,
): Promise<HttpResponse> {
  const begun = await answer
  const { status } = begun
  if (notes !== undefined) notes.status = status
  if (isRefused(begun)) throw await refusalOf(begun)
  return new HttpResponse(status, begun.headers, decoder.decode(await begun.read(maxBytes)))
}
