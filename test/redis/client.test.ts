import { expect, test } from '@jest/globals'
import { Cluster, Redis } from 'ioredis'
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis5'
import { createClient, createClientPool, createCluster, createSentinel, RESP_TYPES } from 'redis'
import { type RedisClient, redisStore, redisReplayCache } from '../../lib/redis/index.js'

const sentinelOptions = { name: 'main', sentinelRootNodes: [{ host: '127.0.0.1', port: 1 }] }

/** Compiled by the type check: each kind of client fits as it is made, none of them connects. */
const clients: Readonly<Record<string, () => RedisClient>> = {
  'createClient() of node-redis': () => createClient(),
  'createClient() with RESP 2 of node-redis': () => createClient({ RESP: 2 }),
  'createClient() that answers in Buffers of node-redis': () =>
    createClient({ commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } } }),
  'createClientPool() of node-redis': () => createClientPool(),
  'createCluster() of node-redis': () => createCluster({ rootNodes: [{ url: 'redis://127.0.0.1:1' }] }),
  'createSentinel() of node-redis': () => createSentinel(sentinelOptions),
  'new Redis() of ioredis': () => new Redis({ lazyConnect: true }),
  'new Redis() of ioredis with sentinels': () =>
    new Redis({ name: 'main', sentinels: [{ host: '127.0.0.1', port: 1 }], lazyConnect: true }),
  'new Cluster() of ioredis': () => new Cluster([{ host: '127.0.0.1', port: 1 }], { lazyConnect: true }),
  'new Redis() of ioredis 5': () => new Redis5({ lazyConnect: true }),
  'new Cluster() of ioredis 5': () => new Cluster5([{ host: '127.0.0.1', port: 1 }], { lazyConnect: true }),
}

test.each(Object.keys(clients))('redisStore() accepts a client that %s makes', (name) => {
  const client = clients[name]?.()
  expect(client && Object.keys(redisReplayCache(client))).toEqual(['add'])
  expect(client && redisStore(client)).toBeDefined()
})

test('redisStore() accepts no other object, in types and at run time', () => {
  const others: readonly (() => unknown)[] = [
    // @ts-expect-error A URL is no client.
    () => redisStore('redis://127.0.0.1'),
    // @ts-expect-error Neither are the options of one.
    () => redisStore({ url: 'redis://127.0.0.1' }),
    // @ts-expect-error Nor clients with other calls.
    () => redisReplayCache({ get: async () => null, set: async () => 'OK' }),
    // @ts-expect-error Something there must be.
    () => redisStore(undefined),
  ]
  for (const other of others)
    expect(other).toThrow(/: needs a client of node-redis 5 or later, .*or of ioredis 5 or later/)
})
