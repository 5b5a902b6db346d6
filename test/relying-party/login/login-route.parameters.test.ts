import { afterEach, describe, expect, test } from '@jest/globals'
import { get } from '../../kit/world/applications.js'
import { comeBack, subjectOf, throughProvider, toCallback } from '../../kit/world/steps.js'
import { startWorld, type World } from '../../kit/world/world.js'
import { defaultAccounts } from '../../provider-real/accounts.js'

let world: World
afterEach(() => world.close())

const parametersOf = (location = '') => Object.fromEntries(new URL(location).searchParams)

describe('the parameters of the login route', () => {
  const begin = async (query: string) => (await world.browser.navigate(world.url(`/login?${query}`))).location
  const loginParams = ['ui_locales', 'kc_idp_hint', 'invitation']

  test('are passed on where loginParams names them, over those of authorizationParams', async () => {
    world = await startWorld({ oidc: { loginParams, authorizationParams: { ui_locales: 'en', display: 'page' } } })
    expect(parametersOf(await begin('ui_locales=de&kc_idp_hint=google&theme=dark'))).toMatchObject({
      ui_locales: 'de',
      kc_idp_hint: 'google',
      display: 'page',
    })
    expect(parametersOf(await begin('theme=dark'))).not.toHaveProperty('theme')
  })

  test('are not passed on by default, nor those of the protocol ever', async () => {
    world = await startWorld()
    const query = 'ui_locales=de&scope=openid+admin&redirect_uri=https://evil.example&max_age=1&client_id=other'
    const parameters = parametersOf(await begin(query))
    expect(parameters).toMatchObject({ client_id: 'web', redirect_uri: world.url('/callback') })
    expect(parameters['scope']).not.toContain('admin')
    for (const name of ['ui_locales', 'max_age']) expect(parameters).not.toHaveProperty(name)
  })

  test.each(['ui_locales=', 'ui_locales=de&ui_locales=en', `ui_locales=${'x'.repeat(1025)}`])(
    'are ignored where they are empty, repeated or too long: %.30s',
    async (query) => {
      world = await startWorld({ oidc: { loginParams } })
      expect(parametersOf(await begin(query))).not.toHaveProperty('ui_locales')
    },
  )

  test('the login route takes its parameters from a form too', async () => {
    world = await startWorld({ oidc: { loginParams } })
    const body = new URLSearchParams({ ui_locales: 'de', theme: 'dark', returnTo: '/me' })
    const answer = await world.browser.navigate(world.url('/login'), { method: 'POST', body, site: 'same-origin' })
    const [, onward = ''] = /href="([^"]+)"/.exec(answer.text) ?? []
    expect(onward.replaceAll('&amp;', '&')).toBe('/login?returnTo=%2Fme&ui_locales=de')
  })

  test('come with a login that another site starts', async () => {
    world = await startWorld({ oidc: { loginParams } })
    const iss = encodeURIComponent(world.provider.issuer)
    const parameters = parametersOf(await begin(`iss=${iss}&invitation=abc&login_hint=bob&theme=dark`))
    expect(parameters).toMatchObject({ invitation: 'abc', login_hint: 'bob' })
    expect(parameters).not.toHaveProperty('theme')
  })
})

describe('an organization that a login asks for', () => {
  const accounts = { alice: { ...defaultAccounts['alice'], org_id: 'org_a', org_name: 'acme' } }
  const claims = { openid: ['sub', 'org_id', 'org_name'] }
  const layers = [
    get('/other', ({ oidc }) => oidc.login({ returnTo: '/', authorizationParams: { organization: 'org_b' } })),
  ]
  const start = async (oidc = {}) => {
    const provider = { accounts, overrides: { claims } }
    world = await startWorld({ provider, layers, oidc: { loginParams: ['organization'], ...oidc } })
  }

  test.each(['org_a', 'acme'])('is the one of the ID Token: %s', async (organization) => {
    await start()
    await world.signIn(`/login?organization=${organization}`)
    expect(await subjectOf(world)).toBe('alice')
  })

  test.each<[string, string, object]>([
    ['by a link', '/login?organization=org_b', {}],
    ['by login()', '/other', {}],
    ['by the options', '/login', { authorizationParams: { organization: 'org_b' } }],
    ['by a function', '/login', { authorizationParams: async () => ({ organization: 'org_b' }) }],
  ])('lets nobody in if the ID Token is for another, asked for %s', async (_how, path, oidc) => {
    await start(oidc)
    const answer = await world.signIn(path)
    expect([answer.status, answer.text]).toEqual([502, expect.stringContaining('another organization')])
    expect(await subjectOf(world)).toBeNull()
  })

  test('is still the one that counts when the login is started over', async () => {
    await start()
    const late = await toCallback(world, { login: '/login?organization=org_b' })
    world.clock.advance(601)
    const again = await comeBack(late, world.browser)
    expect(parametersOf(again.location)).toMatchObject({ organization: 'org_b' })
    const answer = await comeBack(await throughProvider(world, again), world.browser)
    expect(answer.status).toBe(502)
  })
})
