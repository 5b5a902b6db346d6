import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import helmet from 'helmet'
import { text } from 'node:stream/consumers'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { bundleBrowserClient } from '../../scripts/build/browser.js'
import { bearer, csrf, requireAuth, scope } from '../../lib/index.js'
import { type ApiProxy, apiProxy } from '../../lib/proxy/index.js'
import { type Host, type RunningHost, hosts } from '../hosts/hosts.js'
import type { Handler, Layer, Route } from '../hosts/layers.js'
import { type AppRequest, json } from '../kit/app.js'
import { get } from '../kit/world/applications.js'
import { done, LogoutWorld, verdictOf } from '../kit/world/logout-world.js'
import { describeWith } from '../setup/describe-with.js'
import { textOf } from '../setup/tree.js'
import { launch } from './launch.js'
import { patienceMilliseconds } from './patience.js'

const strict: Handler = (_req, res, next) => {
  res.setHeader('Content-Security-Policy', "default-src 'self'")
  next()
}
const policies: readonly (readonly [string, Handler])[] = [
  ["the policy default-src 'self'", strict],
  ["helmet's defaults", helmet()],
]

const idleSeconds = 600
const audience = 'https://api.example.com'

/** Who is at the page: a browser profile, the page, and what its console complains of. */
interface Visitor {
  readonly context: BrowserContext
  readonly page: Page
}

describeWith('chromium', 'a page that is written with the client alone', (executablePath) => {
  let browser: Browser
  let client: string
  beforeAll(async () => {
    client = await bundleBrowserClient()
    browser = await launch(executablePath)
  })
  afterAll(() => browser.close())

  describe.each(policies)('under %s', (_policy, policy) => {
    const orders: string[] = []
    const complaints: string[] = []
    let application: LogoutWorld
    let api: RunningHost
    let proxy: ApiProxy
    const url = (path: string) => application.world.url(path)
    beforeAll(async () => {
      // The API trusts the provider, which knows the application only once that one has an address.
      api = await startApi(() => application.world.provider.issuer)
      proxy = apiProxy(api.url, { resource: audience, scope: 'orders:read' })
      application = await LogoutWorld.start({
        oidc: {
          routes: { session: '/session' },
          session: { idleSeconds },
          scope: 'openid profile orders:read',
          resource: audience,
        },
        before: [policy],
        layers: [...layersOf(client, orders), { mount: '/remote', handlers: [requireAuth(), proxy] }],
      })
    })
    afterAll(async () => {
      await proxy.close()
      await Promise.all([application.close(), api.close()])
    })
    beforeEach(() => {
      orders.splice(0, Infinity, 'first order')
      complaints.length = 0
    })
    afterEach(async () => {
      await Promise.all(browser.contexts().map((context) => context.close()))
      const ofPolicies = complaints.filter((line) => !/Failed to load resource: the server responded/.test(line))
      expect(ofPolicies).toEqual([])
    })

    async function visit(given?: BrowserContext): Promise<Visitor> {
      const context = given ?? (await browser.newContext())
      context.setDefaultTimeout(patienceMilliseconds)
      const page = await context.newPage()
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
      })
      page.on('pageerror', (error) => complaints.push(String(error)))
      await page.goto(url('/orders?page=2#third'))
      return { context, page }
    }

    async function shows(page: Page, id: string, words: string | RegExp): Promise<void> {
      await page.locator(`#${id}`, { hasText: words }).waitFor()
    }

    async function signedIn(): Promise<Visitor> {
      const visitor = await visit()
      await shows(visitor.page, 'who', 'nobody')
      await visitor.page.click('#sign-in')
      await shows(visitor.page, 'who', 'Alice Example')
      return visitor
    }

    test('signs in, comes back to where it was, and calls an API', async () => {
      const { page } = await signedIn()
      expect(page.url()).toBe(url('/orders?page=2#third'))
      await page.click('#load')
      await shows(page, 'orders', 'first order')
    })

    test('calls a remote API, which gets a token in place of the cookie', async () => {
      const { page } = await signedIn()
      await page.click('#load-remote')
      await page.waitForSelector('#orders li')
      expect(await page.textContent('#orders')).toBe('alice, cookie: none, header for csrf(): none')
    })

    test('that calls a remote API while nobody is signed in comes back signed in', async () => {
      const { page } = await visit()
      await shows(page, 'who', 'nobody')
      await page.click('#load-remote')
      await shows(page, 'who', 'Alice Example')
    })

    test('that calls an API while nobody is signed in comes back signed in', async () => {
      const { page } = await visit()
      await shows(page, 'who', 'nobody')
      await page.click('#load')
      await shows(page, 'who', 'Alice Example')
      expect(page.url()).toBe(url('/orders?page=2#third'))
    })

    test('keeps what is typed when the session expires in the middle of a form, and saves it after a login', async () => {
      const { context, page } = await signedIn()
      await page.fill('textarea', 'forty-two blue chairs')
      application.world.clock.advance(idleSeconds + 1)
      await page.click('text=Save')
      await shows(page, 'saved', 'not saved: 401')
      await shows(page, 'ended', 'You are signed out')
      expect(await page.inputValue('textarea')).toBe('forty-two blue chairs')

      const [opened] = await Promise.all([context.waitForEvent('page'), page.click('#sign-in-again')])
      await opened.waitForURL(url('/signed-in'))
      await shows(page, 'saved', /^saved$/)
      expect(orders).toEqual(['first order', 'forty-two blue chairs'])
      expect(page.url()).toBe(url('/orders?page=2#third'))
    })

    test('SP14: does not send the form of one person for another who signs in meanwhile', async () => {
      const { context, page } = await signedIn()
      await page.fill('textarea', 'for Alice')
      application.world.clock.advance(idleSeconds + 1)
      await page.click('text=Save')
      await shows(page, 'saved', 'not saved: 401')
      await context.clearCookies()
      await context.route(/\/login\?/, (route) => route.fulfill({ status: 302, headers: { Location: '/bob' } }))
      const [opened] = await Promise.all([context.waitForEvent('page'), page.click('#sign-in-again')])
      await opened.waitForURL(url('/'))
      await opened.goto(url('/signed-in'))
      await shows(page, 'saved', 'not saved: Bob Example is signed in')
      expect(orders).toEqual(['first order'])
    })

    test('notices a logout in another tab at once', async () => {
      const { context, page } = await signedIn()
      const other = await visit(context)
      await shows(other.page, 'who', 'Alice Example')
      await other.page.click('#sign-out')
      await shows(page, 'ended', 'You are signed out')
      await other.page.waitForURL(url('/'))
      expect(application.world.provider.requests).toContain('GET /session/end')
    })

    test('notices a logout elsewhere, of which the provider tells, when the person comes back to the window', async () => {
      const { context, page } = await signedIn()
      // Playwright has every page believe that it has the focus.
      const devTools = await context.newCDPSession(page)
      await devTools.send('Emulation.setFocusEmulationEnabled', { enabled: false })
      const other = await context.newPage()
      await other.bringToFront()
      expect(verdictOf(await application.logout())).toEqual(done)
      expect(await page.isHidden('#ended')).toBe(true)
      await page.bringToFront()
      await shows(page, 'ended', 'You are signed out')
    })

    test('notices that the session expires, without a step of the person', async () => {
      const context = await browser.newContext()
      const { page } = await visit(context)
      await page.clock.install()
      await page.click('#sign-in')
      await shows(page, 'who', 'Alice Example')
      application.world.clock.advance(idleSeconds + 1)
      await page.clock.fastForward((idleSeconds + 2) * 1000)
      await shows(page, 'ended', 'You are signed out')
    })

    test('notices that another person has signed in', async () => {
      const { context, page } = await signedIn()
      const other = await context.newPage()
      await context.clearCookies()
      await other.goto(url('/bob'))
      await other.goto(url('/orders'))
      await shows(page, 'ended', 'Now Bob Example is signed in')
    })
  })
})

