import { expect, test } from '@jest/globals'
import { describeWith } from '../setup/describe-with.js'
import { setStage } from './stage.js'
import { answer, isSignedIn, leave, openStop, press, reachProvider, signIn, signOut } from './steps.js'

describeWith('chromium', 'signing out everywhere', (path) => {
  const stage = setStage(path)

  /** Two browsers of the same person, who sees both in the list. */
  async function twice() {
    const { app } = stage.demo()
    const [desk, phone] = [
      await stage.visitor(),
      await stage.visitor({ userAgent: 'Mozilla/5.0 (iPhone) Version/18.0 Safari/604.1' }),
    ]
    // Browsers of earlier tests were closed, which is no logout.
    await signIn(desk.page, app, 'alice')
    await openStop(desk.page, app, 'devices')
    await desk.page.click('#sign-out-everywhere')
    await desk.page.waitForSelector('#ended')
    await signIn(desk.page, app, 'alice')
    await openStop(desk.page, app, 'devices')
    expect(await desk.page.locator('#devices > li').count()).toBe(1)
    await signIn(phone.page, app, 'alice')
    await openStop(phone.page, app, 'devices')
    await desk.page.waitForSelector('#devices > li:nth-child(2)')
    // A stream that opens after the session has ended cannot know when that was.
    await phone.page.waitForSelector('#devices[data-live]')
    return { app, desk, phone }
  }

  test('signs the other browser out after the provider’s call, and shows how long that took', async () => {
    const { app, desk, phone } = await twice()
    await desk.page.click('#sign-out-everywhere')
    await phone.page.waitForSelector('#ended-after')
    expect(await phone.page.textContent('#ended-after')).toMatch(/^\d+$/)
    expect(await phone.page.textContent('#ended')).toMatch(/^Your session was ended elsewhere\b/)
    expect(await isSignedIn(phone.page, app)).toBe(false)

    await desk.page.waitForSelector('#ended')
    expect(await desk.page.textContent('#ended')).toMatch(/^You have signed out everywhere\b/)
    await openStop(desk.page, app, 'devices')
    expect(await desk.page.textContent('#timeline')).toContain('sessions')
    expect([...desk.complaints, ...phone.complaints]).toEqual([])

    // The provider has forgotten both, and none of the old sessions is in the list of the next one.
    await reachProvider(phone.page, app)
    await answer(phone.page, 'alice')
    await openStop(phone.page, app, 'devices')
    expect(await phone.page.locator('#devices > li').count()).toBe(1)
  })

  test('leaves other people alone', async () => {
    const { app, desk } = await twice()
    const bob = await stage.visitor()
    await signIn(bob.page, app, 'bob')
    await openStop(bob.page, app, 'devices')
    expect(await bob.page.locator('#devices > li').count()).toBe(1)
    await desk.page.click('#sign-out-everywhere')
    await desk.page.waitForSelector('#ended')
    expect(await isSignedIn(bob.page, app)).toBe(true)
    expect(await bob.page.locator('#logout').count()).toBe(1)
  })

  test('lists which browser is which, and removes one that signs out', async () => {
    const { desk, phone } = await twice()
    const rows = desk.page.locator('#devices > li')
    expect(await rows.nth(0).textContent()).toMatch(/Chromium \d+ on Linux.*this browser/s)
    expect(await rows.nth(1).textContent()).toMatch(/Safari 18 on iPhone/)
    expect(await phone.page.locator('.device.this').textContent()).toMatch(/Safari 18 on iPhone/)
    await signOut(phone.page)
    await desk.page.waitForSelector('#devices:not(:has(> li:nth-child(2)))')
    expect(await rows.nth(0).textContent()).toContain('this browser')
    expect(await desk.page.locator('#logout').count()).toBe(1)
  })

  test('shows a phone that the demo plays, which can be signed out', async () => {
    const { app } = stage.demo()
    const bob = await stage.visitor()
    await signIn(bob.page, app, 'bob')
    await openStop(bob.page, app, 'devices')
    expect(await press(bob.page)).toEqual(['200 A phone signs in as you'])
    await bob.page.click('button[aria-label="Sign out Safari 18 on iPhone"]')
    await bob.page.locator('button[aria-label="Sign out Safari 18 on iPhone"]').waitFor({ state: 'detached' })
    expect(bob.page.url()).toBe(`${app}/tour/devices`)
    expect(bob.complaints).toEqual([])
  })

  test('signs out one other browser alone, from the list', async () => {
    const { app, desk, phone } = await twice()
    const third = await stage.visitor()
    await signIn(third.page, app, 'alice')
    await desk.page.waitForSelector('#devices > li:nth-child(3)')
    expect(await desk.page.locator('.device.this button').count()).toBe(0)
    await desk.page.click('button[aria-label="Sign out Safari 18 on iPhone"]')
    await phone.page.waitForSelector('#ended')
    expect(await phone.page.textContent('#ended')).toMatch(/^Your session was ended elsewhere\b/)
    expect([await isSignedIn(phone.page, app), await isSignedIn(third.page, app)]).toEqual([false, true])
    await desk.page.waitForSelector('#devices:not(:has(> li:nth-child(3)))')
    expect(await desk.page.locator('#logout').count()).toBe(1)
    expect([...desk.complaints, ...phone.complaints]).toEqual([])
  })

  test('does not let its own effect overtake “Log out”', async () => {
    const { app } = stage.demo()
    const { page } = await stage.visitor()
    await signIn(page, app, 'alice')
    await leave(page)
    expect(page.url()).toContain('/session/end')
  })

  test('is allowed for pages of this app only, and for the app itself at the provider', async () => {
    const { app, provider } = stage.demo()
    const { context, page } = await stage.visitor()
    await signIn(page, app, 'alice')
    const elsewhere = { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' }
    const url = `${app}/sign-out-everywhere`
    const forged = await context.request.post(url, { headers: elsewhere, maxRedirects: 0 })
    expect(forged.status()).toBe(403)
    const direct = await context.request.post(`${provider}/sign-out-everywhere`, { form: { sub: 'alice' } })
    expect(direct.status()).toBe(401)
    expect(await isSignedIn(page, app)).toBe(true)
  })
})
