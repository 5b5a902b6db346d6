/** What a request tells of where it comes from: `Sec-Fetch-Site`, and its method. */
interface RequestOrigin {
  readonly site: string
  readonly method: 'GET' | 'POST'
}

interface Cookie {
  /** Name and value. */
  readonly pair: string
  readonly sameSite: 'strict' | 'lax' | 'none'
}

/** The cookies of one browser at one application. */
export class CookieJar {
  readonly #cookies = new Map<string, Cookie>()

  /** Takes `Set-Cookie` values; one that has expired removes its cookie. */
  take(values: readonly string[]): void {
    for (const value of values) {
      const [pair = '', ...attributes] = value.split(';').map((part) => part.trim())
      const name = pair.slice(0, pair.indexOf('='))
      if (name === '') continue
      if (attributes.some(isOver)) this.#cookies.delete(name)
      else this.#cookies.set(name, { pair, sameSite: sameSiteOf(attributes) })
    }
  }

  /** The `Cookie` header of all cookies. */
  get header(): string {
    return headerOf([...this.#cookies.values()])
  }

  /** The `Cookie` header that a browser sends with a request. */
  headerFor(origin: RequestOrigin): string {
    return headerOf([...this.#cookies.values()].filter((cookie) => isSent(cookie, origin)))
  }
}

function headerOf(cookies: readonly Cookie[]): string {
  return cookies.map(({ pair }) => pair).join('; ')
}

// Without the attribute, browsers take a cookie for Lax.
function sameSiteOf(attributes: readonly string[]): Cookie['sameSite'] {
  const given = attributes
    .findLast((attribute) => /^samesite=/i.test(attribute))
    ?.split('=')[1]
    ?.toLowerCase()
  return given === 'strict' || given === 'none' ? given : 'lax'
}

function isSent({ sameSite }: Cookie, { site, method }: RequestOrigin): boolean {
  if (site !== 'cross-site' || sameSite === 'none') return true
  return sameSite === 'lax' && method === 'GET'
}

// Only removals have dates of the past here: the clock of a test may be ahead of this one.
function isOver(attribute: string): boolean {
  const [name = '', value = ''] = attribute.split('=')
  if (/^max-age$/i.test(name)) return Number(value) <= 0
  return /^expires$/i.test(name) && Date.parse(value) < Date.parse('2000-01-01')
}