/** A remote API, which says whose token it got, and what else. */
function startApi(issuerOf: () => string): Promise<RunningHost> {
  let access: Handler | undefined
  const [host] = hosts as readonly [Host]
  const validated: Handler = (req, res, next) => (access ??= bearer({ issuer: issuerOf(), audience }))(req, res, next)
  return host.start(() => [
    validated,
    {
      method: 'GET',
      path: '/orders',
      handlers: [
        requireAuth(scope('orders:read')),
        (req, res) => {
          const { auth, headers } = req as AppRequest
          const { cookie = 'none', 'x-csrf': header = 'none' } = headers
          json(res, [`${auth?.subject}, cookie: ${cookie}, header for csrf(): ${String(header)}`])
        },
      ],
    },
  ])
}

/** The application of the page: its files, and an API behind guards. */
function layersOf(client: string, orders: string[]): readonly Layer[] {
  const file = (path: string, type: string, body: string): Route =>
    get(path, (_req, res) => res.writeHead(200, { 'Content-Type': type }).end(body))
  const own = (name: string) => textOf(`test/browser/single-page/${name}`)
  const save: Handler = async (req, res) => {
    orders.push(new URLSearchParams(await text(req)).get('note') ?? '')
    res.writeHead(204).end()
  }
  return [
    csrf(),
    file('/orders', 'text/html', own('index.html')),
    file('/page.js', 'text/javascript', own('page.js')),
    file('/signed-in', 'text/html', own('signed-in.html')),
    file('/signed-in.js', 'text/javascript', own('signed-in.js')),
    file('/client.js', 'text/javascript', client),
    { method: 'GET', path: '/api/orders', handlers: [requireAuth(), (_req, res) => json(res, orders)] },
    { method: 'POST', path: '/api/orders', handlers: [requireAuth(), save] },
  ]
}
