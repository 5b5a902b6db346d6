import { afterEach, describe, expect, test } from '@jest/globals'
import type { OidcOptions } from '../../lib/index.js'
import { Revalidation } from '../../lib/relying-party/revalidation.js'
import { Browser } from '../hosts/client.js'
import { answering } from '../kit/world/applications.js'
import { answerWith, cookieOf, type RefreshWorld, startRefreshWorld, tokenOf } from '../kit/world/refreshing.js'
import { FakeStore } from '../kit/stores/memory.js'
import { defaultAccounts } from '../provider-real/accounts.js'
import { record } from '../session/example.js'

let world: RefreshWorld
afterEach(() => world.close())

/** Signs alice in where UserInfo alone tells her roles, sessions are revalidated every minute. */
async function begin(session?: OidcOptions['session'], accessTokenTtl = 25) {
  const accounts = { ...defaultAccounts, alice: { ...defaultAccounts['alice'] } as Record<string, unknown> }
  const claims = { openid: ['sub'], profile: ['roles'] }
  world = await startRefreshWorld({
    provider: { accounts, accessTokenTtl, overrides: { conformIdTokenClaims: true, claims } },
    layers: [answering('/roles', ({ oidc: { user } }) => user?.['roles'])],
    oidc: { userinfo: true, session: { revalidateSeconds: 60, ...session } },
  })
  world.clock.stop()
  return { browser: await world.enter(), alice: accounts.alice }
}
const roles = async (browser: Browser) => (await browser.fetch(world.url('/roles'))).json()

describe('a session with claims from UserInfo', () => {
  const asked = () => world.httpClient.urls.filter((url) => new URL(url).pathname === '/me').length

  test.each([
    ['in a cookie', {}],
    ['in a store', { store: new FakeStore({ now: Date.now }) }],
  ])('%s fetches them again after that time, however often its tokens were renewed', async (_where, session) => {
    const { browser, alice } = await begin(session)
    alice['roles'] = ['owner']
    for (let renewals = 1; renewals <= 3; renewals += 1) {
      world.clock.advance(19)
      await tokenOf(world, browser, '?minTtl=20')
      expect(world.refreshes).toHaveLength(renewals)
    }
    world.clock.advance(2)
    expect(await roles(browser)).toEqual(['admin', 'user'])
    world.clock.advance(1)
    expect(await roles(browser)).toEqual(['owner'])
    expect([world.refreshes.length, asked()]).toEqual([3, 2])
    world.clock.advance(58)
    await roles(browser)
    expect([world.refreshes.length, asked()]).toEqual([4, 3])
  })

  test('asks for them again half a minute after UserInfo has failed, and renews no token for that', async () => {
    const { browser, alice } = await begin({}, 600)
    alice['roles'] = ['owner']
    world.httpClient.spoil('/me', answerWith(503, {}))
    world.clock.advance(60)
    expect(await roles(browser)).toEqual(['admin', 'user'])
    world.httpClient.spoil('/me')
    world.clock.advance(29)
    expect(await roles(browser)).toEqual(['admin', 'user'])
    world.clock.advance(1)
    expect(await roles(browser)).toEqual(['owner'])
    expect(world.refreshes).toHaveLength(1)
  })

  test('shows the fetched ones to a request with the cookie of before as well, which fetches nothing', async () => {
    const { browser, alice } = await begin()
    const before = cookieOf(browser, world)
    alice['roles'] = ['owner']
    world.clock.advance(60)
    await roles(browser)
    const late = await new Browser().fetch(world.url('/roles'), { headers: before })
    expect(late.json()).toEqual(['owner'])
    expect([world.refreshes.length, asked()]).toEqual([1, 2])
  })

  test('fetches them once for many requests', async () => {
    const { browser } = await begin()
    for (const seconds of [30, 29]) {
      world.clock.advance(seconds)
      await tokenOf(world, browser, '?minTtl=20')
    }
    world.clock.advance(1)
    await Promise.all(Array.from({ length: 20 }, () => browser.fetch(world.url('/private'))))
    expect([world.refreshes.length, asked()]).toEqual([2, 2])
  })
})

describe('whether a session is due', () => {
  const start = 1_700_000_000
  const tokens = { tokenType: 'bearer', scope: 'openid', refreshToken: 'refresh' }

  test.each([
    ['by its tokens', false, { obtainedAt: start - 60 }, { userinfoAt: start }, true],
    ['by neither', true, { obtainedAt: start - 59 }, { userinfoAt: start - 59 }, false],
    ['by its claims', true, { obtainedAt: start }, { userinfoAt: start - 60 }, true],
    ['by claims that it no longer shows', false, { obtainedAt: start }, { userinfoAt: start - 60 }, false],
    ['by its tokens, before they were renewed', true, { obtainedAt: start - 60 }, { userinfoAt: start }, true],
    ['by claims of before the clock was set back', true, { obtainedAt: start }, { userinfoAt: start + 60 }, true],
    ['by tokens where it is not known when its claims came', true, { obtainedAt: start - 60 }, {}, true],
    ['not at once where it is not known when its claims came', true, { obtainedAt: start }, {}, false],
    ['since it began, after a take-over', true, {}, { userinfoAt: start }, true],
  ])('is known %s', (_how, userinfo, times, of, isDue) => {
    const current = record({ createdAt: start - 600, tokens: { ...tokens, ...times }, userinfo: {}, ...of })
    const configuration = { session: { revalidateSeconds: 60 }, userinfo }
    const application = { configuration, runtime: { now: () => start * 1000 } }
    let isAsked = false
    const session = { current: () => current, canStore: () => ((isAsked = true), false) }
    const revalidation = new Revalidation(application as unknown as ConstructorParameters<typeof Revalidation>[0])
    const request = { rp: application, session } as unknown as Parameters<Revalidation['start']>[0]
    expect(revalidation.start(request)).toBeUndefined()
    expect(isAsked).toBe(isDue)
  })
})
