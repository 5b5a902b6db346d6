import { expect, test } from '@jest/globals'
import { describeWith } from '../setup/describe-with.js'
import { portray } from './screenshots.js'
import { setStage } from './stage.js'
import { isSignedIn, signIn } from './steps.js'

describeWith('chromium', 'a security event of the provider', (path) => {
  const stage = setStage(path)

  test('ends the session in a second browser, whose page sees it at once, and leaves the first one and other people alone', async () => {
    const { app } = stage.demo()
    const [desk, phone, bob] = [await stage.visitor(), await stage.visitor(), await stage.visitor()]
    await signIn(bob.page, app, 'bob')
    await signIn(desk.page, app, 'alice')
    await signIn(phone.page, app, 'alice')
    await desk.page.waitForSelector('#devices > li:nth-child(2)')
    await phone.page.waitForSelector('#devices[data-live]')
    expect(await portray(desk.page, 'signals-before')).toEqual([])

    await desk.page.click('#report-others')
    await phone.page.waitForSelector('#ended')
    expect(await phone.page.textContent('#ended')).toMatch(/^Your session was ended elsewhere\b/)
    expect(await isSignedIn(phone.page, app)).toBe(false)

    await desk.page.waitForSelector('#devices:not(:has(> li:nth-child(2)))')
    expect(await desk.page.isVisible('#report-others')).toBe(false)
    expect(await desk.page.textContent('#timeline')).toContain('reports your other browsers as stolen')
    expect(await portray(desk.page, 'signals-after')).toEqual([])
    expect(await portray(phone.page, 'signals-ended')).toEqual([])
    expect([await isSignedIn(desk.page, app), await isSignedIn(bob.page, app)]).toEqual([true, true])
    expect([...desk.complaints, ...phone.complaints]).toEqual([])
  })

  test('is taken with the credential of the provider only, and reported by the app itself only', async () => {
    const { app, provider } = stage.demo()
    const { context, page } = await stage.visitor()
    await signIn(page, app, 'alice')
    const forged = await context.request.post(`${app}/signals`, {
      headers: { 'Content-Type': 'application/secevent+jwt' },
      data: 'e30.e30.e30',
    })
    expect([forged.status(), await forged.json()]).toMatchObject([400, { err: 'invalid_request' }])
    const direct = await context.request.post(`${provider}/ssf/report`, { form: { sub: 'alice', sid: 'any' } })
    expect(direct.status()).toBe(401)
    expect(await isSignedIn(page, app)).toBe(true)
  })
})
