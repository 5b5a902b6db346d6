import { Browser } from '../../hosts/client.js'
import type { TransmitterOptions } from '../../../lib/index.js'
import { secret } from '../world/world.js'
import { type Child, startChild } from './child.js'

/** Where sessions are: with the browser, sealed, or in Redis. */
export type FleetStorage = 'cookie' | 'store'

/** One application in several processes. */
export interface Fleet {
  /** Where each process listens; the first is the one that browsers come back to from a login. */
  readonly origins: readonly string[]
  /** A browser in which someone has signed in. The login begins at the first process, unless another is named; it ends at the first. */
  signIn(person: string, origin?: string): Promise<Person>
  /** Moves the clocks of all processes; those of the provider and of Redis go on as they do. */
  advance(seconds: number): Promise<void>
  /** Says whether Redis is down, so that no process waits for it long. */
  redisIsDown(isDown: boolean): Promise<void>
  /** Ends one process, as a power cut would. */
  kill(index: number): Promise<void>
  close(): Promise<void>
}

/** Somebody who is signed in: browsers send cookies to a host, whatever the port. */
export interface Person {
  readonly name: string
  /** Asks one process, and keeps the cookies that it answers with. */
  ask(origin: string, path: string): Promise<FleetAnswer>
  /** Asks with the cookies as they are now, and keeps nothing: for requests that are under way together. */
  send(origin: string, path: string, cookie?: string): Promise<FleetAnswer>
  /** The `Cookie` header now. */
  cookie(): string
}

/** What a process answered. */
export interface FleetAnswer {
  readonly status: number
  readonly body: { readonly code?: string; readonly token?: string; readonly sub?: string }
  readonly setCookies: readonly string[]
}

/** A package in `node_modules`, and whether it is loaded by `require`. */
export interface LoadedPackage {
  readonly name: string
  readonly isRequired: boolean
}

/** What all processes of a fleet are told. */
export interface FleetOrders {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  readonly redisUrl: string
  readonly storage: FleetStorage
  /** Port of the first process, which the provider knows by its redirect URI. */
  readonly port: number
  /** Transmitters of security events, which may push to any process. */
  readonly transmitters?: readonly TransmitterOptions[]
  /** What each process runs. Default: the ES modules of this package. */
  readonly packages?: readonly LoadedPackage[]
}

/** Starts three processes of one application on one Redis. */
export async function startFleet(orders: FleetOrders): Promise<Fleet> {
  const { issuer, clientId, clientSecret, port, packages = [], ...others } = orders
  const baseUrl = `http://127.0.0.1:${port}`
  const options = { issuer, clientId, clientSecret, secret, baseUrl, scope: 'openid' }
  const start = (index: number, at?: number): Promise<Child<{ port: number }>> =>
    startChild('app.js', { ...others, options, port: at, package: packages[index] })
  const children = await Promise.all([start(0, port), start(1), start(2)])
  const tell = async (message: object) => void (await Promise.all(children.map((child) => child.tell(message))))
  const origins = children.map(({ greeting }) => `http://127.0.0.1:${greeting.port}`)
  return {
    origins,
    signIn: (person, origin = baseUrl) => signIn(origin, person),
    advance: (seconds) => tell({ advance: seconds }),
    redisIsDown: (isRedisDown) => tell({ isRedisDown }),
    kill: async (index) => children[index]?.kill(),
    close: async () => void (await Promise.all(children.map((child) => child.kill()))),
  }
}

async function signIn(origin: string, name: string): Promise<Person> {
  const browser = new Browser()
  await browser.navigate(`${origin}/sign-in/${name}`, { follow: true })
  const cookies = new Map(browser.cookies.all().map(({ name: of, value }) => [of, value]))
  for (const of of cookies.keys()) if (!of.startsWith('oidc')) cookies.delete(of)
  const cookie = (): string => [...cookies].map(([of, value]) => `${of}=${value}`).join('; ')
  const send: Person['send'] = async (origin, path, given = cookie()) => {
    const response = await fetch(origin + path, { headers: { cookie: given }, redirect: 'manual' })
    const body = (await response.json()) as FleetAnswer['body']
    return { status: response.status, body, setCookies: response.headers.getSetCookie() }
  }
  return {
    name,
    cookie,
    send,
    async ask(origin, path) {
      const answer = await send(origin, path)
      keep(cookies, answer.setCookies)
      return answer
    },
  }
}

/** Does with cookies what a browser does with `Set-Cookie`. */
export function keep(cookies: Map<string, string>, lines: readonly string[]): void {
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (/Max-Age=0/i.test(line)) cookies.delete(name)
    else cookies.set(name, value)
  }
}
