import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import cookieSession from 'cookie-session'
import expressSession from 'express-session'
import type { IncomingMessage } from 'node:http'
import { acr, maxAge, requireAuth } from '../../../../lib/index.js'
import { type Answer, Browser } from '../../../hosts/client.js'
import { hosts } from '../../../hosts/hosts.js'
import type { Handler, Layer } from '../../../hosts/layers.js'
import { withoutHash } from '../../../hosts/cookie-names.js'
import {
  codeOf,
  comeBack,
  subjectOf,
  throughProvider,
  tokenCalls,
  transactionCookies,
} from '../../../kit/world/steps.js'
import { json } from '../../../kit/app.js'
import { startWorld, type World } from '../../../kit/world/world.js'

let world: World
let browser: Browser

describe.each(hosts)('logins under way on $name', (host) => {
  beforeAll(async () => {
    world = await startWorld({ host })
  })
  afterAll(() => world.close())
  beforeEach(() => {
    browser = new Browser()
  })

  test('CB07: can be finished in the newest five of thirty tabs that are opened one after the other', async () => {
    const tabs: Answer[] = []
    for (let tab = 0; tab < 30; tab += 1) {
      tabs.push(await browser.navigate(world.url(`/login?returnTo=/tab/${tab}`)))
      expect(transactionCookies(browser).size).toBe(Math.min(tab + 1, 5))
    }
    for (const [index, tab] of tabs.slice(-5).entries()) {
      const answer = await comeBack(await throughProvider(world, tab, browser), browser)
      expect(answer.location).toBe(world.url(`/tab/${25 + index}`))
    }
    expect(transactionCookies(browser).size).toBe(0)
  })

  test('CB07: start over in a tab that had to make room', async () => {
    const oldest = await browser.navigate(world.url('/login'))
    for (let tab = 0; tab < 5; tab += 1) await browser.navigate(world.url('/login'))
    const before = tokenCalls(world)
    const answer = await comeBack(await throughProvider(world, oldest, browser), browser)
    expect(new URL(answer.location ?? '').origin).toBe(world.provider.issuer)
    expect(tokenCalls(world)).toBe(before)
    await comeBack(await throughProvider(world, answer, browser), browser)
    expect(await subjectOf(world, browser)).toBe('alice')
  })

  test('CB07: of thirty tabs at the same moment leave eight cookies at most, and the next login removes the rest', async () => {
    const long = encodeURIComponent(`/${'a'.repeat(100)}?q=${'b'.repeat(1_900)}`)
    await Promise.all(
      Array.from({ length: 30 }, () => browser.navigate(world.url(`/login?returnTo=${long}`), { site: 'same-origin' })),
    )
    expect(transactionCookies(browser).size).toBeLessThanOrEqual(8)
    const header = browser.cookies.header({ url: new URL(world.url('/')), crossSite: false, safeNavigation: true })
    expect(Buffer.byteLength(header ?? '')).toBeLessThan(8_192)
    const next = await browser.navigate(world.url('/login?returnTo=/next'))
    expect(transactionCookies(browser).size).toBe(5)
    const answer = await comeBack(await throughProvider(world, next, browser), browser)
    expect(answer.location).toBe(world.url('/next'))
  })

  test('are removed by the next login where they are old', async () => {
    for (let tab = 0; tab < 3; tab += 1) await browser.navigate(world.url('/login'))
    world.clock.advance(601)
    await browser.navigate(world.url('/login'))
    expect(transactionCookies(browser).size).toBe(1)
  })

  test('are not affected by cookies that are not transactions', async () => {
    const slots = Array.from(
      { length: 8 },
      (_, slot) => `${world.cookie(`.tx.${slot}`)}=${slot % 2 === 0 ? 'rubbish' : 'e30='}`,
    )
    const start = await browser.navigate(world.url('/private'), { headers: { cookie: slots.join('; ') } })
    expect(start.setCookies).toHaveLength(1)
    const answer = await comeBack(await throughProvider(world, start, browser), browser)
    expect(answer.location).toBe(world.url('/private'))
  })
})

describe('two applications of one host that share a cookie name', () => {
  const session = { cookie: { name: 'app' } }

  test('do not remove each other’s logins as long as there are free slots', async () => {
    const other = await startWorld({ oidc: { session, secret: 'the secret of another application, 32 letters' } })
    world = await startWorld({ oidc: { session } })
    browser = new Browser()
    const own: Answer[] = []
    for (let tab = 0; tab < 4; tab += 1) {
      await browser.navigate(other.url('/login'))
      own.push(await browser.navigate(world.url(`/login?returnTo=/tab/${tab}`)))
      expect(transactionCookies(browser).size).toBe(2 * (tab + 1))
    }
    const theirs = await browser.navigate(other.url('/login?returnTo=/theirs'))
    for (const [tab, start] of own.slice(1).entries()) {
      const answer = await comeBack(await throughProvider(world, start, browser), browser)
      expect(answer.location).toBe(world.url(`/tab/${tab + 1}`))
    }
    expect(theirs.status).toBe(302)
    await other.close()
    await world.close()
  })
})

