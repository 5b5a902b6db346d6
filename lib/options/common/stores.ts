/**
 * Memory that all processes of an application share, such as Redis: short texts under names, each with a lifetime.
 *
 * Every call settles within a bounded time. While the memory is away it rejects; it never answers as if nothing were there.
 */
export interface SharedStore {
  /** The values under these names, in their order; `undefined` where there is none. One round trip. */
  get(names: readonly string[]): Promise<readonly (string | undefined)[]>
  /** Stores a value for so many milliseconds, whatever was there. The lifetime is part of the same write. */
  set(name: string, value: string, milliseconds: number): Promise<void>
  /** Stores a value where there is none, atomically. Returns whether it did. */
  add(name: string, value: string, milliseconds: number): Promise<boolean>
  /** Stores a value where the expected one stands, atomically. Returns whether it did. */
  replace(name: string, expected: string, value: string, milliseconds: number): Promise<boolean>
  /** Removes a value, or with `expected` only that one, atomically. Returns whether something was removed. */
  remove(name: string, expected?: string): Promise<boolean>
}

/** Whether a value is such a memory, rather than a store of express-session. */
export function isSharedStore(value: unknown): value is SharedStore {
  return hasMethods(value, ['get', 'set', 'add', 'replace', 'remove'])
}

/** Whether a value has methods of these names. */
export function hasMethods(value: unknown, names: readonly string[]): boolean {
  return (
    typeof value === 'object' && value !== null && names.every((name) => typeof Reflect.get(value, name) === 'function')
  )
}

/** A session store as express-session defines it: connect-redis, connect-pg-simple and the like. */
export interface SessionStore {
  get(sid: string, callback: (error: unknown, session?: unknown) => void): unknown
  set(sid: string, session: unknown, callback?: (error?: unknown) => void): unknown
  destroy(sid: string, callback?: (error?: unknown) => void): unknown
}

/** Whether a value may be such a store. */
export function isSessionStore(value: unknown): value is SessionStore {
  return hasMethods(value, ['get', 'set', 'destroy'])
}
