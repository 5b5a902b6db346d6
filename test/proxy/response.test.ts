import { afterEach, describe, expect, test } from '@jest/globals'
import { createServer, type IncomingMessage, type ServerResponse, request } from 'node:http'
import { type Proxied, type ProxiedOptions, startProxied } from '../kit/api/proxied.js'
import { listen } from '../kit/listen.js'
import { FakeStore } from '../kit/stores/memory.js'
import type { ApiAnswer } from '../kit/api/api.js'
import { settled, until } from '../kit/until.js'
import { cookieOf } from '../kit/world/refreshing.js'

let proxied: Proxied
const start = async (options?: ProxiedOptions): Promise<void> => {
  proxied = await startProxied(options)
}
afterEach(() => proxied.close())

/** A request by the browser whose body and response a test handles itself. */
function open(path = '/api/x', method = 'GET', headers: Record<string, string> = {}) {
  const sent = request(proxied.world.url(path), {
    method,
    agent: false,
    headers: { ...cookieOf(proxied.world.browser, proxied.world), 'x-csrf': '1', ...headers },
  })
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve).once('error', reject)
  })
  return { sent, response }
}

const next = (response: IncomingMessage): Promise<string> =>
  new Promise((resolve, reject) => {
    response.once('data', (chunk: Buffer) => resolve(chunk.toString()))
    response.once('close', () => reject(new Error('closed')))
  })

describe('a response', () => {
  test('arrives as the API writes it, its headers before anything else', async () => {
    let out: ServerResponse | undefined
    await start({
      answer: (_req, res) => ((out = res), res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()),
    })
    const { sent, response } = open()
    sent.end()
    const arrived = await response
    expect(arrived.headers['content-type']).toBe('text/event-stream')
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      const received = next(arrived)
      out?.write(event)
      expect(await received).toBe(event)
    }
    out?.end()
  })

  test('does not wait for the end of the request', async () => {
    const bodies: string[] = []
    await start({
      answer: (req, res) => {
        req.on('data', (chunk: Buffer) => (bodies.push(chunk.toString()), res.write(chunk)))
        req.on('end', () => res.end())
      },
    })
    const { sent, response } = open('/api/x', 'POST')
    for (const part of ['one', 'two']) {
      sent.write(part)
      const arrived = await response
      expect(await next(arrived)).toBe(part)
    }
    sent.end()
  })

  test('is broken off where the API breaks it off, and so is not taken for whole', async () => {
    await start({ answer: (_req, res) => (res.write('half'), setImmediate(() => res.destroy())) })
    const { sent, response } = open()
    sent.end()
    const arrived = await response
    arrived.resume()
    const isWhole = await new Promise((resolve) => arrived.once('close', () => resolve(arrived.complete)))
    expect(isWhole).toBe(false)
  })

  test('keeps its encoding and its length', async () => {
    await start({
      answer: (_req, res) => res.writeHead(200, { 'content-encoding': 'gzip', 'content-length': '4' }).end('abcd'),
    })
    const answer = await proxied.call('/api/x', { headers: { 'accept-encoding': 'gzip' } })
    expect(answer.headers).toMatchObject({ 'content-encoding': 'gzip', 'content-length': '4' })
    expect(answer.text).toBe('abcd')
  })

  test.each([
    ['GET', 304, { 'content-length': '4', etag: '"e"' }, { 'content-length': '4', etag: '"e"' }],
    ['GET', 304, {}, {}],
    ['GET', 204, {}, {}],
    ['HEAD', 200, { 'content-length': '4' }, { 'content-length': '4' }],
    ['HEAD', 200, {}, {}],
  ])('without a body comes through: %s, %i, %j', async (method, status, given, expected) => {
    await start({ answer: (_req, res) => res.writeHead(status, given).end() })
    const strict = createServer({ rejectNonStandardBodyWrites: true }, proxied.world.host.app)
    const { origin, close } = await listen(strict)
    const cookie = cookieOf(proxied.world.browser, proxied.world)
    for (const url of [proxied.world.url('/api/x'), `${origin}/api/x`]) {
      const headers = { ...cookie, 'x-csrf': '1', host: new URL(proxied.world.url('')).host }
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        request(url, { method, agent: false, headers }).once('response', resolve).once('error', reject).end()
      })
      answer.resume()
      expect([answer.statusCode, answer.headers]).toEqual([status, expect.objectContaining(expected)])
      if (!('content-length' in expected)) expect(answer.headers).not.toHaveProperty('content-length')
    }
    await close()
  })

  test('with 204 has no length, whatever the API says', async () => {
    await start({
      answer: (req) => void req.socket.end('HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nabcd'),
    })
    const answer = await proxied.call('/api/x')
    expect([answer.status, answer.headers['content-length'], answer.text]).toEqual([204, undefined, ''])
  })

  test('carries the rolling cookie of the session, as others do', async () => {
    await start({ world: { oidc: { session: { idleSeconds: 600, rollingStepSeconds: 60 } } } })
    proxied.world.clock.advance(300)
    const { setCookies, headers } = await proxied.call('/api/x')
    expect(setCookies).toHaveLength(1)
    expect(headers['vary']).toContain('Cookie')
  })

  test('does not take the place of what the application has set', async () => {
    const ownHeader = {
      mount: '/api',
      handlers: [
        (_req: unknown, res: ServerResponse, go: () => void) => (res.setHeader('x-frame-options', 'DENY'), go()),
      ],
    }
    await start({
      answer: (_req, res) => res.writeHead(200, { 'x-frame-options': 'ALLOWALL' }).end(),
      world: { layers: [ownHeader] },
    })
    expect((await proxied.call('/api/x')).headers['x-frame-options']).toBe('DENY')
  })
})

