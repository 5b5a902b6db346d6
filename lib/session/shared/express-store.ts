import type { Runtime } from '../../base/runtime.js'
import type { SessionStore, SharedStore } from '../../options/common/stores.js'
import { type StoreCallback, storeCall } from './store-call.js'

const writerBytes = 9
/** Longer than a read and a write take in a healthy store. */
const settlingMilliseconds = 100

/** The store, and its deadline. */
interface ExpressStoreSettings {
  readonly store: SessionStore
  readonly runtime: Runtime
  readonly timeoutSeconds: number
}

/**
 * Adapts an express-session store to a shared store. Such stores have no conditional writes, so `replace` reads and
 * then writes, and another process may write in between. Ended sessions stay ended all the same, because revocations do
 * not depend on `replace`.
 *
 * `add` reads, writes, waits and reads again; the process whose value is there then has added it (Fischer's algorithm,
 * in Lamport's "A Fast Mutual Exclusion Algorithm", 1987). At most one process succeeds, as long as no read and write
 * take longer than the wait.
 */
export function expressSessionStore({ store, runtime, timeoutSeconds }: ExpressStoreSettings): SharedStore {
  const settings = { timeoutSeconds, what: 'the session store' }
  const call = (work: (done: StoreCallback) => unknown): Promise<unknown> => storeCall(settings, work)
  const change = (work: (done: StoreCallback) => unknown): Promise<unknown> =>
    storeCall({ ...settings, isWrite: true }, work)
  const look = (name: string): Promise<unknown> => call((done) => store.get(name, done))
  const read = async (name: string): Promise<string | undefined> => valueOf(await look(name), runtime.now())
  const write = async (name: string, value: string, milliseconds: number, by?: string): Promise<void> => {
    await change((done) => store.set(name, toEntry({ value, milliseconds, by }, runtime.now()), done))
  }

  return {
    get: (names) => Promise.all(names.map(read)),
    set: write,
    async add(name, value, milliseconds) {
      if ((await read(name)) !== undefined) return false
      const by = runtime.randomBytes(writerBytes).toString('base64url')
      await write(name, value, milliseconds, by)
      await new Promise((resolve) => setTimeout(resolve, settlingMilliseconds))
      return writerOf(await look(name)) === by
    },
    async replace(name, expected, value, milliseconds) {
      if ((await read(name)) !== expected) return false
      await write(name, value, milliseconds)
      return true
    },
    async remove(name, expected) {
      if (expected !== undefined && (await read(name)) !== expected) return false
      await call((done) => store.destroy(name, done))
      return true
    },
  }
}

interface Entry {
  readonly value: string
  readonly milliseconds: number
  /** Random ID of the writer. */
  readonly by: string | undefined
}

// Stores take the lifetime from the cookie, some from `maxAge` and some from `expires`.
function toEntry({ value, milliseconds, by }: Entry, now: number): object {
  const expires = new Date(now + milliseconds)
  return {
    cookie: { originalMaxAge: milliseconds, maxAge: milliseconds, expires },
    oidc: value,
    until: expires.getTime(),
    ...(by === undefined ? {} : { by }),
  }
}

function writerOf(session: unknown): unknown {
  return typeof session === 'object' && session !== null ? Reflect.get(session, 'by') : undefined
}

function valueOf(session: unknown, now: number): string | undefined {
  if (typeof session !== 'object' || session === null) return undefined
  const value: unknown = Reflect.get(session, 'oidc')
  const until: unknown = Reflect.get(session, 'until')
  return typeof value === 'string' && typeof until === 'number' && until > now ? value : undefined
}
