import { afterEach, describe, expect, test } from '@jest/globals'
import { handler } from '../../kit/world/applications.js'
import { changed, codeOf, SpoiltFetch, subjectOf } from '../../kit/world/steps.js'
import { startWorld, type World, type WorldOptions } from '../../kit/world/world.js'
import type { LogoutCallOptions } from '../../../lib/relying-party/logout/logout.js'

let world: World
let call: LogoutCallOptions
afterEach(() => world.close())

const layers = [{ mount: '/leave', handlers: [handler(({ oidc }) => oidc.logout(call))] }]

/** Signs in, with the logout options of an application, at a provider with a logout endpoint of its own kind if one is named. */
async function enter(logout: NonNullable<WorldOptions['oidc']>['logout'], endpoint?: string): Promise<void> {
  const httpClient = new SpoiltFetch()
  const discovery = '/.well-known/openid-configuration'
  if (endpoint !== undefined)
    httpClient.spoil(
      discovery,
      changed((all) => ({ ...all, end_session_endpoint: endpoint })),
    )
  world = await startWorld({ layers, oidc: { logout, fetch: httpClient.fetch } })
  await world.signIn()
}

async function leave(path = '/logout'): Promise<URL> {
  const { location = '' } = await world.browser.navigate(world.url(path), { site: 'same-origin' })
  return new URL(location, world.url('/'))
}

const parametersOf = ({ searchParams }: URL) => Object.fromEntries(searchParams)

describe('the parameters of a logout', () => {
  test('are added to the standard ones, those of the call over those of the options', async () => {
    await enter({ params: { federated: 'yes', theme: 'light' } })
    call = { params: { theme: 'dark' } }
    expect(parametersOf(await leave('/leave'))).toMatchObject({
      federated: 'yes',
      theme: 'dark',
      client_id: 'web',
      id_token_hint: expect.any(String),
      post_logout_redirect_uri: world.url('/'),
      state: expect.any(String),
    })
  })

  test('come with the logout route too', async () => {
    await enter({ params: { federated: 'yes' } })
    expect(parametersOf(await leave())).toMatchObject({ federated: 'yes', client_id: 'web' })
  })

  test.each(['client_id', 'id_token_hint', 'state', 'post_logout_redirect_uri'])(
    'cannot set %s, and nobody is signed out then',
    async (name) => {
      await enter({})
      call = { params: { [name]: 'x' } }
      const answer = await world.browser.fetch(world.url('/leave'))
      expect([answer.status, codeOf(answer)]).toEqual([500, 'invalid_options'])
      expect(await subjectOf(world)).toBe('alice')
    },
  )
})

describe.each([
  ['Amazon Cognito', 'https://acme.auth.example.com/logout', 'logout_uri'],
  ['Auth0', 'https://acme.example.com/v2/logout', 'returnTo'],
])('a logout at an endpoint as that of %s', (_provider, endpoint, redirectParameter) => {
  test('has the client and the URL to return to, and neither ID Token nor state', async () => {
    await enter({ redirectParameter }, endpoint)
    const url = await leave()
    expect(url.origin + url.pathname).toBe(endpoint)
    expect(parametersOf(url)).toEqual({ client_id: 'web', [redirectParameter]: world.url('/') })
    expect(await subjectOf(world)).toBeNull()
  })

  test('has the parameters of the options and of the call, which replace nothing', async () => {
    await enter({ redirectParameter, params: { federated: '' } }, endpoint)
    call = {
      params: { lang: 'de', [redirectParameter]: 'https://evil.example' },
      logoutHint: 'alice',
      uiLocales: ['de'],
    }
    const own = { client_id: 'web', [redirectParameter]: world.url('/') }
    expect(parametersOf(await leave('/leave'))).toEqual({ federated: '', lang: 'de', ...own })
  })

  test('leads on to the returnTo when the browser comes back without state, once', async () => {
    await enter({ redirectParameter }, endpoint)
    await leave('/logout?returnTo=%2Fme')
    const answer = await world.browser.navigate(world.url('/'), { site: 'cross-site' })
    expect([answer.status, answer.location]).toEqual([302, world.url('/me')])
    expect((await world.browser.navigate(world.url('/'), { site: 'cross-site' })).text).toBe('home')
  })

  test('redirects no script that asks for the post-logout page meanwhile', async () => {
    await enter({ redirectParameter }, endpoint)
    await leave('/logout?returnTo=%2Fme')
    expect((await world.browser.fetch(world.url('/'))).text).toBe('home')
  })

  test('keeps the query of the endpoint', async () => {
    await enter({ redirectParameter }, `${endpoint}?tenant=a`)
    expect(parametersOf(await leave())).toMatchObject({ tenant: 'a', client_id: 'web' })
  })
})
