import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { freePort } from '../kit/free-port.js'
import { type RealProvider, startRealProvider, webClient } from '../provider-real/provider.js'
import { type RedisServer, startRedis } from '../kit/redis/server.js'
import { describeWith } from '../setup/describe-with.js'
import {
  type Fleet,
  type FleetAnswer,
  keep,
  type FleetStorage,
  type Person,
  startFleet,
} from '../kit/processes/fleet.js'

/** Rounds of one race each: more of them for whoever looks for a rare one. */
const rounds = Number(process.env['RACE_ROUNDS'] ?? 3)
const perProcess = 8
// Tokens live an hour; asking for ones that are newer than this makes every token old after half a minute.
const path = '/token?minTtl=3570'
const untilDueSeconds = 31

describeWith('redis-server', 'three processes that share sessions', (program) => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedis({ path: program })
  })
  afterAll(() => redis.stop())

  for (const storage of ['cookie', 'store'] satisfies readonly FleetStorage[]) {
    test(
      `RF02: refresh once per expiry, whichever is asked (sessions by ${storage})`,
      async () => {
        const race = await startRace(redis, storage)
        try {
          for (let round = 1; round <= rounds; round += 1) await race.run()
          expect(race.refreshes()).toBe(rounds)
          expect(await race.person.ask(race.fleet.origins[1] ?? '', '/me')).toMatchObject({ body: { sub: 'alice' } })
        } finally {
          await race.close()
        }
      },
      300_000 + rounds * 10_000,
    )
  }
})

interface Race {
  readonly fleet: Fleet
  readonly person: Person
  refreshes(): number
  run(): Promise<void>
  close(): Promise<void>
}

async function startRace(redis: RedisServer, storage: FleetStorage): Promise<Race> {
  const port = await freePort()
  const client = webClient(`http://127.0.0.1:${port}`)
  const provider = await startRealProvider({ accessTokenTtl: 3600, clients: [client] })
  const { client_id: clientId, client_secret: clientSecret } = client
  const fleet = await startFleet({
    issuer: provider.issuer,
    clientId,
    clientSecret,
    redisUrl: redis.url,
    storage,
    port,
  })
  const person = await fleet.signIn('alice')
  const cookies = new Map<string, string>()
  let late = person.cookie()
  return {
    fleet,
    person,
    refreshes: () => tokenCalls(provider) - 1,
    async run() {
      await fleet.advance(untilDueSeconds)
      const before = tokenCalls(provider)
      const cookie = cookies.size === 0 ? person.cookie() : [...cookies].map(([n, v]) => `${n}=${v}`).join('; ')
      const answers = await Promise.all(
        fleet.origins.flatMap((origin) =>
          // One in four comes with the cookie of the round before, as a tab does that a response has not reached.
          Array.from({ length: perProcess }, (_, index) => person.send(origin, path, index % 4 === 3 ? late : cookie)),
        ),
      )
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
      expect(new Set(answers.map(({ body }) => body.token)).size).toBe(1)
      expect(tokenCalls(provider) - before).toBe(1)
      late = cookie
      keepLast(cookies, cookie, answers)
    },
    async close() {
      await fleet.close()
      await provider.close()
    },
  }
}

function keepLast(cookies: Map<string, string>, cookie: string, answers: readonly FleetAnswer[]): void {
  keep(cookies, cookie.split('; '))
  keep(cookies, answers.findLast(({ setCookies }) => setCookies.length > 0)?.setCookies ?? [])
}

function tokenCalls({ requests }: RealProvider): number {
  return requests.filter((request) => request === 'POST /token').length
}
