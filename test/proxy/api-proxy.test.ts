import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import express from 'express'
import { once } from 'node:events'
import { connect, createSecureServer, type IncomingHttpHeaders } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { bearer, csrf } from '../../lib/index.js'
import { apiProxy } from '../../lib/proxy/index.js'
import { Browser, type RequestKind } from '../hosts/client.js'
import { type Host, hosts } from '../hosts/hosts.js'
import type { Handler } from '../hosts/layers.js'
import { type Proxied, type ProxiedOptions, startProxied } from '../kit/api/proxied.js'
import { selfSigned } from '../kit/resource-server/certificate.js'
import { cookieOf } from '../kit/world/refreshing.js'
import { codeOf } from '../kit/world/steps.js'
import { startWorld } from '../kit/world/world.js'

let proxied: Proxied
const start = async (options?: ProxiedOptions): Promise<void> => {
  proxied = await startProxied(options)
}

describe.each(hosts)('apiProxy() on $name', (host) => {
  beforeAll(() => start({ world: { host } }))
  afterAll(() => proxied.close())

  test('sends a request on with the token of the session, and its path and query as they are', async () => {
    const answer = await proxied.call('/api/orders/a%20b?q=a%20b&q=%2e%2e/;x')
    expect(answer.status).toBe(200)
    expect(answer.json()).toEqual({
      method: 'GET',
      target: '/v1/orders/a%20b?q=a%20b&q=%2e%2e/;x',
      authorization: expect.stringMatching(/^Bearer \S{20,}$/),
      body: '',
    })
  })

  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'QUERY'])('sends the body of %s on', async (method) => {
    const options = { method, body: 'some text', headers: { 'content-type': 'text/plain' } }
    const answer = await proxied.call('/api/orders', options)
    expect(answer.json()).toMatchObject({ method, target: '/v1/orders', body: 'some text' })
    expect(proxied.api.calls.at(-1)?.headers).toMatchObject({ 'content-type': 'text/plain', 'content-length': '9' })
  })

  test.each([
    ['/api', '/v1'],
    ['/api?x=1', '/v1?x=1'],
    ['/api/', '/v1/'],
  ])('sends %s to %s', async (path, target) => {
    expect((await proxied.call(path)).json()).toMatchObject({ target })
  })

  test.each(['fetch', 'navigate', 'none'] as const)(
    'answers nobody who is not signed in: 401 as problem+json with login_url, for a request of the kind "%s"',
    async (kind) => {
      const seen = proxied.api.calls.length
      const answer = await new Browser().request(kind, proxied.world.url('/api/orders'), { headers: { 'x-csrf': '1' } })
      expect([answer.status, answer.headers['content-type']]).toEqual([401, 'application/problem+json'])
      expect(answer.json()).toMatchObject({ code: 'login_needed', login_url: expect.stringContaining('/login') })
      expect(proxied.api.calls).toHaveLength(seen)
    },
  )

  test('calls next for nothing that it answers, and reports no error to the application', () => {
    const passages = proxied.world.host.journal.passages.filter(({ name }) => name === 'apiProxy')
    expect(passages.length).toBeGreaterThan(5)
    expect(passages.filter(({ nexts }) => nexts > 0)).toEqual([])
    expect(proxied.world.host.journal.errors).toEqual([])
  })
})

