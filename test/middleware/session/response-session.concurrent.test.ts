import { afterEach, describe, expect, test } from '@jest/globals'
import { answering } from '../../kit/world/applications.js'
import { Clock } from '../../kit/clock.js'
import { cookieSessionLayer, expressSessionLayer } from '../../kit/stores/storage-kinds.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { type RefreshWorld, startRefreshWorld } from '../../kit/world/refreshing.js'
import expressSession from 'express-session'

const later = (): Promise<void> => new Promise(setImmediate)
/** A store that answers later, as all do that are asked over a network. */
function slowStore(): FakeStore {
  const store = new FakeStore(Clock.real())
  store.before = later
  return store
}

const layers = [
  answering('/two', async ({ oidc }) => {
    await Promise.all([oidc.update({ a: 1 }), oidc.update({ b: 2 })])
    return oidc.data
  }),
  answering('/twenty', async ({ oidc }) => {
    await Promise.all(Array.from({ length: 20 }, (_, of) => oidc.update({ [`m${of}`]: 1 })))
    return oidc.data
  }),
  answering('/refresh-beside', async ({ oidc }) => {
    await Promise.all([oidc.refresh(), oidc.update({ c: 3 }), later().then(() => oidc.update({ d: 4 }))])
    return oidc.data
  }),
  answering('/data', ({ oidc }) => oidc.data),
]

let world: RefreshWorld
afterEach(() => world.close())

describe.each([
  ['in cookies', () => ({ oidc: { sharedStore: slowStore() } })],
  ['in a store', () => ({ oidc: { session: { store: slowStore() } } })],
  [
    'in express-session',
    () => ({
      oidc: { session: { use: 'request' } as const, sharedStore: slowStore() },
      before: [expressSessionLayer(new expressSession.MemoryStore())],
    }),
  ],
  [
    'in cookie-session',
    () => ({
      oidc: { session: { use: 'request' } as const, sharedStore: slowStore() },
      before: [cookieSessionLayer()],
    }),
  ],
])('a session %s that one request changes by several calls at once', (_, options) => {
  const at = async (path: string): Promise<unknown> => (await world.browser.fetch(world.url(path))).json()

  test('has what each of them stored', async () => {
    world = await startRefreshWorld({ ...options(), layers })
    await world.enter(world.browser)
    expect(await at('/two')).toEqual({ a: 1, b: 2 })
    expect(await at('/data')).toEqual({ a: 1, b: 2 })
  })

  test('has what each of them stored, however many they are', async () => {
    world = await startRefreshWorld({ ...options(), layers })
    await world.enter(world.browser)
    const data = Object.fromEntries(Array.from({ length: 20 }, (_, of) => [`m${of}`, 1]))
    expect(await at('/twenty')).toEqual(data)
    expect(await at('/data')).toEqual(data)
  })

  test('has what they stored beside a refresh, and its tokens', async () => {
    world = await startRefreshWorld({ ...options(), layers })
    await world.enter(world.browser)
    expect(await at('/refresh-beside')).toEqual({ c: 3, d: 4 })
    expect(await at('/data')).toEqual({ c: 3, d: 4 })
    await at('/refresh-beside')
    expect(world.refreshes.map((form) => form.get('refresh_token'))).toHaveLength(2)
    expect(new Set(world.refreshes.map((form) => form.get('refresh_token'))).size).toBe(2)
  })
})
