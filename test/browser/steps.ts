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

/** Whether the application takes this browser, by its cookies, for somebody's. */
export async function isSignedIn(page: Page, app: string): Promise<boolean> {
  const response = await page.context().request.get(app)
  return (await response.text()).includes('id="user-name"')
}
