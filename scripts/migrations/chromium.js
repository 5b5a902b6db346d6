import { spawnSync } from 'node:child_process'
import { chromium } from 'playwright-core'
import { has } from '../kit/processes.js'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const quiet = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']

/** Chromium without a window. */
export async function startChromium() {
  const name = names.find((each) => has(each))
  if (name === undefined) throw new Error(`Chromium is not installed: none of ${names.join(', ')} is there`)
  const executablePath = spawnSync('which', [name], { encoding: 'utf8' }).stdout.trim()
  return chromium.launch({ executablePath, args: quiet })
}

/** Somebody with a browser of their own, at one application. */
export class Visitor {
  #home
  #issuer

  constructor({ context, page, home, issuer }) {
    this.context = context
    this.page = page
    this.#home = home
    this.#issuer = issuer
  }

  static async come(browser, { home, issuer }) {
    const context = await browser.newContext({ ignoreHTTPSErrors: true })
    context.setDefaultTimeout(20_000)
    return new Visitor({ context, page: await context.newPage(), home, issuer })
  }

  /** Opens a page. Says what is there: see {@link Visitor.look}. */
  async open(path) {
    return this.look(await this.page.goto(this.#home + path))
  }

  /** Opens a page that leads to the provider, says there who it is, and agrees. Says what is there at the end. */
  async signIn(path, login) {
    await this.open(path)
    return this.answer(login)
  }

  /** Says at the provider who it is, and agrees to all that it asks. */
  async answer(login) {
    let last
    for (let pages = 0; pages < 3 && this.isAtProvider(); pages += 1) {
      const field = this.page.locator('input[name=login]')
      if ((await field.count()) > 0) {
        await field.fill(login)
        await this.page.fill('input[name=password]', 'any')
      }
      last = await this.follow(() => this.page.locator('button[type=submit]').first().click())
    }
    return this.look(last)
  }

  /** Does something that leads to another page, and waits for that. Returns its response. */
  async follow(action) {
    const [response] = await Promise.all([
      this.page.waitForResponse(
        (each) => each.request().isNavigationRequest() && (each.status() < 300 || each.status() >= 400),
      ),
      action(),
    ])
    await this.page.waitForLoadState()
    return response
  }

  /** Another tab of the same browser. */
  async tab() {
    return new Visitor({
      context: this.context,
      page: await this.context.newPage(),
      home: this.#home,
      issuer: this.#issuer,
    })
  }

  /** Follows the provider's link that gives up the login. */
  async cancel() {
    return this.look(await this.follow(() => this.page.locator('a[href$="/abort"]').click()))
  }

  /** Signs out: by the button of the start page, where it has one, else by `/logout`; then at the provider. */
  async leave() {
    await this.open('/')
    const button = this.page.locator('form[action="/logout"] button')
    if ((await button.count()) === 0) await this.open('/logout')
    else await Promise.all([this.page.waitForURL((url) => url.origin === new URL(this.#issuer).origin), button.click()])
    if (this.isAtProvider()) await this.follow(() => this.page.locator('button[value=yes]').click())
  }

  isAtProvider() {
    return this.page.url().startsWith(new URL(this.#issuer).origin)
  }

  /** What is there: `the provider`, or path, status and the beginning of the text. */
  async look(response) {
    if (this.isAtProvider()) return 'the provider'
    const text = (await this.page.innerText('body')).replaceAll(/\s+/g, ' ').trim().slice(0, 80)
    const status = response?.status() ?? 200
    const path = this.page.url().replace(this.#home, '').split('?')[0]
    return `${path}: ${status < 400 ? text : status}`
  }

  /** What a script of the page gets from `fetch(path)`. */
  async fetch(path, init) {
    return this.page.evaluate(
      async ([url, options]) => {
        try {
          const response = await globalThis.fetch(url, options)
          return `${response.status}${response.ok ? ` ${await response.text()}` : ''}`
        } catch {
          return 'a network error'
        }
      },
      [this.#home + path, init],
    )
  }

  /** The names of its cookies for the application, sorted. */
  async cookies() {
    const cookies = await this.context.cookies(this.#home)
    return cookies.map(({ name }) => name).sort()
  }
}
