import { OidcError, SessionError } from '../errors.js'
import { traceOf } from '../options/error-trace.js'
import type { SharedMemory } from '../options/shared-memory.js'

/** Shared memory whose failures are this package's own, and which remembers how its last operation ended. */
export interface GuardedMemory extends SharedMemory {
  /** How the last operation ended. */
  state(): 'unknown' | 'ok' | 'failing'
}

/**
 * Guards memory that the application has brought along: whatever it throws becomes `session_store_unavailable`, without the
 * commands and values that clients of databases put into their errors.
 */
export function guardMemory(memory: SharedMemory): GuardedMemory {
  let state: ReturnType<GuardedMemory['state']> = 'unknown'
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      const value = await work()
      state = 'ok'
      return value
    } catch (error) {
      state = 'failing'
      throw error instanceof OidcError ? error : unavailable(error)
    }
  }
  return {
    state: () => state,
    get: (names) => guarded(() => memory.get(names)),
    set: (name, value, milliseconds) => guarded(() => memory.set(name, value, milliseconds)),
    add: (name, value, milliseconds) => guarded(() => memory.add(name, value, milliseconds)),
    replace: (name, expected, value, milliseconds) =>
      guarded(() => memory.replace(name, expected, value, milliseconds)),
    remove: (name, expected) => guarded(() => memory.remove(name, expected)),
  }
}

function unavailable(error: unknown): SessionError {
  const details = { headers: { 'Retry-After': '1' }, cause: traceOf(error) }
  return new SessionError('session_store_unavailable', 'the memory that holds sessions is not available', details)
}
