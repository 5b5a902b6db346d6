import { request as httpRequest } from 'node:http'
import { connect } from 'node:http2'
import { request as httpsRequest } from 'node:https'

/** Asks over HTTP/1.1, with TLS where the URL says so. */
export function overHttp1(url, { method, headers, body, ca }) {
  const request = url.startsWith('https:') ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const call = request(url, { method, headers, agent: false, ...(ca === undefined ? {} : { ca }) }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part) => (text += part))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }))
    })
    call.setTimeout(60_000, () => call.destroy(new Error(`${url} did not answer within a minute`)))
    call.on('error', reject)
    call.end(body)
  })
}

/** Asks over HTTP/2 where the URL begins with https. */
export function overHttp2(url, options) {
  if (!url.startsWith('https:')) return overHttp1(url, options)
  const { method, headers, body, ca } = options
  const { origin, pathname, search } = new URL(url)
  return new Promise((resolve, reject) => {
    const session = connect(origin, { ca }).on('error', reject)
    const call = session.request({ ':method': method, ':path': pathname + search, ...headers })
    let answer
    let text = ''
    call.setEncoding('utf8').on('data', (part) => (text += part))
    call.on('response', (received) => (answer = received))
    call.on('error', reject)
    call.on('end', () => {
      session.close()
      resolve({ status: answer?.[':status'], headers: { ...answer }, text })
    })
    call.end(body)
  })
}
