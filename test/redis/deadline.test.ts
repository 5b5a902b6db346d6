import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { EventEmitter } from 'node:events'
import { inspect } from 'node:util'
import { createClient } from 'redis'
import { freePort } from '../kit/free-port.js'
import { SessionError } from '../../lib/errors.js'
import { type RedisOptions, type SharedStore, redisStore, redisReplayCache } from '../../lib/redis/index.js'
import { describeWith } from '../setup/describe-with.js'
import { clientPackages, connected, type OpenClient, patient, scriptedRedis } from '../kit/redis/clients.js'
import { type RedisServer, startRedis, stopEveryRedis } from '../kit/redis/server.js'
import { startRedisReplica } from '../kit/redis/topology.js'
import { timersDuring } from '../kit/timers.js'

afterAll(stopEveryRedis)

const minute = 60_000
const secretValue = 'sealed-session-value'
const secretName = 'name-of-a-session'

/** Every call of a memory, by its name. */
const calls: Readonly<Record<keyof SharedStore | 'remove expected', (sharedStore: SharedStore) => Promise<unknown>>> = {
  get: (sharedStore) => sharedStore.get([secretName, 'other']),
  set: (sharedStore) => sharedStore.set(secretName, secretValue, minute),
  add: (sharedStore) => sharedStore.add(secretName, secretValue, minute),
  replace: (sharedStore) => sharedStore.replace(secretName, secretValue, `${secretValue}2`, minute),
  remove: (sharedStore) => sharedStore.remove(secretName),
  'remove expected': (sharedStore) => sharedStore.remove(secretName, secretValue),
}

const writes = Object.entries(calls).filter(([name]) => name !== 'get')

