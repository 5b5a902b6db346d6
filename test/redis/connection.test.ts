import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals'
import { EventEmitter } from 'node:events'
import { createClient, createCluster } from 'redis'
import { redisStore, redisReplayCache } from '../../lib/redis/index.js'
import { describeWith } from '../setup/describe-with.js'
import { patient } from '../kit/redis/clients.js'
import { type RedisServer, startRedis, stopEveryRedis } from '../kit/redis/server.js'
import { startRedisCluster } from '../kit/redis/topology.js'
import { Wire } from '../kit/redis/wire.js'
import { until } from '../kit/until.js'

afterAll(stopEveryRedis)

const minute = 60_000

/** Asks until there is an answer, as people do who come back. */
async function untilAnswered(ask: () => Promise<unknown>): Promise<unknown> {
  let answer: unknown
  await until(async () => {
    answer = await ask().catch(() => unanswered)
    return answer !== unanswered
  })
  return answer
}

const unanswered = Symbol('unanswered')

describeWith('redis-server', 'the connection of a client', (path) => {
  let server: RedisServer
  let wire: Wire
  let client: ReturnType<typeof createClient>

  beforeEach(async () => {
    server = await startRedis({ path })
    wire = await Wire.to(server)
    client = createClient({ url: wire.url })
  })
  afterEach(async () => {
    client.destroy()
    await wire.close()
    await server.stop()
  })

  test('is replaced where it hangs silently, and all users of the client get a working one', async () => {
    client.on('error', () => undefined)
    await client.connect()
    const sharedStore = redisStore(client, { timeoutSeconds: 0.2 })
    await redisStore(client, patient).set('kept', 'value', minute)
    wire.forgetAll()
    const others = client.get('hangs').catch(({ constructor }: Error) => constructor.name)
    expect(await untilAnswered(() => sharedStore.get(['kept']))).toEqual(['value'])
    expect(await others).toBe('DisconnectsClientError')
    expect(await client.get('oidc:kept')).toBe('value')
  })

  test('is kept where a blocking command of the application holds everything up for a while', async () => {
    client.on('error', () => undefined)
    await client.connect()
    const sharedStore = redisStore(client, { timeoutSeconds: 0.2 })
    const blocked = client.blPop('queue', 0)
    const { closed } = wire
    await expect(sharedStore.get(['a'])).rejects.toThrow('Redis did not answer')
    // The first comparison is over, and only the new connection was answered.
    await until(() => wire.closed > closed)
    const other = createClient({ url: server.url })
    await other.connect()
    await other.rPush('queue', 'job')
    expect(await blocked).toMatchObject({ element: 'job' })
    // Blocked again when it would be looked at for the second time: the late answer has cleared it.
    expect(await client.blPop('queue', 6)).toBeNull()
    expect(await redisStore(client, patient).get(['a'])).toEqual([undefined])
    expect([wire.count, wire.closed]).toEqual([2, 1])
    other.destroy()
  })

  test('is kept where Redis itself is frozen', async () => {
    client.on('error', () => undefined)
    await client.connect()
    const sharedStore = redisStore(client, { timeoutSeconds: 0.2 })
    await redisStore(client, patient).set('kept', 'value', minute)
    server.pause()
    const waiting = client.get('oidc:kept')
    const { closed } = wire
    await expect(sharedStore.get(['kept'])).rejects.toThrow('Redis did not answer')
    await until(() => wire.closed > closed)
    expect(wire.count).toBe(2)
    server.resume()
    expect(await waiting).toBe('value')
    expect(await redisStore(client, patient).get(['kept'])).toEqual(['value'])
  })

  test('stays closed where its owner has closed it, and is kept where something subscribes on it', async () => {
    client.on('error', () => undefined)
    await client.connect()
    const sharedStore = redisStore(client, { timeoutSeconds: 0.2 })
    await client.subscribe('news', () => undefined)
    wire.forgetAll()
    await expect(sharedStore.get(['a'])).rejects.toThrow('Redis did not answer')
    await until(() => wire.closed === 1)
    await expect(sharedStore.get(['a'])).rejects.toThrow('Redis did not answer')
    client.destroy()
    await until(() => wire.closed === 2)
    expect([wire.count, client.isOpen]).toEqual([2, false])
    await client.connect()
  })

  test('may be lost where nobody listens for errors, without ending the process', async () => {
    await client.connect()
    const sharedStore = redisStore(client, { timeoutSeconds: 0.2 })
    await server.kill()
    await expect(sharedStore.get(['a'])).rejects.toMatchObject({ code: 'session_store_unavailable' })
    await server.restart()
    expect(await untilAnswered(() => sharedStore.get(['a']))).toEqual([undefined])
  })
})

describeWith('redis-server', 'the connections of a cluster', (path) => {
  test('are replaced where one of them hangs silently', async () => {
    const topology = await startRedisCluster(path)
    const wires = await Promise.all(topology.servers.map((server) => Wire.to(server)))
    const map = Object.fromEntries(
      topology.servers.map(({ port }, index) => {
        const { hostname: host, port: near } = new URL(wires[index]?.url ?? '')
        return [`127.0.0.1:${port}`, { host, port: Number(near) }]
      }),
    )
    const cluster = createCluster({ rootNodes: [{ url: wires[0]?.url ?? '' }], nodeAddressMap: map })
    await cluster.connect()
    const sharedStore = redisStore(cluster, { timeoutSeconds: 0.2 })
    const names = Array.from({ length: 12 }, (_, index) => `name${index}`)
    const own = redisStore(cluster, patient)
    await Promise.all(names.map((name) => own.set(name, name, minute)))
    expect(await own.get(names)).toEqual(names)
    wires[2]?.forgetAll()
    expect(await untilAnswered(() => sharedStore.get(names))).toEqual(names)
    cluster.destroy()
    await Promise.all(wires.map((wire) => wire.close()))
    await topology.stop()
  })
})

test('have one listener for errors, however many stores use a client', () => {
  const client = Object.assign(new EventEmitter(), { withCommandOptions: () => ({}) as never })
  for (let count = 0; count < 20; count += 1) redisStore(client)
  redisReplayCache(client)
  expect(client.listenerCount('error')).toBe(1)
})
