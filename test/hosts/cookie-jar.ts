/** A cookie as a browser stores it (RFC 6265bis section 5.7). */
export interface StoredCookie {
  readonly name: string
  readonly value: string
  readonly host: string
  /** True without a `Domain` attribute: sent to exactly `host`. */
  readonly hostOnly: boolean
  readonly path: string
  /** Milliseconds since the epoch, or `undefined` for the browser's session. */
  readonly expires: number | undefined
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: 'strict' | 'lax' | 'none'
}

/** What decides whether a cookie goes along. */
export interface Sending {
  readonly url: URL
  /** The request comes from a page of another site. */
  readonly crossSite: boolean
  /** A top-level navigation with GET or HEAD, to which `SameSite=Lax` cookies go even from another site. */
  readonly safeNavigation: boolean
}

/** How a jar differs from Chromium's with the machine's clock. */
export interface CookieJarOptions {
  /** Milliseconds since the epoch. */
  readonly now?: () => number
  /** `Secure` cookies work over http on 127.0.0.1 and localhost, as in Chromium and Firefox (default); Safari's answer is false. */
  readonly secureOnLoopback?: boolean
}

const maxPairBytes = 4096
const loopback = new Set(['localhost', '127.0.0.1', '[::1]'])

/** A browser's cookies: Path, Domain, Expires, Max-Age, Secure, SameSite and the name prefixes count; ports do not. */
export class CookieJar {
  readonly #cookies = new Map<string, StoredCookie>()
  readonly #now: () => number
  readonly #secureOnLoopback: boolean

  constructor({ now = Date.now, secureOnLoopback = true }: CookieJarOptions = {}) {
    this.#now = now
    this.#secureOnLoopback = secureOnLoopback
  }

  /** Takes in one `Set-Cookie` line; false where a browser would ignore it. */
  store(line: string, url: URL): boolean {
    const cookie = parseSetCookie(line, url, this.#now())
    if (cookie === undefined || !this.#acceptable(cookie, url)) return false
    const key = [cookie.host, cookie.hostOnly, cookie.path, cookie.name].join('\n')
    this.#cookies.delete(key)
    if (cookie.expires === undefined || cookie.expires > this.#now()) this.#cookies.set(key, cookie)
    return true
  }

  /** The cookies that go to a URL from its own site, longest path first. */
  cookiesFor(url: URL | string): StoredCookie[] {
    return this.#matching({ url: new URL(url), crossSite: false, safeNavigation: true })
  }

  /** The `Cookie` header of a request, or `undefined`. */
  header(sending: Sending): string | undefined {
    const pairs = this.#matching(sending).map(({ name, value }) => `${name}=${value}`)
    return pairs.length === 0 ? undefined : pairs.join('; ')
  }

  /** Every cookie that has not expired. */
  all(): StoredCookie[] {
    return [...this.#cookies.values()].filter((cookie) => !this.#expired(cookie))
  }

  /** Forgets everything, or the cookies that a predicate names. */
  clear(which: (cookie: StoredCookie) => boolean = () => true): void {
    for (const [key, cookie] of this.#cookies) if (which(cookie)) this.#cookies.delete(key)
  }

  #matching({ url, crossSite, safeNavigation }: Sending): StoredCookie[] {
    return this.all()
      .filter((cookie) => hostMatches(cookie, url.hostname) && pathMatches(cookie.path, url.pathname))
      .filter((cookie) => !cookie.secure || this.#secure(url))
      .filter(({ sameSite }) => !crossSite || sameSite === 'none' || (sameSite === 'lax' && safeNavigation))
      .sort((a, b) => b.path.length - a.path.length)
  }

  #acceptable(cookie: StoredCookie, url: URL): boolean {
    if (Buffer.byteLength(cookie.name) + Buffer.byteLength(cookie.value) > maxPairBytes) return false
    if (!hostMatches(cookie, url.hostname)) return false
    if (cookie.secure && !this.#secure(url)) return false
    if (cookie.sameSite === 'none' && !cookie.secure) return false
    const name = cookie.name.toLowerCase()
    if (name.startsWith('__secure-') && !cookie.secure) return false
    return !name.startsWith('__host-') || (cookie.secure && cookie.hostOnly && cookie.path === '/')
  }

  #secure(url: URL): boolean {
    return url.protocol === 'https:' || (this.#secureOnLoopback && loopback.has(url.hostname))
  }

  #expired({ expires }: StoredCookie): boolean {
    return expires !== undefined && expires <= this.#now()
  }
}

function parseSetCookie(line: string, url: URL, now: number): StoredCookie | undefined {
  const [pair = '', ...rest] = line.split(';')
  const [name, value] = nameAndValue(pair)
  if (name === '') return undefined
  const attributes = new Map(rest.map(nameAndValue).map(([key, text]) => [key.toLowerCase(), text]))
  const domain = attributes.get('domain')?.replace(/^\./, '').toLowerCase() ?? ''
  const path = attributes.get('path') ?? ''
  return {
    name,
    value,
    host: domain === '' ? url.hostname : domain,
    hostOnly: domain === '',
    path: path.startsWith('/') ? path : defaultPath(url),
    expires: expiry(attributes, now),
    secure: attributes.has('secure'),
    httpOnly: attributes.has('httponly'),
    sameSite: sameSiteOf(attributes.get('samesite')),
  }
}

/** `Max-Age` wins over `Expires` (RFC 6265 section 5.3). */
function expiry(attributes: ReadonlyMap<string, string>, now: number): number | undefined {
  const maxAge = attributes.get('max-age') ?? ''
  if (/^-?\d+$/.test(maxAge)) return Number(maxAge) <= 0 ? 0 : now + Number(maxAge) * 1000
  const expires = Date.parse(attributes.get('expires') ?? '')
  return Number.isNaN(expires) ? undefined : expires
}

function sameSiteOf(value = ''): StoredCookie['sameSite'] {
  const known = (['strict', 'none'] as const).find((policy) => policy === value.toLowerCase())
  return known ?? 'lax' // what Chromium makes of a missing or unknown one
}

function nameAndValue(text: string): [string, string] {
  const at = text.indexOf('=')
  return at < 0 ? [text.trim(), ''] : [text.slice(0, at).trim(), text.slice(at + 1).trim()]
}

function defaultPath(url: URL): string {
  const end = url.pathname.lastIndexOf('/')
  return end <= 0 ? '/' : url.pathname.slice(0, end)
}

function hostMatches({ host, hostOnly }: StoredCookie, hostname: string): boolean {
  if (host === hostname) return true
  return !hostOnly && hostname.endsWith(`.${host}`) && !/^[\d.]+$/.test(hostname)
}

function pathMatches(cookiePath: string, path: string): boolean {
  if (path === cookiePath) return true
  return path.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`)
}
