import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { RedisStore } from 'connect-redis'
import type { OidcOptions } from '../../../lib/index.js'
import { redisStore } from '../../../lib/redis/index.js'
import { createStatefulStorage } from '../../../lib/session/storage/stateful.js'
import { SharedRevocations } from '../../../lib/session/revocation/shared-revocations.js'
import type { SessionRecord } from '../../../lib/session/record.js'
import { answering } from '../../kit/world/applications.js'
import { startRefreshWorld, tokenOf } from '../../kit/world/refreshing.js'
import { comeBack, toCallback } from '../../kit/world/steps.js'
import { limits, record, settings } from '../example.js'
import { audience } from '../../kit/stores/stores.js'
import { describeWith } from '../../setup/describe-with.js'
import { textOf } from '../../setup/tree.js'
import { patient } from '../../kit/redis/clients.js'
import { countOf, type WatchedClient, watchCommands } from '../../kit/stores/commands.js'
import { openRedis, type RedisPlace } from '../../kit/stores/storage-kinds.js'
import { Clock } from '../../kit/clock.js'
import { settled, until } from '../../kit/until.js'

/** The rows of the guide's table that begin with this text, cell by cell. */
const rowsOf = (begin: string): readonly (readonly string[])[] =>
  textOf('docs/scaling.md')
    .split('\n')
    .filter((line) => line.startsWith(`| ${begin}`))
    .map((line) =>
      line
        .split('|')
        .slice(2, -1)
        .map((cell) => cell.trim()),
    )

type Keep = (client: WatchedClient['client']) => Partial<OidcOptions>
const columns: readonly (readonly [string, Keep])[] = [
  ['redisStore as store', (client) => ({ session: { store: redisStore(client, patient) } })],
  ['connect-redis as store', (client) => ({ session: { store: new RedisStore({ client }) } })],
  ['sealed cookies, redisStore as a shared store', (client) => ({ sharedStore: redisStore(client, patient) })],
]

describeWith('redis-server', 'the guide to scaling', (program) => {
  let redis: RedisPlace
  beforeEach(async () => {
    redis = await openRedis(program)
  })
  afterEach(() => redis.close())

  test.each(columns)('states correctly what Redis is sent: %s', async (name, keep) => {
    const watched = watchCommands(redis.client)
    const update = answering('/update', async ({ oidc }) => oidc.update({ a: 1 }))
    const world = await startRefreshWorld({ layers: [update], oidc: keep(watched.client) })
    const costOf = async (work: () => Promise<unknown>): Promise<string> => {
      watched.take()
      await work()
      // A command may follow the answer to another one.
      do {
        await until(() => watched.pending() === 0)
        await settled()
      } while (watched.pending() > 0)
      const { commands, roundTrips } = countOf(watched.take())
      return `${commands} in ${roundTrips}`
    }
    const fetched = (path: string) => () => world.browser.fetch(world.url(path))
    const costs = {
      'without a session': await costOf(fetched('/me')),
      login: await costOf(async () => comeBack(await toCallback(world), world.browser)),
      request: await costOf(fetched('/me')),
      update: await costOf(fetched('/update')),
      refresh: await costOf(() => (world.clock.advance(700), tokenOf(world, world.browser))),
      logout: await costOf(() => world.browser.navigate(world.url('/logout'), { site: 'same-origin' })),
    }
    await world.close()
    const index = columns.findIndex(([of]) => of === name)
    const said = Object.fromEntries(Object.keys(costs).map((row) => [row, rowsOf(row)[0]?.[index]]))
    expect(said).toEqual(costs)
  })

  test.each([
    ['small', 400, 43],
    ['usual', 900, 850],
  ])('states correctly how many bytes a session takes: %s', async (size, idTokenBytes, tokenBytes) => {
    const runtime = new Clock()
    const sharedStore = redisStore(redis.client, patient)
    const revocations = new SharedRevocations({
      sharedStore,
      runtime,
      absoluteSeconds: limits.absoluteSeconds,
      audience,
    })
    const storage = createStatefulStorage({ ...settings(runtime), sharedStore, revocations })
    const before = await usedMemory()
    const count = 4_000
    for (let begun = 0; begun < count; begun += 500) {
      await Promise.all(
        Array.from({ length: 500 }, async () => storage.save(sized(idTokenBytes, tokenBytes), undefined)),
      )
    }
    const bytes = ((await usedMemory()) - before) / count
    const [tokens, said] = rowsOf(size)[0] ?? []
    expect(Number(tokens)).toBe(idTokenBytes + 2 * tokenBytes)
    expect(Math.abs(Number(said) / bytes - 1)).toBeLessThan(0.15)
  })

  test('states correctly how many bytes a logout takes', async () => {
    const runtime = new Clock()
    const sharedStore = redisStore(redis.client, patient)
    const revocations = new SharedRevocations({
      sharedStore,
      runtime,
      absoluteSeconds: limits.absoluteSeconds,
      audience,
    })
    const before = await usedMemory()
    const count = 8_000
    await Promise.all(
      Array.from({ length: count }, (_, index) => revocations.revoke({ id: String(index) }, runtime.now())),
    )
    const bytes = ((await usedMemory()) - before) / count
    expect(Math.abs(Number(rowsOf('a logout')[0]?.[1]) / bytes - 1)).toBeLessThan(0.25)
  })

  async function usedMemory(): Promise<number> {
    return Number(/used_memory:(\d+)/.exec(String(await redis.client.info('memory')))?.[1])
  }
})

describe('a plain request of a signed-in person', () => {
  test('has a row in the guide that says one round trip, whatever storage the session has', () => {
    expect(rowsOf('request')[0]).toEqual(columns.map(() => expect.stringMatching(/^\d in 1$/)))
  })
})

function sized(idTokenBytes: number, tokenBytes: number): SessionRecord {
  const text = (bytes: number): string => randomBytes(bytes).toString('base64url').slice(0, bytes)
  const claims = { sub: 'a-person', sid: text(22), fill: '' }
  const without = jwt(claims).length
  const idToken = jwt({ ...claims, fill: text(Math.max(0, Math.floor(((idTokenBytes - without) * 3) / 4))) })
  const tokens = { accessToken: text(tokenBytes), refreshToken: text(tokenBytes), tokenType: 'bearer', scope: 'openid' }
  return record({ id: text(43), idToken, tokens })
}

function jwt(claims: object): string {
  return ['e30', Buffer.from(JSON.stringify(claims)).toString('base64url'), 'c'.repeat(86)].join('.')
}
