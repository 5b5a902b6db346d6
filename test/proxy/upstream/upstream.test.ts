import { afterEach, describe, expect, test } from '@jest/globals'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createSecureServer, type Http2SecureServer } from 'node:http2'
import { createServer } from 'node:https'
import { parseApiProxyOptions } from '../../../lib/options/client/api-proxy.js'
import { apiProxy } from '../../../lib/proxy/index.js'
import { upstreamError } from '../../../lib/proxy/upstream/failures.js'
import { Upstream } from '../../../lib/proxy/upstream/upstream.js'
import { type ApiCall, callOf, echo } from '../../kit/api/api.js'
import { type Proxied, startProxied } from '../../kit/api/proxied.js'
import { listen } from '../../kit/listen.js'
import { startMutualTls } from '../../kit/provider/mutual-tls.js'
import { selfSigned } from '../../kit/resource-server/certificate.js'
import { Clock } from '../../kit/clock.js'
import { pastDeadline } from '../../kit/timers.js'
import { settled, until } from '../../kit/until.js'
import { codeOf } from '../../kit/world/steps.js'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})

const certificate = selfSigned('localhost')
const identity = { cert: certificate.pem, key: certificate.keyPem }

async function start(origin: string, proxy: Parameters<typeof apiProxy>[1] = {}): Promise<Proxied> {
  const proxied = await startProxied({ origin, proxy: { tls: { ca: certificate.pem }, ...proxy } })
  cleanUp.push(() => proxied.close())
  return proxied
}

