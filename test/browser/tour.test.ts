import { expect, test } from '@jest/globals'
import { describeWith } from '../setup/describe-with.js'
import { setStage } from './stage.js'
import { isSignedIn, openStop, outcomes, signIn, told } from './steps.js'

describeWith('chromium', 'the tour', (path) => {
  const stage = setStage(path)

  test('leads from the first page through all of its stops, forwards and backwards', async () => {
    const { page, complaints } = await stage.visitor()
    await page.goto(stage.demo().app)
    const listed = await page.locator('.stops a').allInnerTexts()
    await page.click('#start')
    const seen = [await page.innerText('h1')]
    while ((await page.locator('#next').count()) > 0) {
      await Promise.all([page.waitForNavigation(), page.click('#next')])
      seen.push(await page.innerText('h1'))
      expect(await page.locator('#guide').getAttribute('href')).toMatch(/\/docs\/[\w-]+\.md(#[\w-]+)?$/)
      expect(await page.locator('#code-title ~ pre').innerText()).toMatch(/\w\(/)
    }
    expect(seen).toEqual(listed)
    expect(seen.length).toBeGreaterThan(10)
    await page.click('#previous')
    await page.waitForURL('**/tour/signals')
    expect(complaints).toEqual([])
  })

  test('begins with the login: one button, the steps beside it, and who it is', async () => {
    const { page, complaints } = await stage.visitor()
    await openStop(page, stage.demo().app, 'sign-in')
    await page.click('#run')
    await page.click('#sign-in-alice')
    expect(await outcomes(page)).toEqual(['in You are signed in as Alice Archer'])
    expect(await told(page)).toEqual([
      'You press “Log in”',
      'The app sends you to the provider',
      'You deal with the provider alone',
      'The provider sends you back',
      'The app trades the code for tokens',
      'Tokens',
      'You are in',
    ])
    await page.click('#claims-panel summary')
    expect(await page.innerText('#claim-sub .value')).toBe('alice')
    expect(complaints).toEqual([])
  })

  test('shows what a guard answers to nobody, to Bob and to Alice, without a script', async () => {
    const { page } = await stage.visitor({ javaScriptEnabled: false })
    await openStop(page, stage.demo().app, 'users')
    await page.click('#run')
    expect(await page.locator('.lines .outcome').allInnerTexts()).toEqual(['401', '403', '200'])
    // The first request of a browser, too, is in its timeline.
    expect(await page.locator('.flow[open] h3').first().innerText()).toBe('You press “Open /hr as all three”')
  })

  test('asks for a second factor where a page needs one, checks it, and asks once', async () => {
    const { app } = stage.demo()
    const { page, complaints } = await stage.visitor()
    await signIn(page, app, 'alice')
    await openStop(page, app, 'step-up')
    expect(await page.innerText('#acr')).toContain('no second factor')
    await page.click('#run')
    await page.click('#second-factor')
    expect(await outcomes(page)).toEqual(['200 GET /tour/step-up/transfer'])
    expect(page.url()).toBe(`${app}/tour/step-up/transfer`)
    expect(await page.innerText('#acr')).toContain('urn:example:second-factor')
    expect(await told(page)).toContain('You open /tour/step-up/transfer')
    await page.click('#run')
    await page.waitForURL(`${app}/tour/step-up/transfer`)
    expect(await page.locator('#second-factor').count()).toBe(0)
    expect(complaints).toEqual([])
  })

  test('lets a visitor who is signed out step up in one login: first who it is, then the second factor', async () => {
    const { app } = stage.demo()
    const { page } = await stage.visitor()
    await openStop(page, app, 'step-up')
    await page.click('#run')
    await page.click('#sign-in-bob')
    await page.click('#second-factor')
    expect(await outcomes(page)).toEqual(['200 GET /tour/step-up/transfer'])
    expect(await page.innerText('#session-link')).toBe('Bob Bergmann')
  })

  test('tries what an attacker would: whatever should be refused is refused, and the rest is let in', async () => {
    const { page, complaints } = await stage.visitor()
    await openStop(page, stage.demo().app, 'attacker')
    expect(await page.innerText('#seen-by-script')).toBe('(nothing)')
    await page.click('#run')
    await page.waitForSelector('#attack-sent-away .lines')
    const said = await outcomes(page)
    expect(said.map((line) => line.replace(/^refused [\d,]+ characters.*/, 'refused the bytes of the cookie'))).toEqual(
      [
        'refused the bytes of the cookie',
        'let in The whole cookie, in another browser',
        'refused The cookie with one character changed',
        'refused The whole cookie, after Bob has logged out',
        'refused The attacker opens the address first',
        'refused The attacker sends the code to the provider',
        'let in Bob opens it',
        'refused The attacker opens it after Bob',
        'let in The token as it is',
        'refused The token with one bit changed',
        'let in The app, with the token and a proof by its key',
        'refused A thief repeats the whole request',
        'refused A thief has the token alone',
        'refused A thief makes a proof with another key',
        'refused A form of evil.example, with Bob’s cookie',
        'refused Bob follows a link to /login?returnTo=https://evil.example/',
      ],
    )
    expect(complaints).toEqual([])
  })

  test('tries one attack alone, with its answer in sight', async () => {
    const { page } = await stage.visitor()
    await openStop(page, stage.demo().app, 'attacker')
    await page.click('#attack-changed-token button')
    await page.waitForSelector('#attack-changed-token .lines')
    expect(await page.locator('.lines').count()).toBe(1)
    const answer = await page.locator('.lines').boundingBox()
    expect(answer?.y).toBeGreaterThan(0)
    expect(Number(answer?.y) + Number(answer?.height)).toBeLessThan(Number(page.viewportSize()?.height))
  })

  test('does nothing for another site’s form', async () => {
    const { app } = stage.demo()
    const { context, page } = await stage.member('alice')
    const elsewhere = { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' }
    for (const stop of ['users', 'devices', 'signals', 'attacker']) {
      const forged = await context.request.post(`${app}/tour/${stop}`, { headers: elsewhere, maxRedirects: 0 })
      expect([stop, forged.status()]).toEqual([stop, 403])
    }
    expect(await isSignedIn(page, app)).toBe(true)
  })
})
