import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { freePort } from '../kit/free-port.js'
import { type Fleet, type FleetStorage, type LoadedPackage, type Person, startFleet } from '../kit/processes/fleet.js'
import { type RedisServer, startRedis } from '../kit/redis/server.js'
import { type RealProvider, startRealProvider, webClient } from '../provider-real/provider.js'
import { describeWith } from '../setup/describe-with.js'
import { textOf } from '../setup/tree.js'

// While an application is updated, processes of both versions serve the same people. The last release is a development dependency
// by this name. Before the first release there is none: then the two builds of this version stand for the two versions.
const alias = 'express-oidc-released'
const { devDependencies } = JSON.parse(textOf('package.json')) as { devDependencies: Record<string, string> }
const current: LoadedPackage = { name: 'express-oidc', isRequired: false }
const other: LoadedPackage =
  devDependencies[alias] === undefined ? { ...current, isRequired: true } : { name: alias, isRequired: false }
const orders: readonly (readonly [string, readonly LoadedPackage[]])[] = [
  ['the first process is updated', [current, other, other]],
  ['one process is not updated yet', [current, current, other]],
  ['the callback comes to a process that is not updated', [other, current, current]],
]

let redis: RedisServer
let provider: RealProvider
let fleet: Fleet

describeWith('redis-server', 'an application of three processes that is being updated', (program) => {
  beforeAll(async () => {
    redis = await startRedis({ path: program })
  })
  afterAll(() => redis.stop())
  afterEach(async () => {
    await Promise.all([fleet.close(), provider.close()])
  })

  for (const storage of ['cookie', 'store'] satisfies readonly FleetStorage[]) {
    test.each(orders)(
      `signs nobody out, renews tokens, and ends sessions in all processes, where %s (sessions by ${storage})`,
      async (_name, packages) => {
        await start(storage, packages)
        const [, second = '', third = ''] = fleet.origins
        const people = [
          await fleet.signIn('alice'),
          await fleet.signIn('bob', second),
          await fleet.signIn('bob', third),
        ]
        for (const person of people) expect(await subjects(person)).toEqual(Array(3).fill(person.name))
        const [alice, laptop, phone] = people as [Person, Person, Person]
        // Each process renews what another one has obtained.
        for (const origin of [...fleet.origins, ...fleet.origins]) {
          expect((await alice.ask(origin, '/token?minTtl=86400')).status).toBe(200)
        }
        expect(await subjects(alice)).toEqual(['alice', 'alice', 'alice'])
        for (const [index, person] of [laptop, phone].entries()) {
          const kept = person.cookie()
          const origin = fleet.origins[index + 1] ?? ''
          await fetch(`${origin}/logout`, { method: 'POST', headers: { cookie: kept, 'x-csrf': '1' } })
          const statuses = fleet.origins.map(async (at) => (await person.send(at, '/me', kept)).status)
          expect(await Promise.all(statuses)).toEqual([401, 401, 401])
        }
        expect(await subjects(alice)).toEqual(['alice', 'alice', 'alice'])
      },
    )
  }
})

async function start(storage: FleetStorage, packages: readonly LoadedPackage[]): Promise<void> {
  const port = await freePort()
  const client = webClient(`http://127.0.0.1:${port}`)
  provider = await startRealProvider({ clients: [client] })
  const { client_id: clientId, client_secret: clientSecret } = client
  fleet = await startFleet({
    issuer: provider.issuer,
    clientId,
    clientSecret,
    redisUrl: redis.url,
    storage,
    port,
    packages,
  })
}

/** Who each process says that somebody is. */
async function subjects(person: Person): Promise<(string | undefined)[]> {
  const answers: (string | undefined)[] = []
  for (const origin of fleet.origins) answers.push((await person.ask(origin, '/me')).body.sub)
  return answers
}
