import { quoted } from '../../../base/error-cause.js'
import type { OidcErrorDetails } from '../../../error-details.js'
import type { HttpRequest } from '../../../http/request.js'
import type { BaseUrl } from '../../../relying-party/base-url.js'
import { absences, type SessionAbsence } from '../../../session/storage/absence.js'

/** Why nobody is signed in, for logs. */
export function absenceDetails(
  { seen, option }: SessionAbsence,
  httpRequest: HttpRequest,
  { origin }: Pick<BaseUrl, 'origin'>,
): OidcErrorDetails {
  const host = httpRequest.header('host') ?? ''
  // A browser keeps the cookies of each host apart.
  const isElsewhere = seen === absences.noCookie.seen && !hasHost(origin, host)
  const expected = isElsewhere ? `a request to ${origin}, which came to ${quoted(host)}` : undefined
  return {
    subject: 'session',
    seen: seen === absences.unproven.seen ? seen + skipped(httpRequest) : seen,
    option,
    expected,
  }
}

function hasHost(origin: string, host: string): boolean {
  return new URL(origin).host === host.toLowerCase()
}

const reasons = /\b(?:unreachable|server_error|quota_exceeded)\b/

// Browsers say why they have not asked for the proof (Device Bound Session Credentials, section 8.5).
function skipped(httpRequest: HttpRequest): string {
  const reason = reasons.exec(httpRequest.header('secure-session-skipped') ?? '')?.[0]
  return reason === undefined ? '' : `, which the browser did not ask for: ${reason}`
}
