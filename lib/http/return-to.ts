import type { HttpRequest } from './request.js'
import { isNavigation } from './fetch-metadata.js'

/** Where people may be sent after login or logout. */
export interface ReturnToPolicy {
  /** Origin of this application, such as `https://app.example.com`. */
  readonly origin: string
  /** Further origins that are allowed, exactly as `URL.origin` spells them. */
  readonly origins: readonly string[]
  /** Paths that nobody may be returned to: this package's own routes. */
  readonly reservedPaths: readonly string[]
}

const longest = 2048
// Control characters and every white space: URL parsers strip some of them, so none may come near one.
const unprintable = /[\p{Cc}\p{Cf}\p{Z}]/u

/**
 * Turns an untrusted return target into one that is safe to put into `Location`, or `undefined`.
 *
 * A target is a path of this origin that starts with exactly one slash, or an absolute URL whose origin is allowed. It is
 * never decoded; what comes back is ASCII as `URL` spells it.
 */
export function safeReturnTo(target: unknown, policy: ReturnToPolicy): string | undefined {
  if (typeof target !== 'string' || !isPlainTarget(target) || !URL.canParse(target, policy.origin)) return undefined
  const url = new URL(target, policy.origin)
  // `/..//evil` has become `//evil` by now, which a browser would read as a host.
  if (url.username !== '' || url.password !== '' || url.pathname.startsWith('//')) return undefined
  if (url.origin !== policy.origin) return policy.origins.includes(url.origin) ? url.href : undefined
  return policy.reservedPaths.includes(url.pathname) ? undefined : `${url.pathname}${url.search}${url.hash}`
}

/** The page of this origin that a request came from, as far as the browser says so. */
export function refererTarget(httpRequest: HttpRequest, policy: ReturnToPolicy): string | undefined {
  return safeReturnTo(httpRequest.header('referer'), { ...policy, origins: [] })
}

/** The page that the person is at, or goes to: where a navigation leads, else where the request came from. */
export function pageTarget(httpRequest: HttpRequest, policy: ReturnToPolicy): string | undefined {
  return isNavigation(httpRequest) ? safeReturnTo(httpRequest.target, policy) : refererTarget(httpRequest, policy)
}

function isPlainTarget(target: string): boolean {
  if (target.length > longest || unprintable.test(target) || target.includes('\\')) return false
  return /^(\/(?!\/)|https?:\/\/[^/])/i.test(target)
}
