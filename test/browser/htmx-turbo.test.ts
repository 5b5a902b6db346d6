import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { claim, csrf, requireAuth } from '../../lib/index.js'
import type { Handler, Route } from '../hosts/layers.js'
import { get } from '../kit/world/applications.js'
import { startWorld, type World } from '../kit/world/world.js'
import { describeWith } from '../setup/describe-with.js'
import { root, textOf } from '../setup/tree.js'
import { launch } from './launch.js'
import { patienceMilliseconds } from './patience.js'

const guide = textOf('docs/htmx-turbo.md')
const libraries = {
  'htmx 2': 'htmx.org/dist/htmx.min.js',
  'htmx 4': 'htmx-4/dist/htmx.min.js',
  Turbo: '@hotwired/turbo/dist/turbo.es2017-umd.js',
} as const

describeWith('chromium', 'a page that loads parts of itself', (executablePath) => {
  let chromiumBrowser: Browser
  let world: World
  const seen: string[] = []

  beforeAll(async () => {
    chromiumBrowser = await launch(executablePath)
  })
  afterAll(() => chromiumBrowser.close())
  afterEach(async () => {
    const contexts = chromiumBrowser.contexts()
    await Promise.all(contexts.map((context) => context.close()))
    await world.close()
    seen.length = 0
  })

  /** Opens a page with a library, of an application whose parts are behind guards. */
  async function open(library: keyof typeof libraries, body: string, head = ''): Promise<Page> {
    const script = readFileSync(join(root, 'node_modules', libraries[library]))
    const html = `<!doctype html><title>page</title>${head}<script src="/library.js"></script>${body}`
    const parts: readonly Route[] = [
      get('/library.js', (_req, res) => res.setHeader('Content-Type', 'text/javascript').end(script)),
      get('/page', (_req, res) => res.setHeader('Content-Type', 'text/html').end(html)),
      part('GET', '/orders', '<turbo-frame id="orders"><p id="order">Order 1</p></turbo-frame>', requireAuth()),
      part('POST', '/orders', '<p id="saved">Saved</p>', csrf(), requireAuth()),
      part('GET', '/whole', '<!doctype html><title>whole</title><p id="whole">Whole</p>', requireAuth()),
      part('GET', '/sales', '<p>Sales</p>', requireAuth(claim('dept', 'sales'))),
    ]
    world = await startWorld({
      before: [({ method, url = '' }, _res, next) => (seen.push(`${method} ${url.replace(/\?.*/, '')}`), next())],
      layers: parts,
    })
    const page = await (await chromiumBrowser.newContext()).newPage()
    page.setDefaultTimeout(patienceMilliseconds)
    await page.goto(world.url('/page'))
    return page
  }

  describe.each(['htmx 2', 'htmx 4'] as const)('with %s', (library) => {
    const button = '<button hx-get="/orders" hx-target="#place">Show</button><div id="place"></div>'

    test('leads the window to the login and back to the page, and then gets its part', async () => {
      const page = await open(library, button)
      await Promise.all([page.waitForRequest(/\/callback\?/), page.click('button')])
      await page.waitForURL(world.url('/page'))
      expect(world.provider.requests).toContain('GET /auth')
      await page.click('button')
      expect(await page.textContent('#order')).toBe('Order 1')
      expect(await page.textContent('button')).toBe('Show')
    })

    test('leads by a boosted link through the login to the page behind the guard', async () => {
      const page = await open(library, '<div hx-boost="true"><a href="/whole">Whole</a></div>')
      await page.click('a')
      expect(await page.textContent('#whole')).toBe('Whole')
      expect(world.provider.requests).toContain('GET /auth')
      expect(new URL(page.url()).pathname).toBe('/whole')
    })

    test('posts a form past csrf(), without a token', async () => {
      const form = '<form hx-post="/orders" hx-target="#place"><button>Save</button></form><div id="place"></div>'
      const page = await open(library, form)
      await signIn(page, world)
      await page.click('button')
      expect(await page.textContent('#saved')).toBe('Saved')
    })

    test('keeps the page as it is after a 403, with the setting of the guide', async () => {
      const [, setting = ''] = /```html\n(<meta name="htmx-config"[^\n]*)/.exec(guide) ?? []
      expect(setting).toContain('noSwap')
      const forbidden = '<button hx-get="/sales" hx-target="#place">Sales</button><div id="place">as it was</div>'
      const page = await open(library, forbidden, library === 'htmx 4' ? setting : '')
      await signIn(page, world)
      const [answer] = await Promise.all([page.waitForResponse(world.url('/sales')), page.click('button')])
      expect(answer.status()).toBe(403)
      await answer.finished()
      await page.evaluate('new Promise((done) => requestAnimationFrame(() => setTimeout(done)))')
      expect(await page.textContent('#place')).toBe('as it was')
    })
  })

  describe('with Turbo', () => {
    const [, script = ''] = /```js\n(document\.addEventListener\('turbo:[^`]*)```/.exec(guide) ?? []
    const withScript = `<script>${script}</script>`

    test('leads by a link through the login to the page behind the guard', async () => {
      const page = await open('Turbo', '<a href="/whole">Whole</a>')
      await page.click('a')
      expect(await page.textContent('#whole')).toBe('Whole')
      expect(world.provider.requests).toContain('GET /auth')
    })

    test.each([
      ['a frame', '<turbo-frame id="orders"><a href="/orders">Show</a></turbo-frame>'],
      ['a form', '<form method="post" action="/orders"><button>Save</button></form>'],
    ])('leads the window from %s to the login and back, by the script of the guide', async (_what, body) => {
      expect(script).toContain('turbo-frame, form')
      const page = await open('Turbo', body, withScript)
      await Promise.all([page.waitForRequest(/\/callback\?/), page.click('a, button')])
      await page.waitForURL(world.url('/page'))
      expect(world.provider.requests).toContain('GET /auth')
    })

    test('puts the part into the frame, once somebody is signed in', async () => {
      const page = await open('Turbo', '<turbo-frame id="orders"><a href="/orders">Show</a></turbo-frame>', withScript)
      await signIn(page, world)
      await page.click('a')
      expect(await page.textContent('#order')).toBe('Order 1')
      expect(new URL(page.url()).pathname).toBe('/page')
    })

    test.each([
      ['a page behind a guard', '/whole'],
      ['the login', '/login'],
      ['the logout', '/logout'],
    ])('neither signs in nor out when the pointer is over a link to %s', async (_what, path) => {
      const page = await open('Turbo', `<a href="${path}">link</a>`, withScript)
      if (path === '/logout') await signIn(page, world)
      const before = world.provider.requests.length
      await Promise.all([page.waitForResponse(world.url(path)), page.hover('a')])
      await page.evaluate('new Promise((done) => requestAnimationFrame(() => setTimeout(done)))')
      expect(seen).toContain(`GET ${path}`)
      expect(world.provider.requests.slice(before)).toEqual([])
      expect(page.url()).toBe(world.url('/page'))
      if (path !== '/logout') return
      await page.goto(world.url('/me'))
      expect(await page.textContent('body')).toContain('"sub":"alice"')
    })
  })
})

function part(method: string, path: string, html: string, ...guards: readonly unknown[]): Route {
  const end: Handler = (_req, res) => res.setHeader('Content-Type', 'text/html').end(html)
  return { method, path, handlers: [...(guards as Handler[]), end] }
}

/** Signs in by a visit of the window, and comes back to the page. */
async function signIn(page: Page, world: World): Promise<void> {
  await page.goto(world.url('/login?returnTo=/page'))
  await page.waitForURL(world.url('/page'))
}
