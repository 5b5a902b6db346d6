import { type OidcOptions, oidc } from '../../../lib/index.js'
import { type AppFetch, type TestProvider, type TestProviderOptions, testProvider } from '../../../lib/testing/index.js'
import { Browser } from '../../hosts/client.js'
import { type Host, type RunningHost, hosts } from '../../hosts/hosts.js'
import type { Layer } from '../../hosts/layers.js'

/** An application on one host, tested as applications test themselves: with the provider of `express-oidc/testing`. */
export interface TestedApp {
  readonly provider: TestProvider
  readonly host: RunningHost
  readonly browser: Browser
  /** Joins a path to the application's origin. */
  url(path: string): string
  /** Signs alice in, or another person, with the browser or another one, from the login page or another one. */
  enter(how?: { readonly user?: string; readonly browser?: Browser; readonly path?: string }): Promise<Browser>
  close(): Promise<void>
}

/** How it departs from the usual one. */
export interface TestedAppOptions {
  readonly host?: Host
  readonly oidc?: Partial<OidcOptions>
  readonly provider?: TestProviderOptions
  /** Layers before `oidc()`, and after it. */
  readonly before?: readonly Layer[]
  readonly layers?: readonly Layer[] | ((provider: TestProvider) => readonly Layer[])
}

const [firstHost] = hosts as readonly [Host]

/** Starts it. Error handlers get the errors of browsers too, as most tests are about those. */
export async function startTestedApp(options: TestedAppOptions = {}): Promise<TestedApp> {
  const { host = firstHost, before = [], layers = [] } = options
  let provider: TestProvider | undefined
  let login: ReturnType<typeof oidc> | undefined
  const running = await host.start(async ({ baseUrl }) => {
    provider = await testProvider({ baseUrl, ...options.provider })
    login = oidc({ ...provider.options.oidc, pages: false, ...options.oidc } as OidcOptions)
    return [...before, login, ...(typeof layers === 'function' ? layers(provider) : layers)]
  })
  const started = provider
  if (started === undefined) throw new Error('the host has not built the application')
  const browser = new Browser()
  return {
    provider: started,
    host: running,
    browser,
    url: (path) => running.url + path,
    enter: async ({ user = 'alice', path, ...how } = {}) => {
      const used = how.browser ?? browser
      await started.signIn(through(used), user, { path })
      return used
    },
    close: async () => {
      login?.close()
      await running.close()
    },
  }
}

/** A browser as a function like `fetch`: it keeps the cookies itself. */
function through(browser: Browser): AppFetch {
  return async (url, { method, headers: { cookie: _, ...headers }, body }) => {
    const answer = await browser.request('none', url, { method, headers, ...(body === undefined ? {} : { body }) })
    const answered = new Headers(answer.setCookies.map((line): [string, string] => ['set-cookie', line]))
    if (answer.location !== undefined) answered.set('location', answer.location)
    return new Response(answer.text === '' ? null : answer.text, { status: answer.status, headers: answered })
  }
}
