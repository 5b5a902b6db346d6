/*
 * What snippets import of packages that this repository does not install, and what such packages add to a page, as their own types
 * describe it.
 */
declare module 'cors' {
  import type { RequestHandler } from 'express'
  interface CorsOptions {
    origin?: boolean | string | readonly string[]
    credentials?: boolean
    exposedHeaders?: readonly string[]
  }
  export default function cors(options?: CorsOptions): RequestHandler
}

declare module '@playwright/test' {
  import type { BrowserContextOptions, Locator, Page } from 'playwright-core'
  interface Program {
    command: string
    url: string
    env?: Record<string, string>
    reuseExistingServer?: boolean
  }
  interface Project {
    name: string
    testMatch?: RegExp
    use?: BrowserContextOptions
    dependencies?: string[]
  }
  export function defineConfig(config: {
    use?: BrowserContextOptions
    webServer?: Program[]
    projects?: Project[]
  }): object
  interface Test {
    (name: string, run: (fixtures: { page: Page }) => Promise<void>): void
    describe(name: string, run: () => void): void
    use(options: BrowserContextOptions): void
  }
  export const test: Test
  export function expect(page: Page): { toHaveURL(url: RegExp): Promise<void> }
  export function expect(locator: Locator): { toContainText(text: string): Promise<void> }
}

// Of Cypress.
interface CypressChain {
  click(): CypressChain
  should(chainer: 'eq', value: string): CypressChain
}
declare const Cypress: { Commands: { add(name: string, run: (user: string) => void): void } }
declare const cy: {
  login(user: string): void
  session(id: string, setup: () => void): void
  visit(url: string): CypressChain
  origin<Args>(url: string, options: { args: Args }, run: (args: Args) => void): void
  contains(selector: string, text?: string): CypressChain
  location(part: 'pathname'): CypressChain
}
declare function it(name: string, run: () => void): void

// Of Turbo.
interface DocumentEventMap {
  'turbo:before-fetch-response': CustomEvent<{ fetchResponse: { statusCode: number; response: Response } }> & {
    readonly target: Element
  }
}
