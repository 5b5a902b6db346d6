import { redactedCause } from '../../../base/error-cause.js'
import { withDeadline } from '../../../base/timers/deadline.js'
import { hasMethods } from '../../../options/common/stores.js'
import { fail, type Finding, ok, unknown, warn } from '../finding.js'

const check = 'redis'
// The first with access control lists, and the oldest that distributions still carry.
const minMajor = 6
const milliseconds = 2000

/** Reads version and eviction policy of Redis, if the client may. */
export async function checkRedis(client: unknown, isNeeded: boolean): Promise<readonly Finding[]> {
  const found = client ?? undefined
  if (found === undefined) return isNeeded ? [notGiven] : []
  if (!hasInfo(found)) return [unknown(check, 'the client in "redis" has no INFO, as that of a cluster', byHand)]
  try {
    // A client that is not connected keeps commands until it is.
    const info = String(await withDeadline(found.info(), milliseconds, noReply))
    const field: Field = (name) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1]
    return [version(field('redis_version')), eviction(field)]
  } catch (error) {
    const why = redactedCause(error)?.message ?? 'unknown'
    return [unknown(check, `Redis does not answer INFO (${why})`, byHand)]
  }
}

type Field = (name: string) => string | undefined

const byHand = 'on the server: redis-cli INFO server, redis-cli CONFIG GET maxmemory-policy (should be noeviction)'

const notGiven = unknown(
  check,
  'version and eviction policy cannot be read through a store',
  `export the client of Redis as "redis" too, or look ${byHand}`,
)

function noReply(): Error {
  return Object.assign(new Error('no reply in time'), { code: 'TIMEOUT' })
}

function hasInfo(client: unknown): client is { info(): Promise<unknown> } {
  return hasMethods(client, ['info'])
}

function version(given = ''): Finding {
  const major = Number.parseInt(given, 10)
  const shown = /^[\d.]{1,20}$/.test(given) ? given : 'of an unknown version'
  if (Number.isNaN(major)) return unknown(check, 'Redis does not say its version', byHand)
  if (major < minMajor) return warn(check, `Redis ${shown} is old`, 'upgrade to a version that its makers maintain')
  return ok(check, `Redis ${shown}`)
}

function eviction(field: Field): Finding {
  const policy = field('maxmemory_policy')
  const fix = 'set maxmemory-policy noeviction (CONFIG SET, and in redis.conf), and watch the memory'
  if (policy === undefined || !/^[a-z-]{1,30}$/.test(policy)) {
    return unknown('eviction', 'Redis does not say its eviction policy', byHand)
  }
  if (policy === 'noeviction') return ok('eviction', 'Redis evicts nothing')
  if (field('maxmemory') === '0') {
    return warn('eviction', `Redis would evict by ${policy}, as soon as maxmemory is set`, fix)
  }
  return fail('eviction', `Redis evicts by ${policy}: logouts may be forgotten, and people signed out`, fix)
}
