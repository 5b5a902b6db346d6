import { prefixedName } from '../../lib/http/cookies.js'
import { defaultCookieName } from '../../lib/relying-party/base-url.js'

/** The whole default name of a cookie of the application at these base URLs; `suffix` is such as `.loop`. */
export function cookieNameAt(baseUrls: string | readonly string[], suffix = ''): string {
  const urls = typeof baseUrls === 'string' ? [baseUrls] : baseUrls
  return prefixedName(defaultCookieName(urls), urls[0]?.startsWith('https:') === true, undefined) + suffix
}

/** A cookie's name, or `Set-Cookie` line, as if the default name had no hash of the base URL in it. */
export function withoutHash(text: string): string {
  return text.replace(/^(__Host-|__Secure-)?oidc_[0-9a-f]{8}(?![0-9a-z])/, '$1oidc')
}
