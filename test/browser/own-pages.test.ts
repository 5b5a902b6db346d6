import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { type Browser, chromium } from 'playwright-core'
import type { Handler } from '../hosts/layers.js'
import { startWorld, type World } from '../relying-party/world.js'
import { describeWith } from '../setup/describe-with.js'

const accounts = { alice: { name: `<"Alice'&> ${'A'.repeat(1_800)}` } }
const overrides = { enableHttpPostMethods: true, cookies: { long: { sameSite: 'none' } } } as const

describeWith('chromium', 'our own pages in a browser', (executablePath) => {
  let chromiumBrowser: Browser
  let world: World
  beforeAll(async () => {
    chromiumBrowser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
  })
  afterAll(() => chromiumBrowser.close())
  afterEach(() => world.close())

  /** Opens a tab, and collects what its console complains of: a policy that is broken, above all. */
  async function tab(options: Parameters<Browser['newContext']>[0] = {}) {
    const context = await chromiumBrowser.newContext(options)
    const page = await context.newPage()
    page.setDefaultTimeout(10_000)
    const complaints: string[] = []
    page.on('console', (message) => void complaints.push(message.text()))
    return { context, page, complaints }
  }

  test.each([true, false])('LO03: a logout that is posted comes back to its returnTo, scripts: %s', async (scripts) => {
    world = await startWorld({ provider: { accounts, overrides } })
    const { page, context, complaints } = await tab({ javaScriptEnabled: scripts })
    await page.goto(world.url('/login'))
    // As a form of this site: the address bar would do too.
    await page.goto(world.url('/logout?returnTo=%2Fme%3Fa%3D1'))
    if (!scripts) await page.click('button')
    await page.waitForURL(world.url('/me?a=1'))
    expect(await page.textContent('body')).toContain('"user":null')
    expect(world.provider.requests).toContain('POST /session/end')
    expect(complaints.filter((text) => /policy|refused/i.test(text))).toEqual([])
    await context.close()
  })

  test('CB33: a browser that keeps no cookies reaches the site all the same, as nobody', async () => {
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
