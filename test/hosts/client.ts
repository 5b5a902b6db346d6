import { type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { type CookieJarOptions, CookieJar } from './cookie-jar.js'

/** What kind of request a browser makes; each has its own `Sec-Fetch-*` and `Accept` headers. */
export type RequestKind = 'navigate' | 'fetch' | 'image' | 'iframe' | 'none'

/** Where the page is that makes the request, seen from its target; `none` is the address bar. */
export type BaseUrl = 'none' | 'same-origin' | 'same-site' | 'cross-site'

/** How one request departs from its kind. */
export interface RequestOptions {
  readonly method?: string
  /** Added last, so that they win. */
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as `application/x-www-form-urlencoded` when it is URLSearchParams, else as it is. */
  readonly body?: URLSearchParams | string
  /** Follow redirects: `true` for up to 20, or a number. Default `false`. */
  readonly follow?: boolean | number
  /** Default: `none` for a navigation, `same-origin` for all else. */
  readonly site?: BaseUrl
  /** Leave the cookies at home, and ignore those that come. */
  readonly omitCookies?: boolean
}

/** An answer, read to its end. */
export interface Answer {
  readonly url: string
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly setCookies: readonly string[]
  /** `Location`, made absolute. */
  readonly location: string | undefined
  readonly text: string
  /** The URLs that were asked before this one, when redirects were followed. */
  readonly via: readonly string[]
  json(): unknown
}

interface Sent {
  readonly url: URL
  readonly method: string
  readonly kind: RequestKind
  readonly site: BaseUrl
  readonly options: RequestOptions
  readonly body: string | undefined
}

const kinds: Readonly<Record<RequestKind, Readonly<Record<string, string>>>> = {
  navigate: {
    accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
    'sec-fetch-user': '?1',
    'upgrade-insecure-requests': '1',
  },
  iframe: { accept: 'text/html,*/*;q=0.8', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
  fetch: { accept: '*/*', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' },
  image: { accept: 'image/avif,image/webp,image/*,*/*;q=0.8', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
  none: { accept: '*/*' },
}

/** Where a browser is, apart from its cookies. */
export interface BrowserOptions extends CookieJarOptions {
  /** Whether https URLs reach servers that speak http, as if a proxy before them ended TLS. Default `false`. */
  readonly isBehindProxy?: boolean
  /** Whether each origin is a site of its own, as if all had other host names. Default: a port makes no other site. */
  readonly isOriginSite?: boolean
}

/** A browser without a window: one cookie jar, the headers of each kind of request, redirects on demand. */
export class Browser {
  readonly cookies: CookieJar
  readonly #options: BrowserOptions

  constructor(options: BrowserOptions = {}) {
    this.cookies = new CookieJar(options)
    this.#options = options
  }

  /** Opens a URL in the window, as a link, the address bar or a submitted form does. */
  navigate(url: string, options: RequestOptions = {}): Promise<Answer> {
    return this.request('navigate', url, options)
  }

  /** Calls `fetch` or XMLHttpRequest from a page's script. */
  fetch(url: string, options: RequestOptions = {}): Promise<Answer> {
    return this.request('fetch', url, options)
  }

  /** Loads an `<img>`. */
  image(url: string, options: RequestOptions = {}): Promise<Answer> {
    return this.request('image', url, options)
  }

  /** Makes a request of any kind; `none` sends no `Sec-Fetch-*` at all, as curl and old browsers do. */
  async request(kind: RequestKind, url: string, options: RequestOptions = {}): Promise<Answer> {
    const site = options.site ?? (kind === 'navigate' ? 'none' : 'same-origin')
    const method = options.method ?? (options.body === undefined ? 'GET' : 'POST')
    const limit = options.follow === true ? 20 : Number(options.follow ?? 0)
    let sent: Sent = { url: new URL(url), method, kind, site, options, body: options.body?.toString() }
    const via: string[] = []
    for (;;) {
      const answer = await this.#send(sent, via)
      const redirected = answer.status >= 300 && answer.status < 400 && answer.location !== undefined
      if (!redirected || limit === 0) return answer
      if (via.length >= limit) throw new Error(`More than ${limit} redirects, the last one at ${sent.url.href}`)
      via.push(sent.url.href)
      sent = this.#afterRedirect(sent, answer)
    }
  }

  async #send(sent: Sent, via: readonly string[]): Promise<Answer> {
    const response = await exchange(sent, this.#headers(sent), this.#options)
    const text = await read(response)
    const setCookies = response.headers['set-cookie'] ?? []
    if (sent.options.omitCookies !== true) for (const line of setCookies) this.cookies.store(line, sent.url)
    const { location } = response.headers
    return {
      url: sent.url.href,
      status: response.statusCode ?? 0,
      headers: response.headers,
      setCookies,
      location: location === undefined ? undefined : new URL(location, sent.url).href,
      text,
      via: [...via],
      json: () => JSON.parse(text) as unknown,
    }
  }

  /** The next request after a redirect: 303 always becomes GET, 301 and 302 do so after a POST. */
  #afterRedirect(sent: Sent, { status, location }: Answer): Sent {
    const url = new URL(location ?? '', sent.url)
    const changes = status === 303 || ((status === 301 || status === 302) && sent.method === 'POST')
    const method = changes && sent.method !== 'HEAD' ? 'GET' : sent.method
    return {
      ...sent,
      url,
      method,
      body: changes ? undefined : sent.body,
      site: furthest(sent.site, between(sent.url, url, this.#options)),
    }
  }

  #headers({ url, method, kind, site, options, body }: Sent): Record<string, string> {
    const headers: Record<string, string> = { ...kinds[kind] }
    if (kind !== 'none') headers['sec-fetch-site'] = site
    if (options.body instanceof URLSearchParams && body !== undefined) {
      headers['content-type'] = 'application/x-www-form-urlencoded'
    }
    if (body !== undefined) headers['content-length'] = String(Buffer.byteLength(body))
    if (options.omitCookies !== true) {
      const safe = method === 'GET' || method === 'HEAD'
      const sending = { url, crossSite: site === 'cross-site', safeNavigation: kind === 'navigate' && safe }
      const cookie = this.cookies.header(sending)
      if (cookie !== undefined) headers['cookie'] = cookie
    }
    return { ...headers, ...options.headers }
  }
}

/** Once a request has left its site it stays cross-site, back home too; the address bar's `none` stays as well. */
function furthest(before: BaseUrl, step: BaseUrl): BaseUrl {
  if (before === 'none') return 'none'
  const order: readonly BaseUrl[] = ['same-origin', 'same-site', 'cross-site']
  return order[Math.max(order.indexOf(before), order.indexOf(step))] ?? 'cross-site'
}

/** Sites here are host names, which holds for 127.0.0.1 and localhost; a port makes another origin, not another site. */
function between(from: URL, to: URL, { isOriginSite = false }: BrowserOptions): BaseUrl {
  if (from.origin === to.origin) return 'same-origin'
  if (isOriginSite) return 'cross-site'
  return from.hostname === to.hostname && from.protocol === to.protocol ? 'same-site' : 'cross-site'
}

function exchange(
  { url, method, body }: Sent,
  headers: Record<string, string>,
  { isBehindProxy = false }: BrowserOptions,
): Promise<IncomingMessage> {
  const isTls = url.protocol === 'https:' && !isBehindProxy
  const send = isTls ? httpsRequest : httpRequest
  const reached = isTls ? url : new URL(url.href.replace(/^https:/, 'http:'))
  return new Promise((resolve, reject) => {
    const request = send(reached, { method, headers, agent: false }, resolve)
    request.on('error', reject)
    request.end(body)
  })
}

async function read(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
