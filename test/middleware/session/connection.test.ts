import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { once } from 'node:events'
import { type RequestOptions, Agent, createServer, IncomingMessage, request } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import { type AddressInfo, Socket } from 'node:net'
import expressSession from 'express-session'
import { WebSocket, WebSocketServer } from 'ws'
import type { SessionError, SessionOptions } from '../../../lib/index.js'
import { systemRuntime } from '../../../lib/base/runtime.js'
import { SharedRevocations } from '../../../lib/session/revocation/shared-revocations.js'
import { type WorldOptions, type World, startWorld } from '../../kit/world/world.js'
import { answering } from '../../kit/world/applications.js'
import { expressSessionLayer } from '../../kit/stores/storage-kinds.js'
import { StoreOfProcesses } from '../../kit/stores/store-of-processes.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { settled, until } from '../../kit/until.js'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})

async function start(oidc: WorldOptions['oidc'] = {}): Promise<World> {
  const world = await startWorld({ oidc })
  cleanUp.push(() => world.close())
  await world.signIn()
  return world
}

/** A server of WebSockets as an application writes it: whoever is signed in comes in, until the session ends. */
async function sockets(world: World, seen: SessionError[] = []) {
  const server = createServer()
  const open = new WebSocketServer({ noServer: true })
  server.on('upgrade', (req, socket, head) => {
    world.app.authenticate(req).then(
      (connection) => {
        if (connection === undefined) return void socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n')
        open.handleUpgrade(req, socket, head, (client) => {
          client.send(connection.principal.subject)
          connection.signal.addEventListener('abort', () => {
            seen.push(connection.signal.reason as SessionError)
            client.close(4401, 'signed out')
          })
        })
      },
      () => void socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n'),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanUp.push(() => {
    for (const client of open.clients) client.terminate()
    server.close()
  })
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A request whose answer is read to its end. */
function get(options: RequestOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', ...options }, (response) => response.resume().once('end', resolve))
      .once('error', reject)
      .end()
  })
}

const cookieOf = (world: World): string =>
  world.browser.cookies
    .cookiesFor(world.url(''))
    .map(({ name, value }) => `${name}=${value}`)
    .join('; ')

/** An upgrade by the browser, before anybody answers it. */
function upgradeOf(world: World): IncomingMessage {
  const req = new IncomingMessage(new Socket())
  req.url = '/'
  req.method = 'GET'
  Object.assign(req.headers, { cookie: cookieOf(world), upgrade: 'websocket', origin: world.url('') })
  return req
}

/** Opens one with the cookies of the browser, and waits for the greeting. */
async function connect(world: World, url: string, origin = world.url('')) {
  const client = new WebSocket(url, { headers: { cookie: cookieOf(world) }, origin })
  const said = new Promise<string>((resolve) => {
    client.once('message', (text: Buffer) => resolve(text.toString()))
    client.once('error', (error) => resolve(String(error)))
  })
  const closed = new Promise<number>((resolve) => client.once('close', resolve))
  return { client, closed, said: await said }
}

/** An event stream by somebody whose login is in express-session: its answer is why it has ended. */
async function openEvents(store: expressSession.Store, session: SessionOptions) {
  const signals: AbortSignal[] = []
  const world: World = await startWorld({
    oidc: { session: { use: 'request', ...session } },
    before: [expressSessionLayer(store)],
    layers: [
      answering('/events', async (req) => {
        const connection = await world.app.authenticate(req)
        if (connection === undefined) return 'nobody'
        const { signal } = connection
        signals.push(signal)
        if (!signal.aborted) await once(signal, 'abort')
        return (signal.reason as SessionError).code
      }),
    ],
  })
  cleanUp.push(() => world.close())
  await world.signIn()
  const answer = world.browser.fetch(world.url('/events'))
  await until(() => signals.length > 0)
  const [signal] = signals as [AbortSignal]
  return { world, answer, signal }
}

