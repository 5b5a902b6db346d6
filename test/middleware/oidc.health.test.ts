import { afterEach, describe, expect, test } from '@jest/globals'
import { startWorld, type World } from '../kit/world/world.js'
import { FakeStore } from '../kit/stores/memory.js'

let world: World
afterEach(() => world.close())

const fake = () => new FakeStore({ now: () => Date.now() })
const storeOf = () => world.app.health().store

describe('the health of session storage', () => {
  test('includes the shared store where sessions are in cookies', async () => {
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

  test('is failing where either of two stores fails', async () => {
    const [store, sharedStore] = [fake(), fake()]
    world = await startWorld({ oidc: { sharedStore, session: { store } } })
    await world.signIn()
    sharedStore.outage = true
    expect((await world.browser.request('fetch', world.url('/me'))).status).toBe(503)
    expect(storeOf()).toBe('failing')
  })

  test('is missing where there is no store', async () => {
    world = await startWorld()
    expect(world.app.health()).not.toHaveProperty('store')
  })
})
