import { serialize, type SerializeOptions } from 'cookie'

/** Attributes of a cookie. `HttpOnly` is always set. */
export interface CookieAttributes {
  readonly secure: boolean
  readonly sameSite: 'lax' | 'strict' | 'none'
  readonly domain?: string
  /** @default '/' */
  readonly path?: string
}

/** One small cookie: its value in the request, and changes for the response. */
export interface SmallCookie {
  readonly value: string | undefined
  write(value: string): void
  /** Removes the cookie from the browser, if the browser has it. */
  remove(): void
}

/**
 * The full name of a cookie. `__Host-` prevents other hosts from setting it, `__Secure-` prevents plain http from setting it
 * (RFC 6265bis section 4.1.3). Over plain http browsers refuse both prefixes.
 */
export function prefixedName(name: string, secure: boolean, domain: string | undefined): string {
  if (!secure) return name
  return domain === undefined ? `__Host-${name}` : `__Secure-${name}`
}

/** A `Set-Cookie` value. Without `maxAge` (in seconds), the browser removes the cookie when it closes. */
export function setCookie(name: string, value: string, attributes: CookieAttributes, maxAge?: number): string {
  // Values written here consist of characters that cookies allow. Any other character throws: it is not escaped.
  const options: SerializeOptions = { path: '/', httpOnly: true, ...attributes, encode: String }
  return serialize(
    name,
    value,
    maxAge === undefined ? options : { ...options, maxAge: Math.max(0, Math.floor(maxAge)) },
  )
}

/** A `Set-Cookie` value that removes a cookie. */
export function removeCookie(name: string, attributes: CookieAttributes): string {
  return serialize(name, '', { path: '/', httpOnly: true, ...attributes, maxAge: 0, expires: new Date(0) })
}
