import { afterEach, describe, expect, test } from '@jest/globals'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { TraceEvent } from '../../lib/index.js'
import type { Browser } from '../hosts/client.js'
import { answering } from '../kit/world/applications.js'
import { answerWith, type RefreshWorld, refusedConnection, startRefreshWorld } from '../kit/world/refreshing.js'
import { codeOf, subjectOf } from '../kit/world/steps.js'
import { FakeStore } from '../kit/stores/memory.js'
import type { WorldOptions } from '../kit/world/world.js'
import { defaultAccounts } from '../provider-real/accounts.js'

let world: RefreshWorld
afterEach(() => world.close())

/** Signs alice in where sessions are revalidated every minute, and access tokens live for ten. */
async function start({ oidc, ...options }: WorldOptions = {}) {
  const accounts = { ...defaultAccounts, alice: { ...defaultAccounts['alice'] } as Record<string, unknown> }
  world = await startRefreshWorld({
    ...options,
    provider: { accounts, ...options.provider },
    layers: [answering('/roles', ({ oidc: { user } }) => user?.['roles'])],
    oidc: { ...oidc, session: { revalidateSeconds: 60, ...oidc?.session } },
  })
  world.clock.stop()
  return { browser: await world.enter(), alice: accounts.alice }
}
const roles = async (browser: Browser) => (await browser.fetch(world.url('/roles'))).json()
const dead = answerWith(400, { error: 'invalid_grant' })

describe('a session with revalidateSeconds', () => {
  test.each([
    ['in a cookie', {}],
    ['in a store', { store: new FakeStore({ now: Date.now }) }],
  ])(
    '%s is renewed by a request that asks for no token, every so often, and shows the claims of then',
    async (_where, session) => {
      const { browser, alice } = await start({ oidc: { session: { revalidateSeconds: 60, ...session } } })
      alice['roles'] = ['owner']
      world.clock.advance(59)
      expect(await roles(browser)).toEqual(['admin', 'user'])
      world.clock.advance(1)
      expect(await roles(browser)).toEqual(['owner'])
      expect(await roles(browser)).toEqual(['owner'])
      expect(world.refreshes).toHaveLength(1)
      world.clock.advance(60)
      await roles(browser)
      expect(world.refreshes).toHaveLength(2)
    },
  )

  test('is renewed once after the clock was set back, also where the provider does not rotate refresh tokens', async () => {
    const { browser } = await start({ provider: { overrides: { rotateRefreshToken: false } } })
    world.clock.advance(600)
    await roles(browser)
    world.clock.advance(-600)
    for (let requests = 0; requests < 3; requests += 1) await roles(browser)
    expect(world.refreshes).toHaveLength(2)
  })

  test('is renewed once for many requests', async () => {
    const { browser } = await start()
    world.clock.advance(60)
    const answers = await Promise.all(Array.from({ length: 20 }, () => browser.fetch(world.url('/private'))))
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
    expect(world.refreshes).toHaveLength(1)
  })

  test('ends with the login at the provider, also for the request that notices it', async () => {
    const { browser } = await start()
    world.spoilTokens(dead)
    world.clock.advance(60)
    const answer = await browser.fetch(world.url('/private'))
    expect([answer.status, codeOf(answer)]).toEqual([401, 'login_needed'])
    world.spoilTokens()
    expect(await subjectOf(world, browser)).toBeNull()
  })

  test.each([
    ['answers 503', answerWith(503, {})],
    ['cannot be reached', refusedConnection],
  ])('goes on while the provider %s, which is asked again after half a minute', async (_what, fault) => {
    const { browser } = await start()
    world.spoilTokens(fault)
    world.clock.advance(60)
    for (let requests = 0; requests < 3; requests += 1) expect(await subjectOf(world, browser)).toBe('alice')
    const asked = world.refreshes.length
    world.clock.advance(29)
    expect(await subjectOf(world, browser)).toBe('alice')
    expect(world.refreshes).toHaveLength(asked)
    world.spoilTokens(dead)
    world.clock.advance(61)
    expect(await subjectOf(world, browser)).toBeNull()
  })

  test('is renewed again after the clock was set back, whatever failed a moment ago', async () => {
    const { browser } = await start()
    world.spoilTokens(answerWith(503, {}))
    world.clock.advance(60)
    expect(await subjectOf(world, browser)).toBe('alice')
    world.clock.advance(-3600)
    world.spoilTokens(dead)
    expect(await subjectOf(world, browser)).toBeNull()
  })

  test('is not renewed in order to sign out', async () => {
    const { browser } = await start()
    world.clock.advance(60)
    await browser.navigate(world.url('/logout'), { site: 'same-origin' })
    expect(world.refreshes).toHaveLength(0)
    expect(await subjectOf(world, browser)).toBeNull()
  })

  test('continues without being renewed if there is no refresh token, and tracing says so at the login', async () => {
    const remarks: unknown[] = []
    const listen = (event: unknown) => void remarks.push(...((event as TraceEvent).remarks ?? []))
    subscribe('tracing:express-oidc:callback:asyncEnd', listen)
    const { browser } = await start({ client: { grant_types: ['authorization_code'] } })
    unsubscribe('tracing:express-oidc:callback:asyncEnd', listen)
    expect(remarks).toEqual(['revalidation_impossible'])
    world.clock.advance(300)
    expect(await subjectOf(world, browser)).toBe('alice')
    expect(world.refreshes).toHaveLength(0)
  })

  test('fetches claims from UserInfo again if they are part of the session', async () => {
    const claims = { openid: ['sub'], profile: ['roles'] }
    const { browser, alice } = await start({
      oidc: { userinfo: true },
      provider: { overrides: { conformIdTokenClaims: true, claims } },
    })
    alice['roles'] = ['owner']
    world.clock.advance(60)
    expect(await roles(browser)).toEqual(['owner'])
  })
})

test('a session without revalidateSeconds is not renewed unless a token is asked for', async () => {
  const { browser } = await start({ oidc: { session: { revalidateSeconds: undefined } } })
  world.clock.advance(3600)
  expect(await subjectOf(world, browser)).toBe('alice')
  expect(world.refreshes).toHaveLength(0)
})
