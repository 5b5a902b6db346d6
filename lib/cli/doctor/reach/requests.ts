import { isError, redactedCause, systemCode } from '../../../base/error-cause.js'
import { isUrl, parseUrl } from '../../../base/url.js'
import { isAllowedHere } from '../../../options/common/fields.js'
import { transportOf } from '../../../provider/transport/http-client.js'
import { providerOrigins } from '../../../provider/transport/internal-origin.js'
import type { PendingResponse, TransportRequest } from '../../../provider/transport/transport.js'
import type { ProviderSettings } from '../../../provider/types.js'

/** A response, whatever its status. Redirects are not followed. */
export interface Reply {
  readonly status: number
  readonly text: string
  /** Where a redirect leads. */
  readonly location: URL | undefined
  header(name: string): string | undefined
}

/** Why there is no response. */
export interface NoReply {
  /** A code of the system, such as `ECONNREFUSED`, or one of our own. */
  readonly code: string
  /** The reason, in words for people. */
  readonly message: string
}

/** Makes the same requests as the middleware, and shows what came back as it is. */
export interface Requests {
  send(url: string, request?: Partial<TransportRequest>): Promise<Reply | NoReply>
  /** Where a request for a URL goes: another origin, if there is an internal one. */
  addressOf(url: string): string
  close(): void
}

/** How the provider is reached. */
export type RequestSettings = Pick<
  ProviderSettings,
  | 'issuer'
  | 'fetch'
  | 'tls'
  | 'internalOrigin'
  | 'allowPrivateAddresses'
  | 'httpTimeoutSeconds'
  | 'dangerouslyAllowHttp'
>

const maxBytes = 1024 * 1024
const decoder = new TextDecoder()

/** Whether there was a response. */
export function isReply(outcome: Reply | NoReply): outcome is Reply {
  return 'status' in outcome
}

/**
 * Creates the requests for one provider.
 *
 * @throws {ConfigurationError} `invalid_options` for a `fetch` whose addresses should be checked
 */
export function createRequests(settings: RequestSettings): Requests {
  const transport = transportOf(settings)
  const { internalUrl } = providerOrigins(settings)
  const isAllowed = (url: string): boolean =>
    new URL(url).origin === settings.internalOrigin || isAllowedHere(new URL(url), settings.dangerouslyAllowHttp)
  return {
    addressOf: internalUrl,
    close: () => transport.close(),
    send: async (named, { method = 'GET', headers = {}, body } = {}) => {
      const url = internalUrl(named)
      if (!isUrl(url)) return { code: 'NO_URL', message: 'it is not a URL' }
      if (!isAllowed(url)) return { code: 'NOT_HTTPS', message: 'it is plain http, which is for this machine only' }
      return receive(transport.send(url, { method, headers, body }), url, settings.httpTimeoutSeconds)
    },
  }
}

async function receive(sending: PendingResponse, url: string, seconds: number): Promise<Reply | NoReply> {
  const missed = new Error('no answer in time')
  const timer = setTimeout(() => sending.abort(missed), seconds * 1000)
  try {
    const answer = await sending.answer
    const { status, headers } = answer
    const text = decoder.decode(await answer.read(maxBytes))
    return { status, text, location: locationOf(headers['location'], url), header: (name) => headers[name] }
  } catch (error) {
    if (error === missed) return { code: 'TIMEOUT', message: `there was no answer within ${seconds} seconds` }
    return { code: codeOf(error), message: reasonOf(error) }
  } finally {
    clearTimeout(timer)
  }
}

function locationOf(location: string | undefined, url: string): URL | undefined {
  return location === undefined ? undefined : parseUrl(location, url)
}

// The global fetch wraps the error of the system.
function codeOf(error: unknown): string {
  if (!isError(error)) return 'UNKNOWN'
  return systemCode(error) ?? codeOf(error.cause)
}

function reasonOf(error: unknown): string {
  const cause = redactedCause(error)
  const inner = isError(cause?.cause) ? `: ${cause.cause.message}` : ''
  return `${cause?.message ?? 'it failed'}${inner}`
}
