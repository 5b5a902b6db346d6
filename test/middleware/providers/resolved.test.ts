import { Socket } from 'node:net'
import { afterEach, expect, jest, test } from '@jest/globals'
import type { ProviderOptions } from '../../../lib/index.js'
import { Browser } from '../../hosts/client.js'
import { knownJwks, mintLogoutToken } from '../../kit/world/logout-world.js'
import { type SeveralWorld, startSeveral } from '../../kit/world/several.js'

let world: SeveralWorld
afterEach(() => world.close())

type Answer = ProviderOptions | undefined
/** The tenants, which a test changes, and the names that the application was asked for. */
interface Tenants {
  answer: (name: string) => Answer | Promise<Answer>
  readonly asked: string[]
}

async function start(
  cache: { maxEntries?: number; seconds?: number } = {},
  httpTimeoutSeconds = 0.3,
): Promise<Tenants> {
  let tenants: Tenants | undefined
  world = await startSeveral({
    provider: { overrides: { jwks: knownJwks } },
    oidc: (options) => {
      // Of the function alone little patience is asked.
      const patient = Object.entries(options).map(([name, one]) => [name, { ...one, httpTimeoutSeconds: 10 }] as const)
      const known = new Map<string, ProviderOptions>(patient)
      const made: Tenants = { answer: (name) => known.get(name), asked: [] }
      tenants = made
      return {
        providers: (name) => {
          made.asked.push(name)
          return made.answer(name)
        },
        providerCache: cache,
        allowPrivateAddresses: true,
        httpTimeoutSeconds,
      }
    },
  })
  if (tenants === undefined) throw new Error('not started')
  return tenants
}

const asJson = { headers: { accept: 'application/json' } }

test('signs in at the provider that the application finds, and asks once for it', async () => {
  const tenants = await start()
  expect((await world.signIn('work')).text).toBe('home')
  expect(await world.who()).toMatchObject({ by: 'work', sub: 'alice', iss: world.at.work.issuer })
  expect(tenants.asked).toEqual(['work'])
})

test('leaves pages alone whose path ends with a name that no provider has, also once the application has said so', async () => {
  const tenants = await start()
  for (const name of ['nobody', 'work']) {
    const { status, headers } = await new Browser().navigate(world.url(`/login/${name}`))
    expect([status, headers['referrer-policy']]).toEqual(name === 'work' ? [302, 'no-referrer'] : [404, undefined])
  }
  expect(tenants.asked).toEqual(['nobody', 'work'])
})

test('asks once for requests that come together', async () => {
  const tenants = await start()
  await Promise.all([1, 2, 3].map(() => new Browser().navigate(world.url('/login/work'))))
  expect(tenants.asked).toEqual(['work'])
})

test('has nothing to list at the login route, and says so', async () => {
  await start()
  const { status, text } = await world.browser.navigate(world.url('/login'))
  expect(status).toBe(400)
  expect(text).toContain('does not say where to sign in')
})

test.each([
  ['__proto__', '__proto__'],
  ['an encoded path', '..%2fwork'],
  ['a NUL', 'wo%00rk'],
  ['two segments', 'work/'],
  ['65 characters', 'x'.repeat(65)],
  ['10 kB', 'x'.repeat(10_000)],
])('does not ask for a name that cannot be one: %s', async (_what, name) => {
  const tenants = await start()
  expect((await world.browser.navigate(world.url(`/login/${name}`))).status).toBe(404)
  expect(tenants.asked).toEqual([])
})

test('makes pages of the application of names that it does not know', async () => {
  const tenants = await start()
  for (let i = 0; i < 3; i += 1) expect((await world.browser.navigate(world.url('/login/nobody'))).status).toBe(404)
  expect(tenants.asked).toEqual(['nobody'])
})

test('signs out the people of a provider that is gone, within the seconds of the cache', async () => {
  const tenants = await start({ seconds: 60 })
  await world.signIn('work')
  tenants.answer = () => undefined
  expect(await world.who()).toMatchObject({ by: 'work' })
  world.clock.advance(61)
  expect(await world.who()).toBeNull()
  expect(world.browser.cookies.all().filter(({ name }) => /^oidc_[0-9a-f]{8}$/.test(name))).toEqual([])
})

test('ends the connections of a provider that is gone, within the seconds of the cache', async () => {
  const tenants = await start({ seconds: 60 })
  world.clock.stop()
  await world.signIn('work')
  const cookie = world.browser.cookies
    .all()
    .map(({ name, value }) => `${name}=${value}`)
    .join('; ')
  const headers = { cookie, host: new URL(world.url('/')).host }
  jest.useFakeTimers()
  try {
    const req = { headers, rawHeaders: [], url: '/', method: 'GET', socket: new Socket() }
    const signal = (await world.app.authenticate(req as never))?.signal
    tenants.answer = () => undefined
    await jest.advanceTimersByTimeAsync(10_000)
    expect(signal?.aborted).toBe(false)
    world.clock.advance(61)
    await jest.advanceTimersByTimeAsync(5_000)
    expect(signal?.reason).toMatchObject({ code: 'session_missing' })
  } finally {
    jest.useRealTimers()
  }
})

