import { expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { describeWith } from '../setup/describe-with.js'
import type { Demo } from './demo.js'
import { portray } from './screenshots.js'
import { setStage } from './stage.js'
import { leave, openStop, type Person, press, reachProvider, signIn, signOut } from './steps.js'

/** Where a page is taken from: a stranger's browser or a member's, and the rest of the way. */
interface Way {
  readonly who: Person | 'stranger'
  readonly status?: number
  go(page: Page, demo: Demo): Promise<unknown>
}

const pages: readonly [name: string, way: Way][] = [
  ['signed-out', { who: 'stranger', go: (page, { app }) => page.goto(app) }],
  ['provider-login', { who: 'stranger', go: (page, { app }) => reachProvider(page, app) }],
  ['login-cancelled', { who: 'stranger', status: 403, go: cancel }],
  ['not-found', { who: 'stranger', status: 404, go: (page, { app }) => page.goto(`${app}/nowhere`) }],
  ['provider-error', { who: 'stranger', status: 400, go: (page, { provider }) => page.goto(`${provider}/auth`) }],
  ['signed-in', { who: 'alice', go: (page) => page.waitForSelector('#user-name') }],
  ['tour.sign-in', { who: 'alice', go: (page, demo) => openStop(page, demo.app, 'sign-in') }],
  ['tour.sign-in.folded', { who: 'alice', go: holdAPhone }],
  ['tour.sign-in.unfolded', { who: 'alice', go: unfold }],
  ['tour.devices.signed-out', { who: 'stranger', go: (page, demo) => openStop(page, demo.app, 'devices') }],
  ['tour.users', { who: 'stranger', go: (page, demo) => tryStop(page, demo, 'users') }],
  ['tour.api', { who: 'alice', go: (page, demo) => tryStop(page, demo, 'api') }],
  ['tour.api.waiting', { who: 'alice', go: (page, { app }) => page.goto(`${app}/tour/api?wait`) }],
  ['tour.machine', { who: 'stranger', go: (page, demo) => tryStop(page, demo, 'machine') }],
  ['tour.exchange', { who: 'bob', go: (page, demo) => tryStop(page, demo, 'exchange') }],
  ['tour.dpop', { who: 'stranger', go: (page, demo) => tryStop(page, demo, 'dpop') }],
  ['tour.step-up', { who: 'alice', go: (page, demo) => openStop(page, demo.app, 'step-up') }],
  ['provider-second-factor', { who: 'alice', go: askForSecondFactor }],
  ['tour.devices', { who: 'bob', go: (page, demo) => tryStop(page, demo, 'devices') }],
  ['tour.attacker', { who: 'stranger', go: (page, demo) => tryStop(page, demo, 'attacker') }],
  ['hr', { who: 'alice', go: openHr }],
  ['hr-forbidden', { who: 'bob', status: 403, go: openHr }],
  ['provider-logout', { who: 'alice', go: leave }],
  [
    'signed-out-elsewhere',
    { who: 'stranger', go: (page, { app }) => page.goto(`${app}/?ended=session_missing&after=12`) },
  ],
  ['signed-out-again', { who: 'bob', go: signOut }],
]

describeWith('chromium', 'the demo’s pages', (path) => {
  const stage = setStage(path)

  test.each(pages)('%s: fits a desk and a phone, by day and by night, and breaks no rule', async (name, way) => {
    const { page, complaints } = await (way.who === 'stranger' ? stage.visitor() : stage.member(way.who))
    await way.go(page, stage.demo())
    expect(await portray(page, name)).toEqual([])
    expect(await page.title()).toMatch(/\S · (?:express-oidc demo|Company, the demo’s provider)$/)
    expect(await page.locator('h1').count()).toBe(1)
    expect(complaints.filter((complaint) => !isAbout(way.status, complaint))).toEqual([])
  })

  test('count the session’s clocks down', async () => {
    const { page } = await stage.visitor()
    await page.clock.install()
    await signIn(page, stage.demo().app, 'alice')
    await openStop(page, stage.demo().app, 'sign-in')
    await page.clock.runFor(120_000)
    expect(await page.textContent('#clock-idle time')).toMatch(/^0:1[23]:\d\d$/)
  })

  test('say once what is wrong, and what a page that does not exist is', async () => {
    const { page } = await stage.visitor()
    await page.goto(`${stage.demo().app}/nowhere`)
    expect(await page.innerText('#error')).toMatch(
      /^404 not_found\s+There is no such page\s+Nothing is at this address\b/,
    )
    expect(await page.locator('#error p.lead, #error p.fine').count()).toBe(1)
  })

  test('need no mouse', async () => {
    const { page } = await stage.visitor()
    await page.goto(stage.demo().app)
    await page.focus('#login')
    await page.keyboard.press('Enter')
    await page.waitForSelector('#sign-in-alice')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.waitForSelector('#user-name')
    expect(await page.textContent('#user-name')).toBe('Alice Archer')
  })
})

// Chromium writes a line of its own for every answer that is an error, the expected ones too.
function isAbout(status: number | undefined, complaint: string): boolean {
  return (
    status !== undefined &&
    complaint.startsWith(`Failed to load resource: the server responded with a status of ${status} `)
  )
}

async function tryStop(page: Page, { app }: Demo, stop: string): Promise<void> {
  await openStop(page, app, stop)
  await press(page)
}

async function unfold(page: Page, { app }: Demo): Promise<void> {
  await openStop(page, app, 'sign-in')
  await page.evaluate('for (const part of document.querySelectorAll("details")) part.open = true')
}

async function openHr(page: Page, { app }: Demo): Promise<void> {
  await page.goto(`${app}/hr`)
}

async function askForSecondFactor(page: Page, { app }: Demo): Promise<void> {
  await page.goto(`${app}/tour/step-up/transfer`)
  await page.waitForSelector('#second-factor')
}

// What is folded is decided when the page loads: turning a phone folds nothing that someone reads.
async function holdAPhone(page: Page, { app }: Demo): Promise<void> {
  await page.setViewportSize({ width: 390, height: 844 })
  await openStop(page, app, 'sign-in')
  await page.locator('.flow[open]').waitFor({ state: 'detached' })
}

async function cancel(page: Page, { app }: Demo): Promise<void> {
  await reachProvider(page, app)
  await page.click('#cancel')
  await page.waitForSelector('#error')
}
