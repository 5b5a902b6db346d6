/** Where people may be sent after login or logout. */
export interface ReturnToPolicy {
  /** Origin of this application, such as `https://app.example.com`. */
  readonly origin: string
  /** Further origins that are allowed, exactly as `URL.origin` spells them. */
  readonly origins: readonly string[]
  /** Paths that nobody may be returned to: the login, callback and logout routes. */
  readonly reservedPaths: readonly string[]
}

const longest = 2048
// C0, C1, DEL and every white space: URL parsers strip some of them, so none may come near one.
const unprintable = /[\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f\u2060\u3000\ufeff]/

/**
 * Turns an untrusted return target into one that is safe to put into `Location`, or `undefined`.
 *
 * A target is a path of this origin that starts with exactly one slash, or an absolute URL whose origin is allowed. It is
 * never decoded; what comes back is ASCII as `URL` spells it.
 */
export function safeReturnTo(target: unknown, policy: ReturnToPolicy): string | undefined {
  if (typeof target !== 'string' || target.length === 0 || target.length > longest) return undefined
  if (unprintable.test(target) || target.includes('\\')) return undefined
  const relative = /^\/(?!\/)/.test(target)
  if (!relative && !/^https?:\/\/[^/]/i.test(target)) return undefined
  if (!URL.canParse(target, policy.origin)) return undefined
  const url = new URL(target, policy.origin)
  if (url.username !== '' || url.password !== '' || url.pathname.startsWith('//')) return undefined
  if (url.origin !== policy.origin) return !relative && policy.origins.includes(url.origin) ? url.href : undefined
  if (policy.reservedPaths.includes(url.pathname)) return undefined
  return `${url.pathname}${url.search}${url.hash}`
}
