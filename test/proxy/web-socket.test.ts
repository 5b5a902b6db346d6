import { afterEach, describe, expect, test } from '@jest/globals'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import onHeaders from 'on-headers'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import { requireAuth, scope } from '../../lib/index.js'
import { upgradeListener } from '../../lib/proxy/index.js'
import { hosts } from '../hosts/hosts.js'
import type { Layer } from '../hosts/layers.js'
import { listen } from '../kit/listen.js'
import { type Proxied, type ProxiedOptions, startProxied } from '../kit/api/proxied.js'
import { until } from '../kit/until.js'
import { cookieOf } from '../kit/world/refreshing.js'
import { rawRequest } from '../kit/world/steps.js'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})

type Refusal = (req: IncomingMessage) => number | undefined

interface Answering {
  /** What it sends before it opens a WebSocket. */
  readonly interim?: string
  /** Opens a WebSocket when the test wants that. Default: at once. */
  readonly hold?: (shake: () => void) => void
}

/** An API of WebSockets: it says what it hears, and notes each handshake. */
async function startSockets(
  refusal: Refusal = () => undefined,
  { interim, hold = (shake) => shake() }: Answering = {},
) {
  const handshakes: IncomingMessage[] = []
  const server = createServer((_req, res) => res.end('plain'))
  const sockets = new WebSocketServer({ noServer: true })
  sockets.on('headers', (headers) => headers.push('Set-Cookie: stolen=1', 'X-Api: 1', 'Clear-Site-Data: "*"'))
  server.on('upgrade', (req, socket, head) => {
    handshakes.push(req)
    const status = refusal(req)
    if (status !== undefined) {
      const headers = 'Set-Cookie: stolen=1\r\nLocation: https://evil.example\r\nConnection: close\r\nContent-Length: 2'
      socket.end(`HTTP/1.1 ${status} No\r\n${headers}\r\n\r\nno`)
      return
    }
    if (interim !== undefined) socket.write(interim)
    hold(() =>
      sockets.handleUpgrade(req, socket, head, (client) => {
        client.on('message', (data: RawData, isBinary) => client.send(data, { binary: isBinary }))
      }),
    )
  })
  const { origin, close } = await listen(server)
  cleanUp.push(async () => {
    for (const client of sockets.clients) client.terminate()
    await close()
  })
  return { origin, handshakes, clients: sockets.clients }
}

async function start(origin: string, options: ProxiedOptions = {}): Promise<Proxied> {
  const proxied = await startProxied({ origin, ...options })
  const { server, app } = proxied.world.host
  server.on('upgrade', upgradeListener(app))
  cleanUp.push(() => proxied.close())
  return proxied
}

