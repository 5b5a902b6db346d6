import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import supertest from 'supertest'
import { WebSocket, WebSocketServer } from 'ws'
import { freePort } from '../kit/free-port.js'
import { Browser } from '../hosts/client.js'
import { type RealProvider, startRealProvider, webClient } from '../provider-real/provider.js'
import { type Api, startApi } from '../kit/api/api.js'
import { type RedisServer, startRedis, stopEveryRedis } from '../kit/redis/server.js'
import { describeWith } from '../setup/describe-with.js'
import { root } from '../setup/tree.js'
import { type Snippet, snippetsIn } from '../snippets/compile.js'

const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)]
const opening = pages
  .filter((page) => page.endsWith('.md'))
  .flatMap((page) => snippetsIn(page))
  .filter(({ code }) => /\bcreate(Client|ClientPool|Cluster|Sentinel|Server)\(|\bWebSocket|\.connect\(/.test(code))
const isRedis = ({ code }: Snippet): boolean => code.includes("from 'redis'")
const isTokenUpgrade = ({ code }: Snippet): boolean => code.includes('api.authenticate(')
const isUpgrade = ({ code }: Snippet): boolean => code.includes('auth.authenticate(')
const isProxy = ({ code }: Snippet): boolean => code.includes('apiProxy(')
const isPlainServer = ({ code }: Snippet): boolean => code.includes('createServer((req, res)')

/** The application around a snippet. */
const before = "import express from 'express'\nconst app = express()\nconst secret = process.env.SESSION_SECRET\n"

const children: ChildProcess[] = []
const folder = mkdtempSync(join(tmpdir(), 'snippets-'))
beforeAll(() => {
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules', 'express-oidc'))
  for (const name of ['express', 'express-session', 'connect-redis', 'redis', 'undici', 'ws']) {
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  }
})
afterEach(async () => {
  for (const child of children.splice(0)) await end(child)
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await stopEveryRedis()
})

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit')
}

/** Runs a snippet as a program of its own, with some lines after it that speak to the test. */
function run(
  first: string,
  { markdown, line, code }: Snippet,
  after: string,
  env: Readonly<Record<string, string>>,
): ChildProcess {
  const file = join(folder, `${markdown.replaceAll(/\W/g, '-')}-${line}.mjs`)
  writeFileSync(file, `${before}${first}${code}\n${after}`)
  const common = { PATH: process.env['PATH'] ?? '', SESSION_SECRET: 'quick-start-secret-long-and-random-enough' }
  const child = fork(file, [], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...common, CLIENT_ID: 'web', BILLING_SECRET: 'x', CACHE_SECRET: common.SESSION_SECRET, ...env },
  })
  children.push(child)
  return child
}

/** The next word of a snippet, or how it ended. */
function word(child: ChildProcess): Promise<unknown> {
  let complaints = ''
  child.stderr?.on('data', (text: Buffer) => (complaints += text.toString()))
  if (child.exitCode !== null) return Promise.resolve(`ended with ${child.exitCode}`)
  return Promise.race([
    once(child, 'message').then(([message]) => message as unknown),
    once(child, 'exit').then(([code]) => `ended with ${code}: ${complaints}`),
  ])
}

test('every snippet that opens a connection is run here', () => {
  const kinds = [isRedis, isUpgrade, isTokenUpgrade, isPlainServer, isProxy]
  expect(opening.filter((snippet) => !kinds.some((isKind) => isKind(snippet)))).toEqual([])
  expect(kinds.map((isKind) => opening.filter(isKind).length)).toEqual([7, 1, 1, 1, 1])
})

describeWith('redis-server', 'a snippet with a Redis client survives the death of Redis', (path) => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedis({ path })
  })

  // A module that others import may call its client otherwise.
  const clientIn = ({ code }: Snippet): string => /const (\w+) = createClient\(/.exec(code)?.[1] ?? 'client'
  const listeningTo = (client: string): string => `
    ${client}.on('reconnecting', () => process.send('reconnecting'))
    ${client}.on('ready', () => process.send('ready'))
    process.send('started')
  `

  for (const snippet of opening.filter(isRedis)) {
    test(`${snippet.markdown}:${snippet.line}`, async () => {
      const env = {
        REDIS_URL: redis.url,
        ISSUER: 'http://127.0.0.1:1',
        BASE_URL: 'http://127.0.0.1:2',
        CLIENT_SECRET: 'x',
      }
      const child = run('', snippet, listeningTo(clientIn(snippet)), env)
      expect(await word(child)).toBe('started')
      const lost = word(child)
      await redis.kill()
      expect(await lost).toBe('reconnecting')
      await redis.restart()
      let said: unknown = 'reconnecting'
      while (said === 'reconnecting') said = await word(child)
      expect(said).toBe('ready')
    })
  }
})

const listen = (port: number): string => `server.listen(${port}, '127.0.0.1', () => process.send('started'))`

const upgrade = ['GET /ws HTTP/1.1', 'Host: x', 'Upgrade: websocket', 'Connection: Upgrade', '', ''].join('\r\n')

/** Clients that ask for an upgrade and are gone. */
async function resetUpgrades(port: number): Promise<void> {
  for (let count = 0; count < 200; count += 1) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined)
    await once(socket, 'connect')
    await new Promise((sent) => socket.write(upgrade, sent))
    for (let turns = 0; turns < count % 5; turns += 1) await turn()
    socket.resetAndDestroy()
  }
}