describe('AP01: apiProxy(), asked by a page of another site', () => {
  beforeAll(() => start())
  afterAll(() => proxied.close())

  test.each(['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'DELETE'])(
    'AP01: refuses %s without the header of csrf(), from a page of its own too',
    async (method) => {
      const answer = await proxied.world.browser.fetch(proxied.world.url('/api/orders'), { method })
      expect(answer.status).toBe(403)
      if (method !== 'HEAD') expect(codeOf(answer)).toBe('cross_site_request')
      expect(answer.headers['access-control-allow-origin']).toBeUndefined()
      expect(proxied.api.calls).toEqual([])
    },
  )

  test.each<[string, RequestKind, Record<string, string>]>([
    ['another site', 'fetch', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['a sibling subdomain', 'fetch', { 'sec-fetch-site': 'same-site', origin: 'https://blog.example' }],
    ['another site, in an older browser', 'none', { origin: 'https://evil.example' }],
    ['a page of its own, without a value in the header', 'fetch', { 'x-csrf': '' }],
  ])('AP01: refuses a GET that has the header from %s', async (_what, kind, headers) => {
    const options = { headers: { 'x-csrf': '1', ...headers } }
    const answer = await proxied.world.browser.request(kind, proxied.world.url('/api/orders'), options)
    expect([answer.status, codeOf(answer)]).toEqual([403, 'cross_site_request'])
    expect(proxied.api.calls).toEqual([])
  })

  test.each(['navigate', 'image', 'iframe'] as const)(
    'AP01: loads nothing by a request of the kind "%s"',
    async (kind) => {
      const answer = await proxied.world.browser.request(kind, proxied.world.url('/api/page.html'), {
        site: 'same-origin',
      })
      expect(answer.status).toBe(403)
      expect(proxied.api.calls).toEqual([])
    },
  )
})

describe('AP01: apiProxy(), with options of csrf()', () => {
  afterEach(() => proxied.close())

  test('AP01: wants the header by the name that csrf() has, and does not send it on', async () => {
    await start({ csrf: { header: 'X-Requested-By' } })
    expect((await proxied.call('/api/orders')).status).toBe(403)
    expect((await proxied.call('/api/orders', { headers: { 'x-requested-by': 'app' } })).status).toBe(200)
    expect(proxied.api.calls[0]?.headers).not.toHaveProperty('x-requested-by')
  })

  test('AP01: accepts the origins that csrf() lists, with the header', async () => {
    await start({ csrf: { origins: ['https://www.example.com'] } })
    const headers = { 'sec-fetch-site': 'same-site', origin: 'https://www.example.com' }
    expect((await proxied.call('/api/orders', { headers })).status).toBe(200)
  })
})

describe('apiProxy() that is mounted wrongly', () => {
  const failing = async (handlers: readonly Handler[], before: readonly Handler[] = []) => {
    const world = await startWorld({ before: [...before], layers: [{ mount: '/api', handlers }] })
    try {
      await world.signIn()
      const headers = { 'x-csrf': '1', 'content-type': 'application/json' }
      const answer = await world.browser.fetch(world.url('/api/orders'), { method: 'POST', body: '{"a":1}', headers })
      return [answer.status, answer.json()]
    } finally {
      await world.close()
    }
  }
  const proxy = apiProxy('http://127.0.0.1:1')
  afterAll(() => proxy.close())

  test('says that csrf() has to run before it', async () => {
    expect(await failing([proxy])).toEqual([
      500,
      { code: 'not_mounted', message: expect.stringContaining('mount csrf() before apiProxy()') },
    ])
  })

  test('says that oidc() has to run before it', async () => {
    const [host] = hosts
    const running = await host?.start(() => [proxy])
    const answer = await new Browser().fetch(`${running?.url}/api`)
    expect([answer.status, answer.json()]).toEqual([
      500,
      { code: 'not_mounted', message: expect.stringContaining('mount oidc() before apiProxy()') },
    ])
    await running?.close()
  })

  test('says that no body parser may have read the body', async () => {
    expect(await failing([csrf(), express.json() as Handler, proxy])).toEqual([
      500,
      { code: 'body_already_read', message: expect.stringContaining('before express.json()') },
    ])
  })
})

describe('apiProxy() below mountPath', () => {
  test.each(hosts)('leaves other paths to the application, on $name', async (host) => {
    await start()
    const { origin } = proxied.api
    const proxy = apiProxy(`${origin}/v2`, { mountPath: '/own/api' })
    const world = await startWorld({ host, layers: [csrf(), proxy] })
    await world.signIn()
    const ask = async (path: string) => {
      const answer = await world.browser.fetch(world.url(path), { headers: { 'x-csrf': '1' } })
      return answer.status === 200 ? (answer.json() as { target?: string }).target : answer.status
    }
    expect(await ask('/own/api/orders?x=1')).toBe('/v2/orders?x=1')
    expect(await ask('/own/api')).toBe('/v2')
    expect(await ask('/own/api?x=1')).toBe('/v2?x=1')
    expect(await ask('/own/apis')).toBe(404)
    expect(await ask('/other')).toBe(404)
    await proxy.close()
    await Promise.all([world.close(), proxied.close()])
  })
})

describe('apiProxy() beside bearer()', () => {
  test('does not lend the session to a request that acts by an access token', async () => {
    let guard: Handler = (_req, _res, next) => next()
    await start({ world: { layers: [{ mount: '/api', handlers: [(req, res, next) => guard(req, res, next)] }] } })
    const { issuer } = proxied.world.provider
    const tokens = bearer({ issuer, audience: 'api', required: false })
    guard = tokens
    const refused = await proxied.call('/api/orders', { headers: { authorization: 'Bearer x' } })
    expect(refused.status).toBe(401)
    expect(proxied.api.calls).toEqual([])
    expect((await proxied.call('/api/orders')).status).toBe(200)
    tokens.close()
    await proxied.close()
  })
})

describe('apiProxy() in a server of HTTP/2', () => {
  test('sends requests and bodies on, and streams back', async () => {
    const [, , , plain] = hosts
    await start({ world: { host: plain as Host } })
    const { pem, keyPem } = selfSigned('localhost')
    const server = createSecureServer({ cert: pem, key: keyPem }, proxied.world.host.app as never)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const client = connect(`https://localhost:${(server.address() as AddressInfo).port}`, { ca: pem })
    const ask = async (headers: Record<string, string>, body = '') => {
      const { cookie = '' } = cookieOf(proxied.world.browser, proxied.world)
      const stream = client.request({ cookie, 'x-csrf': '1', 'sec-fetch-site': 'same-origin', ...headers })
      if (body !== '') stream.end(body)
      const [answer] = (await once(stream, 'response')) as [IncomingHttpHeaders]
      const chunks: Buffer[] = []
      for await (const chunk of stream) chunks.push(chunk as Buffer)
      return [answer[':status'], JSON.parse(Buffer.concat(chunks).toString())]
    }
    expect(await ask({ ':path': '/api/orders?x=1' })).toEqual([
      200,
      expect.objectContaining({
        method: 'GET',
        target: '/v1/orders?x=1',
        authorization: expect.stringMatching(/^Bearer /),
      }),
    ])
    expect(await ask({ ':path': '/api/orders', ':method': 'POST' }, 'text')).toEqual([
      200,
      expect.objectContaining({ method: 'POST', body: 'text' }),
    ])
    expect(Object.keys(proxied.api.calls[0]?.headers ?? {}).filter((name) => name.startsWith(':'))).toEqual([])
    expect((await ask({ ':path': '/api/orders', 'x-csrf': '' }))[0]).toBe(403)
    client.destroy()
    await new Promise((resolve) => server.close(resolve))
    await proxied.close()
  })
})
