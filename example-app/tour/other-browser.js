import { request as overHttp } from 'node:http'
import { request as overHttps } from 'node:https'
import { text } from 'node:stream/consumers'

const maxRedirects = 10

/**
 * @typedef {object} Visit
 * @property {string} url Where it ended.
 * @property {number} status
 * @property {string | undefined} location Where the response sends on to, if it does.
 * @property {string} body
 */

/**
 * A browser that the demo plays itself, with cookies of its own: a person's phone, or a thief's.
 *
 * @typedef {object} OtherBrowser
 * @property {(url: string, options?: RequestOptions) => Promise<Visit>} send One request, and no redirect.
 * @property {(url: string, options?: RequestOptions & { until?: (url: string) => boolean }) => Promise<Visit>} open Follows redirects; an
 *   address that `until` accepts is not opened.
 * @property {(name: RegExp) => string} cookie Name and value of its cookie at the application, as in the header `Cookie`.
 */

/** @typedef {{ method?: 'GET' | 'POST', form?: Record<string, string>, headers?: Record<string, string> }} RequestOptions */

/**
 * @param {string} [agent] What it calls itself.
 * @returns {OtherBrowser}
 */
export function otherBrowser(agent = 'Mozilla/5.0 (iPhone) Version/18.0 Safari/604.1') {
  // By host: cookies know no ports.
  /** @type {Map<string, Map<string, string>>} */
  const jars = new Map()
  const jarOf = (/** @type {string} */ host) => {
    const jar = jars.get(host) ?? new Map()
    jars.set(host, jar)
    return jar
  }

  /** @type {OtherBrowser['send']} */
  const send = async (url, { method = 'GET', form, headers = {} } = {}) => {
    const target = new URL(url)
    const jar = jarOf(target.hostname)
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const own = { 'User-Agent': agent, Accept: 'text/html', ...(cookie === '' ? {} : { Cookie: cookie }) }
    const response = await exchange(target, method, { ...own, ...headers }, form)
    for (const line of response.headers['set-cookie'] ?? []) keep(jar, line)
    const { location } = response.headers
    return {
      url,
      status: response.statusCode ?? 0,
      location: location === undefined ? undefined : new URL(location, url).href,
      body: await text(response),
    }
  }

  return {
    send,
    async open(url, { until = () => false, ...options } = {}) {
      let visit = await send(url, options)
      for (let count = 0; visit.location !== undefined && count < maxRedirects; count += 1) {
        if (until(visit.location)) break
        visit = await send(visit.location)
      }
      return visit
    },
    cookie(name) {
      const found = [...jars.values()].flatMap((jar) => [...jar]).find(([each]) => name.test(each))
      return found === undefined ? '' : found.join('=')
    },
  }
}

/**
 * @param {URL} url
 * @param {string} method
 * @param {Record<string, string>} headers
 * @param {Record<string, string>} [form]
 * @returns {Promise<import('node:http').IncomingMessage>}
 */
function exchange(url, method, headers, form) {
  const body = form && new URLSearchParams(form).toString()
  const typed = body === undefined ? headers : { ...headers, 'Content-Type': 'application/x-www-form-urlencoded' }
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? overHttps : overHttp
    send(url, { method, headers: typed, timeout: 10_000 }, resolve).on('error', reject).end(body)
  })
}

/**
 * @param {Map<string, string>} jar
 * @param {string} line Of `Set-Cookie`.
 */
function keep(jar, line) {
  const [pair = '', ...attributes] = line.split(/; */)
  const equals = pair.indexOf('=')
  const [name, value] = [pair.slice(0, equals), pair.slice(equals + 1)]
  const isGone = attributes.some((each) => /^(max-age=0|expires=Thu, 01 Jan 1970.*)$/i.test(each))
  if (isGone) jar.delete(name)
  else jar.set(name, value)
}
