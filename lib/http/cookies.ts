import { serialize, type SerializeOptions } from 'cookie'

/** Attributes that all cookies of one kind share. `HttpOnly` is always set. */
export interface CookieAttributes {
  readonly secure: boolean
  readonly sameSite: 'lax' | 'strict' | 'none'
  readonly domain?: string
}

/** One small cookie, as the request brought it and the response may change it. */
export interface SmallCookie {
  readonly value: string | undefined
  write(value: string): void
  /** Does nothing where the browser has none. */
  remove(): void
}

/**
 * The full name of a cookie: `__Host-` keeps other hosts from planting it, `__Secure-` at least plain http
 * (RFC 6265bis section 4.1.3). Over http browsers refuse both.
 */
export function prefixedName(name: string, secure: boolean, domain: string | undefined): string {
  if (!secure) return name
  return domain === undefined ? `__Host-${name}` : `__Secure-${name}`
}

/** A `Set-Cookie` value; without `maxAge` the browser forgets the cookie when it closes. */
export function setCookie(name: string, value: string, attributes: CookieAttributes, maxAge?: number): string {
  // What is written here is made of letters that cookies may hold; anything else is refused, rather than escaped.
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
