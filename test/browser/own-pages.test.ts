import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import type { Browser } from 'playwright-core'
import { requireAuth } from '../../lib/index.js'
import type { Handler } from '../hosts/layers.js'
import { post } from '../kit/world/applications.js'
import type { AppRequest } from '../kit/app.js'
import { startWorld, type World } from '../kit/world/world.js'
import { describeWith } from '../setup/describe-with.js'
import { launch } from './launch.js'
import { patienceMilliseconds } from './patience.js'

const forms: Handler = (req, res) => {
  res.setHeader('Content-Type', 'text/html')
  res.setHeader('Content-Security-Policy', "default-src 'self'; form-action 'self'")
  const form = (id: string, action: string) =>
    `<form method="post" action="${action}"><input type="hidden" name="x"><button id="${id}">${id}</button></form>`
  res.end(
    (req as AppRequest).auth?.subject +
      form('out', '/logout') +
      form('in', '/start') +
      form('login', '/login?returnTo=/me'),
  )
}

describeWith('chromium', 'our own pages in a browser', (executablePath) => {
  let chromiumBrowser: Browser
  let world: World
  beforeAll(async () => {
    chromiumBrowser = await launch(executablePath)
  })
  afterAll(() => chromiumBrowser.close())
  afterEach(() => world.close())

  /** Opens a tab, and collects what its console complains of: a policy that is broken, above all. */
  async function tab(options: Parameters<Browser['newContext']>[0] = {}) {
    const context = await chromiumBrowser.newContext(options)
    const page = await context.newPage()
    page.setDefaultTimeout(patienceMilliseconds)
    const complaints: string[] = []
    page.on('console', (message) => void complaints.push(message.text()))
    return { context, page, complaints }
  }

  // Of a page with helmet's default policy, in which Chromium forbids the redirect of a form to another site.
  test.each([
    ['signs out at the provider', '#out', '/', 'home'],
    ['signs in by a handler of the application', '#in', '/forms', 'alice'],
    ['signs in by our own route', '#login', '/me', '"sub":"alice"'],
  ])('a form under form-action self %s, without scripts too', async (_what, button, end, text) => {
    world = await startWorld({
      layers: [
        { method: 'GET', path: '/forms', handlers: [requireAuth(), forms] },
        post('/start', ({ oidc }) => oidc.login({ prompt: 'login' })),
      ],
    })
    const { page, context, complaints } = await tab({ javaScriptEnabled: false })
    await page.goto(world.url('/forms'))
    const before = world.provider.requests.length
    await page.click(button)
    await page.waitForURL(world.url(end))
    expect(await page.textContent('body')).toContain(text)
    const asked = world.provider.requests.slice(before)
    expect(asked).toContain(button === '#out' ? 'GET /session/end' : 'GET /auth')
    expect(complaints.filter((complaint) => /policy|refused/i.test(complaint))).toEqual([])
    await context.close()
  })

  test('a script signs out by fetch, and its window goes to the provider and comes back', async () => {
    world = await startWorld()
    const { page, context, complaints } = await tab()
    await page.goto(world.url('/private'))
    await page.evaluate(
      `fetch('/logout', { method: 'POST' }).then((answer) => answer.json()).then(({ logout_url }) => { location = logout_url })`,
    )
    await page.waitForURL(world.url('/'))
    expect(world.provider.requests).toContain('GET /session/end')
    await page.goto(world.url('/me'))
    expect(await page.textContent('body')).toContain('"user":null')
    expect(complaints.filter((complaint) => /policy|refused|blocked/i.test(complaint))).toEqual([])
    await context.close()
  })

  test('CB33: a browser that keeps no cookies still reaches the site anonymously', async () => {
    const forgetful: Handler = (req, _res, next) => {
      delete req.headers.cookie
      next()
    }
    world = await startWorld({ oidc: { silentLogin: true }, before: [forgetful] })
    const { page, context } = await tab()
    await page.goto(world.url('/me'))
    await page.waitForURL(world.url('/'))
    expect(await page.textContent('body')).toBe('home')
    await context.close()
  })
})
