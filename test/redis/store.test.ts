import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { getMaxListeners } from 'node:events'
import { createClient, RESP_TYPES } from 'redis'
import { type RedisClient, type SharedStore, redisStore } from '../../lib/redis/index.js'
import { describeWith } from '../setup/describe-with.js'
import { clientPackages, connected, type OpenClient, patient } from '../kit/redis/clients.js'
import { type RedisServer, startRedis, stopEveryRedis } from '../kit/redis/server.js'

afterAll(stopEveryRedis)

const minute = 60_000

for (const { name, open } of clientPackages) {
  describeWith('redis-server', `redisStore() on a Redis server, with a client of ${name}`, (path) => {
    let server: RedisServer
    let opened: OpenClient
    let admin: Awaited<ReturnType<typeof connected>>
    let sharedStore: SharedStore

    beforeAll(async () => {
      server = await startRedis({ path })
      admin = await connected(server.url)
      opened = await open(server.url)
      sharedStore = redisStore(opened.client, patient)
    })
    beforeEach(() => admin.flushAll())
    afterAll(async () => {
      opened?.destroy()
      admin?.destroy()
      await server?.stop()
    })

    test('gets values in the order of their names, and undefined where there is none', async () => {
      await sharedStore.set('a', 'one', minute)
      await sharedStore.set('b', '', minute)
      expect(await sharedStore.get(['b', 'missing', 'a', 'a'])).toEqual(['', undefined, 'one', 'one'])
      expect(await sharedStore.get([])).toEqual([])
    })

    test('overwrites what was there', async () => {
      await sharedStore.set('a', 'old', minute)
      await sharedStore.set('a', 'new: "\u{1f511}" \0 {b}', minute)
      expect(await sharedStore.get(['a'])).toEqual(['new: "\u{1f511}" \0 {b}'])
    })

    test('adds only where nothing is', async () => {
      expect(await sharedStore.add('a', 'first', minute)).toBe(true)
      expect(await sharedStore.add('a', 'second', minute)).toBe(false)
      expect(await sharedStore.get(['a'])).toEqual(['first'])
    })

    test('replaces only the expected value', async () => {
      expect(await sharedStore.replace('a', '', 'new', minute)).toBe(false)
      await sharedStore.set('a', 'old', minute)
      expect(await sharedStore.replace('a', 'other', 'new', minute)).toBe(false)
      expect(await sharedStore.get(['a'])).toEqual(['old'])
      expect(await sharedStore.replace('a', 'old', 'new', minute)).toBe(true)
      expect(await sharedStore.get(['a'])).toEqual(['new'])
    })

    test('removes any value, or the expected one only, and says whether there was one', async () => {
      await sharedStore.set('a', 'one', minute)
      expect(await sharedStore.remove('a', 'other')).toBe(false)
      expect(await sharedStore.remove('a', 'one')).toBe(true)
      expect(await sharedStore.remove('a', 'one')).toBe(false)
      await sharedStore.set('a', 'two', minute)
      expect(await sharedStore.remove('a')).toBe(true)
      expect(await sharedStore.remove('a')).toBe(false)
      expect(await sharedStore.get(['a'])).toEqual([undefined])
    })

    test('lets one of 100 simultaneous adds win, over several connections', async () => {
      const other = await open(server.url)
      const memories = [sharedStore, redisStore(other.client, patient)]
      const adds = Array.from({ length: 100 }, async (_, index) => memories[index % 2]?.add('a', `${index}`, minute))
      const won = (await Promise.all(adds)).flatMap((did, index) => (did === true ? [`${index}`] : []))
      expect(won).toHaveLength(1)
      expect(await sharedStore.get(['a'])).toEqual(won)
      other.destroy()
    })

    test('lets one of 100 simultaneous replacements of one value win', async () => {
      await sharedStore.set('a', 'old', minute)
      const turns = Array.from({ length: 100 }, (_, index) => sharedStore.replace('a', 'old', `${index}`, minute))
      expect((await Promise.all(turns)).filter(Boolean)).toHaveLength(1)
    })

    test('SR05: gives every write its lifetime in milliseconds, and a refused write changes none', async () => {
      const lifetime = () => admin.pTTL('oidc:a')
      await sharedStore.set('a', 'one', minute)
      expectBetween(await lifetime(), 1, minute)
      const hour = 60 * minute
      await sharedStore.add('a', 'two', hour)
      await sharedStore.replace('a', 'other', 'two', hour)
      await sharedStore.remove('a', 'other')
      expectBetween(await lifetime(), 1, minute)
      await sharedStore.replace('a', 'one', 'two', hour)
      expectBetween(await lifetime(), hour - minute, hour)
      await sharedStore.remove('a')
      await sharedStore.add('a', 'three', minute + 0.5)
      expectBetween(await lifetime(), 1, minute + 1)
    })

    test('SR05: removes what has no time left at once, and its predecessor too', async () => {
      await sharedStore.set('a', 'one', minute)
      await sharedStore.set('a', 'two', -1)
      while ((await admin.exists('oidc:a')) === 1);
      expect(await sharedStore.get(['a'])).toEqual([undefined])
    })

    test('SR08: names keys by prefix and name, so that prefixes keep applications apart', async () => {
      const other = redisStore(opened.client, { ...patient, prefix: 'shop:web:' })
      await sharedStore.set('a', 'mine', minute)
      await other.set('a', 'theirs', minute)
      expect((await admin.keys('*')).sort()).toEqual(['oidc:a', 'shop:web:a'])
      expect(await other.remove('a')).toBe(true)
      expect(await sharedStore.get(['a'])).toEqual(['mine'])
    })
  })
}

