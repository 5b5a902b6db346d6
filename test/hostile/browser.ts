import { request } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import { parseSetCookie, stringifyCookie } from 'cookie'
import type { SetCookie } from 'cookie'

/** What the browser sees of a response. */
export interface Page {
  readonly url: string
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

interface Visit {
  readonly form?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Whether another site caused this request: a form it posts brings cookies along only if they are SameSite=None. */
  readonly crossSite?: boolean
}

const navigation = { Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' }

/** A browser as far as logins need one: cookies by origin and SameSite, redirects, forms that post themselves. */
export class Browser {
  readonly #jars = new Map<string, Map<string, SetCookie>>()

  /** Navigates to a URL and on through every redirect and self-posting form. */
  async navigate(url: string): Promise<Page> {
    let page = await this.visit(url)
    let crossSite = false
    for (let hops = 0; hops < 10; hops += 1) {
      const next = nextVisit(page)
      if (next === undefined) return page
      // A chain of redirects that has once left its site stays cross-site, as browsers have it.
      crossSite ||= new URL(next.url).origin !== new URL(page.url).origin
      page = await this.visit(next.url, { ...next.visit, crossSite })
    }
    throw new Error(`too many redirects, at last to ${page.url}`)
  }

  /** Makes one navigation request, following nothing. */
  async visit(url: string, { form, headers = {}, crossSite = false }: Visit = {}): Promise<Page> {
    const page = await send(url, form, {
      ...navigation,
      'Sec-Fetch-Site': crossSite ? 'cross-site' : 'none',
      ...this.#cookieHeader(url, form !== undefined && crossSite),
      ...headers,
    })
    this.#keepCookies(page)
    return page
  }

  #cookieHeader(url: string, onlySameSiteNone: boolean): Readonly<Record<string, string>> {
    const jar = this.#jars.get(new URL(url).origin)?.values() ?? []
    const sent = [...jar].filter(({ sameSite }) => !onlySameSiteNone || sameSite === 'none')
    if (sent.length === 0) return {}
    return {
      Cookie: stringifyCookie(Object.fromEntries(sent.map(({ name, value }) => [name, value])), { encode: String }),
    }
  }

  #keepCookies({ url, headers }: Page): void {
    const { origin } = new URL(url)
    const jar = this.#jars.get(origin) ?? new Map<string, SetCookie>()
    this.#jars.set(origin, jar)
    for (const line of headers['set-cookie'] ?? []) {
      const cookie = parseSetCookie(line, { decode: String })
      const over =
        cookie.maxAge === undefined ? cookie.expires && cookie.expires.getTime() <= Date.now() : cookie.maxAge <= 0
      if (over) jar.delete(cookie.name)
      else jar.set(cookie.name, cookie)
    }
  }
}

function nextVisit(page: Page): { url: string; visit: Visit } | undefined {
  const { location } = page.headers
  if (location !== undefined && page.status >= 300 && page.status < 400) {
    return { url: new URL(location, page.url).href, visit: {} }
  }
  const action = /<form method="post" action="([^"]*)"/.exec(page.body)?.[1]
  if (action === undefined) return undefined
  const form = new URLSearchParams()
  for (const [, name, value] of page.body.matchAll(/name="([^"]*)" value="([^"]*)"/g)) {
    form.append(unescape(name), unescape(value))
  }
  return { url: unescape(action), visit: { form: form.toString() } }
}

function unescape(text = ''): string {
  return text.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&amp;', '&')
}

function send(url: string, form: string | undefined, headers: Readonly<Record<string, string>>): Promise<Page> {
  const type = form === undefined ? {} : { 'Content-Type': 'application/x-www-form-urlencoded' }
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: form === undefined ? 'GET' : 'POST', headers: { ...headers, ...type } })
    sent.on('error', reject)
    sent.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('error', reject)
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString()
        resolve({ url, status: response.statusCode ?? 0, headers: response.headers, body })
      })
    })
    sent.end(form)
  })
}
