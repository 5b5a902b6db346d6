import { afterEach, describe, expect, test } from '@jest/globals'
import { Browser } from '../../hosts/client.js'
import { claim, requireAuth, role } from '../../../lib/index.js'
import { answering, guarded } from '../../kit/world/applications.js'
import { answerWith, type RefreshWorld, startRefreshWorld, tokenOf } from '../../kit/world/refreshing.js'
import { changed, codeOf, subjectOf, type Fault } from '../../kit/world/steps.js'
import { FakeStore } from '../../kit/stores/memory.js'
import type { WorldOptions } from '../../kit/world/world.js'
import { defaultAccounts } from '../../provider-real/accounts.js'

let world: RefreshWorld
afterEach(() => world.close())

const seen: Record<string, unknown>[] = []
const layers = [
  guarded('/hr', requireAuth(claim('dept', 'hr'), role('admin'))),
  answering('/refresh', async ({ oidc }) => {
    await oidc.refresh()
    return oidc.user
  }),
]

const byScope = { openid: ['sub'], profile: ['name', 'dept', 'roles'], email: ['email', 'email_verified'] }

/** ID Tokens with an address, and nothing about whether it was verified. */
const withEmailOnly = { claims: { ...byScope, email: ['email'] } }

/** An application at a provider whose ID Tokens hold nothing about the person beside `sub`. */
async function start(options: WorldOptions = {}) {
  seen.length = 0
  const accounts = { ...defaultAccounts, alice: { ...defaultAccounts['alice'] } as Record<string, unknown> }
  world = await startRefreshWorld({
    layers,
    provider: { accounts, overrides: { conformIdTokenClaims: true, claims: byScope } },
    oidc: { userinfo: true, onLogin: ({ claims }) => void seen.push(claims), ...options.oidc },
  })
  return accounts.alice
}

const get = async (browser: Browser, path: string) => browser.fetch(world.url(path))
const claimsOf = async (browser: Browser) =>
  (await get(browser, '/me')).json() as { user: Record<string, unknown>; auth: { claims: Record<string, unknown> } }
const asked = () => world.httpClient.urls.filter((url) => new URL(url).pathname === '/me').length
const adding = (members: Record<string, unknown>): Fault => changed((claims) => ({ ...claims, ...members }))

/** Signs in, or does not: the answer of the callback. */
async function enter() {
  const browser = new Browser()
  const answer = await browser.navigate(world.url('/private'), { follow: true })
  return { browser, answer }
}

