import { parseUrl } from '../base/url.js'
import type { HttpRequest } from './request.js'
import { isBoosted, isNavigation } from './fetch-metadata.js'

/** Where people may be sent after login or logout. */
export interface ReturnToPolicy {
  /** Origin of this application, such as `https://app.example.com`. */
  readonly origin: string
  /** Further allowed origins, as `URL.origin` spells them. */
  readonly origins: readonly string[]
  /** Paths that are never a target: this package's own routes. */
  readonly reservedPaths: readonly string[]
  /** Paths below which all are our own routes too. */
  readonly reservedBelow?: readonly string[]
}

const maxLength = 2048
// Control characters and white space: URL parsers silently remove some of them, so all are refused before parsing.
const unprintable = /[\p{Cc}\p{Cf}\p{Z}]/u

/**
 * Turns an untrusted return target into one that is safe in `Location`, or returns `undefined`.
 *
 * A target is a path of this origin that starts with exactly one slash, or an absolute URL with an allowed origin. It is
 * never decoded. The result is ASCII, as `URL` spells it.
 */
export function safeReturnTo(target: unknown, policy: ReturnToPolicy): string | undefined {
  if (typeof target !== 'string' || !isPlainTarget(target)) return undefined
  const url = parseUrl(target, policy.origin)
  // `/..//evil` is now `//evil`, which a browser reads as a host.
  if (url === undefined || url.username !== '' || url.password !== '' || url.pathname.startsWith('//')) return undefined
  if (url.origin !== policy.origin) return policy.origins.includes(url.origin) ? url.href : undefined
  return isReserved(url.pathname, policy) ? undefined : `${url.pathname}${url.search}${url.hash}`
}

function isReserved(path: string, { reservedPaths, reservedBelow = [] }: ReturnToPolicy): boolean {
  return reservedPaths.includes(path) || reservedBelow.some((own) => path.startsWith(`${own}/`))
}

/** The page of this origin that a request came from, if the browser says so. */
export function refererTarget(httpRequest: HttpRequest, policy: ReturnToPolicy): string | undefined {
  return safeReturnTo(httpRequest.header('referer'), { ...policy, origins: [] })
}

/** The page that the person is on, or goes to: the target of a navigation, else the page that sent the request. */
export function pageTarget(httpRequest: HttpRequest, policy: ReturnToPolicy): string | undefined {
  const isToPage = isNavigation(httpRequest) || isBoosted(httpRequest)
  return isToPage ? safeReturnTo(httpRequest.target, policy) : refererTarget(httpRequest, policy)
}

function isPlainTarget(target: string): boolean {
  if (target.length > maxLength || unprintable.test(target) || target.includes('\\')) return false
  return /^(\/(?!\/)|https?:\/\/[^/])/i.test(target)
}
