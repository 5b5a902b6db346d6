import type { Page } from 'playwright-core'

/** The people who live at the demo's provider. */
export type Person = 'alice' | 'bob'

/** Presses "Log in" on the application's page and waits until the provider asks who it is. */
export async function reachProvider(page: Page, app: string): Promise<void> {
  await page.goto(app)
  await page.click('#login')
  await page.waitForSelector('#sign-in-alice')
}

/** Signs in from the start to the end. */
export async function signIn(page: Page, app: string, person: Person): Promise<void> {
  await reachProvider(page, app)
  await answer(page, person)
}

/** Says at the provider who it is, and waits until the application shows the name. */
export async function answer(page: Page, person: Person): Promise<void> {
  await page.click(`#sign-in-${person}`)
  await page.waitForSelector('#user-name')
}

/** Presses "Log out" and waits until the provider asks about its own session. */
export async function leave(page: Page): Promise<void> {
  await page.click('#logout')
  await page.waitForSelector('#confirm-logout')
}

/** Signs out of the application and of the provider. */
export async function signOut(page: Page): Promise<void> {
  await leave(page)
  await page.click('#confirm-logout')
  await page.waitForSelector('#signed-out')
}

/** Opens a stop of the tour. */
export async function openStop(page: Page, app: string, stop: string): Promise<void> {
  await page.goto(`${app}/tour/${stop}`)
  await page.waitForSelector(`#stop-${stop}`)
}

/** Presses the button of the stop that is open, and waits for what comes of it: outcomes with what was done. */
export async function press(page: Page): Promise<string[]> {
  await Promise.all([page.waitForNavigation(), page.click('#run')])
  return outcomes(page)
}

/** What a stop says: a line for each thing that was tried, such as `403 Bob, signed in`. */
export async function outcomes(page: Page): Promise<string[]> {
  await page.waitForSelector('.lines')
  const said = '({ children: [outcome, what] }) => `${outcome.innerText} ${what.querySelector("strong").innerText}`'
  return page.evaluate(`[...document.querySelectorAll('.lines > li')].map(${said})`)
}

/** Headings of the newest flow of the timeline. */
export async function told(page: Page): Promise<string[]> {
  return page.locator('.flow[open]').first().locator('h3').allInnerTexts()
}

/** Whether the application takes this browser, by its cookies, for somebody's. */
export async function isSignedIn(page: Page, app: string): Promise<boolean> {
  const response = await page.context().request.get(app)
  return (await response.text()).includes('id="user-name"')
}
