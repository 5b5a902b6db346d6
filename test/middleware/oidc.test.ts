import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, Socket } from 'node:net'
import { oidc, type Principal } from '../../lib/index.js'
import { Browser } from '../hosts/client.js'
import { hosts } from '../hosts/hosts.js'
import type { Handler } from '../hosts/layers.js'
import { secret, startWorld, type World } from '../kit/world/world.js'

describe.each(hosts)('oidc() on $name', (host) => {
  test('reports that it was mounted twice', async () => {
    const options = { issuer: 'http://127.0.0.1:1', clientId: 'web', secret }
    const running = await host.start(({ baseUrl }) => {
      const make = (): Handler => oidc({ ...options, baseUrl })
      return [make(), make(), (_req, res) => res.end('reached')]
    })
    const answer = await new Browser().fetch(running.url)
    expect([answer.status, answer.json()]).toEqual([
      500,
      { code: 'mounted_twice', message: 'oidc() ran twice for one request: mount it once, before all guards' },
    ])
    expect(running.journal.passages.map(({ nexts }) => nexts)).toEqual([1, 1])
    await running.close()
  })
})

describe('authenticate() of oidc()', () => {
  let world: World
  beforeAll(async () => {
    world = await startWorld()
    await world.signIn()
  })
  afterAll(() => world.close())

  /** What `authenticate()` says of an upgrade request as it arrives at a real server. */
  async function upgrade(headers: Readonly<Record<string, string>>): Promise<Principal | undefined> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const seen = new Promise<IncomingMessage>((resolve) => {
      server.on('upgrade', (req, socket) => {
        socket.end('HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
        resolve(req)
      })
    })
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/socket`
    await world.browser.request('none', url, { headers: { connection: 'Upgrade', upgrade: 'websocket', ...headers } })
    const connection = await world.app.authenticate(await seen)
    await new Promise((closed) => server.close(closed))
    return connection?.principal
  }

  test('accepts a WebSocket from a page of this application', async () => {
    expect(await upgrade({ origin: world.url('') })).toMatchObject({ scheme: 'session', subject: 'alice' })
  })

  test.each([
    ['another site', { origin: 'https://evil.example' }],
    ['a subdomain', { origin: 'http://app.127.0.0.1' }],
    ['a sandboxed frame', { origin: 'null' }],
    ['nowhere', {}],
  ])('GU04: does not accept a WebSocket from %s, whatever cookies it brings', async (_name, headers) => {
    expect(await upgrade(headers as Record<string, string>)).toBeUndefined()
  })

  test('GU04: does not accept a WebSocket without a session', async () => {
    expect(await upgrade({ origin: world.url(''), cookie: `${world.cookie()}=garbage` })).toBeUndefined()
  })

  test('authenticates a request that no middleware saw', async () => {
    const cookie = world.browser.cookies.cookiesFor(world.url('')).map(({ name, value }) => `${name}=${value}`)
    const req = { headers: { cookie: cookie.join('; ') }, method: 'GET', url: '/' } as unknown as IncomingMessage
    expect(await world.app.authenticate(req)).toMatchObject({ principal: { subject: 'alice' } })
    expect(await world.app.authenticate({ headers: {} } as IncomingMessage)).toBeUndefined()
  })
})

describe('the middleware of oidc()', () => {
  test('fetches metadata ahead when asked, and reports what it has seen', async () => {
    const world = await startWorld()
    expect(world.provider.requests).toEqual([])
    await world.app.ready()
    expect(world.provider.requests).toEqual(['GET /.well-known/openid-configuration', 'GET /jwks'])
    expect(world.app.health()).toBeDefined()
    await world.close()
  })

  test('has a name', () => {
    const options = { issuer: 'https://op.example.com', clientId: 'web', baseUrl: 'https://app.example.com', secret }
    const middleware = oidc(options)
    expect([middleware.name, middleware.length]).toEqual(['oidc', 3])
    middleware.close()
  })

  test('uses a cookie domain, strictness and several base URLs as configured', async () => {
    const session = { cookie: { domain: 'example.com', sameSite: 'Strict' as const } }
    const shared = { issuer: 'https://op.example.com', clientId: 'web', secret, session }
    const middleware = oidc({ ...shared, baseUrls: ['https://a.example.com', 'https://b.example.com'] })
    const headers = { upgrade: 'websocket', origin: 'https://b.example.com' }
    const upgrade = { headers, socket: new Socket() } as unknown as IncomingMessage
    expect(await middleware.authenticate(upgrade)).toBeUndefined()
    middleware.close()
  })
})

describe('the options of oidc()', () => {
  test('may have a member "providers" that is undefined, beside those of one provider', () => {
    const issuer = 'https://id.example.com'
    const options = { issuer, clientId: 'web', baseUrl: 'https://app.example.com', secret, providers: undefined }
    expect(oidc(options).health()).toMatchObject({ issuer })
    expect(() => oidc({ ...options, clientId: '' })).toThrow(/^oidc\(\): invalid options\n {2}- "clientId" is [^\n]*$/)
  })
})
