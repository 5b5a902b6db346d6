import { ConfigurationError, ProviderError } from '../errors.js'
import { traceOf } from '../options/error-trace.js'
import { isAllowedUrl } from '../options/fields.js'
import { isTraced, type TraceContext, traced, type TraceNotes } from '../options/trace.js'
import { outage, ownError, retryAfterSeconds } from './failures.js'
import { fetchTransport } from './fetch-transport.js'
import { keepAliveTransport } from './keep-alive-transport.js'
import { OutboundResponse } from './outbound-response.js'
import type { Answer, Sending } from './transport.js'
import type { ProviderSettings } from './types.js'

/** One request to the provider. */
export interface OutboundRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | URLSearchParams | undefined
  /** Largest body after decoding, in bytes. Default 256 KiB. */
  readonly maxBytes?: number
}

/** Every request to the provider goes through here: bounded in time and size, never redirected. */
export interface Outbound {
  /**
   * Sends one request and reads its answer to the end. Answers with status 2xx and 4xx are returned.
   *
   * @throws {ProviderError} for redirects, 429 and 5xx, a missed deadline, too large a body and an unreachable provider
   */
  request(url: string, request?: OutboundRequest): Promise<OutboundResponse>
  /** Whether requests to this URL may be made at all. */
  allows(url: string): boolean
  /** Ends what is under way; later requests fail. */
  close(): void
}

/** What {@link createOutbound} needs to know. */
export type OutboundSettings = Pick<ProviderSettings, 'fetch' | 'httpTimeoutSeconds' | 'dangerouslyAllowHttp'> &
  Partial<Pick<ProviderSettings, 'issuer'>>

const decoder = new TextDecoder()
const defaultMaxBytes = 256 * 1024
// A hung provider must not pile up sockets and memory until the deadlines pass.
const maxConcurrent = 256

/** Makes the one way out. */
export function createOutbound(settings: OutboundSettings): Outbound {
  const transport = settings.fetch === undefined ? keepAliveTransport() : fetchTransport(settings.fetch)
  const underWay = new Set<Abort>()
  let closed = false
  const allows = (url: string) => URL.canParse(url) && isRequestable(new URL(url), settings.dangerouslyAllowHttp)
  const perform = async (
    url: string,
    request: OutboundRequest,
    notes: TraceNotes | undefined,
  ): Promise<OutboundResponse> => {
    if (!allows(url)) throw new ConfigurationError('invalid_options', 'requests to the provider must use https')
    if (closed) throw outage('provider_unreachable', 'the connection to the provider is closed')
    if (underWay.size >= maxConcurrent) {
      throw outage('provider_unavailable', 'too many requests to the provider are under way', 1)
    }
    const { method = 'GET', headers = {}, body } = request
    const sending = transport.send(url, { method, headers, body })
    return withDeadline(sending, settings.httpTimeoutSeconds, underWay, received(sending, request.maxBytes, notes))
  }
  return {
    allows,
    request: async (url, request = {}) =>
      traced('request', isTraced('request') ? aboutRequest(settings, url, request) : {}, (notes) =>
        perform(url, request, notes),
      ),
    close() {
      closed = true
      for (const abort of underWay) abort(outage('provider_unreachable', 'the connection to the provider was closed'))
      transport.close()
    },
  }
}

type Abort = (reason: Error) => void

// A query could hold anything, one day.
function aboutRequest({ issuer }: OutboundSettings, url: string, { method = 'GET' }: OutboundRequest): TraceContext {
  const { origin, pathname } = URL.canParse(url) ? new URL(url) : { origin: '', pathname: '' }
  return { method, url: origin + pathname, ...(issuer === undefined ? {} : { issuer }) }
}

function isRequestable(url: URL, dangerouslyAllowHttp: boolean): boolean {
  return isAllowedUrl(url, dangerouslyAllowHttp) && url.username === '' && url.password === ''
}

// The race is for a fetch that does not listen to its signal.
async function withDeadline<T>(
  sending: Sending,
  seconds: number,
  underWay: Set<Abort>,
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
    throw failureOf(error)
  } finally {
    clearTimeout(timer)
    underWay.delete(abort)
  }
}

function failureOf(error: unknown): Error {
  return (
    ownError(error) ?? outage('provider_unreachable', 'the provider could not be reached', undefined, traceOf(error))
  )
}

async function received(
  { answer }: Sending,
  maxBytes = defaultMaxBytes,
  notes?: TraceNotes,
): Promise<OutboundResponse> {
  const begun = await answer
  const { status } = begun
  if (notes !== undefined) notes.status = status
  const refusal = refusalOf(begun)
  if (refusal !== undefined) {
    begun.discard()
    throw refusal
  }
  return new OutboundResponse(status, begun.headers, decoder.decode(await begun.read(maxBytes)))
}

function refusalOf({ status, isRedirect, headers }: Answer): ProviderError | undefined {
  if (isRedirect) {
    return new ProviderError('provider_redirected', 'the provider answered with a redirect, which is not followed', {
      status: 502,
    })
  }
  if (status < 200) {
    const message = 'the provider answered with a status that ends no request'
    return new ProviderError('provider_response_invalid', message, { status: 502 })
  }
  if (status === 429 || status >= 500) {
    const seconds = retryAfter(headers['retry-after'])
    return outage('provider_unavailable', `the provider answered with status ${status}`, seconds)
  }
  return undefined
}

// An hour is the most that a header may keep people out for; dates are rare and need the provider's clock.
function retryAfter(value: string | undefined): number {
  const seconds = value !== undefined && /^\d{1,4}$/.test(value) ? Number(value) : retryAfterSeconds
  return seconds >= 1 && seconds <= 3600 ? seconds : retryAfterSeconds
}
