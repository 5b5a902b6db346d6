import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { createHash, createPublicKey } from 'node:crypto'
import { createServer, get } from 'node:https'
import express from 'express'
import type { Browser, BrowserContext } from 'playwright-core'
import { deviceBound, requireAuth } from '../../lib/index.js'
import { createOidc } from '../../lib/middleware/oidc-middleware.js'
import { parseOidcOptions } from '../../lib/options/oidc/schema.js'
import { Clock } from '../kit/clock.js'
import { listen } from '../kit/listen.js'
import { selfSigned } from '../kit/resource-server/certificate.js'
import { type RealProvider, startRealProvider, webClient } from '../provider-real/provider.js'
import { describeWith } from '../setup/describe-with.js'
import { launch } from './launch.js'
import { patienceMilliseconds } from './patience.js'

// On Linux, Chromium binds sessions only by these flags, with keys in software. It binds none over a certificate whose errors it was
// told to ignore, so the certificate is one that it trusts.
const binding = '--enable-features=DeviceBoundSessions,EnableBoundSessionCredentialsSoftwareKeysForManualTesting'
const certificate = selfSigned('localhost')
const fingerprint = createHash('sha256')
  .update(createPublicKey(certificate.pem).export({ type: 'spki', format: 'der' }))
  .digest('base64')
const usual = [`--ignore-certificate-errors-spki-list=${fingerprint}`]

describeWith('chromium', 'sessions that Chromium binds to a key', (executablePath) => {
  let provider: RealProvider
  let app: { origin: string; close: () => Promise<void> }
  let clock: Clock
  const browsers: Browser[] = []
  let context: BrowserContext
  /** The requests to the two routes, with the status of each response. */
  let proofs: string[]

  beforeAll(async () => {
    const handler = express()
    const { origin, close } = await listen(createServer({ cert: certificate.pem, key: certificate.keyPem }, handler))
    app = { origin: origin.replace('http://127.0.0.1', 'https://localhost'), close }
    const baseUrl = `${app.origin}/shop`
    const client = webClient(baseUrl)
    provider = await startRealProvider({ clients: [client] })
    clock = Clock.real()
    const { client_id: clientId, client_secret: clientSecret } = client
    const secret = 'a-secret-of-the-session-for-tests-32'
    const options = { issuer: provider.issuer, clientId, clientSecret, baseUrl, secret, session: { deviceBound: true } }
    handler.use((req, res, next) => {
      if (req.path.includes('/device-')) res.on('finish', () => proofs.push(`${req.path} ${res.statusCode}`))
      next()
    })
    handler.use(createOidc(parseOidcOptions(options), clock))
    handler.get('/shop/private', requireAuth({ challenge: 'respond' }), (req, res) => void res.end(req.auth?.subject))
    handler.get('/shop/strong', requireAuth(deviceBound()), (_req, res) => void res.end('bound'))
    handler.get('/shop/', (_req, res) => void res.end('<title>here</title>'))
    // As if the cookie had run out; its name is in the query.
    handler.get('/elsewhere', (req, res) => {
      res.setHeader('Set-Cookie', `${String(req.query['name'])}=; Max-Age=0; Path=/; Secure; HttpOnly`)
      res.end('<title>there</title>')
    })
  })
  afterEach(() => context.close())
  afterAll(async () => {
    await Promise.all(browsers.map((browser) => browser.close()))
    await Promise.all([app.close(), provider.close()])
  })

  async function open(args: readonly string[]) {
    const browser = await launch(executablePath, { args: [...usual, ...args] })
    browsers.push(browser)
    context = await browser.newContext()
    proofs = []
    const page = await context.newPage()
    page.setDefaultTimeout(patienceMilliseconds)
    return page
  }

  const boundCookies = async () => (await context.cookies()).filter(({ name }) => name.includes('.bound-'))

  test('goes on with proofs, ends where cookies alone are used, and with a logout', async () => {
    const page = await open([binding])
    // The guard has the page loaded again, if the browser has not registered its key yet.
    await page.goto(`${app.origin}/shop/strong`)
    await page.waitForSelector('text=bound')
    expect(proofs[0]).toBe('/shop/device-registration 200')
    expect(await boundCookies()).toMatchObject([{ secure: true, httpOnly: true, sameSite: 'Lax', path: '/' }])

    const cookie = (await context.cookies(app.origin)).map(({ name, value }) => `${name}=${value}`).join('; ')
    const stolen = () => statusOf(`${app.origin}/shop/private`, cookie)
    expect(await stolen()).toBe(200)
    clock.advance(301)
    expect(await stolen()).toBe(401)

    proofs = []
    const [{ name } = { name: '' }] = await boundCookies()
    await page.goto(`${app.origin}/elsewhere?name=${name}`)
    await page.goto(`${app.origin}/elsewhere`)
    expect(proofs).toEqual([])
    await page.goto(`${app.origin}/shop/private`)
    expect(await page.textContent('body')).toBe('alice')
    expect(proofs.slice(0, 2)).toEqual(['/shop/device-refresh 403', '/shop/device-refresh 200'])

    await page.goto(`${app.origin}/shop/logout`)
    await page.goto(`${app.origin}/shop/`)
    await page.goto(`${app.origin}/shop/`)
    expect(await boundCookies()).toEqual([])
    proofs = []
    await page.goto(`${app.origin}/shop/`)
    expect(proofs).toEqual([])
  })

  test('are as before in a browser that binds none', async () => {
    const page = await open(['--disable-features=DeviceBoundSessions'])
    await page.goto(`${app.origin}/shop/login?returnTo=/shop/private`)
    expect(await page.textContent('body')).toBe('alice')
    clock.advance(600)
    await page.goto(`${app.origin}/shop/private`)
    expect([await page.textContent('body'), await boundCookies(), proofs]).toEqual(['alice', [], []])
  })
})

/** What somebody gets who has nothing but cookies. */
function statusOf(url: string, cookie: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = get(url, { ca: certificate.pem, headers: { cookie }, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    request.on('error', reject)
  })
}
