import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'

const maxRedirects = 10
const agent = new Agent({ keepAlive: true })

/** One GET request with exactly these headers: `fetch` would add headers which say that it is not a navigation. */
export function get(url, headers) {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, headers }, (response) => {
      const { statusCode: status, headers: fields } = response
      const answer = { status, location: fields.location, setCookies: fields['set-cookie'] ?? [] }
      text(response).then((body) => resolve({ ...answer, body }), reject)
    })
    sent.on('error', reject).end()
  })
}

/**
 * A browser as far as a login needs one: keeps the cookies of one origin, and follows redirects.
 *
 * @param origin - whose cookies are kept
 */
export function createBrowser(origin) {
  const jar = new Map()

  const open = async (url) => {
    const isOwn = url.startsWith(`${origin}/`)
    const headers = isOwn && jar.size > 0 ? { cookie: cookieHeader(jar) } : {}
    const answer = await get(url, { ...headers, accept: 'text/html' })
    if (isOwn) for (const setCookie of answer.setCookies) keep(jar, setCookie)
    return { ...answer, location: answer.location && new URL(answer.location, url).href }
  }

  return {
    jar,
    /** One request. */
    open,
    /** Requests until one is answered without a redirect, or leads to `until`. */
    async visit(url, until) {
      let answer = await open(url)
      for (let i = 0; i < maxRedirects && answer.location !== undefined && answer.location !== until; i++)
        answer = await open(answer.location)
      return answer
    },
  }
}

/** Cookies as a request carries them. */
export function cookieHeader(cookies) {
  return [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
}

function keep(jar, setCookie) {
  const [pair, ...attributes] = setCookie.split(/;\s*/)
  const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]
  const isRemoved = attributes.some((one) => /^max-age=0$/i.test(one) || isPast(one))
  if (isRemoved || value === '') jar.delete(name)
  else jar.set(name, value)
}

function isPast(attribute) {
  const [, date] = /^expires=(.*)$/i.exec(attribute) ?? []
  return date !== undefined && Date.parse(date) < Date.now()
}
