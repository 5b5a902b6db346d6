import { parseJsonObject } from '../../base/json.js'
import { retryAfterSeconds } from '../../base/outage.js'
import type { ProviderErrorReport } from '../../error-details.js'
import { ProviderError } from '../../errors.js'
import { bodyReport } from '../endpoints/error-report.js'
import type { TransportResponse } from './transport.js'

// The server did not process these requests, so they can be repeated (RFC 9110 section 15.5.9, RFC 8470 section 5.2,
// RFC 6585 section 4).
const unprocessed: readonly number[] = [408, 425, 429]

/** Whether a response only says that the provider, or a server before it, did not do what was asked. */
export function isRefused({ status, isRedirect }: TransportResponse): boolean {
  return isRedirect || status < 200 || status >= 500 || unprocessed.includes(status)
}

const maxReportBytes = 16 * 1024

// The provider's words are for logs only: a body of unknown length may never end, so nobody waits for it.
async function reportIn(response: TransportResponse): Promise<ProviderErrorReport | undefined> {
  const { 'content-type': type = '', 'content-length': length = '' } = response.headers
  if (!/^application\/(?:[\w.-]+\+)?json\b/i.test(type) || !/^\d{1,5}$/.test(length)) {
    response.discard()
    return undefined
  }
  const body = await response.read(maxReportBytes).catch(() => undefined)
  return body === undefined ? undefined : bodyReport(parseJsonObject(body.toString()))
}

/** The error of such a response, with what the provider says in it. */
export async function refusalOf(response: TransportResponse): Promise<ProviderError> {
  const { status, isRedirect, headers } = response
  const provider = await reportIn(response)
  if (isRedirect) {
    return new ProviderError('provider_redirected', 'the provider answered with a redirect, which is not followed')
  }
  if (status < 200) {
    const message = 'the provider answered with a status that is not final'
    return new ProviderError('provider_response_invalid', message)
  }
  const message = `the provider answered with status ${status}`
  const seconds = retryAfter(headers['retry-after'])
  return new ProviderError('provider_unavailable', message, { headers: { 'Retry-After': String(seconds) }, provider })
}

// At most an hour: a header must not lock people out for longer. Dates are rare and need the provider's clock.
function retryAfter(value: string | undefined): number {
  const seconds = value !== undefined && /^\d{1,4}$/.test(value) ? Number(value) : retryAfterSeconds
  return seconds >= 1 && seconds <= 3600 ? seconds : retryAfterSeconds
}
