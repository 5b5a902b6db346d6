import { Browser } from '../../hosts/client.js'
import { answering, get } from '../world/applications.js'
import { cookieOf, type RefreshWorld, startRefreshWorld } from '../world/refreshing.js'
import type { WorldOptions } from '../world/world.js'
import { type StorageKind, type Place, worldIn } from './storage-kinds.js'

/** Two processes of one application, and requests of theirs that are held back until told. */
export interface TwoProcesses {
  readonly place: Place
  readonly one: RefreshWorld
  readonly two: RefreshWorld
  /** Lets all requests to `/slow…` that have arrived go on. */
  release(): void
  /** Waits until so many requests to `/slow…` have arrived. */
  arrived(count: number): Promise<void>
  advance(seconds: number): void
  close(): Promise<void>
}

// Each listens at a URL of its own here, which the default name would tell apart.
const session = { cookie: { name: 'app' }, idleSeconds: 2_000, absoluteSeconds: 3_600, rollingStepSeconds: 60 }

/** Starts both on one place for sessions. */
export async function startTwo(kind: StorageKind, program: string, options: WorldOptions = {}): Promise<TwoProcesses> {
  const place = await kind.open(program)
  const gates: (() => void)[] = []
  const held = (): Promise<void> => new Promise<void>((resolve) => gates.push(resolve))
  const layers = [
    get('/slow', async ({ oidc }, res) => {
      await held()
      res.end(String(oidc.isAuthenticated()))
    }),
    answering('/slow-basket', async (req) => {
      Object.assign(Reflect.get(req, 'session') as object, { basket: 'full' })
      await held()
      return true
    }),
    answering('/slow-update', async ({ oidc }) => {
      await held()
      await oidc.update({ late: true })
      return oidc.data
    }),
    answering('/update', async ({ oidc }) => oidc.update({ late: true })),
    answering('/data', ({ oidc }) => oidc.data),
  ]
  const start = (issuer: object = {}): Promise<RefreshWorld> =>
    startRefreshWorld(worldIn(kind, place, { ...options, layers, oidc: { ...options.oidc, ...issuer, session } }))
  const one = await start()
  const two = await start({ issuer: one.provider.issuer })
  return {
    place,
    one,
    two,
    release: () => gates.splice(0).forEach((go) => go()),
    async arrived(count) {
      while (gates.length < count) await new Promise(setImmediate)
    },
    advance: (seconds) => [one, two].forEach(({ clock }) => clock.advance(seconds)),
    async close() {
      await Promise.all([one.close(), two.close()])
      await place.close()
    },
  }
}

/** A browser with the cookies that another has at this moment. */
export function copyOf(browser: Browser): Browser {
  const copy = new Browser()
  for (const { name, value } of browser.cookies.all()) copy.cookies.store(`${name}=${value}; Path=/`, here)
  return copy
}

const here = new URL('http://127.0.0.1/')

/** Asks with exactly the cookies that a browser has now, and keeps nothing. */
export function askAs(browser: Browser, world: RefreshWorld, path: string, by: RefreshWorld = world) {
  return new Browser().fetch(by.url(path), { headers: cookieOf(browser, world) })
}
