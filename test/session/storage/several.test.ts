import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import type { TraceRemark } from '../../../lib/index.js'
import { watchAll } from '../../kit/watching/watching.js'
import { Browser } from '../../hosts/client.js'
import { hosts } from '../../hosts/hosts.js'
import { bobsDoor } from '../../kit/world/steps.js'
import { secret, startWorld, type World } from '../../kit/world/world.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { answering } from '../../kit/world/applications.js'

const name = 'app'
const session = { idleSeconds: 600, absoluteSeconds: 1800, cookie: { name } }
const layers = [
  bobsDoor,
  answering('/fill', async ({ oidc }) => oidc.update({ fill: randomBytes(3000).toString('base64url') })),
  answering('/leave', ({ oidc }) => oidc.logout({ local: true })),
]

type Sent = readonly (readonly [string, string])[]

/** Signs in with a browser of its own, and returns its session's cookies. */
async function sessionOf(world: World, path = '/login'): Promise<Sent> {
  const browser = new Browser()
  await browser.navigate(world.url(path), { follow: true })
  return cookiesIn(world, browser)
}

function cookiesIn(world: World, browser: Browser): Sent {
  const own = browser.cookies.cookiesFor(world.url('/')).filter((cookie) => /^app(\.\d)?$/.test(cookie.name))
  return own.map((cookie) => [cookie.name, cookie.value])
}

/** Makes a request with exactly these cookies, in this order. */
function send(world: World, cookies: Sent, path = '/me') {
  const cookie = cookies.map(([key, value]) => `${key}=${value}`).join('; ')
  return new Browser().fetch(world.url(path), { headers: { cookie } })
}

async function subjectOf(world: World, cookies: Sent): Promise<unknown> {
  const { user } = (await send(world, cookies)).json() as { user: { sub: string } | null }
  return user?.sub
}

let remarks: (readonly TraceRemark[])[] = []
let watching: ReturnType<typeof watchAll>
beforeEach(() => {
  remarks = []
  watching = watchAll((event, phase) => {
    if (event.step === 'session' && phase === 'end') remarks.push(event.remarks ?? [])
  })
})
afterEach(() => watching.stop())

const stores = { cookies: () => undefined, 'a store': () => new FakeStore({ now: Date.now }) }
const places = hosts.flatMap((host) => Object.entries(stores).map(([kind, store]) => ({ host, kind, store })))

