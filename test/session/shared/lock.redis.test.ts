import { afterAll, afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { redisStore } from '../../../lib/redis/index.js'
import { type HeldLock, type LockOptions, withLock } from '../../../lib/session/shared/lock.js'
import { Clock } from '../../kit/clock.js'
import { until } from '../../kit/until.js'
import { describeWith } from '../../setup/describe-with.js'
import { connected } from '../../kit/redis/clients.js'
import { type RedisServer, startRedis, stopEveryRedis } from '../../kit/redis/server.js'

afterAll(stopEveryRedis)

// Longer than any machine stalls. Renewals come when a test says so.
const milliseconds = 60_000
const options: LockOptions<string> = { milliseconds, waitMilliseconds: 20_000, until: async () => undefined }
const clocks = ['Date', 'hrtime', 'performance'] as const
const turns = ['nextTick', 'queueMicrotask', 'setImmediate', 'clearImmediate', 'setTimeout', 'clearTimeout'] as const

describeWith('redis-server', 'a lock in Redis', (path) => {
  let server: RedisServer
  let clients: Awaited<ReturnType<typeof connected>>[]
  let clock: Clock

  beforeEach(async () => {
    clock = Clock.real()
    jest.useFakeTimers({ doNotFake: [...clocks, ...turns] })
    server = await startRedis({ path })
    clients = [await connected(server.url), await connected(server.url)]
  })
  afterEach(async () => {
    jest.useRealTimers()
    for (const client of clients) client.destroy()
    await server.stop()
  })

  const lock = (
    index: number,
    work: (held: HeldLock<string>) => Promise<string>,
    { timeoutSeconds = 30, ...over }: Partial<LockOptions<string>> & { readonly timeoutSeconds?: number } = {},
  ) => {
    const client = clients[index % clients.length]
    if (client === undefined) throw new Error('no client')
    return withLock(redisStore(client, { timeoutSeconds }), clock, 'lock', { ...options, ...over }, work)
  }

  /** Has the holder renew its lock, unless it is about to. */
  const renew = (): void => void jest.advanceTimersByTime(milliseconds / 3)

  test('RF02: is held by one of many processes at a time, in turn', async () => {
    let working = 0
    const most: number[] = []
    const work = async (index: number) => {
      most.push((working += 1))
      await new Promise((resolve) => setTimeout(resolve, 5))
      working -= 1
      return `${index}`
    }
    const results = await Promise.all(Array.from({ length: 8 }, (_, index) => lock(index, () => work(index))))
    expect(results).toEqual(Array.from({ length: 8 }, (_, index) => `${index}`))
    expect(Math.max(...most)).toBe(1)
    expect(await clients[0]?.exists('oidc:lock')).toBe(0)
  })

  test('RF02: is renewed past its lifetime, and never without one', async () => {
    const lifetimes: number[] = []
    const lifetime = async () => {
      lifetimes.push((await clients[1]?.pTTL('oidc:lock')) ?? 0)
      return lifetimes.at(-1) ?? 0
    }
    await lock(0, async (held) => {
      // It is renewed three times per lifetime.
      for (let renewals = 0; renewals < 4; renewals += 1) {
        await clients[1]?.pExpire('oidc:lock', milliseconds / 2)
        clock.advance(milliseconds / 3_000)
        await until(async () => {
          renew()
          return (await lifetime()) > milliseconds / 2
        })
      }
      expect(await held.confirm()).toBeUndefined()
      return 'done'
    })
    expect(Math.min(...lifetimes)).toBeGreaterThan(0)
    expect(Math.max(...lifetimes)).toBeLessThanOrEqual(milliseconds)
  })

  test('RF03: of a process that died is free after its lifetime', async () => {
    await clients[0]?.set('oidc:lock', 'of a dead process', { expiration: { type: 'PX', value: 300 } })
    expect(await lock(1, async () => 'next')).toBe('next')
  })

  test('RF03: that was lost to another is left to it', async () => {
    const result = await lock(0, async (held) => {
      await clients[1]?.set('oidc:lock', 'of another', { expiration: { type: 'PX', value: 60_000 } })
      await expect(held.confirm()).rejects.toMatchObject({ code: 'provider_unavailable' })
      return 'late'
    })
    expect(result).toBe('late')
    expect(await clients[0]?.get('oidc:lock')).toBe('of another')
  })

  test('SR04: belongs to nobody after Redis has hung while it was requested', async () => {
    server.pause()
    const brief = lock(0, async () => 'never', { timeoutSeconds: 0.3 })
    await expect(brief).rejects.toMatchObject({ code: 'session_store_unavailable', status: 503 })
    server.resume()
    expect(await lock(0, async () => 'at once', { waitMilliseconds: 0 })).toBe('at once')
  })
})
