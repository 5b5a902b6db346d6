import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createHash, randomBytes } from 'node:crypto'
import { createSeal } from '../../../lib/seal/seal.js'
import { Browser } from '../../hosts/client.js'
import { answering } from '../../kit/world/applications.js'
import { cookieOf, type RefreshWorld, startRefreshWorld, tokenOf } from '../../kit/world/refreshing.js'
import { codeOf, comeBack, subjectOf, toCallback } from '../../kit/world/steps.js'
import { pastDeadline, timersDuring } from '../../kit/timers.js'
import { secret } from '../../kit/world/world.js'
import { describeWith } from '../../setup/describe-with.js'
import { storageKind, type Place, type RedisPlace, worldIn } from '../../kit/stores/storage-kinds.js'

const name = 'oidc'
const limits = { idleSeconds: 1_000, absoluteSeconds: 2_000, rollingStepSeconds: 60, cookie: { name } }
const layers = [
  answering('/update', async ({ oidc }) => oidc.update({ a: 1 })),
  answering('/logout-here', async ({ oidc }) => oidc.logout({ local: true })),
]

let place: Place
let redis: RedisPlace
let world: RefreshWorld

async function open(kind: string, program: string, timeoutSeconds?: number): Promise<void> {
  place = await storageKind(kind).open(program, timeoutSeconds)
  if (place.redis === undefined) throw new Error('this is no Redis')
  redis = place.redis
  world = await startRefreshWorld(worldIn(storageKind(kind), place, { layers, oidc: { session: limits } }))
}

afterEach(async () => {
  await world.close()
  await place.close()
})

const keysOf = (what: string) => redis.client.keys(`*${what}*`)
const ticketSeal = () =>
  createSeal([secret], ['session ticket', name, world.provider.issuer, 'web'], { now: Date.now, randomBytes })

/** Makes a request with exactly this cookie. */
const withCookie = (value: string, path = '/me') =>
  new Browser().fetch(world.url(path), { headers: { cookie: `${name}=${value}` } })
const valueOf = (browser: Browser): string => browser.cookies.all().find((cookie) => cookie.name === name)?.value ?? ''

describeWith('redis-server', 'sessions in Redis', (program) => {
  beforeEach(() => open('redisStore', program))

  test('SR01: have an id of 256 bits, which the cookie holds sealed and Redis knows by its hash', async () => {
    await world.enter(world.browser)
    const id = String(ticketSeal().open(valueOf(world.browser))?.payload['id'])
    expect(Buffer.from(id, 'base64url')).toHaveLength(32)
    const audience = [world.provider.issuer, 'web']
    const hash = createHash('sha256').update(JSON.stringify([audience, id]))
    expect(await keysOf('session:')).toEqual([`oidc:session:1:${hash.digest('base64url')}`])
    const dump = await place.dump()
    expect([dump.includes(id), dump.includes(valueOf(world.browser))]).toEqual([false, false])
    for (const purpose of [['stored session'], ['session'], ['session ticket', name]]) {
      const seal = createSeal([secret], [...purpose, ...audience], { now: Date.now, randomBytes })
      expect(seal.open(dump.split(' ')[1] ?? '')).toBeUndefined()
    }
  })

  test('SR02: that Redis does not know are anonymous: the cookie is removed, and its id is not reused', async () => {
    await world.enter(world.browser)
    const [old, cookie] = [await keysOf('session:'), valueOf(world.browser)]
    await redis.client.flushAll()
    const answer = await withCookie(cookie)
    expect(answer.json()).toMatchObject({ user: null })
    expect(answer.setCookies).toEqual([expect.stringMatching(/^oidc=; Max-Age=0/)])
    await comeBack(await toCallback(world), world.browser)
    expect(await subjectOf(world)).toBe('alice')
    expect(await keysOf('session:')).not.toEqual(old)
    const planted = ticketSeal().seal({ v: 1, exp: Date.now() / 1000 + 500, id: 'planted', sub: 'alice' })
    expect((await withCookie(planted)).setCookies).toEqual([expect.stringMatching(/^oidc=; Max-Age=0/)])
    expect(await keysOf('session:')).toHaveLength(1)
  })

  test('SR02: of one browser are not changed by another browser’s login', async () => {
    await world.enter(world.browser)
    const attacker = valueOf(world.browser)
    const victim = new Browser()
    victim.cookies.store(`${name}=${attacker}; Path=/`, new URL(world.url('/')))
    await comeBack(await toCallback(world, { browser: victim }), victim)
    expect(valueOf(victim)).not.toBe(attacker)
    expect((await withCookie(attacker)).json()).toMatchObject({ user: null })
  })

  test('SR05: have their lifetime in the same write: what is left of the idle limit, never beyond the absolute one', async () => {
    world.clock.stop()
    // Redis counts down meanwhile, by the machine's time.
    const expectLifetime = async (seconds: number, write: () => Promise<unknown>) => {
      const before = Date.now()
      await write()
      const [key = ''] = await keysOf('session:')
      const left = await redis.client.pTTL(key)
      expect(left).toBeLessThanOrEqual(seconds * 1_000)
      expect(left).toBeGreaterThanOrEqual(seconds * 1_000 - (Date.now() - before) - 1_000)
    }
    await expectLifetime(1_000, () => world.enter(world.browser))
    world.clock.advance(700)
    await expectLifetime(1_000, () => world.browser.fetch(world.url('/update')))
    world.clock.advance(700)
    await expectLifetime(600, () => tokenOf(world, world.browser))
    expect(world.refreshes).toHaveLength(1)
    world.clock.advance(300)
    await expectLifetime(300, () => world.browser.fetch(world.url('/update')))
    for (const each of await redis.client.keys('*')) expect(await redis.client.pTTL(each)).toBeGreaterThan(0)
  })

  test('that are corrupt or newer are neither a session nor an error: they stay, and so does the cookie', async () => {
    await world.enter(world.browser)
    const [key = ''] = await keysOf('session:')
    for (const value of ['garbage', '', '{}', 'a.b.c.d.e']) {
      await redis.client.set(key, value)
      const answer = await world.browser.fetch(world.url('/me'))
      expect([answer.status, answer.json(), answer.setCookies]).toEqual([200, { user: null, auth: null }, []])
      expect(await redis.client.get(key)).toBe(value)
    }
    await redis.client.del(key)
    await redis.client.lPush(key, 'a list')
    expect((await world.browser.fetch(world.url('/me'))).status).toBe(503)
    expect(world.host.journal.errors).toEqual([])
  })

  test('SR08: of two applications on one Redis do not affect each other, with the same person and secret', async () => {
    await world.enter(world.browser)
    const other = await startRefreshWorld(
      worldIn(storageKind('redisStore'), place, { client: { client_id: 'other' }, oidc: { clientId: 'other' } }),
    )
    const foreign = await other.enter()
    expect(await keysOf('session:')).toHaveLength(2)
    await foreign.navigate(other.url('/logout'), { site: 'same-origin' })
    expect([await subjectOf(world), await subjectOf(other, foreign)]).toEqual(['alice', null])
    await other.close()
  })
})

