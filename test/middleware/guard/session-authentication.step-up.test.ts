import { afterEach, describe, expect, test } from '@jest/globals'
import { acr, all, maxAge, requireAuth } from '../../../lib/index.js'
import { hosts } from '../../hosts/hosts.js'
import { startWorld, type World, type WorldOptions } from '../../kit/world/world.js'
import { guarded } from '../../kit/world/applications.js'
import { Clock } from '../../kit/clock.js'

const mfa = 'urn:example:mfa'
const worlds: World[] = []

async function signedIn(options: WorldOptions): Promise<World> {
  const world = await startWorld(options)
  worlds.push(world)
  await world.signIn()
  return world
}

afterEach(async () => {
  await Promise.all(worlds.splice(0).map((world) => world.close()))
})

describe.each(hosts)('a stronger login on $name', (host) => {
  test('SU02: is requested from the provider, verified on return, and not requested again', async () => {
    const world = await signedIn({ host, layers: [guarded('/vault', requireAuth(acr(mfa)))] })
    expect((await world.me()).auth?.claims['acr']).not.toBe(mfa)
    const challenge = await world.browser.navigate(world.url('/vault?box=7'))
    const asked = new URL(challenge.location ?? '').searchParams
    expect([challenge.status, asked.get('acr_values')]).toEqual([302, mfa])
    const page = await world.browser.navigate(challenge.location ?? '', { follow: true })
    expect([page.status, page.url]).toEqual([200, world.url('/vault?box=7')])
    expect((await world.me()).auth?.claims['acr']).toBe(mfa)
    expect(await world.browser.navigate(world.url('/vault'))).toMatchObject({ status: 200 })
  })

  test('SU02: ends with 403, not in a circle, where the provider is not capable of it', async () => {
    const layers = [guarded('/vault', requireAuth(acr('urn:example:retina')))]
    const overrides = { acrValues: ['urn:example:password'] }
    const world = await signedIn({ host, layers, provider: { ...overrides } })
    const page = await world.browser.navigate(world.url('/vault'), { follow: true })
    expect([page.status, page.json()]).toMatchObject([403, { code: 'authentication_too_weak' }])
    expect(new URL(page.url).pathname).toBe('/callback')
    expect(await world.me()).toMatchObject({ user: { sub: 'alice' } })
  })
})

describe.each(hosts)('the first login of an anonymous visitor on $name', (host) => {
  test('SU02: asks for what the guard needs, so that nobody signs in twice', async () => {
    const layers = [guarded('/vault', requireAuth(acr(mfa), maxAge(300)))]
    const world = await startWorld({ host, layers })
    worlds.push(world)
    const challenge = await world.browser.navigate(world.url('/vault?box=7'))
    const asked = new URL(challenge.location ?? '').searchParams
    expect([asked.get('acr_values'), asked.get('max_age')]).toEqual([mfa, '300'])
    const page = await world.browser.navigate(challenge.location ?? '', { follow: true })
    expect([page.status, page.url]).toEqual([200, world.url('/vault?box=7')])
    const logins = world.provider.requests.filter((request) => request === 'GET /auth')
    expect(logins).toHaveLength(1)
  })
})

describe('the first login of an anonymous visitor', () => {
  test('SU02: asks for no less than the configuration', async () => {
    const layers = [guarded('/pay', requireAuth(maxAge(300)))]
    const world = await startWorld({ layers, oidc: { authorizationParams: { max_age: '60' } } })
    worlds.push(world)
    const { location = '' } = await world.browser.navigate(world.url('/pay'))
    expect(new URL(location).searchParams.get('max_age')).toBe('60')
  })

  test('SU02: is described to a script with what it must reach', async () => {
    const world = await startWorld({ layers: [guarded('/vault', requireAuth(acr(mfa)))] })
    worlds.push(world)
    const answer = await world.browser.fetch(world.url('/vault'))
    expect([answer.status, answer.json()]).toMatchObject([401, { code: 'login_needed', acr_values: mfa }])
  })
})

describe('a recent login', () => {
  test('SU02: is requested once the last one is too old, and verified on return', async () => {
    const clock = Clock.real()
    const world = await signedIn({
      layers: [guarded('/pay', requireAuth(maxAge(60, clock.now)))],
      oidc: { clockToleranceSeconds: 60 },
    })
    const browse = () => world.browser.navigate(world.url('/pay'))
    expect(await world.me()).toMatchObject({ auth: { claims: { sub: 'alice' } } })
    const first = await world.browser.navigate(world.url('/pay'), { follow: true })
    expect([first.status, first.url]).toEqual([200, world.url('/pay')])
    expect(await browse()).toMatchObject({ status: 200 })
    clock.advance(61)
    const again = await browse()
    expect([again.status, new URL(again.location ?? '').searchParams.get('max_age')]).toEqual([302, '60'])
  })
})

describe('requirements of which no login meets all', () => {
  test('SU02: end after three rounds with 403, and work again a minute later', async () => {
    const layers = [guarded('/both', requireAuth(all(acr('urn:example:password'), acr(mfa))))]
    const world = await signedIn({ layers })
    const page = await world.browser.navigate(world.url('/both'), { follow: true })
    expect([page.status, page.url]).toEqual([403, world.url('/both')])
    expect(page.json()).toEqual({
      code: 'authentication_too_weak',
      message: 'signing in again worked, but was still not as strong or as recent as this page needs',
    })
    expect(page.via.filter((url) => url === world.url('/both'))).toHaveLength(3)
    world.clock.advance(61)
    expect(await world.browser.navigate(world.url('/both'))).toMatchObject({ status: 302 })
  })
})

test('a request of a program gets 401 with what a stronger login must reach', async () => {
  const world = await signedIn({ layers: [guarded('/vault', requireAuth(acr(mfa)))] })
  const answer = await world.browser.fetch(world.url('/vault'))
  expect([answer.status, answer.json()]).toMatchObject([
    401,
    {
      code: 'login_needed',
      detail: 'this needs a stronger or more recent login (acr): sign in again',
      login_url: world.url('/login'),
      acr_values: mfa,
    },
  ])
})
