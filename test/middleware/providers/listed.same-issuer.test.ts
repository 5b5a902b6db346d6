import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Browser } from '../../hosts/client.js'
import { webClient } from '../../provider-real/provider.js'
import { knownJwks, mintLogoutToken } from '../../kit/world/logout-world.js'
import { type SeveralWorld, startSeveral } from '../../kit/world/several.js'

let world: SeveralWorld

const secondAt = (origin: string) =>
  webClient(origin, { client_id: 'second', redirect_uris: [`${origin}/callback/work`] })

beforeAll(async () => {
  world = await startSeveral({
    provider: { overrides: { jwks: knownJwks } },
    clients: (origin) => [secondAt(origin)],
    oidc: ({ google }) => ({
      providers: { google, work: { ...google, clientId: 'second', clientSecret: secondAt('').client_secret } },
    }),
  })
})
afterAll(() => world.close())

test('one issuer with two clients signs in two principals, and a logout for one client leaves the other', async () => {
  const [one, two] = [new Browser(), new Browser()]
  await world.signIn('google', one)
  await world.signIn('work', two)
  const { issuer } = world.at.google
  expect(await world.who(one)).toEqual({ at: 'google', by: 'google', sub: 'alice', iss: issuer })
  expect(await world.who(two)).toEqual({ at: 'work', by: 'work', sub: 'alice', iss: issuer })
  const body = new URLSearchParams({
    logout_token: await mintLogoutToken(issuer, world.clock.now(), { aud: 'app-at-google' }),
  })
  const post = (name: string) => new Browser().request('none', world.url(`/backchannel-logout/${name}`), { body })
  expect([(await post('work')).status, (await post('google')).status]).toEqual([400, 200])
  expect(await world.who(one)).toBeNull()
  expect(await world.who(two)).toMatchObject({ by: 'work' })
})

test('a connection is of the session and its provider', async () => {
  const browser = new Browser()
  await world.signIn('work', browser)
  const cookie = browser.cookies
    .all()
    .map(({ name, value }) => `${name}=${value}`)
    .join('; ')
  const req = { headers: { cookie, host: new URL(world.url('/')).host }, rawHeaders: [], url: '/', method: 'GET' }
  const connection = await world.app.authenticate(req as never)
  expect(connection?.principal).toMatchObject({ provider: 'work', subject: 'alice' })
})
