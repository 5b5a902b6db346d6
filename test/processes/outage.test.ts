import { afterEach, expect, test } from '@jest/globals'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../kit/free-port.js'
import { webClient } from '../provider-real/provider.js'
import { startRedis } from '../kit/redis/server.js'
import { describeWith } from '../setup/describe-with.js'
import { type Child, startChild } from '../kit/processes/child.js'
import { type Fleet, type FleetAnswer, type FleetStorage, type Person, startFleet } from '../kit/processes/fleet.js'
import { keyPair } from '../kit/key-pair.js'

const people = 20
const names = Array.from({ length: people }, (_, index) => `person-${index}`)
// Tokens live an hour: one that is to be newer than this is old after half a minute.
const oldTokens = '/token?minTtl=3570'
const cleanUp: (() => unknown)[] = []

afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})

describeWith('redis-server', 'an outage in the middle of a loop of requests', (program) => {
  for (const storage of ['cookie', 'store'] satisfies readonly FleetStorage[]) {
    test(`SR04: of Redis loses no session, and signs nobody out meanwhile (sessions by ${storage})`, async () => {
      const { redis, fleet, everyone } = await start(program, storage)
      const loop = startLoop(everyone, fleet, '/me')
      await loop.atLeast(5 * people)
      await fleet.redisIsDown(true)
      await redis.kill()
      await loop.atLeast(2 * people, 503)
      await redis.restart()
      await fleet.redisIsDown(false)
      await loop.atLeast(5 * people, 200)
      const answers = await loop.stop()
      expect(unexpected(answers, [200, 503])).toEqual([])
      expect(answers.filter(({ status }) => status === 503).flatMap(({ setCookies }) => setCookies)).toEqual([])
      expect(await subjectsOf(everyone, fleet)).toEqual(names)
    })

    test(`RF07: of the provider loses no session, and signs nobody out meanwhile (sessions by ${storage})`, async () => {
      const { provider, fleet, everyone } = await start(program, storage)
      const before = await tokensOf(everyone, fleet)
      // Nothing is renewed when the provider dies: what it had answered into a dead connection would be lost for good.
      const visits = startLoop(everyone, fleet, '/me')
      await visits.atLeast(people)
      await provider.kill()
      await visits.atLeast(people)
      expect(unexpected(await visits.stop(), [200])).toEqual([])
      const loop = startLoop(everyone, fleet, oldTokens)
      // By then every token is old, and nobody is there to renew it: it still holds.
      await fleet.advance(31)
      await loop.atLeast(5 * people)
      await provider.restart()
      // A provider that was down is asked again after a while only. On a busy machine somebody's turn may not have come by then.
      for (let rounds = 0; rounds < 20 && loop.latest().some((token, index) => token === before[index]); rounds += 1) {
        await fleet.advance(61)
        await loop.atLeast(5 * people)
      }
      expect(unexpected(await loop.stop(), [200])).toEqual([])
      const after = await tokensOf(everyone, fleet)
      expect(after.filter((token, index) => token === undefined || token === before[index])).toEqual([])
      expect(await subjectsOf(everyone, fleet)).toEqual(names)
    })
  }
})

async function start(program: string, storage: FleetStorage) {
  const redis = await startRedis({ path: program })
  cleanUp.push(() => redis.stop())
  const port = await freePort()
  const client = webClient(`http://127.0.0.1:${port}`)
  const provider = await startProvider(client)
  const { client_id: clientId, client_secret: clientSecret } = client
  const orders = { issuer: provider.issuer, clientId, clientSecret, redisUrl: redis.url, storage, port }
  const fleet = await startFleet(orders)
  cleanUp.push(() => fleet.close())
  const everyone: Person[] = []
  for (const name of names) everyone.push(await fleet.signIn(name))
  return { redis, provider, fleet, everyone }
}

/** Requests of everyone, one after the other for each, spread over all processes. */
function startLoop(everyone: readonly Person[], { origins }: Fleet, path: string) {
  const answers: FleetAnswer[] = []
  const latest = everyone.map((): string | undefined => undefined)
  let isStopped = false
  const walks = everyone.map(async (person, start) => {
    for (let step = start; !isStopped; step += 1) {
      const answer = await person.ask(origins[step % origins.length] ?? '', path)
      answers.push(answer)
      latest[start] = answer.body.token
      await pause(20)
    }
  })
  return {
    /** Waits for so many more answers, if need be of one status. */
    async atLeast(count: number, status?: number): Promise<void> {
      const begin = answers.length
      const isOne = (answer: FleetAnswer): boolean => status === undefined || answer.status === status
      while (answers.slice(begin).filter(isOne).length < count) await pause(20)
    },
    /** The token that each was last answered with. */
    latest: (): readonly (string | undefined)[] => latest,
    async stop(): Promise<readonly FleetAnswer[]> {
      isStopped = true
      await Promise.all(walks)
      return answers
    },
  }
}

function unexpected(answers: readonly FleetAnswer[], statuses: readonly number[]): readonly unknown[] {
  return answers.filter(({ status }) => !statuses.includes(status)).map(({ status, body }) => [status, body.code])
}

function subjectsOf(everyone: readonly Person[], { origins }: Fleet): Promise<unknown[]> {
  return Promise.all(everyone.map(async (person) => (await person.ask(origins[2] ?? '', '/me')).body.sub))
}

function tokensOf(everyone: readonly Person[], { origins }: Fleet): Promise<(string | undefined)[]> {
  return Promise.all(everyone.map(async (person) => (await person.ask(origins[1] ?? '', '/token')).body.token))
}

async function startProvider(client: object) {
  const folder = mkdtempSync(join(tmpdir(), 'express-oidc-provider-'))
  const key = keyPair('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })
  const jwks = { keys: [{ ...key, use: 'sig', alg: 'RS256' }] }
  const orders = { port: await freePort(), logs: { state: join(folder, 'state.log') }, clients: [client], jwks }
  let child: Child<{ issuer: string }> = await startChild('provider.js', orders)
  cleanUp.push(async () => {
    await child.kill()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    issuer: child.greeting.issuer,
    kill: () => child.kill(),
    restart: async () => void (child = await startChild('provider.js', orders)),
  }
}