describe('a browser that goes away', () => {
  test.each(['GET', 'POST'])('ends the request to the API: %s', async (method) => {
    let closed = false
    await start({ answer: (req) => void req.socket.once('close', () => (closed = true)) })
    const { sent, response } = open('/api/x', method)
    response.catch(() => undefined)
    sent.flushHeaders()
    if (method === 'POST') sent.write('half')
    else sent.end()
    await until(() => proxied.api.calls.length === 1)
    sent.destroy()
    await until(() => closed)
    expect(proxied.world.host.journal.errors).toEqual([])
  })

  test('ends a stream that the API is still writing', async () => {
    let closed = false
    await start({ answer: (_req, res) => (res.write('x'), void res.once('close', () => (closed = true))) })
    const { sent, response } = open()
    sent.end()
    await next(await response)
    sent.destroy()
    await until(() => closed)
  })
})

describe('an event stream', () => {
  const streamOf =
    (type: string): ApiAnswer =>
    (_req, res) => {
      res.writeHead(200, { 'content-type': type })
      res.write('data: 1\n\n')
    }
  const stream = streamOf('text/event-stream; charset=utf-8')

  test.each([
    'text/event-stream; charset=utf-8',
    'application/x-ndjson',
    'application/jsonl; charset=utf-8',
    'application/json-seq',
    'multipart/x-mixed-replace; boundary=x',
  ])('AP06: ends with the session, at the browser and at the API: %s', async (type) => {
    let closed = false
    const answer = streamOf(type)
    await start({ answer: (req, res, call) => (res.once('close', () => (closed = true)), answer(req, res, call)) })
    const { sent, response } = open()
    sent.end()
    const arrived = await response
    await next(arrived)
    const ended = new Promise((resolve) => arrived.once('close', () => resolve(arrived.complete)))
    await proxied.world.browser.navigate(proxied.world.url('/logout'), { site: 'same-origin' })
    expect(await ended).toBe(true)
    await until(() => closed)
  })

  test('is not opened while the store cannot say whether the session goes on', async () => {
    const store = new FakeStore({ now: () => Date.now() })
    await start({ world: { oidc: { session: { store } } } })
    proxied.api.answer((req, res, call) => ((store.outage = true), stream(req, res, call)))
    const answer = await proxied.call('/api/x')
    expect([answer.status, answer.json()]).toEqual([
      503,
      expect.objectContaining({ code: 'session_store_unavailable' }),
    ])
  })
})