describe.each(places)('several cookies of one name on $host.name, with sessions in $kind,', ({ host, store }) => {
  let world: World
  beforeAll(async () => {
    world = await startWorld({ host, layers, oidc: { session: { ...session, store: store() } } })
  })
  afterAll(() => world.close())

  test('sign nobody out where one was planted, has expired or belongs to another application', async () => {
    const expired = await sessionOf(world)
    world.clock.advance(601)
    const [own] = [await sessionOf(world)]
    const [, value = ''] = own[0] ?? []
    const planted: Sent = [[name, 'garbage'], [name, `${value.slice(0, -8)}AAAAAAAA`], ...expired]
    for (const cookies of [...planted.map((each) => [each, ...own]), [...planted, ...own], [...own, ...planted]]) {
      const answer = await send(world, cookies)
      expect([answer.json(), answer.setCookies]).toMatchObject([{ user: { sub: 'alice' } }, []])
    }
    expect(remarks).toEqual([])
  })

  test('sign nobody out by any number of foreign values, and a logout removes the application’s own', async () => {
    const own = await sessionOf(world)
    const junk: Sent = Array.from({ length: 20 }, (_, index) => [name, `planted${index}`])
    expect(await subjectOf(world, [...junk, ...own])).toBe('alice')
    const answer = await send(world, [...junk, ...own], '/leave')
    expect(answer.setCookies.filter((line) => line.startsWith(`${name}=; Max-Age=0`))).toHaveLength(1)
    expect(await subjectOf(world, own)).toBeUndefined()
  })

  test('are tried up to the fourth that looks like ours', async () => {
    const own = await sessionOf(world)
    const header = (own[0]?.[1] ?? '').split('.')[0] ?? ''
    const planted = (count: number): Sent =>
      Array.from({ length: count }, (_, index) => [name, `${header}..planted${index}`])
    expect(await subjectOf(world, [...planted(3), ...own])).toBe('alice')
    expect(await subjectOf(world, [...planted(4), ...own])).toBeUndefined()
  })

  test('of ended sessions are not removed again and again where one is out of reach', async () => {
    const [one, two] = [await sessionOf(world), await sessionOf(world)]
    for (const each of [one, two]) await send(world, each, '/leave')
    world.clock.advance(61)
    const answer = await send(world, [...one, ...two])
    expect([answer.json(), answer.setCookies, answer.headers['cache-control']]).toMatchObject([
      { user: null },
      [],
      undefined,
    ])
    const alone = await send(world, one)
    expect(alone.setCookies).toEqual([expect.stringMatching(/^app=; Max-Age=0/)])
  })

  test('of one person: the newest counts, and a logout ends each', async () => {
    const older = await sessionOf(world)
    world.clock.advance(1)
    const newer = await sessionOf(world)
    await send(world, [...older, ...newer], '/fill')
    for (const both of [
      [...older, ...newer],
      [...newer, ...older],
    ]) {
      const { auth } = (await send(world, both)).json() as { auth: { expiresAt: number } }
      const own = (await send(world, newer)).json() as { auth: { expiresAt: number } }
      expect(auth.expiresAt).toBe(own.auth.expiresAt)
    }
    const revocations = (): number => world.provider.requests.filter((line) => line.includes('revocation')).length
    const before = revocations()
    const answer = await send(world, [...older, ...newer], '/leave')
    expect(revocations() - before).toBe(2)
    expect(answer.setCookies.filter((line) => line.startsWith(`${name}=; Max-Age=0`))).toHaveLength(1)
    expect([await subjectOf(world, older), await subjectOf(world, newer)]).toEqual([undefined, undefined])
  })

  test('of different people sign nobody in: nothing is removed, and the trace says so', async () => {
    const [alice, bob] = [await sessionOf(world), await sessionOf(world, '/bob')]
    const answer = await send(world, [...alice, ...bob])
    expect([answer.json(), answer.setCookies]).toEqual([{ user: null, auth: null }, []])
    expect(remarks).toEqual([['several_people']])
    expect([await subjectOf(world, alice), await subjectOf(world, bob)]).toEqual(['alice', 'bob'])
    await send(world, [...alice, ...bob], '/leave')
    expect([await subjectOf(world, alice), await subjectOf(world, bob)]).toEqual([undefined, undefined])
  })

  test('are all ended by a login, so that a planted one is in nobody’s way', async () => {
    const planted = await sessionOf(world, '/bob')
    const browser = new Browser()
    await browser.navigate(world.url('/login'), { follow: true })
    browser.cookies.store(`${name}=${planted[0]?.[1]}; Path=/callback`, new URL(world.url('/callback')))
    await browser.navigate(world.url('/login'), { follow: true })
    const own = cookiesIn(world, browser)
    expect(await subjectOf(world, planted)).toBeUndefined()
    expect(await subjectOf(world, [...planted, ...own])).toBe('alice')
  })
})

describe('several cookies of one name', () => {
  test('that consist of chunks are joined, whatever order the chunks come in', async () => {
    const world = await startWorld({ layers, oidc: { session } })
    const filled = async (): Promise<Sent> => {
      const browser = new Browser()
      await browser.navigate(world.url('/login'), { follow: true })
      await browser.fetch(world.url('/fill'))
      return cookiesIn(world, browser)
    }
    const [one, two] = [await filled(), await filled()]
    expect([one.length, two.length]).toEqual([2, 2])
    const [[a0, a1], [b0, b1]] = [one, two] as unknown as [[Sent[0], Sent[0]], [Sent[0], Sent[0]]]
    for (const cookies of [
      [a0, b0, b1, a1],
      [a0, a1, b0, b1],
      [b1, a0, a1],
      [[`${name}.1`, 'planted'] as const, a0, a1],
    ])
      expect(await subjectOf(world, cookies)).toBe('alice')
    expect(await subjectOf(world, [a0, b1])).toBeUndefined()
    await world.close()
  })
})

describe('two applications on one host under one cookie name', () => {
  const other = 'the secret of another application, 32 characters'

  test.each([
    ['other secrets', { secret: other }],
    ['other clients', { clientId: 'other' }],
    ['other providers', {}],
  ])('with %s leave each other’s sessions alone', async (_name, changes) => {
    const one = await startWorld({ layers, oidc: { session, secret } })
    const issuer = 'secret' in changes ? { issuer: one.provider.issuer } : {}
    const two = await startWorld({ layers, oidc: { session, ...issuer, ...changes } })
    const own = await sessionOf(one)
    for (const path of ['/', '/me', '/leave', '/private', '/login']) {
      const { setCookies } = await send(two, own, path)
      expect(setCookies.filter((line) => /^app(\.\d)?=/.test(line))).toEqual([])
    }
    expect(await subjectOf(one, own)).toBe('alice')
    await Promise.all([one.close(), two.close()])
  })
})
