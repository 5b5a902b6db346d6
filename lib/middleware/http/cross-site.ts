import { quoted } from '../../base/error-cause.js'
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
export function crossSiteRequest(httpRequest: HttpRequest, policy: CrossSitePolicy): AccessError {
  const [from] = ['sec-fetch-site', 'origin'].flatMap((name) => {
    const value = httpRequest.header(name)
    return value === undefined ? [] : [{ subject: name, seen: quoted(value) }]
  })
  if (from === undefined) {
    return missingHeader('this request does not say which page it comes from: it must have the header', policy)
  }
  const details = { ...from, expected: `a page of ${policy.origin}`, option: 'baseUrl' }
  return new AccessError('cross_site_request', 'this request must come from a page of this site', { details })
}

/** The same for a request that must come from a script of this site. */
export function noOwnScript(httpRequest: HttpRequest, policy: CrossSitePolicy): AccessError {
  return httpRequest.header(policy.header)
    ? crossSiteRequest(httpRequest, policy)
    : missingHeader('only scripts of this site may ask here, with the header', policy)
}

function missingHeader(message: string, { header }: CrossSitePolicy): AccessError {
  const subject = header === 'x-csrf' ? 'X-CSRF' : header
  const expected = `${subject}: 1`
  const details = { subject, seen: 'missing', expected }
  return new AccessError('cross_site_request', `${message} ${expected}`, { details })
}
