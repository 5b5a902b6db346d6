import { expect, test } from '@jest/globals'
import { describeWith } from '../setup/describe-with.js'
import { portray } from './screenshots.js'
import { setStage } from './stage.js'
import { isSignedIn, openStop, press, signIn, told } from './steps.js'

describeWith('chromium', 'a security event of the provider', (path) => {
  const stage = setStage(path)

  test('ends the sessions of all other browsers, whose pages see it at once, and leaves the first one and other people alone', async () => {
    const { app } = stage.demo()
    const [desk, phone, bob] = [await stage.visitor(), await stage.visitor(), await stage.visitor()]
    await signIn(bob.page, app, 'bob')
    await signIn(desk.page, app, 'alice')
    await signIn(phone.page, app, 'alice')
    await openStop(desk.page, app, 'signals')
    await openStop(phone.page, app, 'devices')
    await phone.page.waitForSelector('#devices[data-live]')

    expect(await press(desk.page)).toEqual([
      '200 The phone, before',
      'done The provider pushes session-revoked',
      '401 The phone, a moment later',
    ])
    await phone.page.waitForSelector('#ended')
    expect(await phone.page.textContent('#ended')).toMatch(/^Your session was ended elsewhere\b/)
    expect(await isSignedIn(phone.page, app)).toBe(false)

    expect(await desk.page.locator('#devices > li').count()).toBe(1)
    expect(await told(desk.page)).toContain('The app reports your other browsers as stolen')
    expect(await portray(desk.page, 'tour.signals')).toEqual([])
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
