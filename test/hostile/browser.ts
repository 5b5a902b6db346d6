import { type IncomingHttpHeaders, request } from 'node:http'
import { CookieJar } from '../hosts/cookie-jar.js'

/** What the browser sees of a response. */
export interface Page {
  readonly url: string
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

interface Visit {
  readonly form?: string
  /** Whether another site caused this request. */
  readonly crossSite?: boolean
  /** Loaded in a frame of another page, of the same site unless `crossSite` says otherwise. */
  readonly framed?: boolean
}

const navigation = { Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' }

/**
 * A browser as far as logins need one: cookies, redirects, forms that post themselves. Another origin is another site to
 * it, and https URLs reach a server that speaks http, as if a proxy before it ended TLS.
 */
export class Browser {
  readonly #cookies = new CookieJar()

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
  async visit(url: string, { form, crossSite = false, framed = false }: Visit = {}): Promise<Page> {
    const cookie = this.#cookies.header({ url: new URL(url), crossSite, safeNavigation: form === undefined && !framed })
    const page = await send(url, form, {
      ...navigation,
      ...(framed ? { 'Sec-Fetch-Dest': 'iframe' } : {}),
      'Sec-Fetch-Site': crossSite ? 'cross-site' : framed ? 'same-site' : 'none',
      ...(cookie === undefined ? {} : { Cookie: cookie }),
    })
    for (const line of page.headers['set-cookie'] ?? []) this.#cookies.store(line, new URL(url))
    return page
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
    const sent = request(url.replace(/^https:/, 'http:'), {
      method: form === undefined ? 'GET' : 'POST',
      headers: { ...headers, ...type },
    })
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
