import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { setImmediate as turn } from 'node:timers/promises'
import onHeaders from 'on-headers'
import { acr, csrf, type Principal, requireAuth, resourceMetadata, scope } from '../../lib/index.js'
import { createBearer } from '../../lib/middleware/bearer.js'
import { parseBearerOptions } from '../../lib/options/bearer/schema.js'
import type { Handler } from '../hosts/layers.js'
import { Browser } from '../hosts/client.js'
import { hosts } from '../hosts/hosts.js'
import { startWorld, type World, type WorldOptions } from '../kit/world/world.js'
import { apiProvider, audience } from '../kit/provider/provider.js'
import { startApi } from '../kit/resource-server/server.js'
import { FakeStore } from '../kit/stores/memory.js'
import { guarded } from '../kit/world/applications.js'

const rejections: unknown[] = []
const note = (reason: unknown): unknown => rejections.push(reason)
beforeEach(() => void process.on('unhandledRejection', note))
afterEach(async () => {
  await turn()
  process.off('unhandledRejection', note)
  expect(rejections.splice(0)).toEqual([])
})

/** What an application may call in `onError` as if there were no error. */
const words: readonly (readonly [string, readonly unknown[]])[] = [
  ['nothing', []],
  ['null', [null]],
  ['a word that routers know', ['route']],
  ['another', ['router']],
]
type Told = { readonly next: (error?: unknown) => void }
const handingOn = (word: readonly unknown[]) => ({ onError: (_error: Error, { next }: Told) => next(...word) })

describe.each(hosts)('onError of bearer(), when it calls next on $name,', (host) => {
  test.each(words.slice(0, 2))('leaves the request to the guard, which reports the reason: %s', async (_what, word) => {
    const api = await startApi({ host, options: { required: false, ...handingOn(word) } })
    const stale = await api.present(api.issuer.accessToken({ exp: 1 }))
    expect(stale).toMatchObject({ status: 401, json: { code: 'invalid_token' } })
    expect(stale.headers['www-authenticate']).toMatch(/^Bearer error="invalid_token"/)
    expect(await api.present('a b')).toMatchObject({ status: 400, json: { code: 'invalid_request' } })
    const stranger = await api.send()
    expect([stranger.status, stranger.headers['www-authenticate']]).toEqual([401, 'Bearer'])
    expect((await api.present(api.issuer.accessToken())).json).toMatchObject({ auth: { subject: 'alice' } })
  })

  test.each(words)('lets nobody in where a token is required, without a guard behind it: %s', async (_what, word) => {
    const issuer = apiProvider()
    const configuration = parseBearerOptions({
      issuer: issuer.issuer,
      audience,
      fetch: issuer.fetch,
      ...handingOn(word),
    })
    const api = createBearer(configuration, issuer.clock)
    const app = await host.start(() => [api, (_req, res) => res.end('reached')])
    const browser = new Browser()
    const ask = (authorization?: string) =>
      browser.fetch(app.url, { headers: authorization === undefined ? {} : { authorization } })
    expect(await ask()).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } })
    expect((await ask('Basic YTpi')).status).toBe(401)
    const refused = await ask(`Bearer ${issuer.accessToken({ exp: 1 })}`)
    expect([refused.status, refused.json()]).toEqual([401, expect.objectContaining({ code: 'invalid_token' })])
    expect((await ask('Bearer a b')).status).toBe(400)
    expect((await ask(`Bearer ${issuer.accessToken()}`)).text).toBe('reached')
    await app.close()
  })

  test.each(words)('passes no guard by %s', async (_what, word) => {
    const { onError } = handingOn(word)
    const lenient = {
      onError: (error: Error, told: Told) => ('requirement' in error ? undefined : onError(error, told)),
    }
    const requirements = [scope('admin')]
    const api = await startApi({ host, options: { required: true, ...lenient }, requirements })
    const answer = await api.present(api.issuer.accessToken())
    expect(answer).toMatchObject({ status: 403, json: { code: 'insufficient_scope' } })
    const strong = await startApi({ host, options: { required: true, ...lenient }, requirements: [acr('mfa')] })
    expect((await strong.present(strong.issuer.accessToken())).status).toBe(401)
  })

  test('does not turn an outage into a 401', async () => {
    const issuer = apiProvider()
    issuer.intercept = () => new Response('', { status: 500 })
    const api = await startApi({ host, issuer, options: handingOn([]) })
    const answer = await api.present(issuer.accessToken())
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([503, undefined])
  })
})

