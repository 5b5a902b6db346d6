import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Browser, BrowserContext } from 'playwright-core'
import { get } from '../kit/world/applications.js'
import { startWorld, type World } from '../kit/world/world.js'
import { describeWith } from '../setup/describe-with.js'
import { type OtherSite, startOtherSite } from './other-site.js'
import { launch } from './launch.js'

const ofFrames = ['p=1; Secure; SameSite=None; Partitioned', 'u=1; Secure; SameSite=None', 'l=1; SameSite=Lax']

describeWith('chromium', 'the application in a frame', (executablePath) => {
  let browser: Browser
  let world: World
  let portal: OtherSite
  beforeAll(async () => {
    browser = await launch(executablePath)
    portal = await startOtherSite()
    world = await startWorld({
      layers: [
        get('/frame', (_req, res) => {
          res.writeHead(200, { 'Content-Type': 'text/html' }).end('<a href="/pop-up" target="_blank">pop-up</a>')
        }),
        get('/pop-up', (_req, res) => res.writeHead(200, { 'Set-Cookie': ofFrames }).end()),
        get('/cookies', (req, res) => res.end(req.headers.cookie ?? '')),
      ],
    })
  })
  afterAll(async () => {
    await browser.close()
    await Promise.all([world.close(), portal.close()])
  })

  /** A page of the portal with a page of the application in a frame. */
  async function framed(context: BrowserContext, host: 'foreign' | 'neighbour', path: string) {
    portal.show(`<iframe src="${world.url(path)}"></iframe>`)
    const page = await context.newPage()
    await page.goto(portal[host])
    const frame = page.frames()[1]
    if (frame === undefined) throw new Error('the page has no frame')
    return frame
  }

  // The world is at 127.0.0.1: the portal's `foreign` address is another port of it, `neighbour` another site.
  test.each([
    ['the same site has the session of the window', 'foreign', '"sub":"alice"'],
    ['another site has no session', 'neighbour', '"user":null'],
  ] as const)('of %s', async (_what, host, text) => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(world.url('/private'))
    expect(await page.textContent('body')).toContain('alice')
    const frame = await framed(context, host, '/me')
    expect(await frame.textContent('body')).toContain(text)
    await context.close()
  })

  test('of another site gets no cookie of a window that it opens, not even a partitioned one', async () => {
    const context = await browser.newContext()
    const frame = await framed(context, 'neighbour', '/frame')
    const [opened] = await Promise.all([context.waitForEvent('page'), frame.click('a')])
    await opened.waitForLoadState()
    const cookies = `fetch('/cookies').then((response) => response.text())`
    expect(await opened.evaluate(cookies)).toBe('p=1; u=1; l=1')
    expect(await frame.evaluate(cookies)).not.toMatch(/[pl]=1/)
    await context.close()
  })
})
