import { afterEach, describe, expect, test } from '@jest/globals'
import { decodeJwt } from 'jose'
import { authorizationDetails, type CompletedLogin, requireAuth } from '../../../lib/index.js'
import type { AppRequest } from '../../kit/app.js'
import { signingKey } from '../../kit/provider/keys.js'
import { answering, get, guarded } from '../../kit/world/applications.js'
import { changed, codeOf, comeBack, SpoiltFetch, toCallback } from '../../kit/world/steps.js'
import { startWorld, type World, type WorldOptions } from '../../kit/world/world.js'
import { richAuthorization } from '../../provider-real/rich-authorization.js'

const api = 'https://api.example.com'
const small = { type: 'payment', amount: 5, to: 'bob' }
const large = { type: 'payment', amount: 500, to: 'mallory' }

const layers: WorldOptions['layers'] = [
  guarded('/small', requireAuth(authorizationDetails('payment', ({ amount }) => amount === small.amount))),
  guarded('/large', requireAuth(authorizationDetails('payment', ({ amount }) => amount === large.amount))),
  guarded('/refund', requireAuth(authorizationDetails('refund'))),
  get('/pay', ({ oidc }) =>
    oidc.login({ returnTo: '/small', authorizationParams: { authorization_details: [small] } }),
  ),
  get('/wrong', ({ oidc }) => oidc.login({ authorizationParams: { authorization_details: '{}' } })),
  answering('/granted', ({ auth }) => auth?.authorizationDetails),
  answering('/token', async ({ oidc }) => decodeJwt(await oidc.accessToken())['authorization_details']),
  answering('/narrow', async ({ oidc }) => {
    const first = await oidc.accessToken({ resource: api, authorizationDetails: [small] })
    const again = await oidc.accessToken({ resource: api, authorizationDetails: JSON.stringify([small]) })
    return [decodeJwt(first)['authorization_details'], first === again]
  }),
  answering('/unknown', async ({ oidc }) =>
    oidc.accessToken({ resource: api, authorizationDetails: [{ type: 'unknown' }] }),
  ),
  get('/refresh', async (req: AppRequest, res) => {
    await req.oidc.refresh()
    res.end('refreshed')
  }),
]

let world: World
afterEach(() => world.close())

interface Setting {
  readonly oidc?: WorldOptions['oidc']
  readonly client?: (baseUrl: string) => Record<string, unknown>
}

const start = async ({ oidc = {}, client = () => ({}) }: Setting = {}) => {
  world = await startWorld({
    oidc: { scope: 'openid offline_access orders:read', resource: api, ...oidc },
    client: (baseUrl) => ({ authorization_details_types: ['payment', 'refund'], ...client(baseUrl) }),
    layers,
    provider: {
      overrides: { features: { richAuthorizationRequests: richAuthorization('payment', 'refund') } },
    },
  })
}
const json = async (path: string) => (await world.browser.fetch(world.url(path))).json()
const statusOf = async (path: string) => (await world.browser.fetch(world.url(path))).status

