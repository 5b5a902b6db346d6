import { afterAll, afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import session from 'express-session'
import { RedisStore } from 'connect-redis'
import { redisStore } from '../../../../lib/redis/index.js'
import { connected, patient } from '../../../kit/redis/clients.js'
import { startRedis, stopEveryRedis } from '../../../kit/redis/server.js'
import { Clock } from '../../../kit/clock.js'
import { FakeStore } from '../../../kit/stores/memory.js'
import { describeWith } from '../../../setup/describe-with.js'
import { diagnose, findingsOf, secret } from '../diagnosis.js'

afterAll(stopEveryRedis)

/** What calls are measured by: stores take no time here, unless a test says so. */
let milliseconds = 0
beforeEach(() => void jest.spyOn(performance, 'now').mockImplementation(() => milliseconds))
afterEach(() => void jest.restoreAllMocks())

async function examine(stores: { store?: unknown; sharedStore?: unknown }, redis?: unknown) {
  const { store, sharedStore } = stores
  const oidc = {
    issuer: 'http://127.0.0.1:1',
    clientId: 'web',
    baseUrl: 'http://localhost:1',
    secret,
    sharedStore,
    session: { store },
  }
  const report = await diagnose({ oidc, redis })
  const wanted = ['store', 'redis', 'eviction', 'cookie-budget']
  return findingsOf(report).filter(({ check }) => wanted.includes(check))
}

describe('doctor, about stores', () => {
  test('writes, reads and removes an entry, and leaves none behind', async () => {
    const store = new FakeStore(new Clock())
    expect(await examine({ store })).toContainEqual({
      ...{ check: 'store', status: 'ok' },
      message: expect.stringMatching(/"session\.store" writes, reads and removes, in about 0 ms/),
    })
    expect(store.contents().size).toBe(0)
  })

  test('finds a store that does not work, and does not quote what it says', async () => {
    const store = new FakeStore(new Clock())
    store.outage = new Error('password=hunter2')
    const found = await examine({ sharedStore: store })
    expect(found).toContainEqual(
      expect.objectContaining({ check: 'store', status: 'fail', fix: expect.stringContaining('EVAL') }),
    )
    expect(JSON.stringify(found)).not.toContain('hunter2')
  })

  test.each([
    ['adds a value where there is one', { add: async () => true }],
    ['does not replace an equal value', { replace: async () => false }],
    ['does not return what was written a moment ago', { get: async () => [undefined] }],
    ['still returns what was removed', { remove: async () => true, get: async () => ['first'] }],
  ])('finds a store that %s', async (flaw, members) => {
    const store = Object.assign(new FakeStore(new Clock()), members)
    expect(await examine({ sharedStore: store })).toContainEqual(
      expect.objectContaining({ check: 'store', status: 'fail', message: `"sharedStore" ${flaw}` }),
    )
  })

  test('warns of a store whose every call takes long', async () => {
    const store = new FakeStore(new Clock())
    const late: Record<string, unknown> = {}
    for (const name of ['set', 'get', 'add', 'replace', 'remove'] as const) {
      late[name] = async (...given: never[]) => {
        milliseconds += 60
        return Reflect.apply(store[name], store, given)
      }
    }
    expect(await examine({ sharedStore: late })).toContainEqual(
      expect.objectContaining({
        check: 'store',
        status: 'warn',
        message: expect.stringContaining('60 ms each: requests wait'),
      }),
    )
  })

  test('takes no client of a store for one of Redis that is none: a wrapper, or that of another database', async () => {
    class Memcached extends FakeStore {
      readonly client = { get: () => undefined }
    }
    class RedisStore extends FakeStore {
      readonly client = { get: () => undefined, scanIterator: () => undefined }
    }
    const redisOf = async (store: unknown) =>
      (await examine({ sharedStore: store })).filter(({ check }) => check === 'redis')
    expect(await redisOf(new Memcached(new Clock()))).toEqual([])
    expect(await redisOf(new RedisStore(new Clock()))).toEqual([
      expect.objectContaining({ status: 'unknown', fix: expect.stringContaining('export the client') }),
    ])
  })

  test('warns of the memory of the process', async () => {
    expect(await examine({ store: new session.MemoryStore() })).toContainEqual(
      expect.objectContaining({ check: 'store', status: 'warn', message: expect.stringContaining('a restart signs') }),
    )
  })
})

describeWith('redis-server', 'doctor, about Redis', (path) => {
  test('finds that Redis evicts, and all well without', async () => {
    const server = await startRedis({ path, settings: { maxmemory: '50mb', 'maxmemory-policy': 'allkeys-lru' } })
    const client = await connected(server.url)
    const store = redisStore(client, patient)
    expect(await examine({ store }, client)).toContainEqual(
      expect.objectContaining({
        ...{ check: 'eviction', status: 'fail', message: expect.stringContaining('allkeys-lru') },
        fix: expect.stringContaining('maxmemory-policy noeviction'),
      }),
    )
    await client.configSet('maxmemory-policy', 'noeviction')
    expect((await examine({ store }, client)).map(({ status }) => status)).toEqual(['ok', 'ok', 'ok', 'ok'])
    expect(await client.keys('*')).toEqual([])
    client.destroy()
  })

  test('finds the client of connect-redis by itself, and asks for that of redisStore()', async () => {
    const server = await startRedis({ path })
    const client = await connected(server.url)
    const byConnectRedis = await examine({ store: new RedisStore({ client }) })
    expect(byConnectRedis).toContainEqual({ check: 'redis', status: 'ok', message: expect.stringMatching(/^Redis \d/) })
    expect(await examine({ sharedStore: redisStore(client, patient) })).toContainEqual(
      expect.objectContaining({ check: 'redis', status: 'unknown', fix: expect.stringContaining('export the client') }),
    )
    client.destroy()
  })

  test('finds that Redis is gone', async () => {
    const server = await startRedis({ path })
    const client = await connected(server.url)
    await server.kill()
    expect(await examine({ store: redisStore(client, { timeoutSeconds: 0.5 }) }, client)).toContainEqual(
      expect.objectContaining({ check: 'store', status: 'fail' }),
    )
    client.destroy()
  })
})
