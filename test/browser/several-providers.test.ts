import { expect, test } from '@jest/globals'
import { describeWith } from '../setup/describe-with.js'
import { portray } from './screenshots.js'
import { setStage } from './stage.js'
import { openStop, outcomes, signIn } from './steps.js'

describeWith('chromium', 'the stop with two providers', (path) => {
  const stage = setStage(path)

  test('signs people in at either: an alice lives at both, and they are two people', async () => {
    const { page, complaints } = await stage.visitor()
    const { app, provider } = stage.demo()
    await openStop(page, app, 'providers')
    await page.click('#sign-in-company')
    await page.waitForSelector('#sign-in-bob')
    expect(page.url()).toMatch(`${provider}/`)
    expect(await page.title()).toMatch(/^Sign in · Company\b/)
    await page.click('#sign-in-alice')
    await page.waitForSelector('#signed-in-there')
    expect([await page.innerText('#own-name'), await page.innerText('#own-provider')]).toEqual([
      'Alice Archer',
      'company',
    ])

    await page.click('#sign-in-home')
    await page.waitForSelector('#sign-in-carol')
    expect(await page.title()).toMatch(/^Sign in · Home\b/)
    expect(await portray(page, 'tour.providers.home')).toEqual([])
    await page.click('#sign-in-alice')
    await page.waitForSelector('#own-provider:text("home")')
    expect(await page.innerText('#own-name')).toBe('Alice Albers')
    expect(await portray(page, 'tour.providers')).toEqual([])
    expect(complaints).toEqual([])
  })

  test('has a page for one provider, which sends who is signed in at the other there, and back', async () => {
    const { page } = await stage.visitor()
    await openStop(page, stage.demo().app, 'providers')
    await page.click('#sign-in-home')
    await page.click('#sign-in-carol')
    await page.waitForSelector('#signed-in-there')
    await page.click('#noticeboard')
    await page.click('#sign-in-bob')
    await page.waitForSelector('#answer')
    expect(page.url()).toBe(`${stage.demo().app}/tour/providers/noticeboard`)
    expect(await outcomes(page)).toEqual(['in Bob Bergmann, of company', '200 GET /tour/providers/noticeboard'])
  })

  test('leaves the session of the other stops alone', async () => {
    const { app } = stage.demo()
    const { page } = await stage.visitor()
    await signIn(page, app, 'bob')
    await openStop(page, app, 'providers')
    expect(await page.locator('#signed-in-there').count()).toBe(0)
    await page.click('#sign-in-home')
    await page.click('#sign-in-carol')
    await page.waitForSelector('#signed-in-there')
    expect(await page.innerText('#session-link')).toBe('Bob Bergmann')
    await page.goto(app)
    expect(await page.innerText('#user-name')).toBe('Bob Bergmann')
  })
})