describe('authorization_details of a login at a real provider', () => {
  test.each<[string, WorldOptions['oidc']]>([
    ['a list', { authorizationParams: { authorization_details: [small] } }],
    ['JSON', { authorizationParams: { authorization_details: JSON.stringify([small]) } }],
    ['what a function returns', { authorizationParams: async () => ({ authorization_details: [small] }) }],
    [
      'part of a pushed request',
      { pushedAuthorizationRequests: true, authorizationParams: { authorization_details: [small] } },
    ],
  ])('may be %s: guards and req.auth see what was granted, and so does the API', async (_what, oidc) => {
    await start({ oidc })
    await world.signIn()
    expect(await json('/granted')).toEqual([small])
    expect(await json('/token')).toEqual([small])
    expect([await statusOf('/small'), await statusOf('/large'), await statusOf('/refund')]).toEqual([200, 403, 403])
  })

  test.each<[string, WorldOptions['oidc'], unknown]>([
    ['what was granted', { authorizationParams: { authorization_details: [small] } }, [small]],
    ['nothing, where the provider does not say', {}, undefined],
  ])('onLogin gets %s', async (_what, oidc, expected) => {
    const logins: CompletedLogin[] = []
    await start({ oidc: { ...oidc, onLogin: (login) => void logins.push(login) } })
    await world.signIn()
    expect(logins.map((login) => login.authorizationDetails)).toEqual([expected])
  })

  test('may be part of a signed request object', async () => {
    const { privateKey } = signingKey('PS256')
    await start({
      oidc: {
        clientKeys: { current: { privateKey, alg: 'PS256', kid: 'one' } },
        clientAuthentication: 'client_secret_basic',
        routes: { jwks: '/jwks.json' },
        requestObject: true,
        authorizationParams: { authorization_details: [small, large] },
      },
      client: (baseUrl) => ({ request_object_signing_alg: 'PS256', jwks_uri: `${baseUrl}/jwks.json` }),
    })
    await world.signIn()
    expect(await json('/granted')).toEqual([small, large])
  })

  test('may be those of one login(): the guard of the page then lets the person in', async () => {
    await start()
    await world.signIn()
    expect(await json('/granted')).toBeNull()
    expect(await statusOf('/small')).toBe(403)
    const page = await world.signIn('/pay')
    expect([page.status, page.text]).toEqual([200, '{"sub":"alice"}'])
  })

  test('survive a refresh, and a token may be had for some of them', async () => {
    await start({ oidc: { authorizationParams: { authorization_details: [small, large] } } })
    await world.signIn()
    expect((await world.browser.fetch(world.url('/refresh'))).text).toBe('refreshed')
    expect(await json('/granted')).toEqual([small, large])
    expect(await json('/narrow')).toEqual([[small], true])
    expect(await json('/token')).toEqual([small, large])
    expect(await statusOf('/large')).toBe(200)
  })

  test('that are refused for one token leave the session as it is', async () => {
    await start({ oidc: { authorizationParams: { authorization_details: [small] } } })
    await world.signIn()
    const answer = await world.browser.fetch(world.url('/unknown'))
    expect([answer.status, codeOf(answer)]).toEqual([502, 'token_request_failed'])
    expect(await json('/granted')).toEqual([small])
  })

  test('of a type that the provider does not know are refused there, and ready() warns of them', async () => {
    await start({ oidc: { authorizationParams: { authorization_details: [{ type: 'credit' }] } } })
    const { warnings } = await world.app.ready()
    expect(warnings).toEqual([expect.stringContaining('does not list "credit" among the types')])
    const page = await comeBack(await toCallback(world), world.browser)
    expect(page.text).toContain('invalid_authorization_details')
    expect([page.status, codeOf(page), await statusOf('/private')]).toEqual([400, 'authorization_failed', 401])
  })

  test('of login() that are not a list with types are refused before anything is sent', async () => {
    await start()
    const answer = await world.browser.fetch(world.url('/wrong'))
    expect([answer.status, codeOf(answer)]).toEqual([500, 'invalid_options'])
    expect(answer.text).toContain('login(): authorizationParams')
  })
})

describe('RA04: a token response whose authorization_details are', () => {
  test.each([
    ['an object', small],
    ['text', JSON.stringify([small])],
    ['a list without types', [{ amount: 5 }]],
    ['a list with null', [null]],
    ['a number', 5],
  ])('%s signs nobody in', async (_what, details) => {
    const httpClient = new SpoiltFetch()
    await start({ oidc: { fetch: httpClient.fetch, authorizationParams: { authorization_details: [small] } } })
    const callback = await toCallback(world)
    httpClient.spoil(
      '/token',
      changed((tokens) => ({ ...tokens, authorization_details: details })),
    )
    const page = await comeBack(callback, world.browser)
    expect([page.status, codeOf(await world.browser.fetch(world.url('/private')))]).toEqual([502, 'login_needed'])
    expect(page.text).not.toContain('alice')
  })
})
