import { afterEach, describe, expect, test } from '@jest/globals'
import { startWorld, type World } from '../kit/world/world.js'
import { FakeStore } from '../kit/stores/memory.js'

let world: World
afterEach(() => world.close())

const fake = () => new FakeStore({ now: () => Date.now() })
const storeOf = () => world.app.health().store

describe('the health of what sessions are kept with', () => {
  test('is that of the shared store, too, where sessions are in cookies', async () => {
    const sharedStore = fake()
    world = await startWorld({ oidc: { sharedStore: sharedStore } })
    expect(storeOf()).toBe('unknown')
    await world.signIn()
    await world.me()
    expect(storeOf()).toBe('ok')
    sharedStore.outage = true
    expect((await world.browser.request('fetch', world.url('/me'))).status).toBe(503)
    expect(storeOf()).toBe('failing')
  })

  test('is failing where either of two is', async () => {
    const [store, sharedStore] = [fake(), fake()]
    world = await startWorld({ oidc: { sharedStore, session: { store } } })
    await world.signIn()
    sharedStore.outage = true
    expect((await world.browser.request('fetch', world.url('/me'))).status).toBe(503)
    expect(storeOf()).toBe('failing')
  })

  test('is not told where there is neither', async () => {
    world = await startWorld()
    expect(world.app.health()).not.toHaveProperty('store')
  })
})
