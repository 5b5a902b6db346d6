import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { systemRuntime } from '../../../lib/base/runtime.js'
import { isSharedStore } from '../../../lib/options/common/stores.js'
import { SharedRevocations } from '../../../lib/session/revocation/shared-revocations.js'
import { expressSessionStore } from '../../../lib/session/shared/express-store.js'
import { Browser } from '../../hosts/client.js'
import type { RefreshWorld } from '../../kit/world/refreshing.js'
import { subjectOf } from '../../kit/world/steps.js'
import { describeWith } from '../../setup/describe-with.js'
import { storageKind } from '../../kit/stores/storage-kinds.js'
import { askAs, copyOf, startTwo, type TwoProcesses } from '../../kit/stores/processes.js'

const kinds = [
  'a sealed cookie, and Redis for logouts',
  'redisStore',
  'connect-redis',
  'a store of express-session in memory',
]

describeWith('redis-server', 'a session that has ended stays dead', (program) => {
  describe.each(kinds)('in %s', (name) => {
    let two: TwoProcesses
    let browser: Browser
    beforeEach(async () => {
      two = await startTwo(storageKind(name), program)
      browser = await two.one.enter()
    })
    afterEach(() => two.close())

    /** Logs out in one window, while the cookies of before are still about. */
    const logout = async (by: RefreshWorld): Promise<Browser> => {
      const copied = copyOf(browser)
      const answer = await browser.navigate(by.url('/logout'), { site: 'same-origin' })
      expect(answer.status).toBe(302)
      return copied
    }
    const expectDead = async (...browsers: readonly Browser[]): Promise<void> => {
      for (const each of browsers) {
        for (const world of [two.one, two.two]) {
          expect((await askAs(each, two.one, '/me', world)).json()).toMatchObject({ user: null })
        }
      }
      if (name === 'redisStore') expect(await two.place.dump()).not.toContain('session:')
    }

    describe.each(['the same process', 'another process'])('by a logout in %s', (where) => {
      const elsewhere = (): RefreshWorld => (where === 'another process' ? two.two : two.one)

      test('SC03: for copies of its cookies, in all processes', async () => {
        expect((await askAs(browser, two.one, '/me', two.two)).json()).toMatchObject({ user: { sub: 'alice' } })
        const copied = await logout(elsewhere())
        await expectDead(copied, browser)
        expect((await askAs(copied, two.one, '/update')).status).toBe(401)
      })

      test('SR03: against a slow request that changes it afterwards', async () => {
        const slow = browser.fetch(two.one.url('/slow-update'))
        await two.arrived(1)
        const copied = await logout(elsewhere())
        two.release()
        const answer = await slow
        expect([answer.status, answer.setCookies.filter((line) => !line.includes('Max-Age=0'))]).toEqual([401, []])
        await expectDead(browser, copied)
      })

      test('SR03: against a response that renews it afterwards', async () => {
        two.advance(61)
        const slow = browser.fetch(two.one.url('/slow'))
        await two.arrived(1)
        const copied = await logout(elsewhere())
        two.release()
        await slow
        await expectDead(browser, copied)
      })

      test('LO06, SR03: against a refresh under way', async () => {
        let letGo = (): void => undefined
        const held = new Promise<void>((resolve) => (letGo = resolve))
        let isAsked = false
        two.one.spoilTokens(async (honest) => {
          isAsked = true
          await held
          return honest()
        })
        two.advance(700)
        const renewing = browser.fetch(two.one.url('/token'))
        while (!isAsked) await new Promise(setImmediate)
        const copied = await logout(elsewhere())
        letGo()
        const answer = await renewing
        expect([answer.status, answer.setCookies.filter((line) => !line.includes('Max-Age=0'))]).toEqual([401, []])
        await expectDead(browser, copied)
      })

      test('SR03: for a second tab, which neither changes nor renews it', async () => {
        const tab = await logout(elsewhere())
        two.advance(700)
        for (const path of ['/update', '/token']) expect((await tab.fetch(two.one.url(path))).status).toBe(401)
        expect(two.one.refreshes).toHaveLength(0)
        await expectDead(tab)
        await two.one.enter(tab)
        expect(await subjectOf(two.one, tab)).toBe('alice')
      })
    })

    test('SR07: with all others of the person, by sub, and later logins live', async () => {
      const other = await two.one.enter(new Browser())
      await endAll(two.one.provider.issuer)
      await expectDeadSessions(browser, other)
      two.advance(1)
      const later = await two.one.enter(new Browser())
      expect((await askAs(later, two.one, '/me', two.two)).json()).toMatchObject({ user: { sub: 'alice' } })
    })

    test('SR03, SR07: by sub, against a slow request that changes it afterwards', async () => {
      const slow = browser.fetch(two.one.url('/slow-update'))
      await two.arrived(1)
      await endAll(two.one.provider.issuer)
      two.release()
      const answer = await slow
      expect([answer.status, answer.setCookies]).toEqual([401, []])
      expect(answer.text).toContain('session_missing')
    })

    test('LO06, SR03, SR07: by sub, against a refresh under way, whose refresh token is revoked', async () => {
      const { one } = two
      one.spoilTokens(async (honest) => {
        const answer = await honest()
        await endAll(one.provider.issuer)
        return answer
      })
      two.advance(700)
      const answer = await browser.fetch(one.url('/token'))
      expect([answer.status, answer.setCookies]).toEqual([401, []])
      expect(one.provider.requests).toContain('POST /token/revocation')
    })

    /** What a logout token of the provider's does. */
    const endAll = async (issuer: string): Promise<void> => {
      const runtime = { ...systemRuntime, now: two.one.clock.now }
      const { session: { store } = {}, ...options } = two.place.oidc
      const given = options.sharedStore ?? store
      if (given === undefined) throw new Error('nothing is shared')
      const sharedStore = isSharedStore(given)
        ? given
        : expressSessionStore({ store: given, runtime, timeoutSeconds: 30 })
      const revocations = new SharedRevocations({
        sharedStore,
        runtime,
        absoluteSeconds: 3_600,
        audience: [issuer, 'web'],
      })
      await revocations.revoke({ subject: 'alice' }, runtime.now())
    }
    const expectDeadSessions = async (...browsers: readonly Browser[]): Promise<void> => {
      for (const each of browsers) expect((await askAs(each, two.one, '/me')).json()).toMatchObject({ user: null })
    }
  })
})
