import { describe, expect, test } from '@jest/globals'
import { checkRedis } from '../../../../lib/cli/doctor/application/redis.js'

const withInfo = (...lines: readonly string[]) => ({ info: async () => lines.join('\r\n') })
const statuses = async (client: unknown, isNeeded = false) =>
  (await checkRedis(client, isNeeded)).map(({ check, status }) => `${check} ${status}`)

describe('doctor, about what Redis says of itself', () => {
  test.each([
    [
      ['redis_version:7.2.4', 'maxmemory_policy:noeviction'],
      ['redis ok', 'eviction ok'],
    ],
    [
      ['redis_version:5.0.7', 'maxmemory_policy:noeviction'],
      ['redis warn', 'eviction ok'],
    ],
    [
      ['redis_version:7.2.4', 'maxmemory:0', 'maxmemory_policy:allkeys-lru'],
      ['redis ok', 'eviction warn'],
    ],
    [
      ['redis_version:7.2.4', 'maxmemory:9', 'maxmemory_policy:volatile-ttl'],
      ['redis ok', 'eviction fail'],
    ],
    [['something:else'], ['redis unknown', 'eviction unknown']],
  ])('reads %j', async (lines, expected) => {
    expect(await statuses(withInfo(...lines))).toEqual(expected)
  })

  test('does not judge a client without INFO, or one that may not run it', async () => {
    const refused = {
      info: async () => {
        throw new Error("NOPERM this user has no permissions to run the 'info' command")
      },
    }
    expect(await statuses({ get: 1 })).toEqual(['redis unknown'])
    expect(await statuses(refused)).toEqual(['redis unknown'])
  })

  test('names no cause if a client rejects with something that is not an error', async () => {
    const info = () => Promise.reject('redis://:hunter2@cache')
    expect(await checkRedis({ info }, false)).toEqual([
      expect.objectContaining({ status: 'unknown', message: 'Redis does not answer INFO (unknown)' }),
    ])
  })

  test('asks for the client only if a store of ours is there', async () => {
    expect(await statuses(undefined)).toEqual([])
    expect(await statuses(undefined, true)).toEqual(['redis unknown'])
  })
})