/** An API that speaks HTTP/2, and HTTP/1.1 where it is asked to. */
async function startHttp2(answer: (req: IncomingMessage, res: ServerResponse, call: ApiCall) => unknown = echo) {
  const calls: (ApiCall & { version: string })[] = []
  const sessions = new Set<{ destroy(): void }>()
  const server: Http2SecureServer = createSecureServer({ ...identity, allowHTTP1: true }, (req, res) => {
    // HTTP/2's own classes have all that is used here.
    const pair: unknown = [req, res]
    const [request, response] = pair as [IncomingMessage, ServerResponse]
    const call = { ...callOf(request), version: req.httpVersion }
    calls.push(call)
    void answer(request, response, call)
  })
  server.on('session', (session) => sessions.add(session))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  cleanUp.push(async () => {
    for (const session of sessions) session.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return { origin: `https://localhost:${typeof address === 'object' ? address?.port : 0}`, calls, server, sessions }
}

describe('an API on HTTP/2', () => {
  test('gets requests and bodies by it where that is allowed, many on one connection', async () => {
    const api = await startHttp2()
    const { call } = await start(api.origin, { http2: true })
    expect((await call('/api/orders?x=1')).json()).toMatchObject({
      method: 'GET',
      target: '/v1/orders?x=1',
      authorization: expect.stringMatching(/^Bearer /),
    })
    const bodies = await Promise.all(['one', 'two'].map((body) => call('/api/x', { method: 'POST', body })))
    expect(bodies.map((answer) => (answer.json() as { body: string }).body)).toEqual(['one', 'two'])
    expect(new Set(api.calls.map(({ version }) => version))).toEqual(new Set(['2.0']))
    expect(api.calls[0]?.headers).not.toHaveProperty('cookie')
  })

  test('an API is called by HTTP/1.1 unless http2 is set', async () => {
    const api = await startHttp2()
    const { call } = await start(api.origin)
    expect((await call('/api/x')).status).toBe(200)
    expect(api.calls.map(({ version }) => version)).toEqual(['1.1'])
  })

  test('has its token renewed after a 401', async () => {
    let refused: string | undefined
    const api = await startHttp2((req, res, call) => {
      refused ??= call.headers.authorization
      if (call.headers.authorization !== refused) return echo(req, res, call)
      res.writeHead(401).end()
    })
    const { call } = await start(api.origin, { http2: true })
    expect((await call('/api/x')).status).toBe(200)
    expect(api.calls).toHaveLength(2)
  })

  test('streams, and sees it when the browser goes away', async () => {
    let isClosed = false
    const api = await startHttp2((_req, res) => {
      res.writeHead(200, { 'content-type': 'text/plain', 'set-cookie': 'stolen=1', 'alt-svc': 'h3=":443"' })
      res.write('first')
      res.once('close', () => (isClosed = true))
    })
    const { world } = await start(api.origin, { http2: true })
    const controller = new AbortController()
    const cookie =
      world.browser.cookies.header({ url: new URL(world.url('/')), crossSite: false, safeNavigation: true }) ?? ''
    const answer = await fetch(world.url('/api/x'), { headers: { 'x-csrf': '1', cookie }, signal: controller.signal })
    expect(answer.headers.get('alt-svc')).toBeNull()
    expect(String(answer.headers.get('set-cookie'))).not.toContain('stolen')
    const reader = answer.body?.getReader()
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('first')
    controller.abort()
    await until(() => isClosed)
  })

  test.each(['GET', 'POST'])('gives 504 where it never answers: %s', async (method) => {
    const api = await startHttp2(() => undefined)
    const { call } = await start(api.origin, { http2: true, timeoutSeconds: 100 })
    const body = method === 'POST' ? { body: 'a' } : {}
    // For the connection, and for the headers.
    const answer = await pastDeadline(
      200,
      () => call('/api/x', { method, ...body }),
      () => api.calls.length === 1,
    )
    expect([answer.status, codeOf(answer)]).toEqual([504, 'upstream_timeout'])
  })

  test('gives 502 where it ends the connection before its response, and works again', async () => {
    const api = await startHttp2((req, res, call) =>
      call.method === 'POST' ? api.sessions.forEach((session) => session.destroy()) : echo(req, res, call),
    )
    const { call } = await start(api.origin, { http2: true })
    expect((await call('/api/x')).status).toBe(200)
    expect((await call('/api/x', { method: 'POST', body: 'a' })).status).toBe(502)
    expect((await call('/api/x')).status).toBe(200)
  })
})

describe('an API on https', () => {
  test('is not trusted with a certificate of nobody', async () => {
    const api = await listen(createServer(identity, (_req, res) => res.end('ok')))
    cleanUp.push(api.close)
    const proxied = await startProxied({ origin: api.origin.replace('http://127.0.0.1', 'https://localhost') })
    cleanUp.push(() => proxied.close())
    const answer = await proxied.call('/api/x')
    expect([answer.status, answer.json()]).toEqual([502, expect.objectContaining({ code: 'upstream_unreachable' })])
    const unknown = Object.assign(new Error('x'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
    expect(upstreamError(unknown, false)).toMatchObject({
      message: expect.stringContaining('that is not trusted here'),
    })
  })

  test('sees the certificate of the client', async () => {
    const client = selfSigned('client')
    const api = await startMutualTls([client], (_req, res) => res.end('ok'))
    cleanUp.push(api.close)
    const tls = { ca: api.ca, cert: client.pem, key: client.keyPem }
    const { call } = await start(api.origin, { tls })
    expect((await call('/api/x')).text).toBe('ok')
    expect(api.requests).toEqual([{ name: 'GET /v1/x', thumbprint: client.thumbprint }])
  })

  test('sees the certificate that replaces it, while what is under way ends as it would', async () => {
    const [old, next] = [selfSigned('old'), selfSigned('next')]
    const held: (() => void)[] = []
    const api = await startMutualTls([old, next], (req, res) => {
      if (req.url === '/slow') held.push(() => res.end('slow'))
      else res.end('ok')
    })
    const state = { certificate: old, isDown: false }
    const clock = new Clock()
    const tls = () => {
      if (state.isDown) throw new Error('vault')
      return { ca: api.ca, cert: state.certificate.pem, key: state.certificate.keyPem }
    }
    const upstream = new Upstream(parseApiProxyOptions(api.origin, { tls }), clock)
    cleanUp.push(api.close, () => upstream.close())
    const call = async (path: string) => {
      const signal = new AbortController().signal
      return (await upstream.send({ method: 'GET', path, headers: [], body: null, signal })).body.text()
    }
    const slow = call('/slow')
    await until(() => held.length === 1)
    state.certificate = next
    clock.advance(60)
    await call('/')
    await settled()
    state.isDown = true
    clock.advance(60)
    expect(await call('/')).toBe('ok')
    await settled()
    expect(await call('/')).toBe('ok')
    for (const finish of held) finish()
    expect(await slow).toBe('slow')
    const seen = api.requests.map(({ thumbprint }) => (thumbprint === old.thumbprint ? 'old' : 'next'))
    expect(seen).toEqual(['old', 'old', 'next', 'next'])
  })

  test('is not asked where the function in "tls" fails at the start: 503', async () => {
    const { call } = await start('https://localhost:1', { tls: () => Promise.reject(new Error('vault')) })
    const answer = await call('/api/x')
    expect([answer.status, answer.json()]).toEqual([503, expect.objectContaining({ code: 'provider_unavailable' })])
  })
})
