import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { IncomingMessage } from 'node:http'
import type { SessionOptions } from '../../../../lib/index.js'
import { stopMachine } from '../../../kit/clock.js'
import { answering } from '../../../kit/world/applications.js'
import { type RefreshWorld, startRefreshWorld, tokenOf } from '../../../kit/world/refreshing.js'
import { codeOf, subjectOf } from '../../../kit/world/steps.js'
import { type Place, type StorageKind, storageKinds, worldIn } from '../../../kit/stores/storage-kinds.js'
import type { WorldOptions } from '../../../kit/world/world.js'
import { describeWith } from '../../../setup/describe-with.js'

const limits = { idleSeconds: 600, absoluteSeconds: 3_600, rollingStepSeconds: 60 }
const poll = { 'x-poll': '1' }
const asked = { 'x-csrf': '1' }
const layers = [
  answering('/data', ({ oidc }) => oidc.data),
  answering('/count', async ({ oidc }) => {
    await oidc.update({ count: Number(oidc.data['count'] ?? 0) + 1 })
    return oidc.data
  }),
  answering('/refresh', async ({ oidc }) => {
    await oidc.refresh()
    return true
  }),
]

let world: RefreshWorld
let goOn: () => void
beforeEach(() => void (goOn = stopMachine()))
afterEach(() => goOn())
const get = (path: string, headers: Record<string, string> = {}) => world.browser.fetch(world.url(path), { headers })
/** When the session ends without use, in seconds from now, or null. */
async function left(): Promise<number | null> {
  const { session } = (await get('/session', asked)).json() as { session: { expires_in: number } | null }
  return session?.expires_in ?? null
}

function options(session: SessionOptions = {}): WorldOptions {
  return { layers, oidc: { routes: { session: '/session' }, session: { ...limits, ...session } } }
}

describeWith('redis-server', 'a session kept in', (program) => {
  describe.each(storageKinds)('$name', (kind: StorageKind) => {
    let place: Place
    beforeEach(async () => {
      place = await kind.open(program)
      world = await startRefreshWorld(worldIn(kind, place, options()))
      world.clock.stop()
      await world.enter(world.browser)
    })
    afterEach(async () => {
      await world.close()
      await place.close()
    })

    test('is not prolonged by requests with X-Poll, nor by the session route', async () => {
      for (let step = 0; step < 5; step += 1) {
        world.clock.advance(100)
        expect((await get('/data', poll)).json()).toEqual({})
        expect(await left()).toBe(500 - step * 100)
      }
      world.clock.advance(101)
      expect(await left()).toBeNull()
      expect(await subjectOf(world)).toBeNull()
    })

    test('keeps what a request with X-Poll changes, without being prolonged', async () => {
      world.clock.advance(300)
      expect((await get('/count', poll)).json()).toEqual({ count: 1 })
      expect((await get('/refresh', poll)).json()).toBe(true)
      expect(await left()).toBe(300)
      expect((await get('/data', poll)).json()).toEqual({ count: 1 })
      expect(typeof (await tokenOf(world, world.browser))).toBe('string')
    })

    test('is prolonged by the session route if that is asked to', async () => {
      world.clock.advance(300)
      const answer = await get('/session?prolong=true', asked)
      expect(answer.json()).toMatchObject({ isAuthenticated: true, session: { expires_in: 600 } })
      world.clock.advance(400)
      expect(await subjectOf(world)).toBe('alice')
    })
  })
})

describe('the rule of the application, countsAsUse,', () => {
  afterEach(() => world.close())

  test('says which requests count, beside those with X-Poll', async () => {
    const seen: unknown[] = []
    const countsAsUse = (req: IncomingMessage): boolean => {
      seen.push(req.url)
      return req.headers['x-active'] === 'yes'
    }
    world = await startRefreshWorld(options({ countsAsUse }))
    world.clock.stop()
    await world.enter(world.browser)
    seen.length = 0
    world.clock.advance(300)
    for (const headers of [{}, { 'x-active': 'no' }, { ...poll, 'x-active': 'yes' }]) {
      expect((await get('/data', headers)).setCookies).toEqual([])
    }
    expect(await left()).toBe(300)
    expect(seen).toEqual(['/data', '/data'])
    expect((await get('/data', { 'x-active': 'yes' })).setCookies).toHaveLength(1)
    expect(await left()).toBe(600)
  })

  test('is not asked about requests without a session', async () => {
    const seen: unknown[] = []
    const countsAsUse = ({ url }: IncomingMessage): boolean => seen.push(url) > 0
    world = await startRefreshWorld(options({ countsAsUse }))
    world.clock.stop()
    await get('/data')
    await world.enter(world.browser)
    seen.length = 0
    await get('/data')
    expect(seen).toEqual(['/data'])
  })

  test('must return a boolean at once: a promise would always count', async () => {
    const countsAsUse = (async () => false) as unknown as () => boolean
    world = await startRefreshWorld(options({ countsAsUse }))
    world.clock.stop()
    await world.enter(world.browser)
    const answer = await get('/data')
    expect([answer.status, codeOf(answer)]).toEqual([500, 'invalid_options'])
    expect(String(world.host.journal.errors[0])).toMatch(
      /session\.countsAsUse\(\) must return true or false, and at once/,
    )
  })

  test('may throw: the request fails with that error, and the session goes on', async () => {
    let isBroken = false
    const mine = new RangeError('broken')
    const countsAsUse = (): boolean => {
      if (isBroken) throw mine
      return true
    }
    world = await startRefreshWorld(options({ countsAsUse }))
    world.clock.stop()
    await world.enter(world.browser)
    isBroken = true
    const answer = await get('/data')
    expect([answer.status, answer.setCookies, world.host.journal.errors]).toEqual([500, [], [mine]])
    isBroken = false
    expect(await subjectOf(world)).toBe('alice')
  })
})

describe('revalidateSeconds', () => {
  afterEach(() => world.close())

  test('SP04: also holds for requests with X-Poll, which could evade it otherwise, and does not prolong the session', async () => {
    world = await startRefreshWorld(options({ revalidateSeconds: 120 }))
    world.clock.stop()
    await world.enter(world.browser)
    world.clock.advance(130)
    expect((await get('/data', poll)).status).toBe(200)
    expect([world.refreshes.length, await left()]).toEqual([1, 470])
  })

  test('holds for the session route where it prolongs the session, and only there', async () => {
    world = await startRefreshWorld(options({ revalidateSeconds: 120 }))
    world.clock.stop()
    await world.enter(world.browser)
    world.clock.advance(130)
    await get('/session', asked)
    expect(world.refreshes).toHaveLength(0)
    expect((await get('/session?prolong=true', asked)).json()).toMatchObject({ session: { expires_in: 600 } })
    expect(world.refreshes).toHaveLength(1)
  })
})
