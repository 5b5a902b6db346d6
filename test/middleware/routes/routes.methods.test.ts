import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test } from '@jest/globals'
import { once } from 'node:events'
import { connect } from 'node:net'
import { requireAuth } from '../../../lib/index.js'
import { Browser } from '../../hosts/client.js'
import { hosts } from '../../hosts/hosts.js'
import { startWorld, type World } from '../../kit/world/world.js'

const rejections: unknown[] = []
const note = (reason: unknown): void => void rejections.push(reason)
beforeEach(() => {
  rejections.length = 0
  process.on('unhandledRejection', note)
})
afterEach(async () => {
  await new Promise(setImmediate)
  process.off('unhandledRejection', note)
  expect(rejections).toEqual([])
})

/** Sends a request as raw text, and returns the answer's first line and its headers. */
async function raw(world: World, line: string, headers: readonly string[] = []): Promise<string> {
  const { port } = new URL(world.url(''))
  const socket = connect(Number(port), '127.0.0.1')
  socket.write([`${line} HTTP/1.1`, `Host: 127.0.0.1:${port}`, ...headers, 'Connection: close', '', ''].join('\r\n'))
  let text = ''
  socket.on('data', (data: Buffer) => (text += data.toString()))
  await once(socket, 'close')
  return text
}

describe.each(hosts)('our routes on $name', (host) => {
  let world: World
  beforeAll(async () => {
    world = await startWorld({ host })
  })
  afterAll(() => world.close())

  test.each([
    '/LOGIN',
    '/login/',
    '/login/x',
    '/login%2f',
    '/%6cogin',
    '/login;x=1',
    '//login',
    '/./login',
    '/x/../login',
    '/login%00',
    '/login\\',
    '/callback/',
    '/Logout',
  ])('BR18: do not include %s', async (path) => {
    const answer = await raw(world, `GET ${path}`, ['Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document'])
    expect(answer).toMatch(/^HTTP\/1\.1 404 /)
    expect(answer).not.toMatch(/^set-cookie:/im)
  })

  test.each(['GET http://evil.example/login', 'GET /login?x=/..', 'GET /login?'])(
    'BR18: treat %s as a login at this application, whatever host it names',
    async (line) => {
      const answer = await raw(world, line, ['Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document'])
      const location = new URL(/^location: (.*)$/im.exec(answer)?.[1]?.trim() ?? '')
      expect([location.origin, location.searchParams.get('redirect_uri')]).toEqual([
        world.provider.issuer,
        world.url('/callback'),
      ])
    },
  )

  test('BR18: let no header and no method pass a guard', async () => {
    const spoofed = {
      'x-forwarded-user': 'alice',
      'x-original-url': '/',
      'x-rewrite-url': '/',
      'x-http-method-override': 'OPTIONS',
      'user-agent': 'kube-probe/1.0',
      cookie: `${world.cookie()}=alice; session=alice`,
    }
    expect(await new Browser().fetch(world.url('/private'), { headers: spoofed })).toMatchObject({ status: 401 })
    expect(await new Browser().fetch(world.url('/private?x=/public#/y'))).toMatchObject({ status: 401 })
  })
})

describe.each(hosts)('a request from another site on $name', (host) => {
  test('GU01: comes without the session when it writes, by SameSite, and signs nobody out (there is no other CSRF guard)', async () => {
    const world = await startWorld({
      host,
      layers: [{ method: 'POST', path: '/pay', handlers: [requireAuth(), (_req, res) => void res.end('paid')] }],
    })
    await world.signIn()
    const from = { site: 'cross-site', method: 'POST' } as const
    expect(await world.browser.navigate(world.url('/pay'), { method: 'POST', site: 'same-origin' })).toMatchObject({
      text: 'paid',
    })
    for (const kind of ['navigate', 'fetch', 'iframe'] as const) {
      expect(await world.browser.request(kind, world.url('/pay'), from)).toMatchObject({ status: 401 })
      expect((await world.browser.request(kind, world.url('/logout'), from)).json()).toMatchObject({
        code: 'cross_site_request',
      })
    }
    expect(await world.me()).toMatchObject({ user: { sub: 'alice' } })
    await world.close()
  })
})

describe.each(hosts)('the routes of oidc() on $name', (host) => {
  test('RE04: survive a client that leaves in the middle of a callback, with no half response, second response or rejection', async () => {
    let arrived: () => void = () => undefined
    let release: () => void = () => undefined
    const inside = new Promise<void>((resolve) => (arrived = resolve))
    const gate = new Promise<void>((resolve) => (release = resolve))
    const world = await startWorld({
      host,
      oidc: {
        onLogin: async () => {
          arrived()
          await gate
        },
      },
    })
    const browser = new Browser()
    let url = world.url('/login')
    while (!url.startsWith(world.url('/callback'))) url = (await browser.navigate(url)).location ?? ''
    const cookie = browser.cookies.cookiesFor(url).map(({ name, value }) => `${name}=${value}`)
    const client = new AbortController()
    const going = fetch(url, { headers: { cookie: cookie.join('; ') }, signal: client.signal, redirect: 'manual' })
    await inside
    client.abort()
    await expect(going).rejects.toThrow()
    release()
    // The code is spent: the same callback once more is no second session, but an error that says what to do.
    const again = await browser.navigate(url)
    expect([again.status, again.json()]).toMatchObject([400, { code: 'transaction_used' }])
    const { passages, errors } = world.host.journal
    const callbacks = passages.filter(({ target }) => target.startsWith('/callback'))
    expect([callbacks.map(({ nexts }) => nexts), errors.length]).toEqual([[0, 1], 1])
    expect(world.provider.requests.filter((request) => request === 'POST /token')).toHaveLength(1)
    await world.close()
  })

  test('RE03: survive a provider that is unavailable, without a rejection', async () => {
    const world = await startWorld({ host, oidc: { fetch: () => Promise.reject(new TypeError('fetch failed')) } })
    const answers = await Promise.all([
      world.browser.navigate(world.url('/login')),
      world.browser.navigate(world.url('/private')),
      world.browser.fetch(world.url('/private')),
      world.browser.navigate(world.url('/')),
    ])
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 401, 200])
    expect(Number(answers[0]?.headers['retry-after'])).toBeGreaterThan(0)
    await expect(world.app.ready()).rejects.toMatchObject({ code: 'provider_unreachable' })
    await world.close()
  })
})