describe('a live connection', () => {
  test('knows the person, and stays open while the session lasts', async () => {
    const world = await start()
    const { said, client } = await connect(world, await sockets(world))
    expect(said).toBe('alice')
    // It is looked at every second, each time by the clock.
    const looks = jest.spyOn(world.clock, 'now')
    await until(() => looks.mock.calls.length >= 2)
    expect(client.readyState).toBe(WebSocket.OPEN)
  })

  test('GU04: is refused to another site, whatever cookies it brings', async () => {
    const world = await start()
    expect((await connect(world, await sockets(world), 'https://evil.example')).said).toContain('401')
  })

  test('GU04: is anonymous to middleware of a WebSocket server, too, where it comes from another site, and keeps its cookies', async () => {
    const world = await start()
    const asked = async (headers: Record<string, string>) => {
      const answer = await world.browser.request('none', world.url('/me'), {
        headers: { connection: 'upgrade', ...headers },
      })
      return [(answer.json() as { user: { sub: string } | null }).user?.sub, answer.setCookies]
    }
    for (const origin of [{}, { origin: 'https://evil.example' }, { origin: `${world.url('')}0` }]) {
      expect(await asked({ upgrade: 'WebSocket', ...origin })).toEqual([undefined, []])
    }
    expect(await asked({ upgrade: 'websocket', origin: world.url('') })).toEqual(['alice', []])
    // What some clients offer with every request.
    expect(await asked({ upgrade: 'h2c' })).toEqual(['alice', []])
  })

  test('GU04: is anonymous to middleware of an HTTP/2 server, too, where a CONNECT comes from another site', async () => {
    const world = await start()
    const server = createHttp2Server({ settings: { enableConnectProtocol: true } }, (_req, res) => res.end())
    server.on('connect', (req, res) => {
      world.app(req as never, res as never, () => res.end(Reflect.get(req, 'oidc').user?.sub ?? 'nobody'))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    cleanUp.push(() => (session.destroy(), server.close()))
    await once(session, 'remoteSettings')
    const asked = async (headers: Record<string, string>) => {
      const websocket = { ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/', ':scheme': 'http' }
      const call = session.request({ ...websocket, ':authority': '127.0.0.1', cookie: cookieOf(world), ...headers })
      return (await call.setEncoding('utf8').toArray()).join('')
    }
    expect(await asked({})).toBe('nobody')
    expect(await asked({ origin: 'https://evil.example' })).toBe('nobody')
    expect(await asked({ origin: world.url('') })).toBe('alice')
  })

  test('survives a reset while its session is being looked up, though nobody else listens on the socket', async () => {
    const world = await start()
    const req = upgradeOf(world)
    const answers = [world.app.authenticate(req), world.app.authenticate(req)]
    expect(req.socket.listenerCount('error')).toBe(1)
    req.socket.destroy(new Error('read ECONNRESET'))
    expect(await Promise.all(answers)).toEqual([expect.anything(), expect.anything()])
  })

  test('ends with a logout, at once', async () => {
    const world = await start()
    const seen: SessionError[] = []
    const { closed } = await connect(world, await sockets(world, seen))
    await world.browser.navigate(world.url('/logout'), { site: 'same-origin' })
    expect(await closed).toBe(4401)
    expect(seen.map(({ code }) => code)).toEqual(['session_missing'])
  })

  test('is closed already where a logout came before anybody asked for its signal', async () => {
    const world = await start()
    const connection = await world.app.authenticate(upgradeOf(world))
    await world.browser.navigate(world.url('/logout'), { site: 'same-origin' })
    const signal = connection?.signal
    await settled()
    expect(signal?.aborted).toBe(true)
    expect((signal?.reason as SessionError).code).toBe('session_missing')
  })

  test('ends when the session expires', async () => {
    const world = await start({ session: { idleSeconds: 60, absoluteSeconds: 60, rollingStepSeconds: 5 } })
    const seen: SessionError[] = []
    const { closed } = await connect(world, await sockets(world, seen))
    world.clock.advance(61)
    expect(await closed).toBe(4401)
    expect(seen.map(({ code }) => code)).toEqual(['session_expired'])
  })

  test('ends with a logout in another process, within seconds', async () => {
    const sharedStore = new FakeStore({ now: () => Date.now() })
    const world = await start({ sharedStore: sharedStore })
    const { closed } = await connect(world, await sockets(world))
    const audience = [world.provider.issuer, 'web']
    const elsewhere = new SharedRevocations({ sharedStore, runtime: systemRuntime, absoluteSeconds: 3600, audience })
    await elsewhere.revoke({ subject: 'alice' }, Date.now())
    expect(await closed).toBe(4401)
  })

  test('ends with a logout in another process, also where the login is in express-session', async () => {
    const store = new StoreOfProcesses()
    const { inner } = store
    const { answer } = await openEvents(store, {})
    inner.all((_error, sessions) => Object.keys(sessions ?? {}).forEach((id) => inner.destroy(id)))
    expect((await answer).json()).toBe('session_missing')
  })

  test('with a stored session follows the idle limit that other requests prolong', async () => {
    const sharedStore = new FakeStore({ now: () => Date.now() })
    const world = await start({ session: { store: sharedStore, idleSeconds: 60, rollingStepSeconds: 5 } })
    const { client } = await connect(world, await sockets(world))
    world.clock.advance(50)
    await world.me()
    world.clock.advance(50)
    const looked = sharedStore.count('get')
    await until(() => sharedStore.count('get') > looked + 1)
    expect(client.readyState).toBe(WebSocket.OPEN)
  })

  test.each([
    ['a store of several processes', new StoreOfProcesses()],
    ['a MemoryStore', new expressSession.MemoryStore()],
  ])('with a login in express-session follows the idle limit, too: %s', async (_name, store) => {
    const { world, answer, signal } = await openEvents(store, { idleSeconds: 60, rollingStepSeconds: 5 })
    world.clock.advance(50)
    await world.me()
    world.clock.advance(50)
    const reads = jest.spyOn(store, 'get')
    await until(() => signal.aborted || reads.mock.calls.some(([id]) => !id.includes(':')))
    await settled()
    expect(signal.aborted).toBe(false)
    world.clock.advance(61)
    expect((await answer).json()).toBe('session_expired')
  })

  test('is watched only until the next request of its socket, where there is one', async () => {
    const world = await start()
    const counts: number[] = []
    const signals: (AbortSignal | undefined)[] = []
    const server = createServer((req, res) => {
      void world.app.authenticate(req).then((connection) => {
        signals.push(connection?.signal)
        counts.push(req.socket.listenerCount('close'))
        res.end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    cleanUp.push(() => (agent.destroy(), server.close()))
    const { port } = server.address() as AddressInfo
    for (let count = 0; count < 5; count += 1) await get({ port, agent, headers: { cookie: cookieOf(world) } })
    await world.browser.navigate(world.url('/logout'), { site: 'same-origin' })
    expect(signals.map((signal) => signal?.aborted)).toEqual([false, false, false, false, true])
    expect(new Set(counts).size).toBe(1)
  })

  test('is not refused as anonymous while the store is unavailable', async () => {
    const sharedStore = new FakeStore({ now: () => Date.now() })
    const world = await start({ session: { store: sharedStore } })
    const url = await sockets(world)
    sharedStore.outage = true
    expect((await connect(world, url)).said).toContain('503')
  })
})
