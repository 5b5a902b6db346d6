import type { Platform } from '../options/platform.js'
import type { SessionStore } from '../options/session-store.js'
import type { SharedMemory } from '../options/shared-memory.js'
import { storeCall, type StoreCallback } from './store-call.js'

/** Which store, and how long it may take. */
export interface StoreMemorySettings {
  readonly store: SessionStore
  readonly platform: Platform
  readonly timeoutSeconds: number
}

/**
 * Uses an express-session store as shared memory. Such stores know no conditions, so that `add` and `replace` look first
 * and write then: another process may come between. That a session which has ended stays dead does not depend on it.
 */
export function storeMemory({ store, platform, timeoutSeconds }: StoreMemorySettings): SharedMemory {
  const settings = { timeoutSeconds, what: 'the session store' }
  const call = (work: (done: StoreCallback) => unknown): Promise<unknown> => storeCall(settings, work)
  const read = async (name: string): Promise<string | undefined> =>
    valueOf(await call((done) => store.get(name, done)), platform.now())
  const write = async (name: string, value: string, milliseconds: number): Promise<void> => {
    await call((done) => store.set(name, entry(value, milliseconds, platform.now()), done))
  }

  return {
    get: (names) => Promise.all(names.map(read)),
    set: write,
    async add(name, value, milliseconds) {
      if ((await read(name)) !== undefined) return false
      await write(name, value, milliseconds)
      return true
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

// Stores read their lifetime from the cookie: some from `maxAge`, some from `expires`.
function entry(value: string, milliseconds: number, now: number): object {
  const expires = new Date(now + milliseconds)
  return {
    cookie: { originalMaxAge: milliseconds, maxAge: milliseconds, expires },
    oidc: value,
    until: expires.getTime(),
  }
}

function valueOf(session: unknown, now: number): string | undefined {
  if (typeof session !== 'object' || session === null) return undefined
  const value: unknown = Reflect.get(session, 'oidc')
  const until: unknown = Reflect.get(session, 'until')
  return typeof value === 'string' && typeof until === 'number' && until > now ? value : undefined
}
