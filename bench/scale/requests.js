import { median } from '../harness/rounds.js'
import { startApplication } from './application.js'

const people = 200

/** What one request with a session takes, with so many sessions in Redis and so many processes. */
export async function readSessions({ redis, redisUrl, issuer, plan }, { processes, sessions }) {
  const application = await startApplication({ processes, redisUrl, issuer: issuer.trust('RS256').issuer })
  try {
    const cookies = await application.signIn({ count: people })
    const megabytes = await redis.fillTo(sessions)
    const alone = await oneByOne(application, redis, cookies)
    const loaded = await underLoad(application, redis, cookies, plan)
    return {
      commands: { value: alone.commands },
      'round trips': { value: alone.roundTrips },
      'bytes to Redis': { value: alone.bytesIn },
      'bytes from Redis': { value: alone.bytesOut },
      'Redis CPU us': { value: loaded.redisCpu, isTimed: true },
      'CPU us of the process': { value: loaded.cpu, isTimed: true },
      'MB in Redis': { value: megabytes, isJudged: false },
    }
  } finally {
    application.stop()
  }
}

// One request at a time, so that no two share a round trip.
async function oneByOne(application, redis, cookies) {
  const count = 100
  const load = await application.load({ path: '/orders', cookies, count, connections: 1 })
  const all = count * application.ports.length
  const seen = await redis.during(all, () => load.run())
  load.close()
  refuse(seen.result)
  return seen
}

async function underLoad(application, redis, cookies, { requests, repeats }) {
  const count = Math.ceil(requests / application.ports.length)
  const all = count * application.ports.length
  const load = await application.load({ path: '/orders', cookies, count, connections: 20 })
  await load.run()
  const turns = []
  for (let i = 0; i < repeats; i++) {
    const before = await application.cpu()
    const { redisCpu, result } = await redis.during(all, () => load.run())
    refuse(result)
    turns.push({ redisCpu, cpu: ((await application.cpu()) - before) / all })
  }
  load.close()
  const middle = (name) => median(turns.map((turn) => turn[name]))
  return { redisCpu: middle('redisCpu'), cpu: middle('cpu') }
}

function refuse(results) {
  const refused = results.reduce((sum, { non2xx }) => sum + non2xx, 0)
  if (refused > 0) throw new Error(`${refused} good sessions were refused`)
}
