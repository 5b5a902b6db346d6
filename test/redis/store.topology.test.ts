import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Cluster, Redis } from 'ioredis'
import { Cluster as Cluster5 } from 'ioredis5'
import { createCluster, createSentinel } from 'redis'
import { type RedisClient, type SharedStore, redisStore, redisReplayCache } from '../../lib/redis/index.js'
import { describeWith } from '../setup/describe-with.js'
import { connected, patient } from '../kit/redis/clients.js'
import { stopEveryRedis } from '../kit/redis/server.js'
import { type RedisTopology, startRedisCluster, startRedisSentinel } from '../kit/redis/topology.js'

const minute = 60_000
const names = Array.from({ length: 20 }, (_, index) => `name${index}`)

afterAll(stopEveryRedis)

describeWith('redis-server', 'redisStore() on a Redis cluster of three nodes', (path) => {
  let topology: RedisTopology
  let cluster: RedisClient & { connect(): Promise<unknown>; destroy(): void }
  let sharedStore: SharedStore

  beforeAll(async () => {
    topology = await startRedisCluster(path)
    const [first] = topology.servers
    cluster = createCluster({ rootNodes: [{ url: first?.url ?? '' }] }).on('error', () => undefined)
    await cluster.connect()
    sharedStore = redisStore(cluster, patient)
  })
  afterAll(() => cluster?.destroy())

  test('gets many names at once, wherever they are', async () => {
    await Promise.all(names.map((name) => sharedStore.set(name, `value of ${name}`, minute)))
    expect(await sharedStore.get([...names, 'missing'])).toEqual([
      ...names.map((name) => `value of ${name}`),
      undefined,
    ])
    const nodes = await Promise.all(topology.servers.map(({ url }) => connected(url)))
    const sizes = await Promise.all(nodes.map((node) => node.dbSize()))
    expect(sizes.every((size) => size > 0)).toBe(true)
    for (const node of nodes) node.destroy()
  })

  test('executes every call', async () => expectEveryCall(sharedStore))

  test.each([
    ['ioredis', Cluster],
    ['ioredis 5', Cluster5],
  ])('executes every call on masters, with a cluster of %s that reads from replicas', async (_name, ClusterOf) => {
    const nodes = topology.servers.map(({ port }) => ({ host: '127.0.0.1', port }))
    const own = new ClusterOf(nodes, { scaleReads: 'slave', redisOptions: { disconnectTimeout: 20 } })
    const ended = new Promise((resolve) => own.once('end', resolve))
    await expectEveryCall(redisStore(own, patient))
    expect(await redisStore(own, patient).get(names)).toEqual(await sharedStore.get(names))
    own.disconnect()
    await ended
    await expect(redisStore(own).get(['a'])).rejects.toThrow('ClientClosedError')
  })

  test('SR04: reports that keys are elsewhere to a client of one node alone: MOVED', async () => {
    const node = await connected(topology.servers[0]?.url ?? '')
    const gets = await Promise.allSettled(names.map((name) => redisStore(node, patient).get([name])))
    const refused = gets.flatMap((get) => (get.status === 'rejected' ? [get.reason] : []))
    expect(refused.length).toBeGreaterThan(0)
    for (const error of refused) {
      expect(error).toMatchObject({ code: 'session_store_unavailable', message: 'Redis is unavailable: MOVED' })
    }
    node.destroy()
  })

  test('BC10: accepts one of many who present a proof at once as the first', async () => {
    const cache = redisReplayCache(cluster, patient)
    const added = await Promise.all(Array.from({ length: 20 }, async () => cache.add('dpop:proof', 60)))
    expect(added.filter(Boolean)).toHaveLength(1)
  })
})

describeWith('redis-server', 'redisStore() behind a Redis sentinel', (path) => {
  test('executes every call on the master that the sentinel names', async () => {
    const topology = await startRedisSentinel(path)
    const [sentinel, master] = topology.servers
    const client = createSentinel({
      name: 'main',
      sentinelRootNodes: [{ host: '127.0.0.1', port: sentinel?.port ?? 0 }],
    }).on('error', () => undefined)
    await client.connect()
    await expectEveryCall(redisStore(client, patient))

    await master?.kill()
    const call = redisStore(client, { timeoutSeconds: 0.3 }).get(['a'])
    await expect(call).rejects.toMatchObject({ code: 'session_store_unavailable', status: 503 })
    await client.destroy()
    await topology.stop()
  })

  test('executes every call on that master with ioredis, whose sentinels are asked again at each call', async () => {
    const topology = await startRedisSentinel(path)
    const [sentinel, master] = topology.servers
    const sentinels = [{ host: '127.0.0.1', port: sentinel?.port ?? 0 }]
    const client = new Redis({ name: 'main', sentinels, role: 'slave', lazyConnect: true, disconnectTimeout: 20 })
    const sharedStore = redisStore(client, patient)
    await expectEveryCall(sharedStore)
    await master?.kill()
    const call = redisStore(client, { timeoutSeconds: 0.3 }).get(['a'])
    await expect(call).rejects.toMatchObject({ code: 'session_store_unavailable', status: 503 })
    await master?.restart()
    expect(await sharedStore.get(['a'])).toEqual([undefined])
    client.disconnect()
    await topology.stop()
  })
})

async function expectEveryCall(sharedStore: SharedStore): Promise<void> {
  for (const name of names.slice(0, 5).map((each) => `every ${each}`)) {
    expect(await sharedStore.add(name, 'one', minute)).toBe(true)
    expect(await sharedStore.add(name, 'two', minute)).toBe(false)
    expect(await sharedStore.replace(name, 'two', 'three', minute)).toBe(false)
    expect(await sharedStore.replace(name, 'one', 'three', minute)).toBe(true)
    expect(await sharedStore.get([name, 'missing'])).toEqual(['three', undefined])
    expect(await sharedStore.remove(name, 'one')).toBe(false)
    expect(await sharedStore.remove(name, 'three')).toBe(true)
    await sharedStore.set(name, 'four', minute)
    expect(await sharedStore.remove(name)).toBe(true)
  }
}
