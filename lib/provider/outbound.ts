import { ConfigurationError, ProviderError } from '../errors.js'
import { traceOf } from '../options/error-trace.js'
import { isAllowedUrl } from '../options/fields.js'
import { type TraceContext, traced, type TraceNotes } from '../options/trace.js'
import { outage, ownError, retryAfterSeconds } from './failures.js'
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
  request(url: string, request?: OutboundRequest): Promise<Response>
  /** Whether requests to this URL may be made at all. */
  allows(url: string): boolean
  /** Ends what is under way; later requests fail. */
  close(): void
}

/** What {@link createOutbound} needs to know. */
export type OutboundSettings = Pick<ProviderSettings, 'fetch' | 'httpTimeoutSeconds' | 'dangerouslyAllowHttp'> &
  Partial<Pick<ProviderSettings, 'issuer'>>

const defaultMaxBytes = 256 * 1024
// A hung provider must not pile up sockets and memory until the deadlines pass.
const maxConcurrent = 256

/** Makes the one way out. */
export function createOutbound(settings: OutboundSettings): Outbound {
  const underWay = new Set<AbortController>()
  let closed = false
  const allows = (url: string) => URL.canParse(url) && isRequestable(new URL(url), settings.dangerouslyAllowHttp)
  const perform = async (url: string, request: OutboundRequest, notes: TraceNotes | undefined): Promise<Response> => {
    if (!allows(url)) throw new ConfigurationError('invalid_options', 'requests to the provider must use https')
    if (closed) throw outage('provider_unreachable', 'the connection to the provider is closed')
    if (underWay.size >= maxConcurrent) {
      throw outage('provider_unavailable', 'too many requests to the provider are under way', 1)
    }
    const controller = new AbortController()
    underWay.add(controller)
    try {
      return await withDeadline(controller, settings.httpTimeoutSeconds, (signal) =>
        send(settings.fetch, url, request, signal, notes),
      )
    } finally {
      underWay.delete(controller)
    }
  }
  return {
    allows,
    request: async (url, request = {}) =>
      traced('request', aboutRequest(settings, url, request), (notes) => perform(url, request, notes)),
    close() {
      closed = true
      for (const controller of underWay) {
        controller.abort(outage('provider_unreachable', 'the connection to the provider was closed'))
      }
    },
  }
}

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
  controller: AbortController,
  seconds: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal } = controller
  const timer = setTimeout(() => {
    controller.abort(outage('provider_timeout', `the provider did not answer within ${seconds} seconds`))
  }, seconds * 1000)
  timer.unref()
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(failureOf(signal.reason)), { once: true })
  })
  try {
    return await Promise.race([work(signal), aborted])
  } catch (error) {
    throw failureOf(error)
  } finally {
    clearTimeout(timer)
  }
}

function failureOf(error: unknown): Error {
  return (
    ownError(error) ?? outage('provider_unreachable', 'the provider could not be reached', undefined, traceOf(error))
  )
}

async function send(
  fetch: ProviderSettings['fetch'],
  url: string,
  request: OutboundRequest,
  signal: AbortSignal,
  notes: TraceNotes | undefined,
): Promise<Response> {
  const { method = 'GET', headers = {}, body = null, maxBytes = defaultMaxBytes } = request
  const response = await fetch(url, { method, headers, body, redirect: 'manual', signal })
  if (notes !== undefined) notes.status = response.status
  const refusal = refusalOf(response)
  if (refusal !== undefined) {
    discard(response.body)
    throw refusal
  }
  return buffered(response, await readBody(response, maxBytes, signal))
}

function refusalOf(response: Response): ProviderError | undefined {
  const { status, type } = response
  if (type === 'opaqueredirect' || (status >= 300 && status < 400)) {
    return new ProviderError('provider_redirected', 'the provider answered with a redirect, which is not followed', {
      status: 502,
    })
  }
  if (status === 429 || status >= 500) {
    const seconds = retryAfter(response.headers.get('retry-after'))
    return outage('provider_unavailable', `the provider answered with status ${status}`, seconds)
  }
  return undefined
}

// An hour is the most that a header may keep people out for; dates are rare and need the provider's clock.
function retryAfter(value: string | null): number {
  const seconds = value !== null && /^\d{1,4}$/.test(value) ? Number(value) : retryAfterSeconds
  return seconds >= 1 && seconds <= 3600 ? seconds : retryAfterSeconds
}

async function readBody(response: Response, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
  if (response.body === null) return Buffer.alloc(0)
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader()
  const cancel = () => void reader.cancel().catch(() => undefined)
  signal.addEventListener('abort', cancel, { once: true })
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return Buffer.concat(chunks, length)
      length += value.length
      if (length > maxBytes) throw tooLarge(maxBytes)
      chunks.push(value)
    }
  } finally {
    signal.removeEventListener('abort', cancel)
    cancel()
  }
}

// Not waited for: a stream may take its time to end, and the refusal is known already.
function discard(body: Response['body']): void {
  body?.cancel().catch(() => undefined)
}

function tooLarge(maxBytes: number): ProviderError {
  return new ProviderError('provider_response_too_large', `the provider's answer is larger than ${maxBytes} bytes`, {
    status: 502,
  })
}

// The body is decoded by now, so headers that speak of its encoding would be wrong.
function buffered(response: Response, body: Buffer): Response {
  const headers = new Headers(response.headers)
  headers.delete('content-encoding')
  headers.delete('content-length')
  const { status } = response
  const withoutBody = status === 204 || status === 205
  return new Response(withoutBody ? null : Uint8Array.from(body), { status, headers })
}
