import type { Exchange } from '../../http/request.js'
import type { NodeResponse } from '../types.js'

/**
 * Adds `Set-Cookie` lines to a response, and keeps it out of shared caches: those must not keep one person's cookie for
 * another (CVE-2025-48947 was just that).
 */
export function addCookies(res: NodeResponse, cookies: readonly string[]): void {
  for (const cookie of cookies) res.appendHeader('Set-Cookie', cookie)
  res.setHeader('Cache-Control', 'no-store')
  const vary = String(res.getHeader('Vary') ?? '')
  if (!/(^|,)\s*(cookie|\*)\s*(,|$)/i.test(vary)) res.setHeader('Vary', vary === '' ? 'Cookie' : `${vary}, Cookie`)
}

/**
 * Removals of cookies that led to nothing; none where a name came more than once. Of those at least one lies on another path
 * or domain, out of reach: each response would remove it again, and none could be cached.
 */
export function unlessRepeated(removals: readonly string[], exchange: Exchange): readonly string[] {
  const cameTwice = (line: string): boolean => exchange.furtherCookies(line.slice(0, line.indexOf('='))).length > 0
  return removals.some(cameTwice) ? [] : removals
}

/**
 * Adds the session's cookies in the moment when headers are written. What is private and has none is not to be stored, unless
 * the application has said something of caches by then.
 */
export function finishHeaders(res: NodeResponse, cookies: readonly string[], isPrivate: boolean): void {
  if (cookies.length > 0) addCookies(res, cookies)
  else if (isPrivate && !res.hasHeader('Cache-Control')) res.setHeader('Cache-Control', 'no-store')
}