test('signs out the people of a provider with another client or issuer under its name', async () => {
  const tenants = await start({ seconds: 60 })
  await world.signIn('work')
  tenants.answer = () => ({ ...world.options.google })
  world.clock.advance(61)
  expect(await world.who()).toBeNull()
})

test('keeps the keys and metadata of a provider whose options are the same', async () => {
  const tenants = await start({ seconds: 60 })
  await world.signIn('work')
  const before = world.at.work.requests.length
  const { answer } = tenants
  tenants.answer = async (name) => ({ ...(await answer(name)) }) as Answer
  world.clock.advance(61)
  expect(await world.who()).toMatchObject({ by: 'work' })
  expect(tenants.asked).toEqual(['work', 'work'])
  await new Browser().navigate(world.url('/login/work'))
  expect(world.at.work.requests.slice(before)).toEqual([])
})

test.each([
  ['fails', () => Promise.reject(new Error('the database is away'))],
  ['hangs', () => new Promise<undefined>(() => undefined)],
])('while the function %s: 503 where nothing is known, and nobody is signed out', async (_what, answer) => {
  const tenants = await start({ seconds: 60, maxEntries: 1 })
  await world.signIn('work')
  const known = tenants.answer
  tenants.answer = answer
  const login = await new Browser().navigate(world.url('/login/google'), asJson)
  expect([login.status, login.headers['retry-after']]).toEqual([503, expect.any(String)])
  world.clock.advance(61)
  expect(await world.who()).toMatchObject({ by: 'work' })
  // Another one takes its place in the cache, and nothing is known of it.
  tenants.answer = (name) => (name === 'google' ? known(name) : answer())
  world.clock.advance(61)
  expect((await new Browser().navigate(world.url('/login/google'))).status).toBe(302)
  expect((await world.browser.fetch(world.url('/me'))).status).toBe(503)
  tenants.answer = known
  world.clock.advance(61)
  expect(await world.who()).toMatchObject({ by: 'work' })
})

test('nobody waits for a function that has failed and hangs now, where the provider is known', async () => {
  const tenants = await start({ seconds: 60 }, 60)
  await world.signIn('work')
  tenants.answer = () => Promise.reject(new Error('the database is away'))
  world.clock.advance(61)
  expect(await world.who()).toMatchObject({ by: 'work' })
  let answer: (value: undefined) => void = () => undefined
  tenants.answer = () => new Promise<undefined>((resolve) => (answer = resolve))
  world.clock.advance(61)
  for (let i = 0; i < 3; i += 1) expect(await world.who()).toMatchObject({ by: 'work' })
  expect(tenants.asked).toHaveLength(3)
  answer(undefined)
  await new Promise(setImmediate)
  expect(await world.who()).toBeNull()
})

test('reaches no private address for a provider that the application finds, unless it is allowed', async () => {
  world = await startSeveral({
    oidc: (options) => ({ providers: (name) => (name === 'work' ? options.work : undefined) }),
  })
  const { status } = await world.browser.navigate(world.url('/login/work'), asJson)
  expect(status).toBeGreaterThanOrEqual(500)
  expect(world.at.work.requests).toEqual([])
})

test('invalid options of one provider are an error there alone', async () => {
  const tenants = await start()
  const { answer } = tenants
  tenants.answer = (name) => (name === 'google' ? ({ clientId: 'app' } as ProviderOptions) : answer(name))
  expect((await world.browser.navigate(world.url('/login/google'), asJson)).status).toBe(500)
  expect((await world.signIn('work')).text).toBe('home')
})

test('a provider that was evicted keeps its logouts', async () => {
  await start({ maxEntries: 1 })
  await world.signIn('work')
  const kept = world.browser.cookies.all()
  const body = new URLSearchParams({
    logout_token: await mintLogoutToken(world.at.work.issuer, world.clock.now(), { aud: 'app-at-work' }),
  })
  const answer = await new Browser().request('none', world.url('/backchannel-logout/work'), { body })
  expect([kept.length > 0, answer.status]).toEqual([true, 200])
  await new Browser().navigate(world.url('/login/google'))
  expect(await world.who()).toBeNull()
  // Nor does the same logout count twice.
  const again = await new Browser().request('none', world.url('/backchannel-logout/work'), { body })
  expect(again.status).toBe(400)
})

test('health() has the providers that are kept ready', async () => {
  await start()
  expect(world.app.health()).toEqual({ providers: {} })
  await world.signIn('work')
  expect(Object.keys(world.app.health().providers)).toEqual(['work'])
})

test('leaves the people of other tenants alone while the provider of one is down', async () => {
  const tenants = await start()
  await world.signIn('work')
  const { answer } = tenants
  tenants.answer = async (name) => {
    const found = await answer(name)
    return name === 'google' && found !== undefined ? { ...found, issuer: 'http://127.0.0.1:1' } : found
  }
  const stranger = new Browser()
  for (let i = 0; i < 3; i += 1) {
    const { status } = await stranger.navigate(world.url('/login/google'), asJson)
    expect(status).toBe(503)
  }
  expect((await world.signIn('work', stranger)).text).toBe('home')
  expect(await world.who()).toMatchObject({ by: 'work', sub: 'alice' })
})
