import { afterEach, describe, expect, test } from '@jest/globals'
import type { Browser } from '../../hosts/client.js'
import { answering } from '../../kit/world/applications.js'
import { type RefreshWorld, startRefreshWorld, told, tokenOf } from '../../kit/world/refreshing.js'
import { changed, codeOf, subjectOf } from '../../kit/world/steps.js'
import { FakeStore } from '../../kit/stores/memory.js'
import type { WorldOptions } from '../../kit/world/world.js'

let world: RefreshWorld
afterEach(() => world.close())

const seen: unknown[] = []
const layers = [
  answering('/userinfo', ({ oidc }) => oidc.userinfo()),
  answering('/narrow', async ({ oidc }) => ({ token: await oidc.accessToken({ scope: 'openid email' }) })),
]
const withoutAccessToken = changed(
  ({ access_token: _accessToken, token_type: _type, expires_in: _expiresIn, ...members }) => members,
)

/** Signs in at a provider that gives an ID Token only, as Azure AD B2C does where no scope of an API is asked for. */
async function enter(oidc: WorldOptions['oidc'] = {}): Promise<Browser> {
  seen.length = 0
  world = await startRefreshWorld({
    layers,
    oidc: { onLogin: ({ accessToken }) => void seen.push(accessToken), ...oidc },
  })
  world.spoilTokens(withoutAccessToken)
  return world.enter()
}

describe('a login that brings no access token', () => {
  test('signs the person in, and shows onLogin that there is none', async () => {
    const browser = await enter()
    expect(await subjectOf(world, browser)).toBe('alice')
    expect(seen).toEqual([undefined])
  })

  test.each(['/token', '/userinfo'])(
    'answers %s with no_access_token, uses no refresh token and goes on',
    async (path) => {
      const browser = await enter()
      for (let calls = 0; calls < 2; calls += 1) {
        const answer = await browser.fetch(world.url(path))
        expect([answer.status, codeOf(answer)]).toEqual([401, 'no_access_token'])
      }
      expect(world.refreshes).toHaveLength(0)
      expect(await subjectOf(world, browser)).toBe('alice')
    },
  )

  test('gets a token for another target by its refresh token, where the provider gives one', async () => {
    const browser = await enter()
    world.spoilTokens()
    const answer = await browser.fetch(world.url('/narrow'))
    expect(told(answer)).toMatch(/^\S{20,}$/)
    expect(told(await browser.fetch(world.url('/narrow')))).toBe(told(answer))
    expect(world.refreshes).toHaveLength(1)
    expect(await tokenOf(world, browser)).toEqual([401, 'no_access_token'])
  })

  test('reports once for another target that the provider gives none either, and keeps the new refresh token', async () => {
    const browser = await enter()
    expect(told(await browser.fetch(world.url('/narrow')))).toEqual([401, 'no_access_token'])
    expect(world.refreshes).toHaveLength(1)
    world.spoilTokens()
    expect(told(await browser.fetch(world.url('/narrow')))).toMatch(/^\S{20,}$/)
    expect(await subjectOf(world, browser)).toBe('alice')
  })

  test('signs the person in with sessions in a store, too', async () => {
    const browser = await enter({ session: { store: new FakeStore({ now: Date.now }) } })
    expect(await subjectOf(world, browser)).toBe('alice')
    expect(await tokenOf(world, browser)).toEqual([401, 'no_access_token'])
  })

  test('is signed out without a token to revoke', async () => {
    await enter()
    world.spoilTokens(changed(({ id_token: idToken }) => ({ id_token: idToken })))
    const browser = await world.enter()
    const before = world.provider.requests.length
    await browser.navigate(world.url('/logout'))
    expect(await subjectOf(world, browser)).toBeNull()
    expect(world.provider.requests.slice(before)).not.toContain('POST /token/revocation')
  })
})

describe('a refresh that brings no access token any more', () => {
  test('accepts the ID Token, and reports the missing token at each call without another refresh', async () => {
    world = await startRefreshWorld({ layers })
    const browser = await world.enter()
    world.spoilTokens(withoutAccessToken)
    world.clock.advance(700)
    for (let calls = 0; calls < 2; calls += 1) expect(await tokenOf(world, browser)).toEqual([401, 'no_access_token'])
    expect(world.refreshes).toHaveLength(1)
    expect(await subjectOf(world, browser)).toBe('alice')
  })
})
