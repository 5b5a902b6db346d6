import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { claim, csrf, requireAuth } from '../../lib/index.js'
import type { Handler, Layer } from '../hosts/layers.js'
import { choicePage } from '../../lib/relying-party/pages.js'
import { parsePageOptions } from '../../lib/options/pages.js'
import { guarded } from '../kit/world/applications.js'
import { startWorld, type World, type WorldOptions } from '../kit/world/world.js'
import { describeWith } from '../setup/describe-with.js'
import { flawsOf } from './axe.js'
import { portray } from './screenshots.js'
import { launch } from './launch.js'
import { patienceMilliseconds } from './patience.js'

const form: Handler = (_req, res) => {
  res.setHeader('Content-Type', 'text/html')
  res.end('<form method="post" action="/orders"><button>Order</button></form>')
}
const choice: Handler = (_req, res) => {
  const labels = ['Example Corporation', 'Google', 'A partner with quite a long name, GmbH & Co. KG']
  const { headers, body } = choicePage(
    parsePageOptions({}).for(undefined),
    labels.map((label) => ({ label, url: '/login/x' })),
  )
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
  res.end(body)
}
const layers: readonly Layer[] = [
  guarded('/hr', requireAuth(claim('dept', 'elsewhere'))),
  { method: 'GET', path: '/form', handlers: [form] },
  { method: 'GET', path: '/choice', handlers: [choice] },
  { method: 'POST', path: '/orders', handlers: [requireAuth(), csrf(), (_req, res) => res.end('ordered')] },
]

/** Has the provider answer that the person has cancelled. */
async function cancel(page: Page, world: World): Promise<void> {
  const location = async (path: string) => (await page.request.get(world.url(path), navigation)).headers()['location']
  const state = new URL((await location('/login?returnTo=/private')) ?? '').searchParams.get('state') ?? ''
  const query = new URLSearchParams({ error: 'access_denied', state, iss: world.provider.issuer })
  await page.goto(`${world.url('/callback')}?${query}`)
}
const navigation = { maxRedirects: 0, headers: { accept: 'text/html' } }

const away: WorldOptions['oidc'] = { fetch: () => Promise.reject(new TypeError('fetch failed')) }
const arabic = {
  language: 'ar',
  texts: {
    cancelledTitle: 'لم يتم تسجيل الدخول',
    cancelledText: 'تم إلغاء تسجيل الدخول أو رفضه. يمكنك المحاولة مرة أخرى في أي وقت.',
    tryAgain: 'حاول مرة أخرى',
    home: 'الصفحة الرئيسية',
    code: 'الرمز',
  },
}

interface Visit {
  readonly name: string
  readonly title: string
  readonly visit: (page: Page, world: World) => Promise<unknown>
  readonly oidc?: WorldOptions['oidc']
}

const visits: readonly Visit[] = [
  { name: 'cancelled', title: 'You are not signed in', visit: cancel },
  { name: 'cancelled in Arabic', title: 'لم يتم تسجيل الدخول', visit: cancel, oidc: { pages: arabic } },
  {
    name: 'outage',
    title: 'Not possible at the moment',
    visit: (page, world) => page.goto(world.url('/private')),
    oidc: away,
  },
  {
    name: 'not allowed',
    title: 'You have no access',
    visit: async (page, world) => {
      await page.goto(world.url('/private'))
      await page.goto(world.url('/hr'))
    },
  },
  {
    name: 'login needed',
    title: 'Please sign in',
    visit: async (page, world) => {
      await page.goto(world.url('/form'))
      await page.click('button')
    },
  },
  {
    name: 'sign out',
    title: 'Sign out?',
    visit: async (page, world) => {
      await page.goto(world.url('/private'))
      await page.route('https://elsewhere.example/', (route) =>
        route.fulfill({ contentType: 'text/html', body: `<a href="${world.url('/logout')}">out</a>` }),
      )
      await page.goto('https://elsewhere.example/')
      await page.click('a')
    },
  },
  { name: 'choice', title: 'Sign in', visit: (page, world) => page.goto(world.url('/choice')) },
]

describeWith('chromium', 'a page of our own in a browser', (executablePath) => {
  let browser: Browser
  let context: BrowserContext
  let world: World
  beforeAll(async () => {
    browser = await launch(executablePath)
  })
  afterAll(() => browser.close())
  afterEach(async () => {
    await context.close()
    await world.close()
  })

  async function open(oidc: WorldOptions['oidc'] = {}) {
    world = await startWorld({ layers, oidc: { pages: {}, ...oidc } })
    context = await browser.newContext()
    const page = await context.newPage()
    page.setDefaultTimeout(patienceMilliseconds)
    const complaints: string[] = []
    page.on('console', (message) => void complaints.push(message.text()))
    return { page, complaints }
  }

  test.each(visits)(
    '$name is readable for everybody, in the light and in the dark, on a desk and on a phone',
    async ({ name, title, visit, oidc }) => {
      const { page, complaints } = await open(oidc)
      await visit(page, world)
      expect(await page.textContent('h1')).toBe(title)
      expect(await flawsOf(page)).toEqual([])
      expect(await portray(page, `page-${name.replaceAll(' ', '-')}`)).toEqual([])
      expect(complaints.filter((complaint) => /policy|refused to/i.test(complaint))).toEqual([])
    },
  )

  test('about missing cookies is the same after “Try again”, until the browser keeps some', async () => {
    let keepsCookies = false
    const forgetful: Handler = (req, _res, next) => {
      if (!keepsCookies) delete req.headers.cookie
      next()
    }
    world = await startWorld({ oidc: { pages: {} }, before: [forgetful] })
    context = await browser.newContext()
    const page = await context.newPage()
    page.setDefaultTimeout(patienceMilliseconds)
    await page.goto(world.url('/private'))
    expect(await page.textContent('h1')).toBe('Your browser does not keep you signed in')
    expect(await flawsOf(page)).toEqual([])
    const logins = () => world.provider.requests.filter((request) => request === 'GET /auth').length
    const before = logins()
    await Promise.all([page.waitForNavigation(), page.click('a.button')])
    expect(await page.textContent('code')).toBe('login_loop')
    expect(logins() - before).toBe(2)
    keepsCookies = true
    await page.click('a.button')
    await page.waitForURL(world.url('/'))
    await page.goto(world.url('/private'))
    expect(await page.textContent('body')).toContain('alice')
  })

  test('about a cancelled login leads back to the page that the person wanted', async () => {
    const { page } = await open()
    await cancel(page, world)
    await page.click('a.button')
    await page.waitForURL(world.url('/private'))
    expect(await page.textContent('body')).toContain('alice')
  })
})