/** Opens one as a page does, and waits until it is open or refused. */
async function open(
  { world }: Proxied,
  { path = '/api/live?x=1', origin = world.url(''), headers = {}, protocols = [] as string[] } = {},
) {
  const client = new WebSocket(world.url(path).replace('http:', 'ws:'), protocols, {
    origin,
    headers: { ...cookieOf(world.browser, world), ...headers },
  })
  cleanUp.push(() => client.terminate())
  const closed = new Promise<number>((resolve) => client.once('close', resolve))
  let shaken: IncomingMessage | undefined
  client.once('upgrade', (response) => (shaken = response))
  const status = await new Promise<number>((resolve, reject) => {
    client.once('open', () => resolve(101))
    client.once('unexpected-response', (_req, response) => {
      shaken = response
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    client.once('error', reject)
  })
  return { client, closed, status, shaken }
}

async function echoed(client: WebSocket, data: string | Buffer): Promise<string> {
  const answer = new Promise<string>((resolve) => client.once('message', (text: Buffer) => resolve(text.toString())))
  client.send(data)
  return answer
}

describe.each(hosts)('apiProxy() with upgradeListener() on $name', (host) => {
  test('opens a WebSocket at the API with the token, and carries messages both ways', async () => {
    const api = await startSockets()
    const proxied = await start(api.origin, { world: { host } })
    const { client, status, shaken } = await open(proxied, { protocols: ['chat'] })
    expect(status).toBe(101)
    expect(await echoed(client, 'hello')).toBe('hello')
    expect(await echoed(client, 'x'.repeat(200_000))).toHaveLength(200_000)
    const [handshake] = api.handshakes
    expect([handshake?.url, client.protocol]).toEqual(['/v1/live?x=1', 'chat'])
    expect(handshake?.headers['authorization']).toMatch(/^Bearer \S{20,}$/)
    for (const name of ['cookie', 'origin', 'x-csrf', 'sec-fetch-mode'])
      expect(handshake?.headers).not.toHaveProperty(name)
    for (const name of ['x-api', 'clear-site-data']) expect(shaken?.headers).not.toHaveProperty(name)
    expect(shaken?.headers['set-cookie'] ?? []).not.toContain('stolen=1')
  })

  test('answers as the application does where that is not the proxy', async () => {
    const proxied = await start((await startSockets()).origin, { world: { host } })
    expect((await open(proxied, { path: '/nowhere' })).status).toBe(404)
  })
})

describe('AP06: a WebSocket', () => {
  test.each([
    ['another site', 'https://evil.example'],
    ['a sandbox', 'null'],
    ['another port', 'http://127.0.0.1:1'],
    ['an origin with the same beginning', '.evil.example'],
  ])('AP06: is refused to %s, with all cookies', async (_what, given) => {
    const api = await startSockets()
    const proxied = await start(api.origin)
    const origin = given.startsWith('.') ? proxied.world.url('') + given : given
    expect((await open(proxied, { origin })).status).toBe(401)
    expect((await open(proxied, { origin, headers: { 'x-csrf': '1', 'sec-fetch-site': 'same-origin' } })).status).toBe(
      401,
    )
    expect(api.handshakes).toEqual([])
  })

  test('AP06: is refused to a program that says no origin', async () => {
    const api = await startSockets()
    const proxied = await start(api.origin)
    const lines = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: eA==']
    expect(await proxied.raw('GET /api/live HTTP/1.1', lines)).toMatch(/^HTTP\/1\.1 401 /)
    expect(api.handshakes).toEqual([])
  })

  test('AP06: is refused to an origin that csrf() allows: it is another site all the same', async () => {
    const api = await startSockets()
    const proxied = await start(api.origin, { csrf: { origins: ['https://www.example.com'] } })
    expect((await open(proxied, { origin: 'https://www.example.com' })).status).toBe(401)
    expect(api.handshakes).toEqual([])
  })

  test.each([
    ['POST', 'websocket', []],
    ['DELETE', 'WebSocket', []],
    ['POST', 'h2c', ['Content-Length: 3', '', 'abc']],
    ['POST', 'h2c', ['Transfer-Encoding: chunked', '', '3\r\nabc\r\n0\r\n']],
    ['GET', 'websocket', ['Content-Length: 30', '', 'GET /v1/smuggled HTTP/1.1\r\nHost: a']],
  ])(
    'AP03: is nothing that a guard by method overlooks, or whose body Node gives up: %s with Upgrade: %s and %j',
    async (method, upgrade, rest) => {
      const api = await startSockets()
      const proxied = await start(api.origin)
      const lines = [`Origin: ${proxied.world.url('')}`, 'Connection: Upgrade', `Upgrade: ${upgrade}`]
      const given = [...lines, 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', ...rest]
      expect(await proxied.raw(`${method} /api/live HTTP/1.1`, given)).toMatch(/^HTTP\/1\.1 400 /)
      expect(api.handshakes).toEqual([])
      expect(proxied.world.host.journal.passages).not.toContainEqual(expect.objectContaining({ name: 'apiProxy' }))
    },
  )

  test('is not an upgrade of another kind, which is answered as a plain request', async () => {
    const api = await startSockets()
    const proxied = await start(api.origin)
    const answer = await proxied.raw('GET /api/x HTTP/1.1', ['Connection: Upgrade', 'Upgrade: h2c'])
    expect([answer.slice(0, 12), answer.endsWith('plain')]).toEqual(['HTTP/1.1 200', true])
  })

  test('is not an upgrade of another kind, whose response may have any length', async () => {
    const text = 'x'.repeat(1_000_000)
    const { origin, close } = await listen(createServer((_req, res) => res.end(text)))
    cleanUp.push(close)
    const piped: Layer = {
      method: 'GET',
      path: '/file',
      handlers: [
        (_req, res) => {
          res.setHeader('content-length', text.length)
          Readable.from(text.match(/.{1,50000}/g) ?? []).pipe(res)
        },
      ],
    }
    const proxied = await start(origin, { world: { layers: [piped] } })
    for (const path of ['/api/x', '/file']) {
      const answer = await proxied.raw(`GET ${path} HTTP/1.1`, ['Connection: Upgrade', 'Upgrade: h2c'])
      expect([path, answer.length - answer.indexOf('\r\n\r\n') - 4]).toEqual([path, text.length])
    }
  })

  test('is refused to nobody in particular, with 401 as problem+json', async () => {
    const proxied = await start((await startSockets()).origin)
    const { status, shaken } = await open(proxied, { headers: { cookie: '' } })
    expect([status, shaken?.headers['content-type']]).toEqual([401, 'application/problem+json'])
    expect(shaken?.headers.connection).toBe('close')
  })

  test('meets the guards of its path, as a request does', async () => {
    const api = await startSockets()
    const guard = { mount: '/api/live', handlers: [requireAuth(scope('orders:admin'))] }
    const proxied = await start(api.origin, { world: { layers: [guard] } })
    expect((await open(proxied)).status).toBe(403)
    expect((await open(proxied, { path: '/api/other' })).status).toBe(101)
  })

  test('AP02: cannot leave the target by its path', async () => {
    const api = await startSockets()
    const proxied = await start(api.origin)
    for (const path of ['/api/%2e%2e/x', '/api/a%2f..%2fx', '/api//evil.example']) {
      const { cookie = '' } = cookieOf(proxied.world.browser, proxied.world)
      const head = [
        `GET ${path} HTTP/1.1`,
        ...[
          'Host: app',
          `Cookie: ${cookie}`,
          `Origin: ${proxied.world.url('')}`,
          'Connection: Upgrade',
          'Upgrade: websocket',
        ],
        ...['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='],
      ]
      expect(await rawRequest(proxied.world.url(''), `${head.join('\r\n')}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 40[04] /)
    }
    expect(api.handshakes).toEqual([])
  })

  test('ends with a logout, on both sides', async () => {
    const api = await startSockets()
    const proxied = await start(api.origin)
    const { closed } = await open(proxied)
    await proxied.world.browser.navigate(proxied.world.url('/logout'), { site: 'same-origin' })
    expect(await closed).toBe(1006)
    await until(() => api.clients.size === 0)
  })

  test('ends when the session expires', async () => {
    const session = { idleSeconds: 60, absoluteSeconds: 60, rollingStepSeconds: 5 }
    const proxied = await start((await startSockets()).origin, { world: { oidc: { session } } })
    const { closed } = await open(proxied)
    proxied.world.clock.advance(61)
    expect(await closed).toBe(1006)
  })

  test('ends at the API when the page closes it, and the other way round', async () => {
    const api = await startSockets()
    const proxied = await start(api.origin)
    const first = await open(proxied)
    first.client.close(1000)
    expect(await first.closed).toBe(1000)
    await until(() => api.clients.size === 0)
    const second = await open(proxied)
    for (const client of api.clients) client.close(4000)
    expect(await second.closed).toBe(4000)
  })

  test('ends when the proxy is closed', async () => {
    const proxied = await start((await startSockets()).origin)
    const { closed } = await open(proxied)
    await proxied.proxy.close()
    expect(await closed).toBe(1006)
  })

  test('has its token renewed after a 401, once, and carries the new cookie', async () => {
    let refused: string | undefined
    const api = await startSockets(({ headers }) => {
      refused ??= headers.authorization
      return headers.authorization === refused ? 401 : undefined
    })
    const proxied = await start(api.origin)
    const { status, shaken } = await open(proxied)
    expect([status, api.handshakes.length, proxied.world.refreshes.length]).toEqual([101, 2, 1])
    expect(shaken?.headers['set-cookie']).toHaveLength(1)
  })

  test.each([400, 401, 403, 404, 503])(
    'AP04: passes the refusal %i of the API on, without its headers',
    async (refusal) => {
      const proxied = await start((await startSockets(() => refusal)).origin)
      const { status, shaken } = await open(proxied)
      expect(status).toBe(refusal)
      expect(shaken?.headers).not.toHaveProperty('location')
      expect(JSON.stringify(shaken?.headers['set-cookie'] ?? '')).not.toContain('stolen')
    },
  )

  test.each([200, 302])('gives 502 where the API answers with %i', async (answer) => {
    const proxied = await start((await startSockets(() => answer)).origin)
    const { status, shaken } = await open(proxied)
    expect([status, shaken?.headers['content-type']]).toEqual([502, 'application/problem+json'])
  })

  test('gives 502 where nobody listens at the API', async () => {
    expect((await open(await start('http://127.0.0.1:1'))).status).toBe(502)
  })

  test('opens after interim responses of the API', async () => {
    const api = await startSockets(undefined, {
      interim: 'HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n',
    })
    const { client, status } = await open(await start(api.origin))
    expect([status, await echoed(client, 'hello')]).toEqual([101, 'hello'])
  })

  test('is closed at the API where other middleware has answered meanwhile', async () => {
    const seen: unknown[] = []
    const responses: ServerResponse[] = []
    const held: (() => void)[] = []
    const api = await startSockets(undefined, { hold: (shake) => held.push(shake) })
    const layer: Layer = { mount: '/api', handlers: [(_req, res, go) => (responses.push(res), go())] }
    const oidc = { onError: (error: unknown) => void seen.push(error) }
    const opening = open(await start(api.origin, { world: { layers: [layer], oidc } }))
    await until(() => held.length === 1)
    for (const res of responses) res.writeHead(503).end()
    expect((await opening).status).toBe(503)
    for (const shake of held) shake()
    expect(api.clients.size).toBe(1)
    await until(() => api.clients.size === 0)
    expect(seen).toEqual([])
  })

  test('is refused where the session ends during its handshake, and closed at the API', async () => {
    const held: (() => void)[] = []
    const api = await startSockets(undefined, { hold: (shake) => held.push(shake) })
    const proxied = await start(api.origin)
    const opening = open(proxied)
    await until(() => held.length === 1)
    await proxied.world.browser.navigate(proxied.world.url('/logout'), { site: 'same-origin' })
    for (const shake of held) shake()
    expect((await opening).status).toBe(401)
    await until(() => api.clients.size === 0)
  })

  test('is closed at the API where a hook of other middleware throws', async () => {
    const api = await startSockets()
    const broken = new Error('broken hook')
    const layer: Layer = {
      mount: '/api',
      handlers: [
        (_req, res, go) => {
          onHeaders(res, () => {
            throw broken
          })
          go()
        },
      ],
    }
    const proxied = await start(api.origin, { world: { layers: [layer] } })
    expect((await open(proxied)).status).toBe(500)
    expect(proxied.world.host.journal.errors).toEqual([broken])
    await until(() => api.handshakes.length === 1 && api.clients.size === 0)
  })

  test('without upgradeListener() is a mistake in the set-up', async () => {
    const proxied = await startProxied({ origin: (await startSockets()).origin })
    cleanUp.push(() => proxied.close())
    expect((await open(proxied)).status).toBe(500)
    expect(proxied.world.host.journal.errors).toEqual([
      expect.objectContaining({ code: 'not_mounted', message: expect.stringContaining('upgradeListener(app)') }),
    ])
  })

  test('that is reset during its handshake ends no process, and the handshake at the API', async () => {
    let isClosed = false
    let count = 0
    const server = createServer()
    server.on('upgrade', (_req, socket) => {
      count += 1
      socket.once('end', () => ((isClosed = true), socket.end())).resume()
    })
    const { origin, close } = await listen(server)
    cleanUp.push(close)
    const proxied = await start(origin)
    const { world } = proxied
    const client = new WebSocket(world.url('/api/live').replace('http:', 'ws:'), {
      origin: world.url(''),
      headers: cookieOf(world.browser, world),
    })
    client.on('error', () => undefined)
    await until(() => count === 1)
    client.terminate()
    await until(() => isClosed)
  })
})
