import { afterEach, describe, expect, test } from '@jest/globals'
import { type Answer, Browser } from '../../hosts/client.js'
import { Clock } from '../../kit/clock.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { settled, until } from '../../kit/until.js'
import { answering } from '../../kit/world/applications.js'
import { cookieOf, type RefreshWorld, startRefreshWorld } from '../../kit/world/refreshing.js'

let meanwhile: () => Promise<unknown> = async () => undefined
const layers = [answering('/waiting', () => meanwhile())]
const limits = { idleSeconds: 600, rollingStepSeconds: 60 }

let world: RefreshWorld
let store: FakeStore
afterEach(() => world.close())

/** Signs alice in. The clock stands from then on. */
async function begin(): Promise<void> {
  store = new FakeStore(Clock.real())
  world = await startRefreshWorld({ layers, oidc: { session: { ...limits, store } } })
  world.clock.stop()
  await world.enter(world.browser)
}

/** A request of alice whose response never arrives. */
async function lost(path: string): Promise<Answer> {
  const answer = await new Browser().fetch(world.url(path), { headers: cookieOf(world.browser, world) })
  await settled()
  return answer
}

/** What `/me` brings after so many seconds: who it is, and how many cookies. */
async function after(seconds: number): Promise<readonly [unknown, number]> {
  world.clock.advance(seconds)
  const answer = await world.browser.fetch(world.url('/me'))
  const { user } = answer.json() as { user: { sub: string } | null }
  return [user?.sub, answer.setCookies.length]
}

/** As a logout in another process, of which this one hears by the store only. */
async function logOutElsewhere(): Promise<void> {
  const names = store.calls.filter(({ operation }) => operation === 'get').flatMap((call) => call.names)
  for (const name of new Set(names.filter((each) => each.startsWith('end:'))))
    await store.set(name, String(world.clock.now()), 60_000)
}

describe('a session in a store whose renewed ticket was lost on its way', () => {
  test.each([
    ['of a request that renewed the tokens', '/token'],
    ['of a request that changed nothing', '/me'],
  ])('gets it with the next response, once, and lives on: %s', async (_what, path) => {
    await begin()
    world.clock.advance(570)
    expect((await lost(path)).setCookies).toHaveLength(1)
    expect([await after(9), await after(9), await after(9), await after(9)]).toEqual([
      ['alice', 1],
      ['alice', 0],
      ['alice', 0],
      ['alice', 0],
    ])
  })

  test('lives no longer by it than by the ticket that was lost', async () => {
    await begin()
    world.clock.advance(570)
    await lost('/me')
    world.clock.advance(9)
    const poll = await world.browser.fetch(world.url('/me'), { headers: { 'x-poll': '1' } })
    expect(poll.setCookies).toEqual([expect.stringContaining('; Max-Age=591;')])
    expect(await after(591)).toEqual([undefined, 1])
  })

  test('SR03: gets none once it has ended', async () => {
    await begin()
    world.clock.advance(570)
    await lost('/me')
    await logOutElsewhere()
    expect(await after(9)).toEqual([undefined, 0])
    expect(await after(9)).toEqual([undefined, 1])
  })

  test('SC14: gets none by a response that is slow, if another process has ended it meanwhile', async () => {
    await begin()
    world.clock.advance(570)
    await lost('/me')
    meanwhile = async () => {
      await logOutElsewhere()
      const before = store.count('get')
      await until(() => store.count('get') > before)
      await settled()
    }
    expect((await world.browser.fetch(world.url('/waiting'))).setCookies).toEqual([])
  })

  test('is told by its cookie from the first step on', async () => {
    await begin()
    world.clock.advance(60)
    await lost('/me')
    expect([await after(1), await after(1)]).toEqual([
      ['alice', 1],
      ['alice', 0],
    ])
  })
})
