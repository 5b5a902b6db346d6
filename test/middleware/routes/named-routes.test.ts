import { afterEach, expect, test } from '@jest/globals'
import { namedRoute } from '../../../lib/middleware/routes/named-routes.js'
import { Browser } from '../../hosts/client.js'
import { webClient } from '../../provider-real/provider.js'
import { knownJwks, mintLogoutToken } from '../../kit/world/logout-world.js'
import { type SeveralWorld, type SeveralWorldOptions, startSeveral } from '../../kit/world/several.js'
import { settled } from '../../kit/until.js'

let world: SeveralWorld
afterEach(() => world.close())

const routes = {
  login: '/auth',
  callback: '/auth/callback',
  logout: '/auth/logout',
  backchannelLogout: '/auth/ended',
}
type ProvidersOf = NonNullable<SeveralWorldOptions['oidc']>

const nested = (origin: string) =>
  webClient(origin, { client_id: 'nested', redirect_uris: [`${origin}/auth/callback/work`] })

async function start(providersOf: ProvidersOf): Promise<void> {
  const { client_secret: clientSecret } = nested('')
  world = await startSeveral({
    provider: { overrides: { jwks: knownJwks } },
    clients: (origin) => [nested(origin)],
    oidc: ({ work, google }) => ({
      routes,
      ...providersOf({ google, work: { ...work, clientId: 'nested', clientSecret } }),
    }),
  })
}

test.each<[string, ProvidersOf]>([
  ['listed', (options) => ({ providers: options })],
  [
    'found by a function',
    ({ work }) => ({
      providers: (name) => Promise.resolve(name === 'work' ? work : undefined),
      allowPrivateAddresses: true,
    }),
  ],
])('routes below the login route are still those of the application, with providers %s', async (_how, providers) => {
  await start(providers)
  const page = await world.browser.navigate(world.url('/auth/work?returnTo=/me'), { follow: true })
  expect(page.json()).toMatchObject({ by: 'work', sub: 'alice' })
  const left = await world.browser.navigate(world.url('/auth/logout'), { site: 'same-origin' })
  expect(left.location).toMatch(`${world.at.work.issuer}/session/end?`)
  await world.browser.navigate(world.url('/auth/work'), { follow: true })
  const body = new URLSearchParams({
    logout_token: await mintLogoutToken(world.at.work.issuer, world.clock.now(), { aud: 'nested' }),
  })
  expect((await new Browser().request('none', world.url('/auth/ended/work'), { body })).status).toBe(200)
  expect(await world.who()).toBeNull()
})

test('a back-channel route above the others leaves them their requests', async () => {
  world = await startSeveral({ oidc: () => ({ routes: { login: '/out/login', backchannelLogout: '/out' } }) })
  expect((await world.browser.navigate(world.url('/out/login'))).status).toBe(200)
  expect((await world.browser.navigate(world.url('/out/login/work'))).location).toMatch(world.at.work.issuer)
  expect((await world.browser.navigate(world.url('/out/nobody'))).status).toBe(404)
})

test('a failure of the function "providers" after the response is nobody’s unhandled rejection', async () => {
  world = await startSeveral()
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => void unhandled.push(reason)
  process.on('unhandledRejection', note)
  const request = { base: { paths: { login: '/login' } }, find: () => Promise.reject(new Error('no database')) }
  expect(namedRoute(request as never, '/login/work', () => undefined)).toBeInstanceOf(Function)
  await settled()
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])
})
