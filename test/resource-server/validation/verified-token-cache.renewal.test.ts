import { expect, test } from '@jest/globals'
import type { SignedToken } from '../../../lib/resource-server/types.js'
import { VerifiedTokenCache } from '../../../lib/resource-server/validation/verified-token-cache.js'
import { Clock } from '../../kit/clock.js'
import { sha256 } from '../../kit/resource-server/proof.js'

const keys = { generation: 1 } as SignedToken['keys']
const signed = (subject: string) => ({ token: { subject }, keys, generation: 1 }) as unknown as SignedToken

test('a token that is cached is renewed at once when its time is over, however many others came in between', () => {
  const clock = new Clock()
  const cache = new VerifiedTokenCache({ maxEntries: 16, ttlSeconds: 60 }, clock)
  const token = 'header.payload.abcdefghijkl'
  const [first, second] = [signed('first'), signed('second')]
  cache.offer(token, first)
  expect(cache.get(token)).toBeUndefined()
  cache.offer(token, first)
  expect(cache.get(token)).toBe(first)
  // So many that the first look at the token is forgotten.
  for (let i = 0; i < 400; i++) cache.offer(`header.payload.${sha256(String(i))}`, first)
  clock.seconds += 60
  expect(cache.get(token)).toBeUndefined()
  cache.offer(token, second)
  expect(cache.get(token)).toBe(second)
})
