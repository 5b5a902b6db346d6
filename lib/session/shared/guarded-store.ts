import { OidcError } from '../../errors.js'
import type { SharedStore } from '../../options/common/stores.js'
import { storeOutage } from './outage.js'

/** A shared store whose failures are this package's own, and which remembers how its last operation ended. */
export interface GuardedStore extends SharedStore {
  /** How the last operation ended. */
  state(): 'unknown' | 'ok' | 'failing'
}

/**
 * Guards memory that the application has brought along: whatever it throws becomes `session_store_unavailable`, without the
 * commands and values that clients of databases put into their errors; and so do answers that are none. A missing value may also
 * be `null`.
 */
export function guardStore(sharedStore: SharedStore): GuardedStore {
  let state: ReturnType<GuardedStore['state']> = 'unknown'
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      const value = await work()
      state = 'ok'
      return value
    } catch (error) {
      state = 'failing'
      throw error instanceof OidcError ? error : storeOutage('the memory that holds sessions failed', error)
    }
  }
  return {
    state: () => state,
    get: (names) => guarded(async () => texts(await sharedStore.get(names), names.length)),
    set: (name, value, milliseconds) => guarded(() => sharedStore.set(name, value, milliseconds)),
    add: (name, value, milliseconds) =>
      guarded(async () => expectBoolean(await sharedStore.add(name, value, milliseconds))),
    replace: (name, expected, value, milliseconds) =>
      guarded(async () => expectBoolean(await sharedStore.replace(name, expected, value, milliseconds))),
    remove: (name, expected) => guarded(async () => expectBoolean(await sharedStore.remove(name, expected))),
  }
}

// An answer that is too short would pass for "there is none": nobody would be signed in, and no logout known.
function texts(values: unknown, count: number): readonly (string | undefined)[] {
  if (!Array.isArray(values) || values.length !== count) throw noAnswer()
  return values.map((value: unknown) => {
    if (typeof value !== 'string' && value !== undefined && value !== null) throw noAnswer()
    return value ?? undefined
  })
}

function expectBoolean(answer: unknown): boolean {
  if (typeof answer !== 'boolean') throw noAnswer()
  return answer
}

function noAnswer(): OidcError {
  return storeOutage('the memory that holds sessions answered with something that is no answer')
}
