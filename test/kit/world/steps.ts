import { connect, type Socket } from 'node:net'
import type { Answer, Browser } from '../../hosts/client.js'
import type { Layer } from '../../hosts/layers.js'
import type { AppRequest } from '../app.js'
import type { World } from './world.js'

/** Who goes through the provider, and from which page. */
export interface Journey {
  readonly browser?: Browser
  /** Path that starts the login. Default `/login`. */
  readonly login?: string
}

/** Signs in at the provider and stops in front of the callback: returns its URL with code and state. */
export async function toCallback(world: World, { browser = world.browser, login = '/login' }: Journey = {}) {
  return throughProvider(world, await browser.navigate(world.url(login)), browser)
}

/** Goes on from an answer of the application through the provider, and stops in front of the callback. */
export async function throughProvider(
  world: World,
  start: Pick<Answer, 'location' | 'status' | 'text'>,
  browser = world.browser,
): Promise<URL> {
  let { location } = start
  for (let hops = 0; hops < 10; hops += 1) {
    if (location === undefined) throw new Error(`no redirect: ${start.status} ${start.text}`)
    if (new URL(location).pathname.endsWith('/callback')) return new URL(location)
    location = (await browser.navigate(location)).location
  }
  throw new Error('the provider redirects for ever')
}

/** Comes back from the provider's site, as browsers do: a top-level navigation that another site caused. */
export function comeBack(url: URL | string, browser: Browser, follow = false): Promise<Answer> {
  return browser.navigate(String(url), { site: 'cross-site', follow })
}

/** The same URL with some parameters of the query replaced, or removed where the value is `undefined`. */
export function withParameters(url: URL, changes: Readonly<Record<string, string | undefined>>): URL {
  const changed = new URL(url)
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) changed.searchParams.delete(name)
    else changed.searchParams.set(name, value)
  }
  return changed
}

/** A page, `/bob`, that has bob sign in, as the provider's `login_hint` makes it. */
export const bobsDoor: Layer = {
  method: 'GET',
  path: '/bob',
  handlers: [
    (req, _res, next) => {
      const authorizationParams = { login_hint: 'bob' }
      ;(req as AppRequest).oidc.login({ returnTo: '/', authorizationParams }).catch(next)
    },
  ],
}

/** Has the provider forget who is signed in there, as another person's browser profile would. */
export function forgetAtProvider(browser: Browser): void {
  browser.cookies.clear(({ name }) => name.startsWith('_'))
}

/** How often the provider's token endpoint was asked. */
export function tokenCalls(world: World): number {
  return world.provider.requests.filter((request) => request === 'POST /token').length
}

/** The `code` of a JSON answer. */
export function codeOf(answer: Answer): unknown {
  return (answer.json() as { readonly code?: unknown }).code
}

/** The subject that a browser is signed in as, or null. */
export async function subjectOf(world: Pick<World, 'browser' | 'url'>, browser = world.browser): Promise<unknown> {
  const answer = await browser.fetch(world.url('/me'))
  return (answer.json() as { readonly user: { readonly sub: string } | null }).user?.sub ?? null
}

/** The transaction cookies that a browser holds, by name. */
export function transactionCookies(browser: Browser): ReadonlyMap<string, string> {
  const cookies = browser.cookies.all().filter(({ name }) => name.includes('.tx.'))
  return new Map(cookies.map(({ name, value }) => [name, value]))
}

/** Signs in at the provider, and reads the form that its page would post to the callback. */
export async function postedResponse(world: World, browser: Browser): Promise<URLSearchParams> {
  const page = await browser.navigate(world.url('/private'), { follow: true })
  if (!page.text.includes(`action="${world.url('/callback')}"`)) throw new Error(`no form: ${page.status} ${page.text}`)
  const form = new URLSearchParams()
  for (const [, name = '', value = ''] of page.text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)) {
    form.append(name, value)
  }
  return form
}

/**
 * Posts a response to the callback. The provider here has another port of the same host: another origin, yet the same
 * site, so that Lax cookies come along.
 */
export function postResponse(
  world: World,
  browser: Browser,
  body: URLSearchParams | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return browser.navigate(world.url('/callback'), { body, headers, method: 'POST', site: 'same-site' })
}

/** Gives a field of a form another name. */
export function renameField(form: URLSearchParams, from: string, to: string): void {
  form.set(to, form.get(from) ?? '')
  form.delete(from)
}

/** Sends bytes as they are and reads until the server hangs up: for requests that no client would make. */
export function rawRequest(origin: string, head: string): Promise<string> {
  const { hostname, port } = new URL(origin)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(Number(port), hostname, () => socket.write(head))
    socket.on('error', reject)
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('close', () => resolve(Buffer.concat(chunks).toString()))
  })
}

/** A connection that stays open: a test writes to its socket, and reads what has come back so far. */
export function rawConnection(origin: string): { readonly socket: Socket; readonly text: () => string } {
  const { hostname, port } = new URL(origin)
  const chunks: Buffer[] = []
  const socket = connect(Number(port), hostname)
  socket.on('error', () => socket.destroy()).on('data', (chunk: Buffer) => chunks.push(chunk))
  return { socket, text: () => Buffer.concat(chunks).toString() }
}

/** A `fetch` whose answers a test may spoil, by the path of the request; it remembers every URL that it was asked for. */
export class SpoiltFetch {
  readonly urls: string[] = []
  readonly #faults = new Map<string, Fault>()

  /** Spoils every answer at a path from now on; without a fault they are whole again. */
  spoil(path: string, fault?: Fault): void {
    if (fault === undefined) this.#faults.delete(path)
    else this.#faults.set(path, fault)
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const request = new Request(input, init)
    this.urls.push(request.url)
    const fault = this.#faults.get(new URL(request.url).pathname)
    return fault === undefined ? fetch(input, init) : fault(() => fetch(input, init), init)
  }
}

/** Answers in place of the provider, with its real answer at hand. */
export type Fault = (honest: () => Promise<Response>, init?: RequestInit) => Promise<Response>

/** Changes the members of a JSON answer. */
export function changed(change: (members: Record<string, unknown>) => Record<string, unknown>): Fault {
  return async (honest) => {
    const response = await honest()
    return Response.json(change((await response.json()) as Record<string, unknown>), { status: response.status })
  }
}
