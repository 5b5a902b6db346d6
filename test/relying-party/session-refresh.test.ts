import { afterEach, describe, expect, test } from '@jest/globals'
import { answering, get } from '../kit/world/applications.js'
import { answerWith, type RefreshWorld, startRefreshWorld, tokenOf } from '../kit/world/refreshing.js'
import { changed, codeOf, subjectOf } from '../kit/world/steps.js'
import type { WorldOptions } from '../kit/world/world.js'
import { defaultAccounts } from '../provider-real/accounts.js'
import type { Browser } from '../hosts/client.js'

let world: RefreshWorld
afterEach(() => world.close())

const layers = [
  answering('/refresh', async ({ oidc }) => {
    await oidc.refresh()
    return oidc.user
  }),
  answering('/refreshes', ({ oidc }) =>
    Promise.all(Array.from({ length: 20 }, () => oidc.refresh().then(() => 'done'))),
  ),
  answering('/user', ({ oidc }) => oidc.user),
  get('/late-refresh', async ({ oidc }, res) => {
    res.write('[')
    const code = await oidc.refresh().catch((error: { code: string }) => error.code)
    res.end(`${JSON.stringify(code)}]`)
  }),
]

/** Signs alice in at a provider whose record of her a test may change. */
async function start(options: WorldOptions = {}) {
  const accounts = { ...defaultAccounts, alice: { ...defaultAccounts['alice'] } as Record<string, unknown> }
  world = await startRefreshWorld({ ...options, layers, provider: { ...options.provider, accounts } })
  return { browser: await world.enter(), alice: accounts.alice }
}
const refresh = (browser: Browser) => browser.fetch(world.url('/refresh'))
const refusalOf = async (browser: Browser) => {
  const answer = await refresh(browser)
  return [answer.status, codeOf(answer)]
}

describe('refresh()', () => {
  test('shows claims that changed at the provider at once, and from then on', async () => {
    const { browser, alice } = await start()
    alice['roles'] = ['owner']
    expect((await browser.fetch(world.url('/user'))).json()).toMatchObject({ roles: ['admin', 'user'] })
    expect((await refresh(browser)).json()).toMatchObject({ sub: 'alice', roles: ['owner'] })
    expect((await browser.fetch(world.url('/user'))).json()).toMatchObject({ roles: ['owner'] })
  })

  test('renews a token that is far from its end, each time', async () => {
    const { browser } = await start()
    const tokens = new Set([await tokenOf(world, browser)])
    for (let round = 0; round < 2; round += 1) {
      await refresh(browser)
      tokens.add(await tokenOf(world, browser))
    }
    expect([tokens.size, world.refreshes.length]).toEqual([3, 2])
  })

  test('uses one refresh token for many calls at once, and nobody is signed out', async () => {
    const { browser } = await start()
    expect((await browser.fetch(world.url('/refreshes'))).json()).toEqual(Array(20).fill('done'))
    expect(world.refreshes).toHaveLength(1)
    expect(await subjectOf(world, browser)).toBe('alice')
  })

  test('reports a missing refresh token, and the session goes on', async () => {
    const { browser } = await start({ client: { grant_types: ['authorization_code'] } })
    expect(await refusalOf(browser)).toEqual([401, 'refresh_token_missing'])
    expect(await subjectOf(world, browser)).toBe('alice')
  })

  test('renews a login that brings no access token', async () => {
    const { browser, alice } = await start()
    const withoutToken = changed(({ access_token: _token, token_type: _type, expires_in: _in, ...rest }) => rest)
    world.spoilTokens(withoutToken)
    const other = await world.enter()
    alice['roles'] = ['owner']
    expect((await refresh(other)).json()).toMatchObject({ roles: ['owner'] })
    expect(world.refreshes).toHaveLength(1)
    expect(await subjectOf(world, browser)).toBe('alice')
  })

  test('fails if nobody is signed in', async () => {
    const { browser } = await start()
    await browser.navigate(world.url('/logout'), { site: 'same-origin' })
    expect(await refusalOf(browser)).toEqual([401, 'session_missing'])
  })

  test('ends the session where the login is over at the provider', async () => {
    const { browser } = await start()
    world.spoilTokens(answerWith(400, { error: 'invalid_grant' }))
    expect(await refusalOf(browser)).toEqual([401, 'session_expired'])
    expect(await subjectOf(world, browser)).toBeNull()
  })

  test('fails in an outage, and the session keeps its claims', async () => {
    const { browser } = await start()
    world.spoilTokens(answerWith(503, {}))
    expect(await refusalOf(browser)).toEqual([503, 'provider_unavailable'])
    expect(await subjectOf(world, browser)).toBe('alice')
  })

  test('uses no refresh token after the headers were written', async () => {
    const { browser } = await start()
    expect((await browser.fetch(world.url('/late-refresh'))).json()).toEqual(['headers_already_sent'])
    expect(world.refreshes).toHaveLength(0)
  })
})