describeWith('redis-server', 'redisStore() with what only node-redis has', (path) => {
  let server: RedisServer
  let client: Awaited<ReturnType<typeof connected>>
  let sharedStore: SharedStore

  beforeAll(async () => {
    server = await startRedis({ path })
    client = await connected(server.url)
    sharedStore = redisStore(client, patient)
  })
  beforeEach(() => client.flushAll())
  afterAll(async () => {
    client?.destroy()
    await server?.stop()
  })

  test('gets many values at once, without a warning of Node', async () => {
    const signals: AbortSignal[] = []
    const watching: RedisClient = {
      withCommandOptions(options) {
        signals.push(options.abortSignal)
        return client.withCommandOptions(options)
      },
    }
    const watched = redisStore(watching, patient)
    const names = Array.from({ length: 50 }, (_, index) => `n${index}`)
    await Promise.all(names.map((name) => sharedStore.set(name, `value of ${name}`, minute)))
    expect(await watched.get(names)).toEqual(names.map((name) => `value of ${name}`))
    expect(signals.map((signal) => getMaxListeners(signal))).toEqual([Infinity])
  })

  test('accepts a client with other options for its commands, beside the first', async () => {
    expect(await redisStore(client.withTypeMapping({}), patient).add('a', 'one', minute)).toBe(true)
    expect(await sharedStore.add('a', 'two', minute)).toBe(false)
  })

  test('reads past a client-side cache, and as text where the client answers in Buffers', async () => {
    const cached = createClient({ url: server.url, clientSideCache: { ttl: 0, maxEntries: 0, evictPolicy: 'LRU' } })
    const buffers = createClient({
      url: server.url,
      commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.SIMPLE_STRING]: Buffer } },
    })
    for (const special of [cached, buffers]) {
      await special.connect()
      const own = redisStore(special, patient)
      await own.set('a', 'one', minute)
      expect(await own.get(['a'])).toEqual(['one'])
      expect(await own.replace('a', 'one', 'two', minute)).toBe(true)
      special.destroy()
    }
    expect(cached.options.clientSideCache).toBeDefined()
  })

  test('accepts a pool of clients', async () => {
    const pool = client.createPool({ minimum: 1, maximum: 3, cleanupDelay: 0 })
    await pool.connect()
    const own = redisStore(pool, patient)
    const adds = await Promise.all(Array.from({ length: 20 }, () => own.add('a', 'one', minute)))
    expect(adds.filter(Boolean)).toHaveLength(1)
    expect(await own.get(['a', 'b'])).toEqual(['one', undefined])
    expect(await own.remove('a', 'one')).toBe(true)
    pool.destroy()
  })
})

describe('the options of redisStore()', () => {
  const client = createClient()

  test.each([
    ['braces, which put all keys of a cluster on one node', { prefix: '{app}:' }, '"prefix" must be 1 to 64 printable'],
    ['a space', { prefix: 'my app:' }, '"prefix" must be'],
    ['a line break', { prefix: 'app\n' }, '"prefix" must be'],
    ['no prefix at all', { prefix: '' }, '"prefix" must be'],
    ['another type of prefix', { prefix: 7 }, '"prefix" must be'],
    ['no time at all', { timeoutSeconds: 0 }, '"timeoutSeconds" must be a number of seconds from 0.05 to 30'],
    ['unknown names', { timeout: 7 }, '"timeout" is not an option'],
  ])('are refused with %s', (_what, options, message) => {
    const call = () => redisStore(client, options as never)
    expect(call).toThrow(expect.objectContaining({ code: 'invalid_options' }))
    expect(call).toThrow(`redisStore(): invalid options\n  - ${message}`)
  })
})

function expectBetween(value: number, least: number, most: number): void {
  expect(value).toBeGreaterThanOrEqual(least)
  expect(value).toBeLessThanOrEqual(most)
}
