import type { Exchange } from './request.js'

/** Whose pages may have a browser change something here. */
export interface CrossSitePolicy {
  /** Origin that the request came to. */
  readonly origin: string
  readonly origins: readonly string[]
  readonly allowSameSite: boolean
  /** Lower-case name of a header that other sites' pages cannot set without asking (Fetch section 3.2, CORS). */
  readonly header: string
}

const safeMethods: readonly string[] = ['GET', 'HEAD', 'OPTIONS']

/** Whether a request is one that changes nothing (RFC 9110 section 9.2.1). */
export function isSafe({ method }: Exchange): boolean {
  return safeMethods.includes(method)
}

/**
 * Whether a request may come from a page of another site, whose cookies it carries all the same (CWE-352).
 *
 * The browser's word counts: `Sec-Fetch-Site` first, in older ones `Origin`. Whatever says neither must bring the header.
 */
export function mayBeCrossSite(exchange: Exchange, policy: CrossSitePolicy): boolean {
  const origin = exchange.header('origin')
  if (origin !== undefined && policy.origins.includes(origin)) return false
  const site = exchange.header('sec-fetch-site')
  if (site !== undefined) {
    return site !== 'same-origin' && site !== 'none' && !(policy.allowSameSite && site === 'same-site')
  }
  return origin === undefined ? !exchange.header(policy.header) : origin !== policy.origin
}
