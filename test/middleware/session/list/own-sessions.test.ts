import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, test } from '@jest/globals'
import { Browser } from '../../../hosts/client.js'
import { hosts } from '../../../hosts/hosts.js'
import { Clock } from '../../../kit/clock.js'
import { FakeStore } from '../../../kit/stores/memory.js'
import { answering } from '../../../kit/world/applications.js'
import { bobsDoor, subjectOf } from '../../../kit/world/steps.js'
import { startWorld, type World, type WorldOptions } from '../../../kit/world/world.js'

let world: World
let sharedStore: FakeStore
afterEach(() => world.close())

interface Listed {
  readonly id: string
  readonly createdAt: number
  readonly renewedAt: number
  readonly userAgent?: string
  readonly isCurrent: boolean
}

const layers = [
  answering('/devices', async ({ oidc }) => oidc.sessions.list()),
  answering('/end', async ({ oidc, url }) => {
    const id = new URL(url ?? '', 'http://x').searchParams.get('id')
    return { hasEnded: await oidc.sessions.end(id ?? (undefined as never)) }
  }),
  bobsDoor,
]

async function start(options: WorldOptions = {}): Promise<void> {
  sharedStore = new FakeStore(Clock.real())
  world = await startWorld({ ...options, layers, oidc: { sharedStore, ...options.oidc } })
}

async function enter(userAgent: string, door = '/login'): Promise<Browser> {
  const browser = new Browser()
  await browser.navigate(world.url(door), { follow: true, headers: { 'user-agent': userAgent } })
  return browser
}

const devicesOf = async (browser: Browser): Promise<readonly Listed[]> =>
  (await browser.fetch(world.url('/devices'))).json() as readonly Listed[]
const end = async (browser: Browser, id: string): Promise<unknown> =>
  (await browser.fetch(world.url(`/end?id=${id}`))).json()
const agents = async (browser: Browser): Promise<unknown> =>
  (await devicesOf(browser)).map(({ userAgent, isCurrent }) => [userAgent, isCurrent]).sort()

describe.each(hosts)('req.oidc.sessions on $name', (host) => {
  test('lists where the person is signed in, marks this session, and ends another one', async () => {
    await start({ host })
    const [laptop, phone] = [await enter('laptop'), await enter('phone')]
    expect(await agents(laptop)).toEqual([
      ['laptop', true],
      ['phone', false],
    ])
    const other = (await devicesOf(laptop)).find(({ isCurrent }) => !isCurrent)
    expect(await end(laptop, other?.id ?? '')).toEqual({ hasEnded: true })
    expect([await subjectOf(world, laptop), await subjectOf(world, phone)]).toEqual(['alice', null])
    expect(await agents(laptop)).toEqual([['laptop', true]])
  })
})

describe('the list of the person who is signed in', () => {
  test('says when a session began and when it was renewed, and nothing else', async () => {
    await start()
    const laptop = await enter('laptop')
    const [device, ...others] = await devicesOf(laptop)
    expect(others).toEqual([])
    expect(device).toEqual({
      id: expect.stringMatching(/^[\w-]{43}$/),
      createdAt: expect.any(Number),
      renewedAt: expect.any(Number),
      userAgent: 'laptop',
      isCurrent: true,
    })
    expect([device?.createdAt, device?.renewedAt].every(Number.isInteger)).toBe(true)
  })

  test('SR09: is not that of anybody else, and ends no session of theirs', async () => {
    await start()
    const [alice, bob] = [await enter('of alice'), await enter('of bob', '/bob')]
    expect(await agents(bob)).toEqual([['of bob', true]])
    const [ofAlice] = await devicesOf(alice)
    expect(await end(bob, ofAlice?.id ?? '')).toEqual({ hasEnded: false })
    expect(await subjectOf(world, alice)).toBe('alice')
  })

  test('is cut and cleaned where a browser gives itself a long or odd name', async () => {
    await start()
    const browser = await enter(`${'x'.repeat(250)}é\u00a0${'y'.repeat(100)}`)
    expect((await devicesOf(browser))[0]?.userAgent).toBe(`${'x'.repeat(250)}??yyyy`)
  })

  test('has no name for a browser that gives none', async () => {
    await start()
    const browser = await enter('')
    expect(await agents(browser)).toEqual([[null, true]].map(([, isCurrent]) => [undefined, isCurrent]))
  })

  test('needs somebody to be signed in', async () => {
    await start()
    for (const path of ['/devices', '/end?id=x']) {
      const answer = await new Browser().fetch(world.url(path))
      expect([answer.status, answer.text]).toEqual([401, expect.stringContaining('session_missing')])
    }
  })

  test('needs an id to end a session', async () => {
    await start()
    const browser = await enter('laptop')
    await browser.fetch(world.url('/end'))
    expect(world.host.journal.errors).toMatchObject([
      { code: 'invalid_options', message: 'sessions.end() takes the id of a listed session (given: nothing)' },
    ])
  })

  test('needs a store that processes share, and says so', async () => {
    await start({ oidc: { sharedStore: undefined } })
    const browser = await enter('laptop')
    await browser.fetch(world.url('/devices'))
    expect(world.host.journal.errors).toMatchObject([
      { code: 'invalid_options', message: expect.stringMatching(/sessions\.list\(\) needs a store.*"sharedStore"/) },
    ])
  })

  test('SR04: is 503 while the store is unavailable, and a login is too: it would not be listed', async () => {
    await start()
    const browser = await enter('laptop')
    sharedStore.outage = true
    for (const who of [browser, new Browser()]) {
      const answer = await who.navigate(world.url(who === browser ? '/devices' : '/login'), { follow: true })
      expect([answer.status, answer.headers['retry-after']]).toEqual([503, '5'])
    }
    sharedStore.outage = false
    expect(await agents(browser)).toEqual([['laptop', true]])
  })

  test('has no session whose login could not be finished', async () => {
    await start({ oidc: { onLogin: () => ({ data: { large: randomBytes(9_000).toString('base64') } }) } })
    const browser = await enter('laptop')
    expect(world.host.journal.errors).toMatchObject([{ code: 'session_too_large' }])
    expect([await subjectOf(world, browser), await world.app.sessions.list('alice')]).toEqual([null, []])
    expect([...sharedStore.contents().keys()].filter((name) => name.startsWith('listed'))).toEqual([])
  })

  test('does not hold up requests and logouts while only its own entries cannot be written', async () => {
    await start({ oidc: { session: { idleSeconds: 600, rollingStepSeconds: 60 } } })
    const browser = await enter('laptop')
    sharedStore.before = ({ names: [name = ''] }) => {
      if (name.startsWith('listed')) throw new Error('away')
    }
    world.clock.advance(100)
    expect((await browser.fetch(world.url('/me'))).setCookies).toHaveLength(1)
    await browser.navigate(world.url('/logout'), { site: 'same-origin' })
    expect(await subjectOf(world, browser)).toBeNull()
    sharedStore.before = () => undefined
    expect(await world.app.sessions.list('alice')).toEqual([])
  })
})
