import { overHttp1 } from './transports.js'

/** A browser without a window: cookies of one host, whatever the port, redirects, and forms. */
export class Browser {
  #cookies = new Map()
  #transport

  constructor(transport = overHttp1) {
    this.#transport = transport
  }

  /** The cookies as a header. */
  get cookie() {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  /** Forgets the cookies of one side: those whose name begins so. */
  forget(prefix) {
    for (const name of this.#cookies.keys()) if (name.startsWith(prefix)) this.#cookies.delete(name)
  }

  /** Asks once. A header that is undefined is not sent. */
  async ask(url, { method = 'GET', headers = {}, body } = {}) {
    const { cookie } = this
    const all = { ...navigation, ...(cookie === '' ? {} : { cookie }), ...headers }
    if (body !== undefined) {
      all['content-type'] ??= 'application/x-www-form-urlencoded'
      all['content-length'] = Buffer.byteLength(body)
    }
    const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
    const { status, headers: received, text } = await this.#transport(String(url), { method, headers: sent, body })
    for (const line of received['set-cookie'] ?? []) this.#keep(line)
    const location = received.location === undefined ? undefined : new URL(received.location, url).href
    return { url: String(url), status, text, location }
  }

  /** Follows redirects until there are no more, or the next one begins with `stop`. */
  async navigate(url, { stop = '\0', ...options } = {}) {
    let answer = await this.ask(url, options)
    for (let hops = 0; hops < 20 && answer.location !== undefined && !answer.location.startsWith(stop); hops += 1) {
      answer = await this.ask(answer.location)
    }
    return answer
  }

  /** Sends the first form of a page, with these values laid over what stands in it. */
  submit(page, values, options) {
    const form = formIn(page.text)
    if (form === undefined) throw new Error(`no form at ${page.url} (${page.status})`)
    const fields = new URLSearchParams({ ...form.fields, ...values })
    const target = new URL(form.action ?? '', page.url)
    if (form.method === 'get') {
      target.search = fields.toString()
      return this.navigate(target.href, options)
    }
    return this.navigate(target.href, { ...options, method: 'POST', body: fields.toString() })
  }

  #keep(line) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (/Max-Age=0|Expires=Thu, 0?1[ -]Jan[ -]1970/i.test(line) || value === '') this.#cookies.delete(name)
    else this.#cookies.set(name, value)
  }
}

const navigation = {
  accept: 'text/html',
  'sec-fetch-site': 'same-origin',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
}

/** The first form of a page: where it goes, and what stands in its fields. */
export function formIn(html) {
  const [, attributes = '', inner = ''] = /<form([^>]*)>([\s\S]*?)<\/form>/i.exec(html) ?? []
  if (inner === '') return undefined
  const fields = {}
  for (const [tag] of inner.matchAll(/<(?:input|button)[^>]*>/gi)) {
    const name = attribute(tag, 'name')
    const type = attribute(tag, 'type')
    if (name === undefined || (type === 'checkbox' && !/\schecked/i.test(tag))) continue
    fields[name] ??= attribute(tag, 'value') ?? ''
  }
  return { action: attribute(attributes, 'action'), method: attribute(attributes, 'method')?.toLowerCase(), fields }
}

function attribute(tag, name) {
  const [, , value] = new RegExp(`\\s${name}=(["'])(.*?)\\1`, 'i').exec(` ${tag}`) ?? []
  return value?.replaceAll('&amp;', '&')
}