describe('an API that fails', () => {
  const told = async () => {
    const answer = await proxied.call('/api/x')
    expect(answer.headers['content-type']).toBe('application/problem+json')
    return [answer.status, (answer.json() as { code: string }).code]
  }

  test('gives 502 upstream_unreachable where nobody listens', async () => {
    await start({ origin: 'http://127.0.0.1:1' })
    expect(await told()).toEqual([502, 'upstream_unreachable'])
  })

  test('gives 502 upstream_unreachable where the connection breaks', async () => {
    await start({ answer: (req) => void req.socket.destroy() })
    expect(await told()).toEqual([502, 'upstream_unreachable'])
  })

  test('gives 502 upstream_unreachable after a body that it did not want to read, as a response', async () => {
    await start({ answer: (req) => void req.socket.destroy() })
    const answer = await proxied.call('/api/x', { method: 'POST', body: 'x'.repeat(500_000) })
    expect([answer.status, (answer.json() as { code: string }).code]).toEqual([502, 'upstream_unreachable'])
  })

  test('gives 504 upstream_timeout where it does not answer in time', async () => {
    await start({ answer: () => undefined, proxy: { timeoutSeconds: 0.1 } })
    expect(await told()).toEqual([504, 'upstream_timeout'])
  })

  test.each([
    'HTTP/1.1 abc\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    'SSH-2.0-OpenSSH\r\n',
  ])('gives 502 upstream_response_invalid for what is not HTTP: %j', async (text) => {
    await start({ answer: (req) => void req.socket.end(text) })
    expect(await told()).toEqual([502, 'upstream_response_invalid'])
  })

  test('says nothing about the API in the response', async () => {
    await start({ origin: 'http://127.0.0.1:1' })
    expect((await proxied.call('/api/x')).text).not.toMatch(/127\.0\.0\.1|ECONN|detail/)
  })

  test('goes through onError of oidc()', async () => {
    const seen: unknown[] = []
    const onError = (error: { code?: unknown }, { res }: { res: { end(text: string): unknown } }) => {
      seen.push(error.code)
      res.end('own')
    }
    await start({ origin: 'http://127.0.0.1:1', world: { oidc: { onError: onError as never } } })
    expect((await proxied.call('/api/x')).text).toBe('own')
    expect(seen).toEqual(['upstream_unreachable'])
  })

  test('is not a reason for the next request to fail', async () => {
    let count = 0
    await start({ answer: (req, res) => (count++ === 0 ? req.socket.destroy() : res.end('ok')) })
    expect((await proxied.call('/api/x', { method: 'POST' })).status).toBe(502)
    expect((await proxied.call('/api/x')).text).toBe('ok')
  })
})

describe('a response that other middleware gives while the API is asked', () => {
  test.each([
    ['text', 'text/plain'],
    ['a stream', 'text/event-stream'],
  ])('stays, and the API gets rid of its own: %s', async (_what, type) => {
    const seen: unknown[] = []
    let given: ServerResponse | undefined
    let goOn: () => void = () => undefined
    let isClosed = false
    const layer = {
      mount: '/api',
      handlers: [(_req: unknown, res: ServerResponse, go: () => void) => ((given = res), go())],
    }
    const oidc = { onError: (error: unknown) => void seen.push(error) }
    await start({
      answer: (_req, res) => {
        res.once('close', () => (isClosed = true))
        goOn = () => void res.writeHead(200, { 'content-type': type }).write('first')
      },
      world: { layers: [layer], oidc },
    })
    const answer = proxied.call('/api/x')
    await until(() => proxied.api.calls.length === 1)
    given?.writeHead(503).end('too late')
    expect([(await answer).status, (await answer).text]).toEqual([503, 'too late'])
    goOn()
    await until(() => isClosed)
    await settled()
    expect([seen, proxied.world.host.journal.errors]).toEqual([[], []])
  })
})

describe('close() of a proxy', () => {
  test('ends requests that are under way', async () => {
    await start({ answer: () => undefined })
    const answer = proxied.call('/api/x')
    await until(() => proxied.api.calls.length === 1)
    await proxied.proxy.close()
    expect((await answer).status).toBe(502)
  })
})
