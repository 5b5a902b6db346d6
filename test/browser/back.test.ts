import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Browser } from 'playwright-core'
import { requireAuth } from '../../lib/index.js'
import type { Handler } from '../hosts/layers.js'
import { startWorld, type World } from '../kit/world/world.js'
import { describeWith } from '../setup/describe-with.js'
import { launch } from './launch.js'
import { patienceMilliseconds } from './patience.js'

const served: string[] = []
const secret: Handler = (req, res) => {
  served.push(String(req.url))
  res.setHeader('Content-Type', 'text/html')
  res.end(
    '<h1>secret</h1><script>addEventListener("pageshow", (event) => { document.title = event.persisted ? "kept" : "loaded" })</script><a href="/logout">out</a>',
  )
}
const kept: Handler = (_req, res, next) => {
  res.setHeader('Cache-Control', 'private')
  next()
}

describeWith('chromium', 'the Back button after signing out', (executablePath) => {
  let chromiumBrowser: Browser
  let world: World
  beforeAll(async () => {
    // Playwright switches the cache for Back off.
    const ignoreDefaultArgs = ['--disable-back-forward-cache']
    chromiumBrowser = await launch(executablePath, { ignoreDefaultArgs })
    world = await startWorld({
      oidc: { logout: { atProvider: false } },
      layers: [
        { method: 'GET', path: '/secret', handlers: [requireAuth(), secret] },
        { method: 'GET', path: '/kept', handlers: [kept, requireAuth(), secret] },
      ],
    })
  })
  afterAll(async () => {
    await chromiumBrowser.close()
    await world.close()
  })

  test.each([
    ['loads the page of a guard anew, though it was the first one after the login', '/secret', false],
    ['shows a page of which the application says that it may be kept', '/kept', true],
  ])('%s', async (_what, path, isKept) => {
    const page = await (await chromiumBrowser.newContext()).newPage()
    page.setDefaultTimeout(patienceMilliseconds)
    await page.goto(world.url(path))
    await page.click('a')
    await page.waitForURL(world.url('/'))
    const before = served.length
    await page.goBack({ waitUntil: 'commit' }).catch(() => undefined)
    await page.waitForFunction("document.title !== ''")
    expect([await page.title(), served.slice(before)]).toEqual(isKept ? ['kept', []] : ['loaded', [path]])
    expect(await page.textContent('h1')).toBe('secret')
  })
})
