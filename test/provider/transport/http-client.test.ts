import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { type HttpClient, createHttpClient } from '../../../lib/provider/transport/http-client.js'
import { failureOf } from '../../kit/failure.js'

const answering = (answer: () => Response | Promise<Response>, changes = {}) =>
  createHttpClient({
    fetch: async () => answer(),
    httpTimeoutSeconds: 5,
    dangerouslyAllowHttp: false,
    ...changes,
  })

const url = 'https://issuer.example/x'
const never = new Promise<Response>(() => undefined)

afterEach(() => void jest.useRealTimers())

describe('the HTTP client', () => {
  test.each([
    ['https://issuer.example/', true],
    ['http://localhost:3000/', true],
    ['http://127.9.9.9/', true],
    ['http://[::1]:8080/', true],
    ['http://issuer.example/', false],
    ['http://localhost.evil.example/', false],
    ['http://127.0.0.1.evil.example/', false],
    ['https://user:password@issuer.example/', false],
    ['ftp://issuer.example/', false],
    ['file:///etc/passwd', false],
    ['/relative', false],
    ['', false],
  ])('DI02: decides whether %p may be requested: %p', (target, allowed) => {
    expect(answering(() => new Response()).allows(target)).toBe(allowed)
  })

  test('DI02: needs the dangerous permission for plain http to other hosts', () => {
    expect(answering(() => new Response(), { dangerouslyAllowHttp: true }).allows('http://issuer.example/')).toBe(true)
  })

  test('DI02: refuses a request before anything is sent', async () => {
    let sent = 0
    const httpClient = answering(() => new Response(String(sent++)))
    expect(await failureOf(httpClient.request('http://issuer.example/'))).toMatchObject({ code: 'invalid_options' })
    expect(sent).toBe(0)
  })

  test.each([301, 302, 303, 304, 307, 308])('JK05, CB28: refuses status %p instead of following it', async (status) => {
    const httpClient = answering(() => new Response(null, { status, headers: { location: 'http://169.254.169.254/' } }))
    expect(await failureOf(httpClient.request(url))).toMatchObject({ code: 'provider_redirected', status: 502 })
  })

  test('JK05: tells fetch not to follow redirects, and refuses those that it hides', async () => {
    let mode: string | undefined
    const hidden = Object.defineProperty(new Response(), 'type', { value: 'opaqueredirect' })
    const httpClient = createHttpClient({
      fetch: (async (_url: unknown, init: RequestInit) => {
        mode = init.redirect
        return hidden
      }) as typeof fetch,
      httpTimeoutSeconds: 5,
      dangerouslyAllowHttp: false,
    })
    expect(await failureOf(httpClient.request(url))).toMatchObject({ code: 'provider_redirected' })
    expect(mode).toBe('manual')
  })
})

