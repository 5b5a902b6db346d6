import type { NodeResponse } from './types.js'

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
