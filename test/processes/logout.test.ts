import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { isDeepStrictEqual } from 'node:util'
import { freePort } from '../kit/free-port.js'
import { type RealProvider, startRealProvider, webClient } from '../provider-real/provider.js'
import { connected } from '../kit/redis/clients.js'
import { type RedisServer, startRedis } from '../kit/redis/server.js'
import { knownJwks, mintLogoutToken } from '../kit/world/logout-world.js'
import { until } from '../kit/until.js'
import { describeWith } from '../setup/describe-with.js'
import { type Fleet, type FleetStorage, type Person, startFleet } from '../kit/processes/fleet.js'

let redis: RedisServer
let provider: RealProvider
let fleet: Fleet

describeWith('redis-server', 'a back-channel logout that one of three processes receives', (program) => {
  beforeAll(async () => {
    redis = await startRedis({ path: program })
  })
  afterAll(() => redis.stop())
  afterEach(async () => {
    await Promise.all([fleet.close(), provider.close()])
  })

  for (const storage of ['cookie', 'store'] satisfies readonly FleetStorage[]) {
    test(`BC13, SR07: ends the person's sessions in all, and works once in all (sessions by ${storage})`, async () => {
      await start(storage)
      const [laptop, phone, bob] = [await fleet.signIn('alice'), await fleet.signIn('alice'), await fleet.signIn('bob')]
      const token = await mint()
      expect(await post(1, token)).toBe(200)
      expect([await statuses(laptop), await statuses(phone), await statuses(bob)]).toEqual([gone, gone, here])
      const again = await fleet.signIn('alice')
      for (const index of [0, 1, 2]) expect(await post(index, token)).toBe(400)
      expect(await statuses(again)).toEqual(here)
    })

    test(`BC15: is answered with 400 while Redis is unavailable, and stays in force after its return (sessions by ${storage})`, async () => {
      await start(storage)
      const alice = await fleet.signIn('alice')
      const token = await mint()
      await fleet.redisIsDown(true)
      await redis.kill()
      expect(await post(2, token)).toBe(400)
      expect(await statuses(alice)).toEqual([503, 503, 503])
      await redis.restart()
      await fleet.redisIsDown(false)
      // Clients need a moment to connect again.
      await until(async () => (await post(2, token)) === 200)
      expect(await statuses(alice)).toEqual(gone)
      await redis.kill()
      await redis.restart()
      await until(async () => isDeepStrictEqual(await statuses(alice), gone))
    })
  }

  test('SR08: leaves no name in Redis that identifies a person or a session', async () => {
    await start('cookie')
    await post(0, await mint({ sid: 'a:b * "c"' }))
    const client = await connected(redis.url)
    const names = await client.keys('*')
    client.destroy()
    expect(names.length).toBeGreaterThan(0)
    expect(names.filter((name) => !/^oidc:[a-z]+:1:[\w-]{43}$/.test(name))).toEqual([])
  })
})

const here = [200, 200, 200]
const gone = [401, 401, 401]

async function start(storage: FleetStorage): Promise<void> {
  const port = await freePort()
  const client = webClient(`http://127.0.0.1:${port}`)
  provider = await startRealProvider({ clients: [client], overrides: { jwks: knownJwks } })
  const { client_id: clientId, client_secret: clientSecret } = client
  fleet = await startFleet({ issuer: provider.issuer, clientId, clientSecret, redisUrl: redis.url, storage, port })
}

function mint(changes: Record<string, unknown> = {}): Promise<string> {
  return mintLogoutToken(provider.issuer, Date.now(), changes)
}

async function post(index: number, logoutToken: string): Promise<number> {
  const body = new URLSearchParams({ logout_token: logoutToken })
  return (await fetch(`${fleet.origins[index]}/backchannel-logout`, { method: 'POST', body })).status
}

/** What each process says of somebody. */
function statuses(person: Person): Promise<number[]> {
  return Promise.all(fleet.origins.map(async (origin) => (await person.send(origin, '/me')).status))
}
