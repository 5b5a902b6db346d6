import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { Browser, Page } from 'playwright-core'
import { startWorld, type World } from '../kit/world/world.js'
import { describeWith } from '../setup/describe-with.js'
import { launch } from './launch.js'
import { patienceMilliseconds } from './patience.js'

// As Angular's, and workbox' NetworkFirst and NetworkOnly: what the browser asks for is asked for once more.
const worker = `
self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(clients.claim()))
self.addEventListener('fetch', (event) => event.respondWith(fetch(event.request)))`

describeWith('chromium', 'a page whose service worker passes requests on', (executablePath) => {
  const seen: string[] = []
  let chromiumBrowser: Browser
  let world: World
  let page: Page
  beforeAll(async () => {
    chromiumBrowser = await launch(executablePath)
    world = await startWorld({
      before: [
        ({ url = '', headers }, _res, next) => {
          // Browsers look for a newer worker whenever they like.
          if (headers['sec-fetch-dest'] !== 'serviceworker')
            seen.push(`${url.replace(/\?.*/, '')} ${headers['sec-fetch-mode']}/${headers['sec-fetch-dest']}`)
          next()
        },
      ],
      layers: [
        {
          method: 'GET',
          path: '/worker.js',
          handlers: [(_req, res) => res.writeHead(200, { 'Content-Type': 'text/javascript' }).end(worker)],
        },
        {
          method: 'GET',
          path: '/shell',
          handlers: [
            (_req, res) =>
              res
                .writeHead(200, { 'Content-Type': 'text/html' })
                .end(
                  '<a id="guarded" href="/private">guarded</a><a id="in" href="/login?returnTo=/me">in</a><a id="out" href="/logout">out</a>',
                ),
          ],
        },
      ],
    })
  })
  afterAll(async () => {
    await chromiumBrowser.close()
    await world.close()
  })
  beforeEach(async () => {
    page = await (await chromiumBrowser.newContext()).newPage()
    page.setDefaultTimeout(patienceMilliseconds)
    await page.goto(world.url('/shell'))
    await page.evaluate(
      `navigator.serviceWorker.register('/worker.js').then(() => new Promise((done) => {
        if (navigator.serviceWorker.controller) done()
        else navigator.serviceWorker.addEventListener('controllerchange', () => done())
      }))`,
    )
    seen.length = 0
  })

  test.each([
    ['a link to a guarded page', '#guarded', '/private', '{"sub":"alice"}'],
    ['a link to the login', '#in', '/me', '"sub":"alice"'],
  ])('signs in by %s', async (_how, link, end, text) => {
    await page.click(link)
    await page.waitForURL(world.url(end))
    expect(await page.textContent('body')).toContain(text)
    expect(seen[0]).toMatch(/^\/(private|login) navigate\/empty$/)
  })

  test('signs out by a link', async () => {
    await page.goto(world.url('/private'))
    await page.goto(world.url('/shell'))
    seen.length = 0
    await page.click('#out')
    await page.waitForURL(world.url('/'))
    expect(seen[0]).toBe('/logout navigate/empty')
    await page.goto(world.url('/me'))
    expect(await page.textContent('body')).toContain('"user":null')
  })
})
