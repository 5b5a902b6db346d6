import { expect, test } from '@jest/globals'
import { describeWith } from '../setup/describe-with.js'
import { setStage } from './stage.js'
import { answer, isSignedIn, leave, signIn, signOut } from './steps.js'
import { withoutHash } from '../hosts/cookie-names.js'

describeWith('chromium', 'signing out with a browser', (path) => {
  const stage = setStage(path)

  test('ends the session here and at the provider, which asks again at the next login', async () => {
    const { context, page, complaints } = await stage.visitor()
    const { app, provider } = stage.demo()
    await signIn(page, app, 'alice')
    await leave(page)
    expect(page.url()).toMatch(`${provider}/session/end?`)
    expect(await isSignedIn(page, app)).toBe(false)
    await page.click('#confirm-logout')
    await page.waitForSelector('#signed-out')
    expect(page.url()).toBe(`${app}/`)
    expect((await context.cookies(app)).map(({ name }) => withoutHash(name))).not.toContain('oidc')

    await page.click('#login')
    await answer(page, 'bob')
    expect(await page.textContent('#user-name')).toBe('Bob Bergmann')
    expect(complaints).toEqual([])
  })

  test('may leave the session at the provider, so that the next login needs no answer', async () => {
    const { page } = await stage.visitor()
    const { app } = stage.demo()
    await signIn(page, app, 'alice')
    await leave(page)
    await page.click('#stay-signed-in')
    await page.waitForSelector('#signed-out')
    await page.click('#login')
    await page.waitForSelector('#user-name')
    expect(await page.textContent('#user-name')).toBe('Alice Archer')
  })

  test('LO08: leaves nothing behind that the Back button would show', async () => {
    const { page } = await stage.visitor()
    const { app } = stage.demo()
    await signIn(page, app, 'alice')
    await signOut(page)
    const seen: string[] = []
    while ((await page.goBack()) !== null) {
      seen.push(page.url())
      expect(await page.locator('#user-name').count()).toBe(0)
    }
    expect(seen).toContain(`${app}/`)
    expect(seen.filter((url) => url.includes('state='))).toEqual([])
  })

  test('in one tab signs the other tabs out, without a step of theirs', async () => {
    const { context, page } = await stage.visitor()
    const { app } = stage.demo()
    await signIn(page, app, 'alice')
    const other = await context.newPage()
    await other.goto(app)
    await signOut(page)
    await other.waitForSelector('#ended')
    expect(await other.textContent('#ended')).toMatch(/^Your session was ended elsewhere\b/)
    await other.goto(`${app}/hr`)
    expect(await other.waitForSelector('#sign-in-alice')).toBeTruthy()
  })
})
