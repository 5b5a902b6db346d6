import { randomBytes } from 'node:crypto'
import { isOidcError } from '../../../base/error-cause.js'
import { isSharedStore } from '../../../options/common/stores.js'
import type { Application } from '../../../relying-party/application.js'
import type { GuardedStore } from '../../../session/shared/guarded-store.js'
import { fail, type Finding, ok, warn } from '../finding.js'

const check = 'store'
const milliseconds = 10_000
const slowMilliseconds = 50

/** Writes, reads and removes an entry in each store of the application, as a request would. */
export async function checkStores({
  configuration,
  sessionStore,
  sharedStore,
}: Application): Promise<readonly Finding[]> {
  const { store } = configuration.session
  const own = sessionStore === undefined ? [] : [await checkStore(sessionStore, 'session.store', store)]
  if (sharedStore === undefined || sharedStore === sessionStore) return own
  return [...own, await checkStore(sharedStore, 'sharedStore', configuration.sharedStore)]
}

async function checkStore(store: GuardedStore, option: string, given: unknown): Promise<Finding> {
  if (nameOf(given) === 'MemoryStore') {
    const fix = 'use a store that outlives the process, such as redisStore(client) of express-oidc/redis'
    return warn(check, `"${option}" is the memory of this process: a restart signs everybody out`, fix)
  }
  const name = `doctor:${randomBytes(16).toString('base64url')}`
  try {
    const times: number[] = []
    const flaw = await roundTrip(withTimes(store, times), name, isSharedStore(given))
    // The fastest call: this process may have waited for its turn in others.
    const each = Math.round(Math.min(...times))
    if (flaw !== undefined) return fail(check, `"${option}" ${flaw}`, 'look at the store: sessions would be lost')
    const message = `"${option}" writes, reads and removes, in about ${each} ms each`
    return each > slowMilliseconds
      ? warn(check, `${message}: requests wait for it`, 'bring it nearer')
      : ok(check, message)
  } catch (error) {
    if (!isOidcError(error)) throw error
    const fix =
      'check whether the store runs, whether its client is connected, and whether its user may write, read and run EVAL'
    return fail(check, `"${option}" does not work: ${error.message}`, fix)
  } finally {
    await store.remove(name).catch(() => undefined)
  }
}

type Calls = Pick<GuardedStore, 'set' | 'get' | 'add' | 'replace' | 'remove'>

function withTimes(store: GuardedStore, times: number[]): Calls {
  const time = async <T>(call: () => Promise<T>): Promise<T> => {
    const began = performance.now()
    const result = await call()
    times.push(performance.now() - began)
    return result
  }
  return {
    set: (...given) => time(async () => store.set(...given)),
    get: (...given) => time(async () => store.get(...given)),
    add: (...given) => time(async () => store.add(...given)),
    replace: (...given) => time(async () => store.replace(...given)),
    remove: (...given) => time(async () => store.remove(...given)),
  }
}

async function roundTrip(store: Calls, name: string, isShared: boolean): Promise<string | undefined> {
  await store.set(name, 'first', milliseconds)
  const [read] = await store.get([name])
  if (read !== 'first') return 'does not return what was written a moment ago'
  // Stores of express-session have no atomic operations, and are not asked for any.
  if (isShared && (await store.add(name, 'second', milliseconds))) return 'adds a value where there is one'
  if (isShared && !(await store.replace(name, 'first', 'third', milliseconds))) return 'does not replace an equal value'
  await store.remove(name)
  const [left] = await store.get([name])
  return left === undefined ? undefined : 'still returns what was removed'
}

function nameOf(value: unknown): string | undefined {
  return typeof value === 'object' && value !== null ? value.constructor.name : undefined
}
