import { hasMethods } from './stores.js'

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
