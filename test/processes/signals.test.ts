import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { randomUUID } from 'node:crypto'
import { freePort } from '../kit/free-port.js'
import { type RealProvider, startRealProvider, webClient } from '../provider-real/provider.js'
import { type RedisServer, startRedis } from '../kit/redis/server.js'
import { eventType, issSub } from '../kit/signals/transmitter.js'
import { pushTo } from '../kit/signals/world.js'
import { knownJwks, mintLogoutToken } from '../kit/world/logout-world.js'
import { until } from '../kit/until.js'
import { describeWith } from '../setup/describe-with.js'
import { type Fleet, type FleetStorage, type Person, startFleet } from '../kit/processes/fleet.js'

let redis: RedisServer
let provider: RealProvider
let fleet: Fleet

const here = [200, 200, 200]
const gone = [401, 401, 401]

describeWith('redis-server', 'a security event that one of three processes receives', (program) => {
  beforeAll(async () => {
    redis = await startRedis({ path: program })
  })
  afterAll(() => redis.stop())
  afterEach(async () => {
    await Promise.all([fleet.close(), provider.close()])
  })

  for (const storage of ['cookie', 'store'] satisfies readonly FleetStorage[]) {
    test(`SG03, SG14: ends the person's sessions in all, and acts once in all (sessions by ${storage})`, async () => {
      await start(storage)
      const [laptop, phone, bob] = [await fleet.signIn('alice'), await fleet.signIn('alice'), await fleet.signIn('bob')]
      const token = await revocation()
      expect(await push(0, token)).toBe(202)
      expect([await statuses(laptop), await statuses(phone), await statuses(bob)]).toEqual([gone, gone, here])
      const again = await fleet.signIn('alice')
      for (const index of [0, 1, 2]) expect(await push(index, token)).toBe(202)
      expect(await statuses(again)).toEqual(here)
    })

    test(`SG14: ends a live connection to another process (sessions by ${storage})`, async () => {
      await start(storage)
      const [alice, bob] = [await fleet.signIn('alice'), await fleet.signIn('bob')]
      const [live, other] = [await connect(alice, 1), await connect(bob, 1)]
      expect(await push(0, await revocation())).toBe(202)
      expect(await live.rest()).toBe('session_missing')
      await other.close()
      expect(await statuses(bob)).toEqual(here)
    })

    test(`SG09: gets 503 while Redis is unavailable, and acts when it comes again (sessions by ${storage})`, async () => {
      await start(storage)
      const alice = await fleet.signIn('alice')
      const token = await revocation()
      await fleet.redisIsDown(true)
      await redis.kill()
      expect(await push(2, token)).toBe(503)
      await redis.restart()
      await fleet.redisIsDown(false)
      // Clients need a moment to connect again.
      await until(async () => (await push(2, token)) === 202)
      expect(await statuses(alice)).toEqual(gone)
    })
  }
})

async function start(storage: FleetStorage): Promise<void> {
  const port = await freePort()
  const client = webClient(`http://127.0.0.1:${port}`)
  provider = await startRealProvider({ clients: [client], overrides: { jwks: knownJwks } })
  const { issuer } = provider
  const { client_id: clientId, client_secret: clientSecret } = client
  const transmitters = [{ issuer, jwksUri: `${issuer}/jwks` }]
  fleet = await startFleet({ issuer, clientId, clientSecret, redisUrl: redis.url, storage, port, transmitters })
}

/** A `session-revoked` of alice, signed by the provider. */
function revocation(): Promise<string> {
  const claims = {
    sub: undefined,
    exp: undefined,
    jti: randomUUID(),
    sub_id: issSub(provider.issuer),
    events: { [eventType('session-revoked')]: {} },
  }
  return mintLogoutToken(provider.issuer, Date.now(), claims, { typ: 'secevent+jwt' })
}

async function push(index: number, token: string): Promise<number> {
  return (await pushTo(fleet.origins[index] ?? '', token)).status
}

/** What each process says of somebody. */
function statuses(person: Person): Promise<number[]> {
  return Promise.all(fleet.origins.map(async (origin) => (await person.send(origin, '/me')).status))
}

/** Opens a live connection to one process, and waits until it is there. */
async function connect(person: Person, index: number) {
  const response = await fetch(`${fleet.origins[index]}/live`, { headers: { cookie: person.cookie() } })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  expect((await reader?.read())?.value).toBe('open ')
  return {
    rest: async () => (await reader?.read())?.value,
    close: () => reader?.cancel(),
  }
}
