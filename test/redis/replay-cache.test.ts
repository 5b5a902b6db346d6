import { expect, test } from '@jest/globals'
import { createClient } from 'redis'
import { redisReplayCache } from '../../lib/redis/index.js'

test('redisReplayCache() is one cache for each client and options, so that a request counts once for all that have it', () => {
  const client = createClient()
  const cache = redisReplayCache(client)
  expect(redisReplayCache(client, {})).toBe(cache)
  const others = [
    redisReplayCache(createClient()),
    redisReplayCache(client, { prefix: 'other:' }),
    redisReplayCache(client, { timeoutSeconds: 5 }),
  ]
  expect(new Set([cache, ...others]).size).toBe(4)
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
