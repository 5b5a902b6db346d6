import { afterEach, describe, expect, test } from '@jest/globals'
import type { Browser } from '../../hosts/client.js'
import { answering } from '../../kit/world/applications.js'
import { refusedConnection, type RefreshWorld, startRefreshWorld, told, tokenOf } from '../../kit/world/refreshing.js'
import { FakeStore } from '../../kit/stores/memory.js'
import type { WorldOptions } from '../../kit/world/world.js'

const orders = 'https://orders.example.com'
const ahead = 500

let world: RefreshWorld
afterEach(() => world.close())

/** Signs in while the application's clock is ahead of the provider's. */
async function start({ oidc, provider }: WorldOptions = {}): Promise<Browser> {
  world = await startRefreshWorld({
    oidc: { scope: 'openid orders:read', resource: [orders], ...oidc },
    provider: { resources: { [orders]: 'orders:read' }, ...provider },
    layers: [answering('/orders', async ({ oidc: of }) => ({ token: await of.accessToken({ resource: orders }) }))],
  })
  world.clock.advance(ahead)
  return world.enter()
}

const ordersToken = async (browser: Browser) => told(await browser.fetch(world.url('/orders')))
const setBack = () => world.clock.advance(-ahead)

const places = [
  ['in a cookie', {}],
  ['in a store', { store: new FakeStore({ now: Date.now }) }],
] as const

describe.each(places)('after the clock was set back, the token of a session %s', (_where, session) => {
  test.each([true, false])(
    'is renewed once, since nobody knows how long it lives, and the new one stays (rotating: %p)',
    async (rotateRefreshToken) => {
      const browser = await start({ oidc: { session }, provider: { overrides: { rotateRefreshToken } } })
      const first = await tokenOf(world, browser)
      setBack()
      const second = await tokenOf(world, browser)
      expect(second).toMatch(/^\S{20,}$/)
      expect(second).not.toBe(first)
      for (let calls = 0; calls < 3; calls += 1) expect(await tokenOf(world, browser)).toBe(second)
      expect(world.refreshes).toHaveLength(1)
    },
  )

  test.each([true, false])(
    'is renewed once for another API too, and the new one stays (rotating: %p)',
    async (rotateRefreshToken) => {
      const browser = await start({ oidc: { session }, provider: { overrides: { rotateRefreshToken } } })
      const first = await ordersToken(browser)
      expect(world.refreshes).toHaveLength(1)
      setBack()
      const second = await ordersToken(browser)
      expect(second).toMatch(/^\S{20,}$/)
      expect(second).not.toBe(first)
      for (let calls = 0; calls < 3; calls += 1) expect(await ordersToken(browser)).toBe(second)
      expect(world.refreshes).toHaveLength(2)
    },
  )
})

describe('a token from before the clock was set back', () => {
  test('is given as it is where it cannot be renewed: after the headers, or while the provider is away', async () => {
    const browser = await start()
    const first = await tokenOf(world, browser)
    setBack()
    expect((await browser.fetch(world.url('/late'))).json()).toEqual([first])
    expect(world.refreshes).toHaveLength(0)
    world.spoilTokens(refusedConnection)
    expect(await tokenOf(world, browser)).toBe(first)
  })

  test('is not renewed where the clock was set back by seconds, as with processes whose clocks differ', async () => {
    const browser = await start()
    const first = await tokenOf(world, browser)
    world.clock.advance(-3)
    expect(await tokenOf(world, browser)).toBe(first)
    expect(world.refreshes).toHaveLength(0)
  })
})