describe('a login with userinfo: true', () => {
  test('shows the claims of the UserInfo endpoint to user, to guards and to onLogin', async () => {
    await start()
    const { browser } = await enter()
    expect((await claimsOf(browser)).user).toMatchObject({
      sub: 'alice',
      name: 'Alice Example',
      roles: ['admin', 'user'],
    })
    expect((await get(browser, '/hr')).status).toBe(200)
    expect(seen).toEqual([expect.objectContaining({ sub: 'alice', dept: 'hr' })])
    expect(asked()).toBe(1)
  })

  test('keeps them in a store on the server too', async () => {
    await start({ oidc: { session: { store: new FakeStore({ now: Date.now }) } } })
    const { browser } = await enter()
    expect((await get(browser, '/hr')).status).toBe(200)
    expect((await get(browser, '/refresh')).json()).toMatchObject({ dept: 'hr' })
  })

  test('replaces nothing that the ID Token says', async () => {
    world = await startRefreshWorld({ oidc: { userinfo: true }, layers })
    world.httpClient.spoil('/me', adding({ dept: 'board', roles: ['owner'], team: 'a' }))
    const { browser } = await enter()
    expect((await claimsOf(browser)).user).toMatchObject({ dept: 'hr', roles: ['admin', 'user'], team: 'a' })
  })

  test.each([
    ['the address of the ID Token', 'alice@example.com', true],
    ['another address', 'mallory@example.com', undefined],
  ])('takes email_verified from the UserInfo endpoint for %s', async (_what, email, expected) => {
    world = await startRefreshWorld({ oidc: { userinfo: true }, layers, provider: { overrides: withEmailOnly } })
    world.httpClient.spoil('/me', adding({ email, email_verified: true }))
    const { browser } = await enter()
    expect((await claimsOf(browser)).user).toMatchObject({ email: 'alice@example.com' })
    expect((await claimsOf(browser)).user['email_verified']).toBe(expected)
  })

  test.each([
    'acr',
    'amr',
    'auth_time',
    'azp',
    'sid',
    'nonce',
    'at_hash',
    'c_hash',
    's_hash',
    'jti',
    'cnf',
    'act',
    'events',
    'nbf',
  ])('never takes %s from the UserInfo endpoint', async (name) => {
    await start()
    const { browser: honest } = await enter()
    const before = (await claimsOf(honest)).auth.claims[name]
    world.httpClient.spoil('/me', adding({ [name]: 'from userinfo' }))
    const { browser } = await enter()
    const { user, auth } = await claimsOf(browser)
    expect(auth.claims[name]).not.toBe('from userinfo')
    expect(typeof auth.claims[name]).toBe(typeof before)
    expect(user[name]).not.toBe('from userinfo')
    expect(seen.at(-1)?.[name]).not.toBe('from userinfo')
    await get(browser, '/refresh')
    expect((await claimsOf(browser)).auth.claims[name]).not.toBe('from userinfo')
  })

  test.each<[string, Fault, number, string]>([
    ['is about another person', adding({ sub: 'bob' }), 502, 'subject_mismatch'],
    ['names nobody', adding({ sub: undefined }), 502, 'subject_mismatch'],
    [
      'refuses the token',
      answerWith(401, {}, { 'www-authenticate': 'Bearer error="invalid_token"' }),
      502,
      'token_inactive',
    ],
    ['is out of order', answerWith(503, {}), 503, 'provider_unavailable'],
    ['is not JSON', async () => new Response('hello'), 502, 'provider_response_invalid'],
  ])('fails where the UserInfo response %s', async (_what, fault, status, code) => {
    await start()
    world.httpClient.spoil('/me', fault)
    const { browser, answer } = await enter()
    expect(answer.status).toBe(status)
    expect(answer.text).toContain(code)
    expect(await subjectOf(world, browser)).toBeNull()
    expect(seen).toEqual([])
  })

  test('fails, and says what is missing, where the provider gives no access token', async () => {
    await start()
    world.spoilTokens(changed(({ access_token: _token, token_type: _type, expires_in: _in, ...rest }) => rest))
    const { browser, answer } = await enter()
    expect([answer.status, answer.text]).toEqual([502, expect.stringContaining('userinfo')])
    expect(await subjectOf(world, browser)).toBeNull()
  })

  test('keeps the claims when tokens are renewed, and has refresh() fetch them anew', async () => {
    const alice = await start()
    const { browser } = await enter()
    alice['roles'] = ['owner']
    world.clock.advance(700)
    await tokenOf(world, browser)
    expect((await claimsOf(browser)).user).toMatchObject({ dept: 'hr', roles: ['admin', 'user'] })
    expect(asked()).toBe(1)
    expect((await get(browser, '/refresh')).json()).toMatchObject({ roles: ['owner'] })
    expect((await get(browser, '/hr')).status).toBe(403)
  })

  test('loses a claim with refresh() that the provider lists no more', async () => {
    const alice = await start()
    const { browser } = await enter()
    delete alice['dept']
    await get(browser, '/refresh')
    expect((await claimsOf(browser)).user).not.toHaveProperty('dept')
  })

  test('keeps its claims where refresh() cannot fetch them', async () => {
    await start()
    const { browser } = await enter()
    world.httpClient.spoil('/me', adding({ sub: 'bob', dept: 'board' }))
    const answer = await get(browser, '/refresh')
    expect([answer.status, codeOf(answer)]).toEqual([502, 'subject_mismatch'])
    expect((await claimsOf(browser)).user).toMatchObject({ sub: 'alice', dept: 'hr' })
  })
})
