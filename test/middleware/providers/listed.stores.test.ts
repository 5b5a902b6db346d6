import { afterEach, expect, test } from '@jest/globals'
import session from 'express-session'
import { Browser } from '../../hosts/client.js'
import { type Host, hosts } from '../../hosts/hosts.js'
import { Clock } from '../../kit/clock.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { knownJwks, mintLogoutToken } from '../../kit/world/logout-world.js'
import { type SeveralWorld, type SeveralWorldOptions, startSeveral } from '../../kit/world/several.js'

let world: SeveralWorld
afterEach(() => world.close())

const [expressHost] = hosts as readonly [Host]

const inRequest = (): SeveralWorldOptions => ({
  host: expressHost,
  before: [session({ secret: 'of the application', resave: false, saveUninitialized: false }) as never],
  oidc: () => ({ session: { use: 'request' } }),
})

test.each<[string, () => SeveralWorldOptions]>([
  ['in the browser', () => ({})],
  ['in the browser, with a shared store', () => ({ oidc: () => ({ sharedStore: new FakeStore(Clock.real()) }) })],
  ['in a store', () => ({ oidc: () => ({ session: { store: new FakeStore(Clock.real()) } }) })],
  ['in the session of the application', inRequest],
])('sessions %s know their provider, and end with its logouts only', async (_where, options) => {
  world = await startSeveral({ ...options(), provider: { overrides: { jwks: knownJwks } } })
  const post = async (name: 'google' | 'work'): Promise<number> => {
    const token = await mintLogoutToken(world.at[name].issuer, world.clock.now(), { aud: `app-at-${name}` })
    const body = new URLSearchParams({ logout_token: token })
    return (await new Browser().request('none', world.url(`/backchannel-logout/${name}`), { body })).status
  }
  await world.signIn('google')
  await world.signIn('work')
  expect(await world.who()).toMatchObject({ at: 'work', by: 'work', sub: 'alice' })
  expect(await post('google')).toBe(200)
  expect(await world.who()).toMatchObject({ by: 'work' })
  expect(await post('work')).toBe(200)
  expect(await world.who()).toBeNull()
})