describe('the HTTP client in an outage', () => {
  test('asks whether the provider speaks https, where it answers in plain http', async () => {
    const cause = Object.assign(new Error('write EPROTO'), { code: 'EPROTO' })
    const httpClient = answering(() => Promise.reject(new TypeError('fetch failed', { cause })))
    expect((await failureOf(httpClient.request(url))).message).toContain(
      '(it does not speak TLS: check that the URL should begin with https)',
    )
  })

  test('reports an unreachable provider as 503 with Retry-After', async () => {
    const httpClient = answering(() => Promise.reject(new TypeError('fetch failed')))
    const error = await failureOf(httpClient.request(url))
    expect(error).toMatchObject({ code: 'provider_unreachable', status: 503, headers: { 'Retry-After': '5' } })
  })

  test('names the system error in the cause, without foreign objects', async () => {
    const system = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', secret: 'x' })
    const httpClient = answering(() => Promise.reject(new TypeError('fetch failed', { cause: system })))
    const { cause } = await failureOf(httpClient.request(url))
    expect(cause).toMatchObject({ name: 'TypeError', message: 'TypeError', cause: { code: 'ECONNREFUSED' } })
    expect(cause.cause).not.toBe(system)
    expect(cause.cause).not.toHaveProperty('secret')
  })

  test('LK01: keeps a token that fetch quotes in its message about a header out of the cause', async () => {
    const httpClient = answering(() => Promise.reject(new TypeError('Headers.append: "Bearer top-secret" is invalid')))
    const error = await failureOf(httpClient.request(url))
    expect(JSON.stringify([error.message, String(error.cause), error.cause.stack])).not.toContain('top-secret')
  })

  test.each([500, 502, 503, 504, 429])('reports status %p as an outage', async (status) => {
    const httpClient = answering(() => new Response('oops', { status }))
    expect(await failureOf(httpClient.request(url))).toMatchObject({ code: 'provider_unavailable', status: 503 })
  })

  describe.each([500, 503])('with status %p', (status) => {
    const said = '{"error":"server_error","error_description":"AADSTS90033: a transient error"}'
    const answerOf = (body: string, headers: Record<string, string>) =>
      failureOf(answering(() => new Response(body, { status, headers })).request(url))

    test('keeps what the provider says in JSON', async () => {
      const headers = { 'content-type': 'application/json; charset=utf-8', 'content-length': String(said.length) }
      const { code, provider } = await answerOf(said, headers)
      expect({ code, provider }).toMatchObject({
        code: 'provider_unavailable',
        provider: { via: 'response', error: 'server_error', codes: ['AADSTS90033'] },
      })
    })

    test.each([
      ['of another type', said, { 'content-type': 'text/html', 'content-length': String(said.length) }],
      ['of unknown length', said, { 'content-type': 'application/json' }],
      ['that is not JSON', '<html>', { 'content-type': 'application/json', 'content-length': '6' }],
      ['that is too long', 'x'.repeat(20_000), { 'content-type': 'application/json', 'content-length': '20000' }],
    ])('is an outage without a report where the body is one %s', async (_what, body, headers) => {
      const error = await answerOf(body, headers)
      expect(error).toMatchObject({ code: 'provider_unavailable' })
      expect(error.provider).toBe(undefined)
    })
  })

  test.each([
    ['7', '7'],
    ['3600', '3600'],
    ['0', '5'],
    ['99999', '5'],
    ['9999', '5'],
    ['-1', '5'],
    ['Wed, 21 Oct 2026 07:28:00 GMT', '5'],
    ['1e3', '5'],
  ])('turns a Retry-After of %p into %p', async (given, told) => {
    const httpClient = answering(() => new Response('', { status: 503, headers: { 'retry-after': given } }))
    expect((await failureOf(httpClient.request(url))).headers).toEqual({ 'Retry-After': told })
  })

  test('RE02: gives up a provider that never answers after the deadline', async () => {
    const httpClient = answering(() => never, { httpTimeoutSeconds: 0.02 })
    expect(await failureOf(httpClient.request(url))).toMatchObject({ code: 'provider_timeout', status: 503 })
  })

  test('JK04: applies the deadline to a body that trickles', async () => {
    let cancelled = false
    const trickle = new ReadableStream({
      pull: () => new Promise(() => undefined),
      cancel: () => void (cancelled = true),
    })
    const httpClient = answering(() => new Response(trickle), { httpTimeoutSeconds: 0.02 })
    expect(await failureOf(httpClient.request(url))).toMatchObject({ code: 'provider_timeout' })
    expect(cancelled).toBe(true)
  })

  test('RE02: makes no more than 160 requests at once, and reports more as its own limit', async () => {
    jest.useFakeTimers()
    let sent = 0
    const httpClient = answering(() => (sent++, never), { httpTimeoutSeconds: 5 })
    const hung = Array.from({ length: 160 }, () => failureOf(httpClient.request(url)))
    const refused = failureOf(httpClient.request(url))
    await jest.advanceTimersByTimeAsync(2500)
    expect(await refused).toMatchObject({
      code: 'outbound_limit_reached',
      status: 503,
      headers: { 'Retry-After': '1' },
    })
    expect(sent).toBe(160)
    httpClient.close()
    expect(new Set((await Promise.all(hung)).map(({ code }) => code))).toEqual(new Set(['provider_unreachable']))
  })

  test('RE02: queues a limited number of requests for which there is no room', async () => {
    const open: (() => void)[] = []
    const answer = () => new Promise<Response>((resolve) => open.push(() => resolve(new Response('x'))))
    // Nobody waits for longer than half of it: all are answered before that, also on a slow machine.
    const httpClient = answering(answer, { httpTimeoutSeconds: 600 })
    const all = Array.from({ length: 160 + 1024 }, () => httpClient.request(url))
    expect(await failureOf(httpClient.request(url))).toMatchObject({ code: 'outbound_limit_reached' })
    for (let done = 0; done < all.length; done += 1) {
      while (open.length === 0) await new Promise(setImmediate)
      open.pop()?.()
    }
    expect(new Set((await Promise.all(all)).map(({ status }) => status))).toEqual(new Set([200]))
  })

  test('RE02: keeps room for other requests where strangers trigger as many as they like', async () => {
    let isFlooded = true
    const httpClient = answering(() => (isFlooded ? never : new Response('x')))
    const flood = Array.from({ length: 400 }, () => failureOf(httpClient.request(url, { isByAnyone: true })))
    await new Promise(setImmediate)
    isFlooded = false
    expect((await httpClient.request(url)).status).toBe(200)
    httpClient.close()
    expect(await Promise.all(flood)).toHaveLength(400)
  })

  test('RE02: does not count a request that goes on after the usual deadline among the others', async () => {
    jest.useFakeTimers()
    const httpClient = answering(() => never, { httpTimeoutSeconds: 5 })
    const late = Array.from({ length: 160 }, () => failureOf(httpClient.request(url, { minTimeoutSeconds: 60 })))
    const refused = failureOf(httpClient.request(url))
    await jest.advanceTimersByTimeAsync(5000)
    expect(await refused).toMatchObject({ code: 'outbound_limit_reached' })
    const hung = failureOf(httpClient.request(url))
    await jest.advanceTimersByTimeAsync(5000)
    expect(await hung).toMatchObject({ code: 'provider_timeout' })
    httpClient.close()
    expect(await Promise.all(late)).toHaveLength(160)
  })

  test('RE03: sends nothing after close()', async () => {
    const httpClient = answering(() => new Response('x'))
    httpClient.close()
    expect(await failureOf(httpClient.request(url))).toMatchObject({ code: 'provider_unreachable' })
  })
})