describe.each(hosts)('onError of oidc(), when it calls next on $name,', (host) => {
  let world: World | undefined
  afterEach(() => world?.close())
  const start = async (options: WorldOptions['oidc'] = {}) => {
    const layers = [
      guarded('/signed-in', requireAuth({ challenge: 'respond' })),
      guarded(
        '/denied',
        requireAuth(() => false),
      ),
      guarded('/stronger', requireAuth({ challenge: 'respond' }, acr('never'))),
      { ...guarded('/changed', csrf()), method: 'POST' },
    ]
    world = await startWorld({ host, layers, oidc: { ...options, ...handingOn([]) } })
    return world
  }

  test('passes no guard', async () => {
    const { browser, url, signIn } = await start()
    expect((await browser.fetch(url('/signed-in'))).status).toBe(401)
    await signIn()
    expect((await browser.fetch(url('/denied'))).status).toBe(403)
    expect((await browser.fetch(url('/stronger'))).status).toBe(401)
    const foreign = await browser.fetch(url('/changed'), { method: 'POST', site: 'cross-site' })
    expect(foreign.status).toBe(403)
  })

  test('leads guards to report that the session is unknown', async () => {
    const sharedStore = new FakeStore({ now: () => Date.now() })
    const { browser, url, signIn } = await start({ session: { store: sharedStore } })
    await signIn()
    sharedStore.before = () => Promise.reject(new Error('away'))
    const answer = await browser.fetch(url('/signed-in'))
    expect([answer.status, answer.json()]).toEqual([
      503,
      expect.objectContaining({ code: 'session_store_unavailable' }),
    ])
  })
})

describe.each(hosts)('a refused token beside a session, on $name,', (host) => {
  test.each(['before', 'behind'])(
    'leaves the request anonymous: no session of oidc() %s stands in for the token',
    async (where) => {
      const issuer = apiProvider()
      const options = { issuer: issuer.issuer, audience, fetch: issuer.fetch, required: false, ...handingOn([]) }
      const api = createBearer(parseBearerOptions(options), issuer.clock)
      const other = createBearer(
        parseBearerOptions({ ...options, audience: 'https://other.example.com' }),
        issuer.clock,
      )
      const who: Handler = (req, res) => res.end((req as { auth?: Principal }).auth?.scheme ?? 'nobody')
      const own = where === 'before' ? [api] : []
      const layers = [
        { mount: '/both', handlers: [...own, requireAuth(), who] },
        { mount: '/open', handlers: [...own, who] },
        { mount: '/two', handlers: [other, ...own, requireAuth(), who] },
      ]
      const world = await startWorld({ host, ...(where === 'before' ? { layers } : { layers, before: [api] }) })
      const { browser, url, signIn } = world
      await signIn()
      const ask = async (path: string, authorization?: string) => {
        const { status, text } = await browser.fetch(url(path), {
          headers: authorization === undefined ? {} : { authorization },
        })
        return [status, status === 200 ? text : (JSON.parse(text) as { code: string }).code]
      }
      const [good, bad] = [`Bearer ${issuer.accessToken()}`, `Bearer ${issuer.accessToken({ exp: 1 })}`]
      expect(await ask('/both')).toEqual([200, 'session'])
      expect(await ask('/both', good)).toEqual([200, where === 'before' ? 'bearer' : 'session'])
      expect(await ask('/both', bad)).toEqual([401, 'invalid_token'])
      expect(await ask('/both', 'Basic YTpi')).toEqual([200, 'session'])
      expect(await ask('/both', good.replace('Bearer', 'DPoP'))).toEqual([401, 'invalid_token'])
      expect(await ask('/open', bad)).toEqual([200, 'nobody'])
      expect(await ask('/two', good)).toEqual([200, 'bearer'])
      expect(await ask('/two', bad)).toEqual([401, 'invalid_token'])
      const page = await browser.navigate(url('/both'), { headers: { authorization: bad } })
      expect(page.status).toBe(401)
      await world.close()
    },
  )
})

describe.each(hosts)('middleware that throws when headers are written, on $name,', (host) => {
  const throwing: Handler = (_req, res, next) => {
    let isArmed = true
    onHeaders(res, () => {
      if (!isArmed) return
      isArmed = false
      throw new Error('a hook of the application')
    })
    next()
  }

  test.each([
    ['a refusal at once', '', {}],
    ['a refusal once keys are fetched', 'forged', {}],
    ['a guard', 'good', { requirements: [scope('admin')] }],
    ['a guard behind onError', 'forged', { options: { onError: (_error: Error, { next }: Told) => next() } }],
    ['onError', '', { options: { onError: (_error: Error, { res }: { res: { end(): void } }) => res.end() } }],
  ])('ends no process, and leaves no request waiting: %s', async (_what, kind, options) => {
    const api = await startApi({ host, before: [throwing], ...options })
    const token = api.issuer.accessToken()
    const presented = { good: token, forged: `${token.slice(0, -6)}AAAAAA` }[kind] ?? 'x'
    expect((await api.present(presented)).status).toBe(500)
    expect(api.host.journal.errors).toEqual([expect.objectContaining({ message: 'a hook of the application' })])
  })

  test('ends no process at resourceMetadata()', async () => {
    const metadata = resourceMetadata({
      resource: 'https://api.example.com',
      authorizationServers: ['https://issuer.example.com'],
    })
    const app = await host.start(() => [throwing, metadata])
    const answer = await new Browser().fetch(`${app.url}/.well-known/oauth-protected-resource`)
    await app.close()
    expect(answer.status).toBe(500)
  })
})
