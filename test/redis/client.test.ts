import { expect, test } from '@jest/globals'
import { createClient, createClientPool, createCluster, createSentinel, RESP_TYPES } from 'redis'
import { type RedisClient, redisStore, redisReplayCache } from '../../lib/redis/index.js'

const sentinelOptions = { name: 'main', sentinelRootNodes: [{ host: '127.0.0.1', port: 1 }] }

/** Compiled by the type check: each kind of client fits as it is made, none of them connects. */
const clients: Readonly<Record<string, () => RedisClient>> = {
  'createClient()': () => createClient(),
  'createClient() with RESP 2': () => createClient({ RESP: 2 }),
  'createClient() that answers in Buffers': () =>
    createClient({ commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } } }),
  'createClientPool()': () => createClientPool(),
  'createCluster()': () => createCluster({ rootNodes: [{ url: 'redis://127.0.0.1:1' }] }),
  'createSentinel()': () => createSentinel(sentinelOptions),
}

test.each(Object.keys(clients))('redisStore() accepts a client that %s of node-redis makes', (name) => {
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
    // @ts-expect-error Nor clients with other calls, such as those of ioredis.
    () => redisReplayCache({ get: async () => null, set: async () => 'OK' }),
    // @ts-expect-error Something there must be.
    () => redisStore(undefined),
  ]
  for (const other of others) expect(other).toThrow(/: needs a client of node-redis 5 or later/)
})