/** What a call was rejected with; a failure of the test where it was not. */
async function rejection(call: Promise<unknown>): Promise<SessionError> {
  const error: unknown = await call.then(
    (value) => new Error(`answered ${inspect(value)}`),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(SessionError)
  return error as SessionError
}

/** An outage as everyone outside sees it: 503, when to come again, and nothing of what was stored. */
async function expectOutage(call: Promise<unknown>, message: string | RegExp): Promise<SessionError> {
  const error = await rejection(call)
  expect(error).toMatchObject({ code: 'session_store_unavailable', status: 503, headers: { 'Retry-After': '5' } })
  expect(error.message).toMatch(message)
  expect(inspect(error, { depth: 9 })).not.toMatch(/sealed-session|name-of-a-session/)
  return error
}

describe('SR04: an error reply of Redis is an outage, never a missing value', () => {
  test.each([
    ['READONLY', "-READONLY You can't write against a read only replica."],
    ['LOADING', '-LOADING Redis is loading the dataset in memory'],
    ['MOVED', '-MOVED 3999 127.0.0.1:6381'],
    ['CLUSTERDOWN', '-CLUSTERDOWN The cluster is down'],
    ['TRYAGAIN', '-TRYAGAIN Multiple keys request during rehashing of slot'],
    ['MASTERDOWN', "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."],
    ['WRONGTYPE', '-WRONGTYPE Operation against a key holding the wrong kind of value'],
    ['NOAUTH', '-NOAUTH Authentication required.'],
    ['NOPERM', '-NOPERM this user has no permissions to access one of the keys used as arguments'],
    ['OOM', "-OOM command not allowed when used memory > 'maxmemory'."],
    ['BUSY', '-BUSY Redis is busy running a script.'],
    ['ERR', `-ERR unknown command 'GET', with args beginning with: '${secretName}' '${secretValue}'`],
  ])('%s', async (code, line) => {
    const { client, stop } = await scriptedRedis(line)
    for (const call of Object.values(calls)) {
      const error = await expectOutage(call(redisStore(client, patient)), `Redis is unavailable: ${code}`)
      expect(error.cause).toMatchObject({ name: 'SimpleError', message: code, code })
    }
    await stop()
  })

  test('also for a reply that none of these calls has', async () => {
    const { client, stop } = await scriptedRedis('*0')
    for (const call of Object.values(calls)) {
      await expectOutage(call(redisStore(client, patient)), 'Redis is unavailable: UnexpectedReply')
    }
    await stop()
  })
})

test('the names of one get() travel in one message', async () => {
  const { client, received, stop } = await scriptedRedis('$-1')
  expect(await redisStore(client, patient).get(['a', 'b', 'c'])).toEqual([undefined, undefined, undefined])
  const commands = ['a', 'b', 'c'].map((name) => `*2\r\n$3\r\nGET\r\n$6\r\noidc:${name}\r\n`)
  expect(received).toEqual([commands.join('')])
  await stop()
})

test('a client of node-redis that was never connected is an outage', async () => {
  await expectOutage(redisStore(createClient({ url: 'redis://127.0.0.1:1' })).get(['a']), 'ClientClosedError')
})

for (const { name, open } of clientPackages) {
  describeWith('redis-server', `SR04: an outage of a real Redis server, with a client of ${name}`, (path) => {
    let server: RedisServer
    let opened: OpenClient
    const sharedStore = (options: RedisOptions = patient) => redisStore(opened.client, options)

    beforeEach(async () => {
      server = await startRedis({ path })
      opened = await open(server.url)
    })
    afterEach(async () => {
      opened.destroy()
      await server.stop()
    })

    test('by a kill rejects calls in time, loses nothing, and ends by itself', async () => {
      await sharedStore().set('kept', secretValue, minute)
      await server.kill()
      const { result: errors, waits } = await timersDuring(() =>
        Promise.all(Object.values(calls).map((call) => rejection(call(sharedStore(brief))))),
      )
      expect(errors).toHaveLength(Object.keys(calls).length)
      expect(waits.filter((wait) => wait === 200)).toHaveLength(errors.length)

      await Promise.all([isReady(opened.client), server.restart()])
      expect(await sharedStore().get(['kept', secretName])).toEqual([secretValue, undefined])
      expect(await sharedStore().add(secretName, secretValue, minute)).toBe(true)
    })

    test('by a hang rejects calls in time, and late replies do no harm', async () => {
      await sharedStore().set('kept', secretValue, minute)
      server.pause()
      const { result: errors, waits } = await timersDuring(() =>
        Promise.all(
          Object.values(calls).map((call) => expectOutage(call(sharedStore(brief)), 'Redis did not answer within 0.2')),
        ),
      )
      expect(waits.filter((wait) => wait === 200)).toHaveLength(errors.length)

      server.resume()
      expect(await sharedStore().get(['kept'])).toEqual([secretValue])
    })

    test('leaves no write in a queue that would be executed when nobody waits for it any more', async () => {
      await server.kill()
      await expectOutage(
        sharedStore(brief).set('late', secretValue, minute),
        /within 0\.2 seconds|ECONNREFUSED: connect/,
      )
      await Promise.all([isReady(opened.client), server.restart()])
      expect(await sharedStore().get(['late'])).toEqual([undefined])
    })

    test('is reported within two seconds by default', async () => {
      server.pause()
      const { waits } = await timersDuring(() =>
        expectOutage(sharedStore({}).get(['a']), 'Redis did not answer within 2 seconds'),
      )
      expect(waits).toContain(2_000)
    })

    test('is reported for a client that is closed', async () => {
      await sharedStore().set('kept', secretValue, minute)
      await opened.close()
      for (const call of Object.values(calls)) await expectOutage(call(sharedStore()), 'ClientClosedError')
    })

    test('is reported for a value of another kind, which is left alone', async () => {
      const admin = await connected(server.url)
      await admin.lPush(`oidc:${secretName}`, secretValue)
      for (const name of ['get', 'replace', 'remove expected'] as const) {
        await expectOutage(calls[name](sharedStore()), 'Redis is unavailable: WRONGTYPE')
      }
      expect(await admin.lLen(`oidc:${secretName}`)).toBe(1)
      admin.destroy()
    })

    test('is reported for a replica that accepts no writes: READONLY', async () => {
      await sharedStore().set(secretName, secretValue, minute)
      const replica = await startRedisReplica(server, path)
      const reader = await open(replica.url)
      for (const [, call] of writes)
        await expectOutage(call(redisStore(reader.client, patient)), 'Redis is unavailable: READONLY')
      expect(await redisStore(reader.client, patient).get([secretName])).toEqual([secretValue])
      reader.destroy()
      await replica.stop()
    })

    test('is reported for a node of a cluster that serves no slots: CLUSTERDOWN', async () => {
      const node = await startRedis({ path, settings: { 'cluster-enabled': 'yes', 'cluster-port': await freePort() } })
      const lost = await open(node.url)
      for (const call of Object.values(calls))
        await expectOutage(call(redisStore(lost.client, patient)), 'Redis is unavailable: CLUSTERDOWN')
      lost.destroy()
      await node.stop()
    })

    test('is reported for a server without scripts, whose message quotes what was sent', async () => {
      const other = await startRedis({ path, settings: { 'rename-command': 'EVAL ""' } })
      const own = await open(other.url)
      await expectOutage(calls.replace(redisStore(own.client, patient)), 'Redis is unavailable: ERR')
      own.destroy()
      await other.stop()
    })

    test('BC10: is never reported as a new proof', async () => {
      await server.kill()
      const error = await rejection(Promise.resolve(redisReplayCache(opened.client, brief).add('proof', 60)))
      expect(error.code).toBe('session_store_unavailable')
    })
  })
}

// events.once() rejects at the first error, of which there are many until then.
const isReady = (client: Pick<EventEmitter, 'once'>) => new Promise((resolve) => client.once('ready', resolve))

const brief: RedisOptions = { timeoutSeconds: 0.2 }
