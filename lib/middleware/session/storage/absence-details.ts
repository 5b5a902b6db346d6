import { quoted } from '../../../base/error-cause.js'
import type { OidcErrorDetails } from '../../../error-details.js'
import type { HttpRequest } from '../../../http/request.js'
import type { BaseUrl } from '../../../relying-party/base-url.js'
import { canonicalHost, hostIn } from '../../../relying-party/base-url-pattern.js'
import { absences, type SessionAbsence } from '../../../session/storage/absence.js'

/** Why nobody is signed in, for logs. */
export function absenceDetails(
  { seen, option }: SessionAbsence,
  httpRequest: HttpRequest,
  base: Pick<BaseUrl, 'origin' | 'host' | 'secure'>,
): OidcErrorDetails {
  const host = hostIn(httpRequest)
  // A browser keeps the cookies of each host apart.
  const isElsewhere = seen === absences.noCookie.seen && host !== undefined && !isAt(base, host)
  const expected = isElsewhere ? `a request to ${base.origin}, which came to ${quoted(host)}` : undefined
  return {
    subject: 'session',
    seen: seen === absences.unproven.seen ? seen + skipped(httpRequest) : seen,
    option,
    expected,
  }
}

function isAt({ host, secure }: Pick<BaseUrl, 'host' | 'secure'>, named: string): boolean {
  return canonicalHost(named, secure) === host
}

const reasons = /\b(?:unreachable|server_error|quota_exceeded)\b/

// Browsers say why they have not asked for the proof (Device Bound Session Credentials, section 8.5).
function skipped(httpRequest: HttpRequest): string {
  const reason = reasons.exec(httpRequest.header('secure-session-skipped') ?? '')?.[0]
  return reason === undefined ? '' : `, which the browser did not ask for: ${reason}`
}
