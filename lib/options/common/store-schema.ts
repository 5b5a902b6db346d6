import * as v from 'valibot'
import { type SessionStore, type SharedStore, isSessionStore, hasMethods, isSharedStore } from './stores.js'

/** Memory that all processes share. */
export const sharedStore = v.optional(
  v.custom<SharedStore>(
    isSharedStore,
    reasonOr('must be a shared store, such as redisStore(client) of express-oidc/redis'),
  ),
)

/** Where sessions are stored. */
export const sessionStore = v.optional(
  v.custom<SessionStore | SharedStore>(
    (value) => !isRedisClient(value) && (isSharedStore(value) || isSessionStore(value)),
    reasonOr('must be a session store: get, set and destroy (or remove)'),
  ),
)

// Clients have get, set and destroy too, which take other arguments.
function isRedisClient(value: unknown): boolean {
  return hasMethods(value, ['get', 'set', 'sendCommand'])
}

function reasonOr(rule: string): (issue: v.CustomIssue) => string {
  return ({ input }) => {
    if (!isRedisClient(input)) return rule
    return hasMethods(input, ['withCommandOptions'])
      ? 'must not be the client of Redis itself: give redisStore(client) of express-oidc/redis'
      : 'must not be the client of Redis itself: give redisStore(client) of express-oidc/redis, with a client of the package "redis" 5 or later'
  }
}
