import type { RequestListener } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { afterEach, describe, expect, test } from '@jest/globals'
import { createApiFetch } from '../../../lib/provider/tls/api-fetch.js'
import { fixedTls } from '../../../lib/provider/tls/tls-source.js'
import { failureOf } from '../../kit/failure.js'
import { startMutualTls } from '../../kit/provider/mutual-tls.js'
import { selfSigned } from '../../kit/resource-server/certificate.js'

const client = selfSigned('client')
const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

async function start(listener: RequestListener) {
  const server = await startMutualTls([client], listener)
  const api = createApiFetch(fixedTls({ cert: client.pem, key: client.keyPem, ca: [server.ca] }))
  ends.push(api.close, server.close)
  return { server, fetch: api.fetch, url: `${server.origin}/orders?a=b` }
}

const echo: RequestListener = async (req, res) => {
  const { method, url, headers } = req
  res.setHeader('set-cookie', ['a=1', 'b=2'])
  res.end(JSON.stringify({ method, url, headers, body: String(await buffer(req)) }))
}

interface Echo extends Record<'method' | 'url' | 'body', string> {
  readonly headers: Readonly<Record<string, string>>
}

const echoedIn = async (response: Response) => (await response.json()) as Echo

describe('fetch() with the certificate of the client', () => {
  test('presents it, and returns a Response as the global fetch does', async () => {
    const { fetch, url, server } = await start(echo)
    const response = await fetch(url, { headers: { authorization: 'Bearer token' } })
    expect(response).toBeInstanceOf(Response)
    expect([response.status, response.ok, response.statusText, response.url]).toEqual([200, true, 'OK', url])
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    const { method, headers, url: path } = await echoedIn(response)
    expect([method, path, headers.authorization, headers['accept-encoding']]).toEqual([
      'GET',
      '/orders?a=b',
      'Bearer token',
      'identity',
    ])
    expect(server.requests).toEqual([{ name: 'GET /orders', thumbprint: client.thumbprint }])
  })

  test('returns one of the class that has replaced the global Response, with its URL all the same', async () => {
    const native = globalThis.Response
    const { fetch, url } = await start(echo)
    class Replaced extends native {}
    Object.defineProperty(Replaced.prototype, 'url', { get: () => 'https://replaced.example.com/' })
    globalThis.Response = Replaced
    ends.push(() => (globalThis.Response = native))
    const response = await fetch(url)
    expect(response).toBeInstanceOf(Replaced)
    expect([response.url, (await echoedIn(response)).url]).toEqual([url, '/orders?a=b'])
    expect(new Response().url).toBe('https://replaced.example.com/')
  })

  const form = new FormData()
  form.set('name', 'value')
  const stream = () => new Blob(['in ', 'pieces']).stream()
  test.each<[string, RequestInit, string, string | undefined]>([
    ['text', { body: 'grüße' }, 'grüße', '7'],
    ['a form', { body: new URLSearchParams({ a: 'b c' }) }, 'a=b+c', '5'],
    ['bytes', { body: new Uint8Array([65, 66]) }, 'AB', '2'],
    ['a multipart form', { body: form }, 'form-data; name="name"', undefined],
    ['a stream', { body: stream(), duplex: 'half' }, 'in pieces', undefined],
    ['nothing', {}, '', '0'],
  ])('sends %s as a body', async (_what, init, body, length) => {
    const { fetch, url } = await start(echo)
    const echoed = await echoedIn(await fetch(url, { method: 'POST', ...init }))
    expect(echoed.body).toContain(body)
    if (length !== undefined) expect(echoed.headers['content-length']).toBe(length)
  })

  test.each([
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
  ])('a response to %s with status %p has no body', async (method, status) => {
    const { fetch, url } = await start((_req, res) => res.writeHead(status).end())
    const response = await fetch(url, { method })
    expect([response.status, response.body]).toEqual([status, null])
  })

  test('asks for no content coding, which nothing would decode, whatever headers are passed on', async () => {
    const { fetch, url } = await start(echo)
    const { headers } = await echoedIn(await fetch(url, { headers: { 'accept-encoding': 'gzip, br' } }))
    expect(headers['accept-encoding']).toBe('identity')
  })

  test('streams a body while it comes', async () => {
    const { fetch, url } = await start((_req, res) => void res.write('first'))
    const reader = (await fetch(url)).body?.getReader()
    expect(String(Buffer.from((await reader?.read())?.value ?? []))).toBe('first')
    await reader?.cancel()
  })

  test('returns redirects as they are, or fails if they are not wanted', async () => {
    const { fetch, url } = await start((_req, res) => res.writeHead(302, { location: '/x' }).end())
    expect((await fetch(url, { redirect: 'manual' })).headers.get('location')).toBe('/x')
    expect(await failureOf(fetch(url, { redirect: 'error' }))).toMatchObject({ message: 'fetch failed' })
  })

  test('ends by its signal, before and in the middle', async () => {
    const { fetch, url } = await start(() => undefined)
    const reason = new Error('enough')
    expect(await failureOf(fetch(url, { signal: AbortSignal.abort(reason) }))).toBe(reason)
    const controller = new AbortController()
    const call = fetch(url, { signal: controller.signal })
    setImmediate(() => controller.abort(reason))
    expect(await failureOf(call)).toBe(reason)
  })

  test('fails as the global fetch does where there is no response', async () => {
    const { fetch, url, server } = await start((req) => req.socket.destroy())
    const error = await failureOf(fetch(url))
    expect(error).toBeInstanceOf(TypeError)
    expect(error).toMatchObject({ message: 'fetch failed', cause: { code: 'ECONNRESET' } })
    const refused = await failureOf(fetch(url.replace('localhost', '127.0.0.1')))
    expect(refused).toMatchObject({ cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' } })
    expect(server.requests).toHaveLength(1)
    expect(await failureOf(fetch('no url'))).toMatchObject({ name: 'TypeError' })
  })

  test.each(['599 Odd', '600 Too High', '999 Denied', '200 a\x01b'])(
    'a response with the status line %j fails at worst, and ends no process',
    async (line) => {
      const { fetch, url } = await start((req) => req.socket.end(`HTTP/1.1 ${line}\r\ncontent-length: 2\r\n\r\nok`))
      const outcome = await fetch(url).then(({ status }) => status, String)
      expect(outcome).toBe(line === '599 Odd' ? 599 : 'TypeError: fetch failed')
    },
  )

  test.each<[string, RequestInit]>([
    ['GET', {}],
    ['POST', { method: 'POST', body: 'abcdef' }],
  ])('a %s is as long as its body, whatever its header "content-length" says', async (_method, init) => {
    const { fetch, url, server } = await start(echo)
    const echoed = await echoedIn(
      await fetch(url, { ...init, headers: { 'content-length': '2', connection: 'x-next' } }),
    )
    expect([echoed.body, echoed.headers.connection]).toEqual([init.body ?? '', 'keep-alive'])
    await echoedIn(await fetch(url))
    expect(server.requests).toHaveLength(2)
  })

  test.each(['expect', 'transfer-encoding', 'upgrade'])(
    'the header %s is refused, and nothing is sent',
    async (name) => {
      const { fetch, url, server } = await start(echo)
      const error = await failureOf(fetch(url, { method: 'POST', body: 'x', headers: { [name]: 'chunked' } }))
      expect(error).toMatchObject({ message: 'fetch failed', cause: { message: expect.stringContaining(`"${name}"`) } })
      expect(server.requests).toEqual([])
    },
  )

  test('the certificate of the server is checked for the host of the URL, whatever the header "host" says', async () => {
    const { fetch, url } = await start(echo)
    const other = url.replace('localhost', '127.0.0.1')
    const refused = await failureOf(fetch(other, { headers: { host: 'localhost' } }))
    expect(refused).toMatchObject({ cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' } })
    const { headers } = await echoedIn(await fetch(url, { headers: { host: 'elsewhere.example' } }))
    expect(headers.host).toBe(new URL(url).host)
  })

  test.each([
    ['9', true],
    ['2', false],
    ['20', false],
    ['9, 9', false],
  ])('a stream of nine bytes with the "content-length" %s: sent %p', async (length, isSent) => {
    const { fetch, url } = await start(echo)
    const init = {
      method: 'POST',
      body: stream(),
      duplex: 'half',
      headers: { 'content-length': length },
    } as RequestInit
    const sent = await fetch(url, init).then(echoedIn, (error: Error) => error.cause)
    expect(sent).toMatchObject(
      isSent ? { body: 'in pieces' } : { message: expect.stringContaining('"content-length"') },
    )
  })

  test('a stream is cancelled where the request is aborted', async () => {
    const { fetch, url } = await start(() => undefined)
    const controller = new AbortController()
    const cancelled = new Promise<void>((resolve) => {
      const body = new ReadableStream({
        start: (pieces) => pieces.enqueue(new Uint8Array(3)),
        pull: () => new Promise(() => setImmediate(() => controller.abort())),
        cancel: () => resolve(),
      })
      const init = { method: 'POST', body, duplex: 'half', signal: controller.signal } as RequestInit
      fetch(url, init).catch(() => undefined)
    })
    await expect(cancelled).resolves.toBeUndefined()
  })

  test('fails where the body cannot be read', async () => {
    const { fetch, url } = await start(echo)
    const body = new ReadableStream({
      pull: () => {
        throw new Error('unreadable')
      },
    })
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit
    expect(await failureOf(fetch(url, init))).toMatchObject({ message: 'fetch failed' })
  })
})
