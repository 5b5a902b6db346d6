import { afterAll, afterEach, beforeAll } from '@jest/globals'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { type Demo, startDemo } from './demo.js'
import { type Person, signIn } from './steps.js'
import { launch } from './launch.js'
import { patienceMilliseconds } from './patience.js'

const quiet = [
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Somebody with a browser of their own: no cookies yet, one tab open. */
export interface Visitor {
  readonly context: BrowserContext
  readonly page: Page
  /** Warnings and errors of the console, broken content security policies among them, and exceptions of scripts. */
  readonly complaints: readonly string[]
}

type Cookies = Awaited<ReturnType<BrowserContext['cookies']>>

/** A running demo and a running Chromium. */
export interface Stage {
  demo(): Demo
  visitor(options?: BrowserContextOptions): Promise<Visitor>
  /** A visitor who has signed in before, once for all tests of the stage. */
  member(person: Person): Promise<Visitor>
}

/** Starts the demo and Chromium around the tests of a `describe`; visitors leave after each test. */
export function setStage(chromiumPath: string, args: readonly string[] = []): Stage {
  let running: { readonly demo: Demo; readonly browser: Browser } | undefined
  const present = () => {
    if (running === undefined) throw new Error('the stage is set before the tests, not while they are declared')
    return running
  }
  let starting: readonly [Promise<Demo>, Promise<Browser>]
  beforeAll(async () => {
    starting = [startDemo(args), launch(chromiumPath, { args: quiet })]
    const [demo, browser] = await Promise.all(starting)
    running = { demo, browser }
  })
  afterEach(async () => {
    const contexts = running?.browser.contexts() ?? []
    await Promise.all(contexts.map((context) => context.close()))
  })
  afterAll(async () => {
    // One of them may have failed to start: what is left of the other would keep the test run alive.
    const [demo, browser] = await Promise.allSettled(starting)
    if (browser.status === 'fulfilled') await browser.value.close()
    if (demo.status === 'fulfilled') await demo.value.close()
  })
  const demo = () => present().demo
  const visitor = async (options: BrowserContextOptions = {}) => welcome(await present().browser.newContext(options))
  const cookies = new Map<Person, Cookies>()
  return {
    demo,
    visitor,
    async member(person) {
      const { context, page, complaints } = await visitor()
      const known = cookies.get(person)
      if (known === undefined) {
        await signIn(page, demo().app, person)
        cookies.set(person, await context.cookies())
      } else {
        await context.addCookies(known)
        await page.goto(demo().app)
      }
      return { context, page, complaints }
    },
  }
}

async function welcome(context: BrowserContext): Promise<Visitor> {
  context.setDefaultTimeout(patienceMilliseconds)
  const complaints: string[] = []
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  context.on('weberror', (raised) => complaints.push(String(raised.error())))
  return { context, page: await context.newPage(), complaints }
}