describe('a response of the HTTP client', () => {
  test('with 2xx or 4xx is returned whole, with its headers', async () => {
    const httpClient = answering(() => new Response('{"a":1}', { status: 400, headers: { 'x-y': 'z' } }))
    const response = await httpClient.request(url)
    expect([response.status, response.header('x-y'), response.text]).toEqual([400, 'z', '{"a":1}'])
  })

  test.each([204, 205])('with status %p has no body', async (status) => {
    const response = await answering(() => new Response(null, { status })).request(url)
    expect([response.status, response.text, response.toResponse().body]).toEqual([status, '', null])
  })

  test('JK04: is cut off where its body is over the limit', async () => {
    const httpClient = answering(() => new Response('x'.repeat(101)))
    const error = await failureOf(httpClient.request(url, { maxBytes: 100 }))
    expect(error).toMatchObject({ code: 'provider_response_too_large', status: 502 })
    await expect(httpClient.request(url, { maxBytes: 101 })).resolves.toMatchObject({ status: 200 })
  })

  test('JK04: is limited by decoded bytes, so that a gzip bomb is cut off', () =>
    serving(gzipSync(Buffer.alloc(50_000_000)), async (httpClient, target) => {
      const error = await failureOf(httpClient.request(target, { maxBytes: 1_000_000 }))
      expect(error).toMatchObject({ code: 'provider_response_too_large' })
    }))

  test('in gzip from a real server is read, and its encoding removed', () =>
    serving(gzipSync('{"ok":true}'), async (httpClient, target) => {
      const response = await httpClient.request(target)
      expect(response.toResponse().headers.get('content-encoding')).toBeNull()
      expect(response.text).toBe('{"ok":true}')
    }))

  test('is an outage where the connection breaks in the middle of the body', async () => {
    const broken = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from('{"half"'))
        controller.error(new Error('reset'))
      },
    })
    const httpClient = answering(() => new Response(broken))
    expect(await failureOf(httpClient.request(url))).toMatchObject({ code: 'provider_unreachable', status: 503 })
  })
})

/** Runs a check against a real server that answers with compressed bytes. */
async function serving(body: Buffer, check: (httpClient: HttpClient, url: string) => Promise<void>): Promise<void> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip', connection: 'close' }).end(body)
  })
  server.unref()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    const httpClient = createHttpClient({ fetch, httpTimeoutSeconds: 5, dangerouslyAllowHttp: false })
    await check(httpClient, `http://127.0.0.1:${port}/`)
  } finally {
    server.close()
    server.closeAllConnections()
  }
}
