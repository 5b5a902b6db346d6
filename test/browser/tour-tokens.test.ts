import { expect, test } from '@jest/globals'
import { describeWith } from '../setup/describe-with.js'
import { setStage } from './stage.js'
import { openStop, press, signIn, told } from './steps.js'

// The demo's tokens live for half a minute, which a test has to sit through like everybody else.

describeWith('chromium', 'the tokens behind the APIs of the tour', (path) => {
  const stage = setStage(path)

  test('are renewed after their end, by the call that needs one', async () => {
    // A member's refresh token is spent by whoever renews first.
    const { page, complaints } = await stage.visitor()
    await signIn(page, stage.demo().app, 'alice')
    await openStop(page, stage.demo().app, 'api')
    await page.click('#wait')
    const left = await page.innerText('#clock-token time')
    expect(left).toMatch(/^0:00:[0-3]\d$/)
    await page.locator('#clock-token time', { hasNotText: left }).waitFor()
    // It comes when the token has expired.
    await page.waitForSelector('#answer', { timeout: 0 })
    expect(await page.innerText('.lines .outcome')).toBe('200')
    expect(await page.innerText('#answer-token')).toMatch(/issued (just now|\d s ago)/)
    expect(await told(page)).toEqual([
      'You press “Call the API”',
      'The app renews its tokens',
      'New tokens',
      'The app calls the API',
      'The API answers',
    ])
    expect(complaints).toEqual([])
  })

  test('can be waited for without scripts, by pressing the button at one’s own time', async () => {
    const { page } = await stage.visitor({ javaScriptEnabled: false })
    await signIn(page, stage.demo().app, 'alice')
    await openStop(page, stage.demo().app, 'api')
    await page.click('#wait')
    await page.click('#run')
    expect(await page.innerText('.lines .outcome')).toBe('200')
  })

  test('can be requested by a machine, without a person, and are requested once', async () => {
    const { page, complaints } = await stage.visitor()
    await openStop(page, stage.demo().app, 'machine')
    expect(await press(page)).toEqual(['200 GET /api/caller'])
    expect(JSON.parse(await page.innerText('#answer-body'))).toMatchObject({ subject: 'demo-machine', isMachine: true })
    expect(await page.innerText('#answer-token')).toMatch(/Subject\s+demo-machine/)
    expect(await page.innerText('#answer-token')).toMatch(/Call 2\s+the same token, remembered/)
    const titles = await told(page)
    expect(titles.filter((title) => title === 'The app asks for a token of its own')).toHaveLength(1)
    expect(titles.filter((title) => title === 'The app calls the API')).toHaveLength(2)
    expect(complaints).toEqual([])
  })

  test('open the second service only once they are exchanged: it knows for whom and through whom it is called', async () => {
    const { page, complaints } = await stage.member('bob')
    await openStop(page, stage.demo().app, 'exchange')
    expect(await press(page)).toEqual(['401 GET /billing/bills', '200 GET /billing/bills'])
    const answer: unknown = JSON.parse(await page.innerText('#answer-body'))
    expect(answer).toMatchObject({ onBehalfOf: 'bob', calledBy: 'demo-app' })
    expect(await page.innerText('#answer-token')).toMatch(/Audience\s+urn:example:billing/)
    expect(await told(page)).toContain('The app exchanges your token')
    expect(complaints).toEqual([])
  })

  test('that are bound to a key open the API with its proof, and nothing for a thief', async () => {
    const { page, complaints } = await stage.visitor()
    await openStop(page, stage.demo().app, 'dpop')
    expect(await press(page)).toEqual([
      '200 The app, with the token and a proof by its key',
      '401 A thief repeats the whole request',
      '401 A thief has the token alone',
      '401 A thief makes a proof with another key',
    ])
    expect(complaints).toEqual([])
  })

  test('appear nowhere in the page, whatever was called', async () => {
    const { page } = await stage.member('alice')
    for (const stop of ['api', 'machine', 'exchange', 'dpop']) {
      await openStop(page, stage.demo().app, stop)
      await press(page)
      expect(await page.content()).not.toMatch(/eyJ[\w-]{16,}\./)
    }
  })

  test('are for people who are signed in: an anonymous visitor logs in on the way, and ends at the stop', async () => {
    const { page } = await stage.visitor()
    await openStop(page, stage.demo().app, 'api')
    await page.click('#login-here')
    await page.click('#sign-in-alice')
    await page.waitForSelector('#call')
    expect(new URL(page.url()).pathname).toBe('/tour/api')
  })
})
