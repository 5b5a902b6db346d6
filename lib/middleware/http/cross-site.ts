import { quoted } from '../../base/error-cause.js'
import type { OidcErrorDetails } from '../../error-details.js'
import { AccessError } from '../../errors.js'
import { type CrossSitePolicy, mayBeCrossSite } from '../../http/fetch-metadata.js'
import type { HttpRequest } from '../../http/request.js'

/** The policy where `csrf()` has none: pages of this origin only, and scripts with its usual header. */
export function ownOriginOnly(origin: string): CrossSitePolicy {
  return { origin, origins: [], allowSameSite: false, header: 'x-csrf' }
}

/**
 * Whether a request with any method comes from a script of this site. No page of another site can send the header without a CORS
 * preflight (Fetch section 3.2), and neither can script elements, images, frames or prefetches.
 */
export function isOwnScript(httpRequest: HttpRequest, policy: CrossSitePolicy): boolean {
  return Boolean(httpRequest.header(policy.header)) && !mayBeCrossSite(httpRequest, policy)
}

/** The error for a request that a page of another site may have caused. */
export function crossSiteRequest(httpRequest: HttpRequest, origin: string): AccessError {
  const message = 'this request must come from a page of this site, or send the header that scripts of this site send'
  return new AccessError('cross_site_request', message, { details: originDetails(httpRequest, origin) })
}

/** The same for a request that must come from a script of this site. */
export function noOwnScript(httpRequest: HttpRequest, { header, origin }: CrossSitePolicy): AccessError {
  if (httpRequest.header(header)) return crossSiteRequest(httpRequest, origin)
  const subject = header === 'x-csrf' ? 'X-CSRF' : header
  const message = `only scripts of this site may ask here, with the header ${subject}: 1`
  const details = { subject, seen: 'missing', expected: `${subject}: 1` }
  return new AccessError('cross_site_request', message, { details })
}

function originDetails(httpRequest: HttpRequest, origin: string): OidcErrorDetails {
  const [subject = 'X-CSRF', seen] =
    ['sec-fetch-site', 'origin'].flatMap((name) => {
      const value = httpRequest.header(name)
      return value === undefined ? [] : [[name, quoted(value)] as const]
    })[0] ?? []
  return {
    subject,
    seen: seen ?? 'missing',
    expected: `a page of ${origin}, or X-CSRF: 1 of a script`,
    option: 'baseUrl',
  }
}
