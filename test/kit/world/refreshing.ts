import { type Answer, Browser } from '../../hosts/client.js'
import type { Layer } from '../../hosts/layers.js'
import { answering, get } from './applications.js'
import { type Fault, SpoiltFetch } from './steps.js'
import { type World, type WorldOptions, startWorld } from './world.js'

/** An application whose access tokens live for ten minutes, and what comes between it and the provider. */
export interface RefreshWorld extends World {
  readonly httpClient: SpoiltFetch
  /** Forms that the token endpoint was sent with `grant_type=refresh_token`. */
  readonly refreshes: readonly URLSearchParams[]
  /** Signs in with a browser of its own. */
  enter(browser?: Browser): Promise<Browser>
  /** Spoils the token endpoint's answers from now on. */
  spoilTokens(fault?: Fault): void
}

/** Starts it, and signs nobody in. */
export async function startRefreshWorld(options: WorldOptions = {}): Promise<RefreshWorld> {
  const httpClient = new SpoiltFetch()
  const refreshes: URLSearchParams[] = []
  const watched: typeof fetch = async (input, init) => {
    const form = init?.body instanceof URLSearchParams ? init.body : undefined
    if (form?.get('grant_type') === 'refresh_token') refreshes.push(form)
    return httpClient.fetch(input, init)
  }
  const world = await startWorld({
    ...options,
    oidc: { fetch: watched, ...options.oidc },
    layers: [...layers, ...(options.layers ?? [])],
  })
  return {
    ...world,
    httpClient,
    refreshes,
    spoilTokens: (fault) => httpClient.spoil('/token', fault),
    enter: async (browser = new Browser()) => {
      await browser.navigate(world.url('/private'), { follow: true })
      return browser
    },
  }
}

const layers: readonly Layer[] = [
  answering('/token', async ({ oidc, url }) => {
    const minTtl = new URL(url ?? '', 'http://x').searchParams.get('minTtl')
    return { token: await oidc.accessToken(minTtl === null ? {} : { minTtl: Number(minTtl) }) }
  }),
  get('/late', async ({ oidc }, res) => {
    res.write('[')
    const answer = await oidc.accessToken().catch((error: { code: string }) => error.code)
    res.end(`${JSON.stringify(answer)}]`)
  }),
]

/** The cookies of a browser at this moment, as one header. */
export function cookieOf({ cookies }: Browser, world: World): Record<string, string> {
  const header = cookies.header({ url: new URL(world.url('/')), crossSite: false, safeNavigation: true })
  return header === undefined ? {} : { cookie: header }
}

/** What `/token` tells a browser. */
export async function tokenOf(world: World, browser: Browser, query = ''): Promise<unknown> {
  return told(await browser.fetch(world.url(`/token${query}`)))
}

/** The token of an answer, or status and code. */
export function told(answer: Answer): unknown {
  const { token, code } = answer.json() as { readonly token?: string; readonly code?: string }
  return token ?? [answer.status, code]
}

/** A connection that breaks on the way back. */
export const lostAnswer: Fault = async (honest) => {
  await honest()
  throw Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error(), { code: 'ECONNRESET' }) })
}

/** A provider that is not there. */
export const refusedConnection: Fault = async () => {
  throw Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }) })
}

/** An answer of the provider's own making. */
export function answerWith(status: number, body: object, headers: Record<string, string> = {}): Fault {
  return async () => Response.json(body, { status, headers })
}
