import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from '@jest/globals'
import { createHttpClient, type HttpClient } from '../../../lib/provider/transport/http-client.js'
import { failureOf } from '../../kit/failure.js'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

// Does not say that it closes each connection after its first answer, and counts those that it has closed.
const closingServer = `
  const { parentPort, workerData: closed } = require('node:worker_threads')
  const server = require('node:net').createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', () => {
      socket.write('HTTP/1.1 200 OK\\r\\nContent-Length: 1\\r\\n\\r\\na')
      socket.end(() => Atomics.notify(closed, 0, Atomics.add(closed, 0, 1) + 1))
    })
  })
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))
`

/** A real server, and the way out as it is when the application brings no `fetch`. */
async function talkingTo(
  listener: RequestListener,
  { httpTimeoutSeconds = 5 } = {},
): Promise<{ httpClient: HttpClient; url: string; server: Server; sockets: Set<Socket> }> {
  const server = createServer(listener)
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const httpClient = createHttpClient({ fetch: undefined, httpTimeoutSeconds, dangerouslyAllowHttp: false })
  ends.push(() => {
    httpClient.close()
    server.close()
    server.closeAllConnections()
  })
  return { httpClient, server, sockets, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/x?y=z` }
}

describe('requests without a fetch of the application', () => {
  test('arrive unchanged, forms as forms', async () => {
    const seen: unknown[] = []
    const { httpClient, url } = await talkingTo((req, res) => {
      req.setEncoding('utf8').on('data', (body) => seen.push(req.method, req.url, req.headers['content-type'], body))
      req.on('end', () => res.writeHead(400, { 'X-Y': 'z' }).end('{"é":1}'))
    })
    const response = await httpClient.request(url, { method: 'POST', body: new URLSearchParams({ a: 'b c' }) })
    expect(seen).toEqual(['POST', '/x?y=z', 'application/x-www-form-urlencoded;charset=UTF-8', 'a=b+c'])
    expect([response.status, response.header('x-y'), response.text]).toEqual([400, 'z', '{"é":1}'])
    expect(response.header('constructor')).toBeUndefined()
  })

  test('share a connection, one after the other, and close() closes it', async () => {
    const { httpClient, url, sockets } = await talkingTo((_req, res) => res.end('x'))
    for (let round = 0; round < 5; round += 1) await httpClient.request(url)
    expect(sockets.size).toBe(1)
    const [socket] = sockets
    const closed = once(socket as Socket, 'close')
    httpClient.close()
    await closed
  })

  test.each([301, 302, 303, 304, 307, 308])('JK05, CB28: are not redirected by a %p', async (status) => {
    let requests = 0
    const { httpClient, url } = await talkingTo((_req, res) => {
      requests += 1
      res.writeHead(status, { location: '/elsewhere' }).end()
    })
    expect(await failureOf(httpClient.request(url))).toMatchObject({ code: 'provider_redirected', status: 502 })
    expect(requests).toBe(1)
  })

  test.each([429, 500, 503])('report an outage for a %p, and do not wait for the rest of it', async (status) => {
    const { httpClient, url } = await talkingTo((_req, res) => {
      res.writeHead(status, { 'Retry-After': '7' }).write('the rest never comes')
    })
    const error = await failureOf(httpClient.request(url))
    expect(error).toMatchObject({ code: 'provider_unavailable', status: 503, headers: { 'Retry-After': '7' } })
  })

  test('RE02: are given up after the deadline, answered or not', async () => {
    const silent = await talkingTo(() => undefined, { httpTimeoutSeconds: 0.05 })
    expect(await failureOf(silent.httpClient.request(silent.url))).toMatchObject({
      code: 'provider_timeout',
      status: 503,
    })
    const trickling = await talkingTo((_req, res) => void res.write('x'), { httpTimeoutSeconds: 0.05 })
    expect(await failureOf(trickling.httpClient.request(trickling.url))).toMatchObject({ code: 'provider_timeout' })
  })

  test('RE03: end with close(), in the middle of an answer too', async () => {
    const { httpClient, url, server } = await talkingTo((_req, res) => void res.write('x'))
    const failure = failureOf(httpClient.request(url))
    await once(server, 'request')
    httpClient.close()
    expect(await failure).toMatchObject({ code: 'provider_unreachable', status: 503 })
  })

  test('report the system error where nobody listens', async () => {
    const { httpClient, url, server } = await talkingTo((_req, res) => res.end())
    server.close()
    const error = await failureOf(httpClient.request(url))
    expect(error).toMatchObject({ code: 'provider_unreachable', status: 503, cause: { code: 'ECONNREFUSED' } })
  })

  test.each([
    ['a length', { 'content-length': '10' }],
    ['chunks', {}],
  ])('fail when the connection breaks in the middle of a body with %s', async (_what, headers) => {
    const { httpClient, url } = await talkingTo((_req, res) => {
      res.writeHead(200, headers).write('{"half"', () => res.destroy())
    })
    expect(await failureOf(httpClient.request(url))).toMatchObject({ code: 'provider_unreachable', status: 503 })
  })

  test('fail on a response that is not HTTP', async () => {
    const { httpClient, url } = await talkingTo((_req, res) => res.socket?.end('SSH-2.0-OpenSSH_9.2\r\n'))
    expect(await failureOf(httpClient.request(url))).toMatchObject({ code: 'provider_unreachable', status: 503 })
  })

  test('JK04: read no body over the limit, announced or not', async () => {
    for (const headers of [{ 'content-length': '101' }, {}]) {
      const { httpClient, url } = await talkingTo((_req, res) => res.writeHead(200, headers).end('x'.repeat(101)))
      const error = await failureOf(httpClient.request(url, { maxBytes: 100 }))
      expect(error).toMatchObject({ code: 'provider_response_too_large', status: 502 })
      expect((await httpClient.request(url, { maxBytes: 101 })).text).toHaveLength(101)
    }
  })

  test.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['br', brotliCompressSync],
    ['gzip, BR', (text: string) => brotliCompressSync(gzipSync(text))],
    ['', Buffer.from],
    ['identity', Buffer.from],
    ['UTF-8', Buffer.from],
    ['constructor', Buffer.from],
  ])('ask for no coding, and still read %s', async (coding, encode) => {
    let wanted: unknown
    const { httpClient, url } = await talkingTo((req, res) => {
      wanted = req.headers['accept-encoding']
      res.writeHead(200, { 'content-encoding': coding }).end(encode('{"ok":true}'))
    })
    const response = await httpClient.request(url)
    expect([wanted, response.text]).toEqual(['identity', '{"ok":true}'])
    expect(response.toResponse().headers.get('content-encoding')).toBeNull()
  })

  test('JK04: limit decoded bytes, so that a gzip bomb is cut off', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000))
    const { httpClient, url } = await talkingTo((_req, res) =>
      res.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    )
    const error = await failureOf(httpClient.request(url, { maxBytes: 1_000_000 }))
    expect(error).toMatchObject({ code: 'provider_response_too_large' })
  })

  test.each(['gzip', 'deflate', 'br', 'gzip, gzip'])('fail on a body that is not coded as %p', async (coding) => {
    const { httpClient, url } = await talkingTo((_req, res) =>
      res.writeHead(200, { 'content-encoding': coding }).end('x'),
    )
    expect(await failureOf(httpClient.request(url))).toMatchObject({ code: 'provider_response_invalid', status: 502 })
  })

  test.each([
    ['101 Switching Protocols', 'provider_unreachable'],
    ['099 Early', 'provider_response_invalid'],
  ])('fail at once on an answer with %s', async (line, code) => {
    const { httpClient, url } = await talkingTo((_req, res) => {
      res.socket?.write(`HTTP/1.1 ${line}\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n`)
    })
    expect(await failureOf(httpClient.request(url))).toMatchObject({ code })
  })

  test('do not use a connection that the server has closed while this process was busy', async () => {
    const closed = new Int32Array(new SharedArrayBuffer(4))
    const worker = new Worker(closingServer, { eval: true, workerData: closed })
    const [port] = (await once(worker, 'message')) as [number]
    const httpClient = createHttpClient({ fetch: undefined, httpTimeoutSeconds: 5, dangerouslyAllowHttp: false })
    ends.push(() => {
      httpClient.close()
      void worker.terminate()
    })
    for (let round = 0; round < 4; round += 1) {
      const response = await httpClient.request(`http://127.0.0.1:${port}/`, { method: 'POST', body: `code=${round}` })
      expect(response.text).toBe('a')
      // Blocks this thread, so that it cannot hear of the end before the next request.
      Atomics.wait(closed, 0, round)
    }
  })

  test.each([
    ['GET', 'a', ['GET', 'GET', 'GET']],
    ['POST', 'provider_unreachable', ['GET', 'POST']],
  ])('with %s that meet a kept connection which breaks end with %p', async (method, result, requests) => {
    const seen: unknown[] = []
    const { httpClient, url } = await talkingTo((req, res) => {
      seen.push(req.method)
      if (seen.length === 2) res.socket?.resetAndDestroy()
      else res.end('a')
    })
    await httpClient.request(url)
    const second = await httpClient.request(url, { method }).then(
      ({ text }) => text,
      ({ code }: { code: string }) => code,
    )
    expect([second, seen]).toEqual([result, requests])
  })

  test('LK01: keep a header that Node refuses and quotes out of the cause', async () => {
    const { httpClient, url } = await talkingTo((_req, res) => res.end())
    const error = await failureOf(httpClient.request(url, { headers: { authorization: 'Bearer top-secret\n' } }))
    expect(error).toMatchObject({ code: 'provider_unreachable' })
    expect(JSON.stringify([error.message, String(error.cause), error.cause.stack])).not.toContain('top-secret')
  })

  test('ignore a byte order mark before JSON', async () => {
    const { httpClient, url } = await talkingTo((_req, res) => res.end('\ufeff{"a":1}'))
    expect((await httpClient.request(url)).text).toBe('{"a":1}')
  })
})