describe('the cookie of a login', () => {
  const values = ['urn:example:assurance:level:substantial', 'urn:example:assurance:level:high']
  const strong: Layer = {
    mount: '/strong',
    handlers: [requireAuth(acr(...values), maxAge(300)), (_req, res) => res.end()],
  }
  const login: Layer = { mount: '/', handlers: [requireAuth()] }
  beforeAll(async () => {
    const baseUrl = 'https://app.example'
    const authorizationParams = { response_mode: 'form_post', acr_values: values.join(' '), max_age: '300' }
    world = await startWorld({ oidc: { baseUrl, authorizationParams }, layers: [strong, login] })
  })
  afterAll(() => world.close())

  test.each([
    ['a query of 2 KB', `/strong/page?q=${'a'.repeat(2_000)}`, '/strong/page'],
    ['a path of 2 KB', `/strong/${'a'.repeat(2_000)}`, '/'],
    ['a query of percent signs', `/strong/page?q=${'%E2%82%AC'.repeat(220)}`, '/strong/page'],
    ['a short target', '/strong/page?tab=1', '/strong/page?tab=1'],
  ])('stays under 1 KB with %s, acr_values and max_age, and that of the target under 3 KB', async (_what, target) => {
    for (const path of [target, `/login?returnTo=${encodeURIComponent(target)}`]) {
      const answer = await new Browser().navigate(world.url(path))
      expect(answer.status).toBe(302)
      expect(new URL(answer.location ?? '').searchParams.get('acr_values')).toBe(values.join(' '))
      const [slot = '', ...apart] = answer.setCookies
      expect(slot).toMatch(/^[^=]+\.tx\.\d=/)
      expect(Buffer.byteLength(slot)).toBeLessThan(1_024)
      for (const line of apart) expect(line).toMatch(/^[^=]+\.to=.{1,3000}$/)
      expect(apart.length).toBeLessThan(2)
    }
  })

  test('is httpOnly, host-only, for the whole host, and ends with the login', async () => {
    // cookie-session counts from the machine's time, in whole seconds.
    const before = Math.floor(Date.now() / 1000) * 1000
    const { setCookies } = await new Browser().navigate(world.url('/login'))
    const after = Date.now()
    const [line = ''] = setCookies
    expect(withoutHash(line)).toMatch(/^__Host-oidc\.tx\.[0-7]=[\w+/=-]+; /)
    expect(line.toLowerCase()).toMatch(/; httponly/)
    expect(line.toLowerCase()).toMatch(/; path=\/(;|$)/)
    expect(line.toLowerCase()).not.toMatch(/domain/)
    const expires = Date.parse(/expires=([^;]+)/i.exec(line)?.[1] ?? '')
    expect(expires).toBeGreaterThanOrEqual(before + 600_000)
    expect(expires).toBeLessThanOrEqual(after + 600_000)
  })

  test('reveals nothing of its content', async () => {
    const { setCookies, location = '' } = await new Browser().navigate(world.url('/login?returnTo=/secret-page'))
    const value = /=([^;]+)/.exec(setCookies[0] ?? '')?.[1] ?? ''
    const { sealed } = JSON.parse(Buffer.from(value, 'base64').toString()) as { sealed: string }
    const parts = sealed.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'))
    const { state, nonce } = Object.fromEntries(new URL(location).searchParams)
    for (const text of [value, sealed, ...parts]) {
      for (const secret of [state, nonce, 'secret-page']) expect(text).not.toContain(secret)
    }
  })
})

type Counted = IncomingMessage & { session?: { count?: number }; sessionOptions?: unknown }

const count: Layer = {
  method: 'GET',
  path: '/count',
  handlers: [
    (req, res) => {
      const { session } = req as Counted
      if (session !== undefined) session.count = (session.count ?? 0) + 1
      json(res, { count: session?.count })
    },
  ],
}
const appSession = { secret: 'a secret of the application', resave: false, saveUninitialized: true, name: 'app' }
const sessions: readonly (readonly [string, () => Handler])[] = [
  ['express-session', () => expressSession(appSession) as unknown as Handler],
  ['cookie-session', () => cookieSession({ name: 'app', keys: ['a key'] }) as unknown as Handler],
]

describe.each(hosts)('the application’s own session on $name', (host) => {
  afterEach(() => world.close())

  describe.each(sessions)('by %s', (_name, create) => {
    test.each(['before', 'after'] as const)('mounted %s oidc() survives a login and a logout', async (place) => {
      const middleware = create()
      const layers = place === 'before' ? [count] : [middleware, count]
      world = await startWorld({ host, layers, before: place === 'before' ? [middleware] : [] })
      const counted = async () => (await world.browser.fetch(world.url('/count'))).json()
      expect([await counted(), await counted()]).toEqual([{ count: 1 }, { count: 2 }])
      await world.signIn('/private')
      expect(await subjectOf(world)).toBe('alice')
      expect(await counted()).toEqual({ count: 3 })
      await world.browser.navigate(world.url('/logout'), { site: 'same-origin' })
      expect(await subjectOf(world)).toBeNull()
      expect(await counted()).toEqual({ count: 4 })
    })
  })

  test('is not required', async () => {
    const seen: unknown[] = []
    const look: Handler = (req, _res, next) => {
      seen.push('session' in req, 'sessionOptions' in req)
      next()
    }
    world = await startWorld({ host, layers: [look] })
    await world.signIn('/private')
    expect(await subjectOf(world)).toBe('alice')
    expect(seen.length).toBeGreaterThan(2)
    expect(seen).not.toContain(true)
  })
})

test('an unknown state is refused while fewer than five logins are under way', async () => {
  world = await startWorld()
  for (let tab = 0; tab < 4; tab += 1) await world.browser.navigate(world.url('/login'))
  const answer = await comeBack(world.url('/callback?code=a&state=b'), world.browser)
  expect([answer.status, codeOf(answer)]).toEqual([400, 'state_mismatch'])
  await world.close()
})
