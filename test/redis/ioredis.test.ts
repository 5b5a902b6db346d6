import { afterAll, expect, test } from '@jest/globals'
import { once } from 'node:events'
import { Redis } from 'ioredis'
import { redisReplayCache, redisStore } from '../../lib/redis/index.js'
import { describeWith } from '../setup/describe-with.js'
import { connected, patient } from '../kit/redis/clients.js'
import { startRedis, stopEveryRedis } from '../kit/redis/server.js'
import { Wire } from '../kit/redis/wire.js'

afterAll(stopEveryRedis)

const minute = 60_000
const options = { retryStrategy: () => 20, disconnectTimeout: 20 }

describeWith('redis-server', 'a client of ioredis', (path) => {
  test('gets one second connection, however many stores use it, which is closed with it', async () => {
    const server = await startRedis({ path })
    const admin = await connected(server.url)
    const client = new Redis(server.url, options)
    const connections = async () => (await admin.clientList()).length
    await client.ping()
    expect(await connections()).toBe(2)
    for (let count = 0; count < 20; count += 1) await redisStore(client, patient).set('a', 'one', minute)
    await redisReplayCache(client, patient).add('proof', 60)
    expect(await connections()).toBe(3)
    expect(client.listenerCount('end')).toBe(1)
    await client.quit()
    while ((await connections()) > 1);
    admin.destroy()
    await server.stop()
  })

  test('may be opened again after it was closed', async () => {
    const server = await startRedis({ path })
    const client = new Redis(server.url, options)
    const ended = once(client, 'end')
    await redisStore(client, patient).set('a', 'one', minute)
    await client.quit()
    await ended
    await expect(redisStore(client).get(['a'])).rejects.toThrow('ClientClosedError')
    await client.connect()
    expect(await redisStore(client, patient).get(['a'])).toEqual(['one'])
    client.disconnect()
    await server.stop()
  })

  test('keeps its key prefix, its database and its own queue', async () => {
    const server = await startRedis({ path })
    const admin = await connected(server.url)
    const client = new Redis(server.url, { ...options, db: 3, keyPrefix: 'shop:', enableAutoPipelining: true })
    const store = redisStore(client, patient)
    expect(await store.add('a', 'one', minute)).toBe(true)
    expect(await store.replace('a', 'one', 'two', minute)).toBe(true)
    await admin.select(3)
    expect(await admin.keys('*')).toEqual(['shop:oidc:a'])
    await server.kill()
    const queued = client.get('oidc:a')
    const brief = redisStore(client, { timeoutSeconds: 0.2 })
    await expect(brief.get(['a'])).rejects.toMatchObject({ code: 'session_store_unavailable' })
    await server.restart()
    expect(await queued).toBe('two')
    client.disconnect()
    admin.destroy()
    await server.stop()
  })

  test('gets another second connection where that one hangs silently', async () => {
    const server = await startRedis({ path })
    const wire = await Wire.to(server)
    const client = new Redis(wire.url, options)
    const store = redisStore(client, { timeoutSeconds: 0.2 })
    await redisStore(client, patient).set('kept', 'value', minute)
    wire.forgetAll()
    await expect(store.get(['kept'])).rejects.toThrow('Redis did not answer')
    // Ends when the connection is closed, after five seconds without an answer.
    await expect(redisStore(client, patient).get(['kept'])).rejects.toThrow('Redis is unavailable')
    expect(await redisStore(client, patient).get(['kept'])).toEqual(['value'])
    client.disconnect()
    await wire.close()
    await server.stop()
  })
})
