import { request } from 'node:http'

/** Longer than anything may take: whoever waits for as long as this waits for ever. */
export const maxSeconds = 60

/** A browser without a window, as far as logins need one: cookies of one host, whatever the port, and redirects. */
export class Browser {
  cookies = new Map()
  #tally

  constructor(tally) {
    this.#tally = tally
  }

  /** Asks once. What is not answered in time is counted as hung; a server that is not there answers with status 0. */
  ask(url, { method = 'GET', headers = {}, body, label } = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const all = { 'sec-fetch-site': 'same-origin', ...(cookie === '' ? {} : { cookie }), ...headers }
    if (body !== undefined) all['content-type'] = 'application/x-www-form-urlencoded'
    return new Promise((resolve) => {
      const done = (answer) => {
        clearTimeout(timer)
        this.#keep(answer.setCookies ?? [])
        if (label !== undefined)
          this.#tally.count(`${label} ${answer.status}${answer.code === undefined ? '' : ` ${answer.code}`}`)
        resolve(answer)
      }
      const call = request(url, { method, headers: all, agent: false }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part) => (text += part))
        response.on('error', () => done({ status: 0 }))
        response.on('end', () => {
          const { statusCode: status, headers: received } = response
          const location = received.location === undefined ? undefined : new URL(received.location, url).href
          done({ status, text, location, code: codeIn(status, text), setCookies: received['set-cookie'] ?? [] })
        })
      })
      const timer = setTimeout(() => {
        this.#tally.hung.push({ url, method, at: Date.now() })
        call.destroy()
        done({ status: 0 })
      }, maxSeconds * 1000)
      call.on('error', () => done({ status: 0 }))
      call.end(body)
    })
  }

  /** Follows redirects; the answer of the last one. */
  async navigate(url, options = {}) {
    const headers = {
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
      accept: 'text/html',
      ...options.headers,
    }
    let answer = await this.ask(url, { ...options, headers })
    for (let hops = 0; hops < 12 && answer.location !== undefined; hops += 1) {
      answer = { ...(await this.ask(answer.location, { headers })), url: answer.location }
    }
    return answer
  }

  #keep(lines) {
    for (const line of lines) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/Max-Age=0|Expires=Thu, 01 Jan 1970/i.test(line) || value === '') this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
  }
}

function codeIn(status, text) {
  if (status < 400) return undefined
  try {
    const { code } = JSON.parse(text)
    return typeof code === 'string' ? code : undefined
  } catch {
    return undefined
  }
}
