import { traced } from '../../base/diagnostics.js'
import { isOidcError } from '../../base/error-cause.js'
import { hasOwnDeadline } from '../../base/store/own-deadline.js'
import { withDeadline } from '../../base/timers/deadline.js'
import type { OidcError } from '../../errors.js'
import type { SharedStore } from '../../options/common/stores.js'
import { storeOutage } from '../../base/store/outage.js'

/** A shared store that throws this package's errors only, and remembers whether its last operation succeeded. */
export interface GuardedStore extends SharedStore {
  /** The result of the last operation. */
  state(): 'unknown' | 'ok' | 'failing'
}

/**
 * Wraps the application's store. Whatever it throws becomes `session_store_unavailable`, without the commands and
 * values that database clients put into their errors. The same goes for invalid results. A missing value may also be
 * `null`.
 *
 * @param timeoutSeconds - the deadline of each call, unless the store keeps one of its own. A call may still do its work after that
 * @param what - the store, for messages
 */
export function guardStore(
  sharedStore: SharedStore,
  timeoutSeconds?: number,
  what = 'the session store',
): GuardedStore {
  let state: ReturnType<GuardedStore['state']> = 'unknown'
  const inTime = deadlineFor(sharedStore, what, timeoutSeconds)
  const settled = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      const value = await inTime(work())
      state = 'ok'
      return value
    } catch (error) {
      state = 'failing'
      throw isOidcError(error) ? error : storeOutage(`${what} failed`, error)
    }
  }
  const guarded = <T>(method: keyof SharedStore, work: () => Promise<T>): Promise<T> =>
    traced('store', { method }, () => settled(work))
  return {
    state: () => state,
    get: (names) => guarded('get', async () => expectTexts(await sharedStore.get(names), names.length, what)),
    set: (name, value, milliseconds) => guarded('set', async () => sharedStore.set(name, value, milliseconds)),
    add: (name, value, milliseconds) =>
      guarded('add', async () => expectBoolean(await sharedStore.add(name, value, milliseconds), what)),
    replace: (name, expected, value, milliseconds) =>
      guarded('replace', async () =>
        expectBoolean(await sharedStore.replace(name, expected, value, milliseconds), what),
      ),
    remove: (name, expected) =>
      guarded('remove', async () => expectBoolean(await sharedStore.remove(name, expected), what)),
  }
}

function deadlineFor(
  sharedStore: SharedStore,
  what: string,
  seconds: number | undefined,
): <T>(work: Promise<T>) => Promise<T> {
  if (seconds === undefined || hasOwnDeadline(sharedStore)) return (work) => work
  const late = (): OidcError => storeOutage(`${what} did not answer within ${seconds} seconds`)
  return (work) => withDeadline(work, seconds * 1000, late, { ref: false })
}

// A result that is too short would pass for "no value": sessions and logouts would seem not to exist.
function expectTexts(values: unknown, count: number, what: string): readonly (string | undefined)[] {
  if (!Array.isArray(values) || values.length !== count) throw invalidResult(what)
  return values.map((value: unknown) => {
    if (typeof value !== 'string' && value !== undefined && value !== null) throw invalidResult(what)
    return value ?? undefined
  })
}

function expectBoolean(answer: unknown, what: string): boolean {
  if (typeof answer !== 'boolean') throw invalidResult(what)
  return answer
}

function invalidResult(what: string): OidcError {
  return storeOutage(`${what} returned an invalid value`)
}
