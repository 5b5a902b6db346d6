import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { createServer } from 'node:http'
import express from 'express'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { type DevProvider, devProvider } from '../../lib/cli/dev-provider.js'
import { recordingTerminal } from '../kit/terminal.js'
import { oidc, requireAuth } from '../../lib/index.js'
import { listen } from '../kit/listen.js'
import { describeWith } from '../setup/describe-with.js'
import { flawsOf } from './axe.js'
import { portray } from './screenshots.js'
import { launch } from './launch.js'
import { patienceMilliseconds } from './patience.js'

const hostile = '"><img src=x onerror=document.title=1>'
const secret = 'a-secret-of-the-session-for-tests-32'

describeWith('chromium', 'dev-provider in a browser', (executablePath) => {
  let browser: Browser
  let context: BrowserContext
  let provider: DevProvider
  let app: { origin: string; close: () => Promise<void> }
  let complaints: string[]

  beforeAll(async () => {
    browser = await launch(executablePath)
    const people = ['alice,dept=hr', 'bob', `mallory,name=${hostile}`].flatMap((person) => ['--user', person])
    const started = await devProvider(['--port', '0', ...people], recordingTerminal())
    if (started === undefined) throw new Error('the provider has not started')
    provider = started
    const handler = express()
    app = await listen(createServer(handler))
    const { issuer } = provider
    handler.post('/echo', express.urlencoded(), (req, res) => void res.json(req.body))
    handler.use(oidc({ issuer, clientId: hostile, baseUrl: app.origin, secret }))
    handler.get('/me', requireAuth(), (req, res) => void res.json(req.oidc.user))
  })
  afterAll(async () => {
    await browser.close()
    await app.close()
    provider.server.close()
    provider.server.closeAllConnections()
  })
  afterEach(() => context.close())

  async function open(url: string, options: BrowserContextOptions = {}): Promise<Page> {
    context = await browser.newContext(options)
    const page = await context.newPage()
    page.setDefaultTimeout(patienceMilliseconds)
    complaints = []
    page.on('console', (message) => void complaints.push(message.text()))
    await page.goto(url)
    return page
  }

  test.each([
    ['choose', 'Who signs in?', () => `${app.origin}/me`],
    ['signed-out', 'You are signed out', () => `${provider.issuer}/end-session`],
    ['refused', 'This does not work', () => `${provider.issuer}/authorize?client_id=x&redirect_uri=${hostile}`],
    ['nothing', 'This does not work', () => provider.issuer],
  ])(
    '%s is readable for everybody, in the light and in the dark, on a desk and on a phone',
    async (name, title, url) => {
      const page = await open(url())
      expect(await page.textContent('h1')).toBe(title)
      expect(await page.title()).toBe(title)
      expect(await flawsOf(page)).toEqual([])
      expect(await portray(page, `dev-provider-${name}`)).toEqual([])
      expect(complaints.filter((complaint) => /policy|refused to/i.test(complaint))).toEqual([])
    },
  )

  test('who is chosen is signed in, by the keyboard too', async () => {
    const page = await open(`${app.origin}/me`)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.waitForURL(`${app.origin}/me`)
    expect(await page.textContent('body')).toContain('"sub":"bob"')
  })

  test.each([true, false])(
    'a posted response goes on by itself, or by a button (scripts: %s)',
    async (javaScriptEnabled) => {
      const asked = {
        client_id: hostile,
        response_type: 'code',
        response_mode: 'form_post',
        prompt: 'none',
        state: hostile,
        code_challenge: 'x',
        code_challenge_method: 'S256',
      }
      const query = new URLSearchParams({ ...asked, redirect_uri: `${app.origin}/echo` })
      const page = await open(`${provider.issuer}/authorize?${query}`, { javaScriptEnabled })
      if (!javaScriptEnabled) await page.click('button')
      await page.waitForURL(`${app.origin}/echo`)
      expect(JSON.parse((await page.textContent('pre')) ?? '')).toMatchObject({
        error: 'login_required',
        state: hostile,
      })
      expect(complaints.filter((complaint) => /policy|refused to/i.test(complaint))).toEqual([])
    },
  )

  test('who cancels gets the page of the application', async () => {
    const page = await open(`${app.origin}/me`)
    await page.click('text=Cancel')
    await page.waitForSelector('text=access_denied')
    expect(page.url()).toContain(`${app.origin}/callback`)
  })
})
