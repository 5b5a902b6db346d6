import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { BrowserContext, Page, Request } from 'playwright-core'
import { describeWith } from '../setup/describe-with.js'
import { type OtherSite, startOtherSite } from './other-site.js'
import { setStage } from './stage.js'
import { isSignedIn, signIn } from './steps.js'
import { withoutHash } from '../hosts/cookie-names.js'

type Origin = 'foreign' | 'neighbour'
type Answer = number | 'blocked'

describeWith('chromium', 'pages of other sites', (path) => {
  const stage = setStage(path)
  let elsewhere: OtherSite
  beforeAll(async () => {
    elsewhere = await startOtherSite()
  })
  afterAll(() => elsewhere.close())

  describe.each(['foreign', 'neighbour'] as const)('at a %s origin', (origin) => {
    test.each([
      ['an image', (url: string) => `<img src="${url}">`, 'blocked'],
      ['a form that posts itself', (url: string) => selfSubmitting('post', url), 403],
      ['a form that loads itself', (url: string) => selfSubmitting('get', url), 200],
      ['a frame', (url: string) => `<iframe src="${url}"></iframe>`, 403],
    ])('LO01: %s for /logout signs nobody out', async (_what, body, answer) => {
      const { context, page } = await stage.member('alice')
      const { app } = stage.demo()
      const before = await ownCookies(context, app)
      expect(await visit(page, origin, `${app}/logout`, body)).toBe(answer)
      expect(await ownCookies(context, app)).toEqual(before)
      expect(await isSignedIn(page, app)).toBe(true)
    })

    test('a link to /logout asks first, and its button signs out', async () => {
      // A member's session is everybody's, and this one ends for good.
      const { page, complaints } = await stage.visitor()
      const { app } = stage.demo()
      await signIn(page, app, 'alice')
      elsewhere.show(`<a href="${app}/logout">Win a prize</a>`)
      await page.goto(elsewhere[origin])
      await page.click('a')
      expect(await page.textContent('h1')).toBe('Sign out?')
      expect(await isSignedIn(page, app)).toBe(true)
      await page.click('button')
      await page.waitForSelector('#confirm-logout')
      expect(await isSignedIn(page, app)).toBe(false)
      expect(complaints).toEqual([])
    })

    test.each([
      ['a frame', '/hr', (url: string) => `<iframe src="${url}"></iframe>`, 401],
      ['a frame', '/login', (url: string) => `<iframe src="${url}"></iframe>`, 401],
      ['an image', '/login', (url: string) => `<img src="${url}">`, 'blocked'],
    ])('%s for %s begins no login', async (_what, target, body, answer) => {
      const { context, page } = await stage.visitor()
      const { app, provider } = stage.demo()
      const asked: string[] = []
      context.on('request', (request) => asked.push(new URL(request.url()).origin))
      expect(await visit(page, origin, `${app}${target}`, body)).toBe(answer)
      expect((await context.cookies(app)).filter(({ name }) => name.includes('.tx.'))).toEqual([])
      expect(asked).not.toContain(provider)
    })
  })

  /** Opens a page of the other site that aims at a URL of the application, and gives the status that the URL answers. */
  async function visit(page: Page, origin: Origin, url: string, body: (url: string) => string): Promise<Answer> {
    elsewhere.show(body(url))
    const isAimed = (request: Request) => request.url().replace(/\?$/, '') === url
    const answered = Promise.race([
      page.waitForResponse((response) => isAimed(response.request())).then((response) => response.status()),
      // Chromium hides from a page what it fetched as an image and is none, and its status from us.
      page.waitForEvent('requestfailed', isAimed).then(() => 'blocked' as const),
    ])
    await page.goto(elsewhere[origin], { waitUntil: 'commit' })
    return answered
  }
})

// The session, and which timeline it is that belongs to this browser.
async function ownCookies(context: BrowserContext, app: string) {
  const cookies = await context.cookies(app)
  const values = ['oidc', 'demo.timeline'].map(
    (wanted) => cookies.find(({ name }) => withoutHash(name) === wanted)?.value,
  )
  expect(values).toEqual([expect.any(String), expect.any(String)])
  return values
}

function selfSubmitting(method: string, url: string): string {
  return `<form method="${method}" action="${url}"></form><script>document.forms[0].submit()</script>`
}
