import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Browser } from '../../../hosts/client.js'
import { Clock } from '../../../kit/clock.js'
import { answering } from '../../../kit/world/applications.js'
import { knownJwks, LogoutWorld } from '../../../kit/world/logout-world.js'
import { forgetAtProvider, subjectOf, toCallback } from '../../../kit/world/steps.js'
import { tokenOf } from '../../../kit/world/refreshing.js'
import { FakeStore } from '../../../kit/stores/memory.js'
import { type Place, type StorageKind, storageKinds, worldIn } from '../../../kit/stores/storage-kinds.js'
import { until } from '../../../kit/until.js'
import { describeWith } from '../../../setup/describe-with.js'

const session = { idleSeconds: 1_000, absoluteSeconds: 3_600, rollingStepSeconds: 60 }
const layers = [
  answering('/again', async ({ oidc }, res) => {
    await oidc.login({ returnTo: '/me', authorizationParams: { prompt: 'login' } })
    return res.headersSent ? undefined : null
  }),
  answering('/token', async ({ oidc }) => ({ token: await oidc.accessToken() })),
]

/** Every storage with a store that is shared; where it comes with none, in memory. */
const kinds = storageKinds.filter(({ name }) => name !== 'a sealed cookie')

describeWith('redis-server', 'the list of sessions that are kept in', (program) => {
  describe.each(kinds)('$name', (kind: StorageKind) => {
    let place: Place
    let own: LogoutWorld
    beforeEach(async () => {
      place = await kind.open(program)
      const sharedStore = new FakeStore(Clock.real())
      const oidc = { ...(kind.isRequest ? { sharedStore } : {}), session }
      own = await LogoutWorld.start(
        worldIn(kind, place, { layers, oidc, provider: { overrides: { jwks: knownJwks } } }),
      )
    })
    afterEach(async () => {
      await own.close()
      await place.close()
    })

    const list = () => own.world.app.sessions.list('alice')
    const agents = async () => (await list()).map(({ userAgent }) => userAgent).sort()
    const enter = async (name: string, browser = new Browser()): Promise<Browser> => {
      await browser.navigate(own.world.url('/login'), { follow: true, headers: { 'user-agent': name } })
      return browser
    }
    const visit = (browser: Browser, name: string) =>
      browser.fetch(own.world.url('/me'), { headers: { 'user-agent': name } })

    test('is true after logins, a logout, and a logout at the provider', async () => {
      const laptop = await enter('laptop')
      await enter('phone')
      expect(await agents()).toEqual(['laptop', 'phone'])
      await laptop.navigate(own.world.url('/logout'), { site: 'same-origin' })
      expect(await agents()).toEqual(['phone'])
      expect((await own.logout()).status).toBe(200)
      expect(await agents()).toEqual([])
    })

    test('has one session of a browser whose callback comes twice at once', async () => {
      const callback = await toCallback(own.world)
      const cookie = own.world.browser.cookies.header({ url: callback, crossSite: false, safeNavigation: true }) ?? ''
      const headers = { cookie, 'user-agent': 'laptop' }
      await Promise.all([1, 2].map(() => new Browser().navigate(callback.href, { headers })))
      expect(await agents()).toEqual(['laptop'])
    })

    test('has one session of a browser that signs in again', async () => {
      const laptop = await enter('laptop')
      const [before] = await list()
      forgetAtProvider(laptop)
      await enter('laptop', laptop)
      const after = await list()
      expect([after.length, after[0]?.id === before?.id]).toEqual([1, false])
    })

    test('follows the renewals of a session, and keeps its id over a refresh', async () => {
      const laptop = await enter('laptop')
      const [before] = await list()
      own.world.clock.advance(700)
      await visit(laptop, 'laptop after an update')
      await until(async () => (await list())[0]?.userAgent === 'laptop after an update')
      const [renewed] = await list()
      expect([renewed?.id, renewed?.createdAt]).toEqual([before?.id, before?.createdAt])
      expect((renewed?.renewedAt ?? 0) - (before?.renewedAt ?? 0)).toBeGreaterThanOrEqual(700)
      expect(await tokenOf(own.world, laptop)).toEqual(expect.any(String))
      expect((await list()).map(({ id }) => id)).toEqual([before?.id])
      own.world.clock.advance(1_000)
      expect(await list()).toEqual([])
    })

    test('ends a session by its id, and no other', async () => {
      const [laptop, phone] = [await enter('laptop'), await enter('phone')]
      const found = (await list()).find(({ userAgent }) => userAgent === 'phone')
      expect(await own.world.app.sessions.end('alice', found?.id ?? '')).toBe(true)
      expect([await subjectOf(own.world, laptop), await subjectOf(own.world, phone)]).toEqual(['alice', null])
      expect(await agents()).toEqual(['laptop'])
    })
  })
})