test.each(opening.filter(isTokenUpgrade))(
  'the upgrade of $markdown answers 401 without a token, and survives clients that reset their connections',
  async (snippet) => {
    const port = await freePort()
    const child = run(`const issuer = 'http://127.0.0.1:1'\n`, snippet, listen(port), {})
    expect(await word(child)).toBe('started')
    await resetUpgrades(port)
    const socket = connect(port, '127.0.0.1').setEncoding('latin1')
    socket.write(upgrade)
    const [answer] = (await once(socket, 'data')) as [string]
    socket.destroy()
    expect(answer).toMatch(/^HTTP\/1\.1 401 /)
    expect(child.exitCode).toBeNull()
  },
)

test.each(opening.filter(isPlainServer))(
  'the server of $markdown answers without a session, and during an outage',
  async (snippet) => {
    const port = await freePort()
    const env = { ISSUER: 'http://127.0.0.1:1', BASE_URL: `http://127.0.0.1:${port}`, CLIENT_SECRET: 'x' }
    const child = run('', snippet, listen(port), env)
    expect(await word(child)).toBe('started')
    const app = supertest(`http://127.0.0.1:${port}`)
    expect([(await app.get('/')).status, (await app.get('/login')).status]).toEqual([401, 503])
  },
)

describe.each(opening.filter(isUpgrade))('the WebSocket recipe of $markdown', (snippet) => {
  let provider: RealProvider
  let child: ChildProcess
  let port: number

  beforeAll(async () => {
    port = await freePort()
    const BASE_URL = `http://127.0.0.1:${port}`
    const client = webClient(BASE_URL)
    provider = await startRealProvider({ clients: [client] })
    const env = { ISSUER: provider.issuer, CLIENT_ID: client.client_id, CLIENT_SECRET: client.client_secret, BASE_URL }
    child = run('', snippet, listen(port), env)
    expect(await word(child)).toBe('started')
    children.splice(0)
  })
  afterAll(async () => {
    await end(child)
    await provider.close()
  })

  async function greeting(): Promise<WebSocket> {
    const browser = new Browser()
    await browser.navigate(`http://127.0.0.1:${port}/login`, { follow: true })
    const cookie = browser.cookies.cookiesFor(`http://127.0.0.1:${port}`).map(({ name, value }) => `${name}=${value}`)
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, {
      headers: { cookie: cookie.join('; ') },
      origin: `http://127.0.0.1:${port}`,
    })
    const [text] = (await once(socket, 'message')) as [Buffer]
    expect(text.toString()).toBe('hello alice')
    return socket
  }

  test('survives anonymous clients that reset their connections', async () => {
    await resetUpgrades(port)
    ;(await greeting()).terminate()
    expect(child.exitCode).toBeNull()
  })

  test('survives a signed-in client that sends an invalid frame or resets the connection', async () => {
    for (const end of ['frame', 'reset'] as const) {
      const socket = await greeting()
      const wire = Reflect.get(socket, '_socket') as ReturnType<typeof connect>
      const closed = once(socket, 'close').catch(() => undefined)
      socket.on('error', () => undefined)
      if (end === 'frame') wire.write(Buffer.from([0xff, 0xff, 0xff, 0xff]))
      else wire.resetAndDestroy()
      await closed
    }
    ;(await greeting()).terminate()
    expect(child.exitCode).toBeNull()
  })
})

describe.each(opening.filter(isProxy))('the proxy of $markdown', (snippet) => {
  let provider: RealProvider
  let api: Api
  let sockets: WebSocketServer
  let child: ChildProcess
  let origin: string
  const browser = new Browser()

  beforeAll(async () => {
    const port = await freePort()
    origin = `http://127.0.0.1:${port}`
    const client = webClient(origin)
    provider = await startRealProvider({ clients: [client] })
    api = await startApi()
    sockets = new WebSocketServer({ server: api.server })
    sockets.on('connection', (socket, req) => socket.send(`${req.url} ${req.headers.authorization?.slice(0, 7)}`))
    const { client_id: CLIENT_ID, client_secret: CLIENT_SECRET } = client
    const env = { ISSUER: provider.issuer, CLIENT_ID, CLIENT_SECRET, BASE_URL: origin, API_URL: `${api.origin}/v1` }
    child = run('', snippet, listen(port), env)
    expect(await word(child)).toBe('started')
    children.splice(0)
    await browser.navigate(`${origin}/login`, { follow: true })
  })
  afterAll(async () => {
    await end(child)
    for (const socket of sockets.clients) socket.terminate()
    await Promise.all([provider.close(), api.close()])
  })

  test('sends requests of scripts on, and nobody else’s', async () => {
    const headers = { 'x-csrf': '1', 'content-type': 'application/json' }
    const answer = await browser.fetch(`${origin}/api/orders`, { method: 'POST', body: '{"a":1}', headers })
    expect([answer.status, answer.json()]).toEqual([
      200,
      expect.objectContaining({ target: '/v1/orders', body: '{"a":1}' }),
    ])
    expect((await browser.fetch(`${origin}/api/orders`)).status).toBe(403)
    expect((await new Browser().fetch(`${origin}/api/orders`, { headers })).status).toBe(401)
  })

  test('opens WebSockets, and survives clients that reset their connections', async () => {
    await resetUpgrades(Number(new URL(origin).port))
    const cookie = browser.cookies.cookiesFor(origin).map(({ name, value }) => `${name}=${value}`)
    const socket = new WebSocket(`${origin.replace('http:', 'ws:')}/api/live`, {
      headers: { cookie: cookie.join('; ') },
      origin,
    })
    const [text] = (await once(socket, 'message')) as [Buffer]
    socket.terminate()
    expect(text.toString()).toBe('/v1/live Bearer ')
    expect(child.exitCode).toBeNull()
  })
})
