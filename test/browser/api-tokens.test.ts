import { expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { describeWith } from '../setup/describe-with.js'
import { setStage } from './stage.js'
import { signIn } from './steps.js'

// The demo's tokens live for half a minute, which a test has to sit through like everybody else.

describeWith('chromium', 'the tokens behind the API page', (path) => {
  const stage = setStage(path)

  test('are renewed after their end, by the call that needs one', async () => {
    // A member's refresh token is spent by whoever renews first.
    const { page, complaints } = await stage.visitor()
    await signIn(page, stage.demo().app, 'alice')
    await page.click('#api-link')
    await page.click('#call-expired')
    const left = await page.innerText('#clock-token time')
    expect(left).toMatch(/^0:00:[0-3]\d$/)
    await page.locator('#clock-token time', { hasNotText: left }).waitFor()
    // It comes when the token has expired.
    await page.waitForSelector('#answer-status', { timeout: 0 })
    expect(await page.innerText('#answer-status')).toBe('200')
    expect(await page.innerText('#answer-token')).toMatch(/issued (just now|\d s ago)/)
    expect(await told(page)).toEqual([
      'You ask the app to call an API',
      'The app renews its tokens',
      'New tokens',
      'The app calls the API',
      'The API answers',
    ])
    expect(complaints).toEqual([])
  }, 60_000)

  test('can be waited for without scripts, by pressing the button at one’s own time', async () => {
    const { page } = await stage.visitor({ javaScriptEnabled: false })
    await signIn(page, stage.demo().app, 'alice')
    await page.click('#api-link')
    await page.click('#call-expired')
    await page.click('#call-now')
    expect(await page.innerText('#answer-status')).toBe('200')
  })

  test('can be requested by a machine, without a person, and are requested once', async () => {
    const { page, complaints } = await stage.member('alice')
    await page.goto(`${stage.demo().app}/try-api`)
    await page.click('#call-machine')
    expect(await page.innerText('#answer-status')).toBe('200')
    expect(JSON.parse(await page.innerText('#answer-body'))).toMatchObject({ subject: 'demo-machine', isMachine: true })
    expect(await page.innerText('#answer-token')).toMatch(/Subject\s+demo-machine/)
    expect(await page.innerText('#answer-token')).toMatch(/Call 2\s+the same token, remembered/)
    const titles = await told(page)
    expect(titles.filter((title) => title === 'The app asks for a token of its own')).toHaveLength(1)
    expect(titles.filter((title) => title === 'The app calls the API')).toHaveLength(2)
    expect(complaints).toEqual([])
  })

  test('are exchanged for the second service, which knows for whom and through whom it is called', async () => {
    const { page, complaints } = await stage.member('bob')
    await page.goto(`${stage.demo().app}/try-api`)
    await page.click('#call-exchange')
    expect(await page.innerText('#answer-status')).toBe('200')
    const answer: unknown = JSON.parse(await page.innerText('#answer-body'))
    expect(answer).toMatchObject({ onBehalfOf: 'bob', calledBy: 'demo-app' })
    expect(await page.innerText('#answer-token')).toMatch(/Audience\s+urn:example:billing/)
    expect(await told(page)).toContain('The app exchanges your token')
    expect(complaints).toEqual([])
  })

  test('open the second service only once they are exchanged', async () => {
    const { page } = await stage.member('bob')
    await page.goto(`${stage.demo().app}/try-api`)
    await page.click('#call-pass-on')
    expect(await page.innerText('#answer-status')).toBe('401')
    expect(await page.innerText('#answer-headers')).toMatch(/error="invalid_token"/)
  })

  test('appear nowhere in the page, whatever was called', async () => {
    const { page } = await stage.member('alice')
    for (const call of ['machine', 'exchange', 'renew']) {
      await page.goto(`${stage.demo().app}/try-api`)
      await page.click(`#call-${call}`)
      await page.waitForSelector('#answer-status')
      expect(await page.content()).not.toMatch(/eyJ[\w-]{16,}\./)
    }
  })

  test('are for people who are signed in: the link to the API leads anonymous visitors to the login', async () => {
    const { page } = await stage.visitor()
    await page.goto(stage.demo().app)
    await page.click('#api-link')
    await page.click('#sign-in-alice')
    await page.waitForSelector('#call-read')
    expect(new URL(page.url()).pathname).toBe('/try-api')
  })
})

/** Headings of the newest flow of the timeline. */
async function told(page: Page): Promise<string[]> {
  return page.locator('.flow[open]').first().locator('h3').allInnerTexts()
}
