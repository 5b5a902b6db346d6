import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Browser } from '../../hosts/client.js'
import { answering } from '../../kit/world/applications.js'
import { cookieOf, type RefreshWorld, startRefreshWorld, tokenOf } from '../../kit/world/refreshing.js'
import { bobsDoor, comeBack, forgetAtProvider, subjectOf, toCallback } from '../../kit/world/steps.js'
import { secret, type WorldOptions } from '../../kit/world/world.js'
import { describeWith } from '../../setup/describe-with.js'
import { type StorageKind, storageKinds, type Place, worldIn } from '../../kit/stores/storage-kinds.js'

const limits = { idleSeconds: 1_000, absoluteSeconds: 3_600, rollingStepSeconds: 60, cookie: { name: 'app' } }
const layers = [
  answering('/clocks', ({ oidc }) => oidc.session),
  answering('/data', ({ oidc }) => oidc.data),
  answering('/visit', async ({ oidc, url }) => {
    const { data } = oidc
    await oidc.update({ visits: Number(data['visits'] ?? 0) + 1, last: url })
    return oidc.data
  }),
  bobsDoor,
]

describeWith('redis-server', 'sessions kept in', (program) => {
  describe.each(storageKinds)('$name', (kind: StorageKind) => {
    let place: Place
    let world: RefreshWorld
    beforeEach(async () => {
      place = await kind.open(program)
      world = await start()
    })
    afterEach(async () => {
      await world.close()
      await place.close()
    })

    const start = (options: WorldOptions = {}): Promise<RefreshWorld> =>
      startRefreshWorld(worldIn(kind, place, { layers, ...options, oidc: { ...options.oidc, session: limits } }))
    const get = async (path: string, headers = {}) => (await world.browser.fetch(world.url(path), { headers })).json()
    const sent = (path: string, headers: Record<string, string>) => new Browser().fetch(world.url(path), { headers })

    /** Who a request is of, once the store has heard of it: that is told in the background. */
    const stayed = async (): Promise<unknown> => {
      const subject = await subjectOf(world)
      const due = world.clock.now() / 1000 + limits.idleSeconds - 5
      while (subject !== null && Number(await idleEnd()) < Math.min(due, await absoluteEnd())) {
        await new Promise(setImmediate)
      }
      return subject
    }
    const clocks = async () => (await get('/clocks')) as { idleExpiresAt: number; absoluteExpiresAt: number } | null
    const absoluteEnd = async (): Promise<number> => (await clocks())?.absoluteExpiresAt ?? 0
    const idleEnd = async () => (await clocks())?.idleExpiresAt

    test('begin with a login, keep data over a refresh, and end with a logout', async () => {
      await world.enter(world.browser)
      expect(await get('/me')).toMatchObject({ user: { sub: 'alice' }, auth: { subject: 'alice', scheme: 'session' } })
      expect(await get('/visit')).toMatchObject({ visits: 1 })
      const first = await tokenOf(world, world.browser)
      world.clock.advance(700)
      const second = await tokenOf(world, world.browser)
      expect([typeof second, second === first, world.refreshes.length]).toEqual(['string', false, 1])
      expect(await tokenOf(world, world.browser)).toBe(second)
      expect(await get('/visit')).toMatchObject({ visits: 2 })
      await world.browser.navigate(world.url('/logout'), { site: 'same-origin' })
      expect([await subjectOf(world), await get('/data')]).toEqual([null, {}])
      expect(world.host.journal.errors).toEqual([])
    })

    test('SC03: are dead after a logout, for copies of the cookies too', async () => {
      await world.enter(world.browser)
      const copied = cookieOf(world.browser, world)
      expect((await sent('/me', copied)).json()).toMatchObject({ user: { sub: 'alice' } })
      await world.browser.navigate(world.url('/logout'), { site: 'same-origin' })
      expect((await sent('/me', copied)).json()).toMatchObject({ user: null })
      expect((await sent('/token', copied)).status).toBe(401)
    })

    test('are new after a second login, and the first one is dead', async () => {
      await world.enter(world.browser)
      await get('/visit')
      const first = cookieOf(world.browser, world)
      forgetAtProvider(world.browser)
      await comeBack(await toCallback(world, { login: '/bob' }), world.browser)
      expect([await subjectOf(world), await get('/data')]).toEqual(['bob', {}])
      expect((await sent('/me', first)).json()).toMatchObject({ user: null })
    })

    test('end after the idle limit', async () => {
      await world.enter(world.browser)
      for (let times = 0; times < 2; times += 1) {
        world.clock.advance(limits.idleSeconds - 10)
        expect(await stayed()).toBe('alice')
      }
      world.clock.advance(limits.idleSeconds + 1)
      expect(await subjectOf(world)).toBeNull()
    })

    test('end at the absolute limit, whatever is requested', async () => {
      await world.enter(world.browser)
      for (let at = 0; at < 3; at += 1) {
        world.clock.advance(900)
        expect(await stayed()).toBe('alice')
      }
      world.clock.advance(901)
      expect(await subjectOf(world)).toBeNull()
    })

    test('are renewed once per step, and not in between', async () => {
      await world.enter(world.browser)
      const first = Number(await idleEnd())
      world.clock.advance(61)
      await get('/me')
      // A store is told behind the response: nobody waits for that.
      let moved = await world.browser.fetch(world.url('/clocks'))
      while (moved.setCookies.length > 0) moved = await world.browser.fetch(world.url('/clocks'))
      expect(await idleEnd()).toBeGreaterThanOrEqual(first + 60)
      world.clock.advance(30)
      expect((await world.browser.fetch(world.url('/me'))).setCookies).toEqual([])
      expect(world.host.journal.errors).toEqual([])
    })

    test('SC07: are sealed with a new secret at their next request, and need the old one no more', async () => {
      await world.enter(world.browser)
      await get('/visit')
      const rotated = 'the next secret for tests, 32 characters and more'
      const at = async (secrets: readonly string[]) => {
        const other = await start({ oidc: { issuer: world.provider.issuer, secret: secrets } })
        const answers = [await world.browser.fetch(other.url('/data')), await world.browser.fetch(other.url('/data'))]
        await other.close()
        return answers.map((answer) => answer.json())
      }
      expect((await at([rotated, secret]))[1]).toMatchObject({ visits: 1 })
      expect((await at([rotated]))[1]).toMatchObject({ visits: 1 })
      expect((await at([secret]))[1]).toEqual({})
    })

    test('SR01: hide their content where they are stored', async () => {
      await world.enter(world.browser)
      await get('/visit')
      const token = String(await tokenOf(world, world.browser))
      world.clock.advance(700)
      const renewed = String(await tokenOf(world, world.browser))
      const cookies = world.browser.cookies.all().map(({ value }) => decodeURIComponent(value))
      const lying = `${await place.dump()}\n${cookies.join('\n')}`
      const decoded = lying
        .split(/[^\w+/=-]+/)
        .flatMap((part) => [part, Buffer.from(part, 'base64').toString('latin1')])
      for (const word of [token, renewed, 'alice', 'visits', 'Bearer']) {
        expect(decoded.some((text) => text.includes(word))).toBe(false)
      }
    })
  })
})