const patienceSeconds = 30
const kinds = ['redisStore', 'connect-redis', 'a sealed cookie, and Redis for logouts']

describeWith('redis-server', 'while Redis is unavailable', (program) => {
  describe.each(kinds)('%s', (kind) => {
    beforeEach(async () => {
      await open(kind, program, patienceSeconds)
      await world.enter(world.browser)
    })

    const outages: readonly (readonly [string, () => Promise<void> | void, () => Promise<void> | void])[] = [
      ['killed', () => redis.server.kill(), () => redis.server.restart()],
      ['hanging', () => redis.server.pause(), () => redis.server.resume()],
    ]

    test.each(outages)(
      'SR04: it is %s: 503 in time for signed-in people, and all as before afterwards',
      async (_how, begin, end) => {
        const before = cookieOf(world.browser, world)
        await begin()
        for (const path of ['/me', '/update', '/private', '/logout']) {
          const ask = () => world.browser.fetch(world.url(path), { headers: { 'sec-fetch-site': 'same-origin' } })
          const { result: answer, waits } = await pastDeadline(patienceSeconds, () => timersDuring(ask))
          expect([answer.status, codeOf(answer), answer.headers['retry-after']]).toEqual([
            503,
            'session_store_unavailable',
            '5',
          ])
          expect(answer.setCookies).toEqual([])
          // Whatever a request asks of Redis, it asks at once, and a guard that signs in asks once more.
          expect(waits.filter((wait) => wait !== patienceSeconds * 1_000)).toEqual([])
          expect(waits.length).toBeLessThanOrEqual(4)
        }
        const stranger = await new Browser().fetch(world.url('/me'))
        expect([stranger.status, stranger.json()]).toEqual([200, { user: null, auth: null }])
        await end()
        expect(cookieOf(world.browser, world)).toEqual(before)
        let answer = await world.browser.fetch(world.url('/me'))
        while (answer.status === 503) answer = await world.browser.fetch(world.url('/me'))
        expect(answer.json()).toMatchObject({ user: { sub: 'alice' } })
      },
    )

    test('SR04: for writes only (READONLY), people stay signed in, and no logout is reported as done', async () => {
      await redis.client.sendCommand(['REPLICAOF', '127.0.0.1', '1'])
      expect(await subjectOf(world)).toBe('alice')
      const out = await world.browser.fetch(world.url('/logout-here'))
      expect([out.status, codeOf(out), out.setCookies]).toEqual([503, 'session_store_unavailable', []])
      expect(JSON.stringify(world.host.journal.errors)).not.toContain('alice')
      await redis.client.sendCommand(['REPLICAOF', 'NO', 'ONE'])
      expect(await subjectOf(world)).toBe('alice')
      let answer = await world.browser.fetch(world.url('/logout-here'))
      while (answer.status === 503) answer = await world.browser.fetch(world.url('/logout-here'))
      expect([answer.status, answer.json()]).toEqual([200, { logout_url: expect.any(String) }])
      expect(await subjectOf(world)).toBeNull()
    })
  })

  test.each(['redisStore', 'connect-redis'])('SR04: a login is 503, and no session begins: %s', async (kind) => {
    await open(kind, program)
    const callback = await toCallback(world)
    await redis.client.sendCommand(['REPLICAOF', '127.0.0.1', '1'])
    const answer = await comeBack(callback, world.browser)
    expect([answer.status, codeOf(answer), answer.headers['retry-after']]).toEqual([
      503,
      'session_store_unavailable',
      '5',
    ])
    expect(valueOf(world.browser)).toBe('')
  })
})
