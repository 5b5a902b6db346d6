import { expect, test } from '@jest/globals'
import { createClient } from 'redis'
import { redisReplayCache } from '../../lib/redis/index.js'

test('redisReplayCache() is one cache for each client and prefix, so that a request counts once for all that have it', () => {
  const client = createClient()
  const cache = redisReplayCache(client)
  for (const same of [{}, { prefix: 'oidc:' }, { timeoutSeconds: 5 }])
    expect(redisReplayCache(client, same)).toBe(cache)
  const others = [redisReplayCache(createClient()), redisReplayCache(client, { prefix: 'other:' })]
  expect(new Set([cache, ...others]).size).toBe(3)
  expect(redisReplayCache(client, { prefix: 'other:' })).toBe(others[1])
})

test('redisReplayCache() refuses a wrong option for a client that it knows', () => {
  const client = createClient()
  redisReplayCache(client)
  expect(() => redisReplayCache(client, { prefix: '' })).toThrow(/"prefix" must be/)
  expect(() => redisReplayCache(client, { timeoutSeconds: NaN })).toThrow(
    /"timeoutSeconds" is invalid|"timeoutSeconds" must be/,
  )
})
