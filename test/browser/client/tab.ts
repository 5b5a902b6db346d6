import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { type Application, startApplication } from './application.js'
import { launch } from '../launch.js'
import { patienceMilliseconds } from '../patience.js'

/** A tab of Chromium with a page of the application, whose client is the page's global `client`. */
export interface Tab {
  readonly page: Page
  /** Runs an expression in the page and gives its value. */
  run<T = unknown>(expression: string): Promise<T>
}

/** The application and Chromium around the tests of a `describe`. */
export interface Tabs {
  application(): Application
  context(): BrowserContext
  /** Opens a page of the application and creates its client; `options` are that one's, as JavaScript. */
  open(path?: string, options?: string): Promise<Tab>
  /** Opens a page that has no client yet. */
  visit(path?: string): Promise<Tab>
}

/** Starts the application and Chromium before the tests of a `describe`, with a browser profile for each test. */
export function setTabs(executablePath: string, ignoreDefaultArgs: string[] = []): Tabs {
  let browser: Browser
  let context: BrowserContext
  let application: Application
  beforeAll(async () => {
    application = await startApplication()
    browser = await launch(executablePath, { ignoreDefaultArgs })
  })
  beforeEach(async () => {
    application.reset()
    context = await browser.newContext()
    context.setDefaultTimeout(patienceMilliseconds)
  })
  afterEach(() => context.close())
  afterAll(async () => {
    await browser.close()
    await application.close()
  })
  const visit = async (path = '/') => {
    const page = await context.newPage()
    await page.goto(application.origin + path)
    return tabOf(page)
  }
  return {
    application: () => application,
    context: () => context,
    visit,
    async open(path, options) {
      const tab = await visit(path)
      await createClient(tab, options)
      return tab
    },
  }
}

/** Creates the client of a page. */
export async function createClient({ run }: Tab, options = '{}'): Promise<void> {
  await run(`import('/client.js').then(({ createOidcClient }) => { globalThis.client = createOidcClient(${options}) })`)
}

function tabOf(page: Page): Tab {
  return { page, run: (expression) => page.evaluate(`(async () => (${expression}))()`) }
}
