import { expect, test } from '@jest/globals'
import type { APIResponse, BrowserContext, Page } from 'playwright-core'
import { describeWith } from '../setup/describe-with.js'
import { setStage } from './stage.js'
import { answer, isSignedIn, reachProvider, signIn } from './steps.js'

describeWith('chromium', 'signing in with a browser', (path) => {
  const stage = setStage(path)

  test('leads through the provider back to a page with the person’s name', async () => {
    const { page, complaints } = await stage.visitor()
    const { app } = stage.demo()
    await signIn(page, app, 'alice')
    expect(page.url()).toBe(`${app}/`)
    expect(await page.textContent('#user-name')).toBe('Alice Archer')
    expect(complaints).toEqual([])
  })

  test('ends at the page that asked for it', async () => {
    const { page } = await stage.visitor()
    const target = `${stage.demo().app}/hr?sort=days`
    await page.goto(target)
    await page.click('#sign-in-alice')
    await page.waitForSelector('#hr')
    expect(page.url()).toBe(target)
  })

  test.each([
    ['in the order in which they were opened', [0, 1]],
    ['the last one first', [1, 0]],
  ])('works in two tabs at once, %s: each ends where it began', async (_order, order) => {
    const { context, page } = await stage.visitor()
    const { app } = stage.demo()
    const tabs = [
      { page, target: `${app}/` },
      { page: await context.newPage(), target: `${app}/hr?tab=2` },
    ]
    await reachProvider(page, app)
    await tabs[1]?.page.goto(`${app}/hr?tab=2`)
    expect(await transactions(context, app)).toHaveLength(2)

    for (const tab of order.flatMap((index) => tabs[index] ?? [])) {
      await tab.page.click('#sign-in-alice')
      await tab.page.waitForURL(tab.target)
      expect(await tab.page.locator('#logout').count()).toBe(1)
    }
    expect(await transactions(context, app)).toEqual([])
  })

  test('can be cancelled at the provider, and tried again', async () => {
    const { context, page } = await stage.visitor()
    const { app } = stage.demo()
    await reachProvider(page, app)
    const [response] = await Promise.all([callbackResponse(page), page.click('#cancel')])
    expect(response.status()).toBe(403)
    expect(await page.textContent('#error-title')).toBe('Login cancelled')
    expect(await page.textContent('#error-code')).toBe('access_denied')
    expect(await isSignedIn(page, app)).toBe(false)
    expect(await transactions(context, app)).toEqual([])

    await page.click('#retry')
    await answer(page, 'alice')
    expect(await isSignedIn(page, app)).toBe(true)
  })

  test('goes on in one tab when it is cancelled in another', async () => {
    const { context, page } = await stage.visitor()
    const { app } = stage.demo()
    const other = await context.newPage()
    await reachProvider(page, app)
    await reachProvider(other, app)
    await other.click('#cancel')
    await other.waitForSelector('#error')
    await answer(page, 'alice')
    expect(await page.textContent('#user-name')).toBe('Alice Archer')
  })

  test('is not undone by the Back button', async () => {
    const { page } = await stage.visitor()
    const { app } = stage.demo()
    await signIn(page, app, 'alice')
    await page.goBack()
    expect(await page.textContent('h1')).toBe('Nothing to sign in to')
    await page.goBack()
    expect(page.url()).toBe(`${app}/`)
    expect(await page.textContent('#user-name')).toBe('Alice Archer')
  })

  test('stays in place when the callback is opened again', async () => {
    const { page } = await stage.visitor()
    const { app } = stage.demo()
    const [callback] = await Promise.all([callbackResponse(page), signIn(page, app, 'alice')])
    await page.goto(callback.url())
    expect(page.url()).toBe(`${app}/`)
    expect(await page.textContent('#user-name')).toBe('Alice Archer')
  })

  test('cannot be repeated with the callback’s address in another browser', async () => {
    const [alice, thief] = [await stage.visitor(), await stage.visitor()]
    const { app } = stage.demo()
    const [callback] = await Promise.all([callbackResponse(alice.page), signIn(alice.page, app, 'alice')])
    await thief.page.goto(callback.url())
    expect(await thief.page.textContent('#error-code')).toBe('transaction_used')
    expect(await isSignedIn(thief.page, app)).toBe(false)
    expect(await isSignedIn(alice.page, app)).toBe(true)
  })

  test('cannot be forced on somebody else by a link to an unused callback', async () => {
    const [mallory, victim] = [await stage.visitor(), await stage.visitor()]
    const { app, provider } = stage.demo()
    await reachProvider(mallory.page, app)
    await victim.page.goto(await unusedCallback(mallory.page, provider))
    await victim.page.waitForSelector('#sign-in-alice')
    expect(await isSignedIn(victim.page, app)).toBe(false)
  })

  test('opens a page to people whose claim allows it, and explains the refusal to the others', async () => {
    const [alice, bob] = [await stage.member('alice'), await stage.visitor()]
    const { app } = stage.demo()
    await signIn(bob.page, app, 'bob')
    expect((await alice.page.goto(`${app}/hr`))?.status()).toBe(200)
    expect(await alice.page.textContent('h1')).toBe('Welcome to HR, Alice.')

    expect((await bob.page.goto(`${app}/hr`))?.status()).toBe(403)
    expect(await bob.page.textContent('#error-title')).toBe('Not for you, sorry')
    expect(await bob.page.textContent('#error')).toContain('dept=engineering')
    expect(await bob.page.locator('table').count()).toBe(0)
    expect(await isSignedIn(bob.page, app)).toBe(true)

    await bob.page.click('#become')
    await bob.page.click('#confirm-logout')
    await bob.page.click('#sign-in-alice')
    await bob.page.waitForSelector('#hr')
  })
})

function callbackResponse(page: Page) {
  return page.waitForResponse((response) => new URL(response.url()).pathname === '/callback')
}

// Answers the provider as its page does, and stops where it sends the browser back to the application.
async function unusedCallback(page: Page, provider: string): Promise<string> {
  const { request } = page.context()
  const action = `${page.url()}/login`
  const answered = await request.post(action, { form: { account: 'bob' }, maxRedirects: 0 })
  const resumed = await request.get(new URL(location(answered), provider).href, { maxRedirects: 0 })
  return location(resumed)
}

function location(response: APIResponse): string {
  const { location } = response.headers()
  if (location === undefined) throw new Error(`${response.url()} answered ${response.status()} and sends nowhere`)
  return location
}

async function transactions(context: BrowserContext, app: string): Promise<string[]> {
  const cookies = await context.cookies(app)
  return cookies.map(({ name }) => name).filter((name) => name.includes('.tx.'))
}
