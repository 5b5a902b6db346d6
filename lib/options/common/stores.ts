import * as v from 'valibot'

/**
 * A store that all processes of an application share, such as Redis. It keeps short texts by name, each with a lifetime.
 *
 * Every call must settle within a bounded time. While the store is unavailable, calls must reject. They must never resolve as
 * if the value were missing.
 *
 * @example
 * ```ts
 * import { createClient } from 'redis'
 * import { redisStore } from 'express-oidc/redis'
 *
 * const client = createClient({ url: 'redis://127.0.0.1:6379' }).on('error', console.error)
 * await client.connect()
 * app.use(oidc({ ...options, sharedStore: redisStore(client) }))
 * ```
 */
export interface SharedStore {
  /**
   * Returns the values of these names, in order, `undefined` for a missing one. It should take one round trip.
   *
   * @throws {SessionError} `session_store_unavailable`. A store of your own may reject with any error.
   */
  get(names: readonly string[]): Promise<readonly (string | undefined)[]>
  /**
   * Stores a value for so many milliseconds, replacing any other. Value and lifetime are written atomically.
   *
   * @throws {SessionError} `session_store_unavailable`. A store of your own may reject with any error.
   */
  set(name: string, value: string, milliseconds: number): Promise<void>
  /**
   * Stores a value if there is none, atomically. Returns whether it did.
   *
   * @throws {SessionError} `session_store_unavailable`. A store of your own may reject with any error.
   */
  add(name: string, value: string, milliseconds: number): Promise<boolean>
  /**
   * Replaces a value if it equals the expected one, atomically. Returns whether it did.
   *
   * @throws {SessionError} `session_store_unavailable`. A store of your own may reject with any error.
   */
  replace(name: string, expected: string, value: string, milliseconds: number): Promise<boolean>
  /**
   * Removes a value, atomically; if `expected` is given, only a value that equals it. Returns whether it did.
   *
   * @throws {SessionError} `session_store_unavailable`. A store of your own may reject with any error.
   */
  remove(name: string, expected?: string): Promise<boolean>
}

/** Whether a value is a shared store, rather than a store of express-session. */
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
  /** Reads a session. */
  get(sid: string, callback: (error: unknown, session?: unknown) => void): unknown
  /** Writes a session. */
  set(sid: string, session: unknown, callback?: (error?: unknown) => void): unknown
  /** Removes a session. */
  destroy(sid: string, callback?: (error?: unknown) => void): unknown
}

/** Whether a value looks like a store of express-session. */
export function isSessionStore(value: unknown): value is SessionStore {
  return hasMethods(value, ['get', 'set', 'destroy'])
}

/** Schema of the option `sharedStore`. */
export const sharedStore = v.optional(
  v.custom<SharedStore>(
    isSharedStore,
    reasonOr(
      'must be a shared store, such as redisStore(client) of express-oidc/redis',
      'a store of express-session is for "session.store" of oidc()',
    ),
  ),
)

/** Schema of the option `session.store`. */
export const sessionStore = v.optional(
  v.custom<SessionStore | SharedStore>(
    (value) => !isRedisClient(value) && (isSharedStore(value) || isSessionStore(value)),
    reasonOr('must be a session store: get, set and destroy (or remove)'),
  ),
)

// Clients of Redis have get, set and destroy too, with other arguments.
function isRedisClient(value: unknown): boolean {
  return hasMethods(value, ['get', 'set', 'sendCommand'])
}

function reasonOr(rule: string, ofSessionStore = ''): (issue: v.CustomIssue) => string {
  return ({ input }) => {
    if (ofSessionStore !== '' && isSessionStore(input) && !isRedisClient(input)) return `${rule}; ${ofSessionStore}`
    if (!isRedisClient(input)) return rule
    return 'must not be the client of Redis itself: give redisStore(client) of express-oidc/redis, with a client of node-redis 5 or later, or of ioredis 5 or later'
  }
}
