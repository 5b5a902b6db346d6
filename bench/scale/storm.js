import { startApplication } from './application.js'

const processes = 2

/** All access tokens have expired, and each session asks for one in both processes, twice in each. */
export async function storm({ redis, redisUrl, issuer }, sessions) {
  const application = await startApplication({ processes, redisUrl, issuer: issuer.trust('RS256').issuer })
  try {
    const warm = await application.signIn({ count: 20, expiresIn: 1 })
    const cookies = await application.signIn({ count: sessions, expiresIn: 1 })
    await ask(application, warm)
    issuer.grants.refreshes()
    const before = await application.cpu()
    const seen = await redis.during(sessions, () => ask(application, cookies))
    const cpu = ((await application.cpu()) - before) / sessions
    const uses = issuer.grants.refreshes()
    return {
      'token requests': { value: uses.reduce((sum, count) => sum + count, 0) / sessions },
      'most uses of one refresh token': { value: Math.max(...uses) },
      commands: { value: seen.commands },
      'bytes to and from Redis': { value: seen.bytesIn + seen.bytesOut },
      'Redis CPU us': { value: seen.redisCpu, isTimed: true },
      'CPU us of the processes': { value: cpu, isTimed: true },
      'p99 ms': { value: Math.max(...seen.result.map(({ p99 }) => p99)), isJudged: false },
    }
  } finally {
    application.stop()
  }
}

// Neighbours in the list are the same session, so that both requests are under way at once.
async function ask(application, cookies) {
  const twice = cookies.flatMap((cookie) => [cookie, cookie])
  const load = await application.load({ path: '/token', cookies: twice, count: twice.length, connections: 40 })
  const results = await load.run()
  load.close()
  const refused = results.reduce((sum, { non2xx }) => sum + non2xx, 0)
  if (refused > 0) throw new Error(`${refused} requests for an access token failed`)
  return results
}
