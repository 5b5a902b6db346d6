import * as v from 'valibot'
import { type SessionStore, type SharedMemory, isSessionStore, hasMethods, isSharedMemory } from './stores.js'

/** Memory that all processes share. */
export const sharedMemory = v.optional(
  v.custom<SharedMemory>(
    isSharedMemory,
    reasonOr('must be shared memory, such as redisMemory(client) of express-oidc/redis'),
  ),
)

/** Where sessions are stored. */
export const sessionStore = v.optional(
  v.custom<SessionStore | SharedMemory>(
    (value) => !isRedisClient(value) && (isSharedMemory(value) || isSessionStore(value)),
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
      ? 'must not be the client of Redis itself: give redisMemory(client) of express-oidc/redis'
      : 'must not be the client of Redis itself: give redisMemory(client) of express-oidc/redis, with a client of the package "redis" 5 or later'
  }
}
