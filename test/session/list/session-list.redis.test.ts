import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createCluster } from 'redis'
import { redisStore, type SharedStore } from '../../../lib/redis/index.js'
import { SessionList } from '../../../lib/session/list/session-list.js'
import { SharedRevocations } from '../../../lib/session/revocation/shared-revocations.js'
import type { SessionRecord } from '../../../lib/session/record.js'
import { Clock } from '../../kit/clock.js'
import { clientPackages, connected, type OpenClient, patient } from '../../kit/redis/clients.js'
import { type RedisServer, startRedis, stopEveryRedis } from '../../kit/redis/server.js'
import { startRedisCluster } from '../../kit/redis/topology.js'
import { audience } from '../../kit/stores/stores.js'
import { describeWith } from '../../setup/describe-with.js'
import { limits, record } from '../example.js'

afterAll(stopEveryRedis)

const clock = Clock.real()
const alice = { subject: 'alice', issuer: 'https://op.example.com' }
const secrets = ['a secret for tests only, 32 characters at least']

function listOn(sharedStore: SharedStore): SessionList {
  const common = { sharedStore, runtime: clock, audience }
  const revocations = new SharedRevocations({ ...common, absoluteSeconds: limits.absoluteSeconds })
  return new SessionList({ ...common, revocations, secrets, limits })
}

const begun = (id: string): SessionRecord =>
  record({ id, createdAt: clock.seconds, touchedAt: Math.floor(clock.seconds) })
const idsOf = async (list: SessionList): Promise<readonly string[]> =>
  (await list.sessionsOf(alice)).map(({ hash }) => hash).sort()

describeWith('redis-server', 'lists of sessions in Redis', (path) => {
  describe.each(clientPackages)('with a client of $name', ({ open }) => {
    let server: RedisServer
    let opened: OpenClient
    beforeEach(async () => {
      server = await startRedis({ path })
      opened = await open(server.url)
    })
    afterEach(async () => {
      opened.destroy()
      await server.stop()
    })

    test('SR11: have every session of logins at the same moment in two processes, and expire with them', async () => {
      const lists = [listOn(redisStore(opened.client, patient)), listOn(redisStore(opened.client, patient))] as const
      const names = Array.from({ length: 90 }, (_, index) => `session ${index}`)
      const records = await Promise.all(
        names.map((name, index) => lists[index % 2 === 0 ? 0 : 1].enter(begun(name), alice, name)),
      )
      expect(new Set(records.map(({ slot }) => slot)).size).toBe(names.length)
      expect(await idsOf(lists[0])).toEqual(records.map((each) => lists[1].idOf(each)).sort())
      const client = await connected(server.url)
      const keys = await client.keys('*')
      expect(keys).toHaveLength(names.length)
      for (const key of keys) {
        expect(key).toMatch(/^oidc:listed:1:[\w-]{43}$/)
        const left = await client.pTTL(key)
        expect([left > 0, left <= limits.idleSeconds * 1_000]).toEqual([true, true])
        expect(await client.get(key)).not.toMatch(/alice|session/)
      }
      client.destroy()
    })

    test('are renewed, left and ended', async () => {
      const list = listOn(redisStore(opened.client, patient))
      const [one, two, three] = await Promise.all(['one', 'two', 'three'].map((id) => list.enter(begun(id), alice, id)))
      if (one === undefined || two === undefined || three === undefined) throw new Error('no record')
      await list.renew(one, alice, 'one, renewed')
      await list.leave(two, alice)
      expect(await list.end(alice, list.idOf(three))).toBe(true)
      expect(await list.sessionsOf(alice)).toMatchObject([{ hash: list.idOf(one), userAgent: 'one, renewed' }])
    })

    test('SR04: are unknown while Redis is down, and nobody is listed', async () => {
      const list = listOn(redisStore(opened.client, { timeoutSeconds: 0.5 }))
      await server.kill()
      for (const call of [() => list.sessionsOf(alice), () => list.enter(begun('an-id'), alice, undefined)]) {
        await expect(call()).rejects.toMatchObject({ code: 'session_store_unavailable' })
      }
    })
  })

  test('are on all nodes of a cluster', async () => {
    const topology = await startRedisCluster(path)
    const [first] = topology.servers
    const cluster = createCluster({ rootNodes: [{ url: first?.url ?? '' }] }).on('error', () => undefined)
    await cluster.connect()
    const list = listOn(redisStore(cluster, patient))
    const records = await Promise.all(
      Array.from({ length: 30 }, (_, index) => list.enter(begun(`session ${index}`), alice, undefined)),
    )
    expect(await idsOf(list)).toEqual(records.map((each) => list.idOf(each)).sort())
    const [{ hash } = { hash: '' }] = await list.sessionsOf(alice)
    expect(await list.end(alice, hash)).toBe(true)
    expect(await idsOf(list)).toHaveLength(29)
    cluster.destroy()
    await topology.stop()
  })
})
