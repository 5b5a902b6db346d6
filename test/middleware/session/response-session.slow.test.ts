import { afterEach, describe, expect, test } from '@jest/globals'
import { Clock } from '../../kit/clock.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { pastDeadline } from '../../kit/timers.js'
import { settled, until } from '../../kit/until.js'
import { answering } from '../../kit/world/applications.js'
import { type RefreshWorld, startRefreshWorld } from '../../kit/world/refreshing.js'

/** Runs while a handler that has changed the session waits. */
let meanwhile: () => Promise<unknown> = async () => undefined
const layers = [
  answering('/slow', async ({ oidc }) => {
    await oidc.update({ a: 1 })
    await meanwhile()
    return oidc.data
  }),
  answering('/waiting', () => meanwhile()),
  answering('/data', ({ oidc }) => oidc.data),
]

let world: RefreshWorld
let sharedStore: FakeStore
afterEach(() => world.close())

type Stores = (store: FakeStore) => { readonly sharedStore?: FakeStore; readonly session?: object }

async function begin(session: object, withStore: Stores = (store) => ({ sharedStore: store })): Promise<void> {
  sharedStore = new FakeStore(Clock.real())
  const stores = withStore(sharedStore)
  world = await startRefreshWorld({ layers, oidc: { ...stores, session: { ...session, ...stores.session } } })
  await world.enter(world.browser)
  world.clock.stop()
  // A logout counts for sessions that began before it.
  world.clock.advance(1)
}

/** As a logout in another process: this one hears of it by the store only. */
async function logOutElsewhere(): Promise<void> {
  const names = sharedStore.calls.filter(({ operation }) => operation === 'get').flatMap((call) => call.names)
  for (const name of new Set(names.filter((each) => each.startsWith('end:'))))
    await sharedStore.set(name, String(world.clock.now()), 60_000)
}

const looked = async (): Promise<void> => {
  const before = sharedStore.count('get')
  await until(() => sharedStore.count('get') > before)
  await settled()
}

describe('a response that begins long after its handler has changed the session', () => {
  test('SC14: brings no cookie if another process has ended the session meanwhile', async () => {
    await begin({})
    meanwhile = async () => {
      await logOutElsewhere()
      await looked()
    }
    const { status, setCookies } = await world.browser.fetch(world.url('/slow'))
    expect([status, setCookies]).toEqual([200, []])
  })

  test('brings the cookie if the session goes on, or if that is not known', async () => {
    await begin({})
    meanwhile = looked
    expect((await world.browser.fetch(world.url('/slow'))).setCookies).toHaveLength(1)
    meanwhile = async () => {
      sharedStore.outage = true
      await looked()
      sharedStore.outage = false
    }
    expect((await world.browser.fetch(world.url('/slow'))).setCookies).toHaveLength(1)
    expect((await world.browser.fetch(world.url('/data'))).json()).toEqual({ a: 1 })
  })

  test('costs no call of the store if it is quick', async () => {
    await begin({})
    meanwhile = async () => undefined
    const calls: number[] = []
    for (const path of ['/slow', '/data']) {
      const before = sharedStore.count()
      await world.browser.fetch(world.url(path))
      calls.push(sharedStore.count() - before)
    }
    // Each request reads what has ended and what was renewed, and update() the former once more.
    expect(calls).toEqual([3, 2])
  })
})

describe('a response that begins later than five seconds after its request, and only renews the session', () => {
  const slowly = async (): Promise<void> => {
    await looked()
    world.clock.advance(4)
    await looked()
    world.clock.advance(4)
  }
  const renewals = async (): Promise<number> => {
    world.clock.advance(61)
    return (await world.browser.fetch(world.url('/waiting'))).setCookies.length
  }

  test.each([
    ['a shared store', (store: FakeStore) => ({ sharedStore: store })],
    ['a store of sessions', (store: FakeStore) => ({ session: { store } })],
  ])('renews it if %s knows of no logout until then', async (_what, withStore) => {
    await begin({ rollingStepSeconds: 60 }, withStore)
    meanwhile = slowly
    expect(await renewals()).toBe(1)
  })

  test('does not renew it if the store was not asked in time, or did not answer', async () => {
    await begin({ rollingStepSeconds: 60 })
    meanwhile = async () => void world.clock.advance(6)
    expect(await renewals()).toBe(0)
    meanwhile = async () => {
      sharedStore.outage = true
      await slowly()
      sharedStore.outage = false
    }
    expect(await renewals()).toBe(0)
  })

  test('SC14: does not renew it without a store: another process may have ended it', async () => {
    await begin({ rollingStepSeconds: 60 }, () => ({}))
    let looks = 0
    let isWaiting = false
    meanwhile = async () => {
      world.clock.advance(4)
      isWaiting = true
      await until(() => looks > 1)
      isWaiting = false
      world.clock.advance(4)
    }
    expect(await pastDeadline(0.5, renewals, () => isWaiting && (looks += 1) > 0)).toBe(0)
  })
})

test('SC14: a response that only renews the session brings no cookie either, if another process has ended it', async () => {
  await begin({ rollingStepSeconds: 60 })
  world.clock.advance(61)
  meanwhile = async () => {
    await logOutElsewhere()
    await looked()
  }
  expect((await world.browser.fetch(world.url('/waiting'))).setCookies).toEqual([])
})
