import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import expressSession from 'express-session'
import { answering } from '../../../kit/world/applications.js'
import { type RefreshWorld, startRefreshWorld, tokenOf } from '../../../kit/world/refreshing.js'
import { subjectOf } from '../../../kit/world/steps.js'
import { expressSessionLayer } from '../../../kit/stores/storage-kinds.js'
import { StoreOfProcesses } from '../../../kit/stores/store-of-processes.js'
import type { AppRequest } from '../../../kit/app.js'

let world: RefreshWorld
afterEach(() => world.close())

const gates: (() => void)[] = []
const held = (): Promise<void> => new Promise<void>((resolve) => gates.push(resolve))
const arrived = async (): Promise<void> => {
  while (gates.length === 0) await new Promise(setImmediate)
}
const fill = (req: AppRequest): unknown => Object.assign(Reflect.get(req, 'session') as object, { basket: 'full' })
const numberIn = ({ url = '' }: AppRequest): number => Number(new URL(url, 'http://x').searchParams.get('n'))

const layers = [
  answering('/update', async (req) => req.oidc.update({ [`m${numberIn(req)}`]: true, last: numberIn(req) })),
  answering('/data', ({ oidc }) => oidc.data),
  answering('/slow-token', async ({ oidc }) => {
    await held()
    await oidc.accessToken()
    return oidc.data
  }),
  answering('/slow-update', async ({ oidc }) => {
    await held()
    await oidc.update({ slow: true })
    return oidc.data
  }),
  answering('/slow-basket', async (req) => {
    await held()
    fill(req)
    return true
  }),
  answering('/update-slow-basket', async (req) => {
    await req.oidc.update({ m0: true, last: 0 })
    await held()
    fill(req)
    return true
  }),
  answering('/updates', async ({ oidc }) => {
    await Promise.all([oidc.update({ a: 1 }).then(() => oidc.update({ b: 2 })), oidc.update({ c: 3 })])
    return oidc.data
  }),
]

const session = { use: 'request', idleSeconds: 2_000, absoluteSeconds: 3_600, rollingStepSeconds: 60 } as const
const ask = async (path: string): Promise<unknown> => (await world.browser.fetch(world.url(path))).json()

/** Has a request wait until others have been answered. */
async function meanwhile(slow: string, work: () => Promise<unknown>): Promise<unknown> {
  const answer = world.browser.fetch(world.url(slow))
  await arrived()
  await work()
  gates.splice(0).forEach((go) => go())
  return (await answer).json()
}

describe.each([
  ['a store of several processes', () => new StoreOfProcesses()],
  ['a MemoryStore', () => new expressSession.MemoryStore()],
] as const)('a login in express-session over %s', (_name, store) => {
  beforeEach(async () => {
    world = await startRefreshWorld({ before: [expressSessionLayer(store())], layers, oidc: { session } })
    await world.enter(world.browser)
  })

  test.each([['/slow-token'], ['/slow-update'], ['/slow-basket']])(
    'SC14: keeps the data that was stored during a slower request, when that stores its session: %s',
    async (path) => {
      world.clock.advance(700)
      const told = await meanwhile(path, () => ask('/update?n=1'))
      expect(told).toEqual(path === '/slow-basket' ? true : expect.objectContaining({ m1: true, last: 1 }))
      expect(await ask('/data')).toMatchObject({ m1: true, last: 1 })
    },
  )

  test('SC14: keeps its idle limit where a slower request stores its session, which was read before', async () => {
    await meanwhile('/slow-basket', async () => {
      world.clock.advance(1_000)
      await ask('/data')
    })
    world.clock.advance(1_500)
    expect(await subjectOf(world)).toBe('alice')
  })

  test('SC14: keeps what was stored after a change, when the request that made it stores its session again', async () => {
    await meanwhile('/update-slow-basket', () => ask('/update?n=1'))
    expect(await ask('/data')).toEqual({ m0: true, m1: true, last: 1 })
  })

  test('keeps all changes that one request makes at once', async () => {
    expect(await ask('/updates')).toEqual({ a: 1, b: 2, c: 3 })
    expect(await ask('/data')).toEqual({ a: 1, b: 2, c: 3 })
  })

  test('RF16: keeps tokens that were renewed during a slower change of data, and uses each refresh token once', async () => {
    world.clock.advance(700)
    let renewed: unknown
    await meanwhile('/slow-update', async () => (renewed = await tokenOf(world, world.browser)))
    expect([await tokenOf(world, world.browser), await ask('/data')]).toEqual([renewed, { slow: true }])
    expect(world.refreshes).toHaveLength(1)
  })
})
