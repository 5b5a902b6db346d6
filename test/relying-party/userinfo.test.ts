import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { Browser } from '../hosts/client.js'
import { hosts } from '../hosts/hosts.js'
import { answering } from '../kit/world/applications.js'
import { answerWith, type RefreshWorld, startRefreshWorld } from '../kit/world/refreshing.js'
import { bobsDoor, changed, codeOf, subjectOf } from '../kit/world/steps.js'
import type { WorldOptions } from '../kit/world/world.js'
import { AuditWatch } from '../kit/watching/audit.js'

let world: RefreshWorld

const layers = [
  answering('/userinfo', ({ oidc, url }) => {
    const age = new URL(url ?? '', 'http://x').searchParams.get('maxAge')
    return oidc.userinfo(age === null ? undefined : { maxAgeSeconds: Number(age) })
  }),
  answering('/frozen', async ({ oidc }) => {
    const claims = await oidc.userinfo()
    return [claims, claims['roles']].map((value) => Object.isFrozen(value))
  }),
  bobsDoor,
]

const start = async (options: WorldOptions = {}): Promise<Browser> => {
  world = await startRefreshWorld({ ...options, layers })
  world.clock.stop()
  return world.enter()
}
const asked = () => world.httpClient.urls.filter((url) => new URL(url).pathname === '/me').length
const ask = async (browser: Browser, query = '') => browser.fetch(world.url(`/userinfo${query}`))

describe.each(hosts)('userinfo() on $name', (host) => {
  let browser: Browser
  beforeAll(async () => {
    browser = await start({ host })
  })
  afterAll(() => world.close())

  test('asks the provider once for many requests, and again when its response is too old', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(browser)))
    expect(answers.map((answer) => answer.json())).toEqual(Array(20).fill(expect.objectContaining({ sub: 'alice' })))
    expect(asked()).toBe(1)
    world.clock.advance(299)
    await ask(browser)
    expect(asked()).toBe(1)
    world.clock.advance(1)
    await ask(browser)
    expect(asked()).toBe(2)
    await ask(browser, '?maxAge=0')
    expect(asked()).toBe(3)
    world.clock.advance(60)
    await ask(browser, '?maxAge=61')
    expect(asked()).toBe(3)
    await ask(browser, '?maxAge=60')
    expect(asked()).toBe(4)
  })
})

describe('cached userinfo claims', () => {
  afterEach(() => world.close())

  test('are frozen at every depth', async () => {
    const browser = await start()
    expect((await browser.fetch(world.url('/frozen'))).json()).toEqual([true, true])
  })

  test('are those of one session, never of another, not even of the same person', async () => {
    const browser = await start()
    await ask(browser)
    const other = await world.enter()
    await ask(other)
    expect(asked()).toBe(2)
    const bob = new Browser()
    await bob.navigate(world.url('/bob'), { follow: true })
    expect((await ask(bob)).json()).toMatchObject({ sub: 'bob' })
    expect(asked()).toBe(3)
    expect((await ask(browser)).json()).toMatchObject({ sub: 'alice' })
    expect(asked()).toBe(3)
  })

  test('need no access token, so none is renewed for them', async () => {
    const browser = await start()
    world.clock.advance(400)
    await ask(browser)
    world.clock.advance(250)
    await ask(browser)
    expect([asked(), world.refreshes.length]).toEqual([1, 0])
    await ask(browser, '?maxAge=0')
    expect([asked(), world.refreshes.length]).toEqual([2, 1])
  })

  test('are forgotten with the session', async () => {
    const browser = await start()
    await ask(browser)
    await browser.navigate(world.url('/logout'), { site: 'same-origin' })
    expect(codeOf(await ask(browser))).toBe('session_missing')
    await browser.navigate(world.url('/private'), { follow: true })
    await ask(browser)
    expect(asked()).toBe(2)
  })

  test('UI04: do not include failures: the next request asks again', async () => {
    const browser = await start()
    world.httpClient.spoil('/me', answerWith(503, {}))
    expect((await ask(browser)).status).toBe(503)
    world.httpClient.spoil('/me')
    expect((await ask(browser)).json()).toMatchObject({ sub: 'alice' })
    world.httpClient.spoil('/me', answerWith(503, {}))
    expect((await ask(browser)).status).toBe(200)
    expect((await ask(browser, '?maxAge=0')).status).toBe(503)
    expect((await ask(browser)).status).toBe(200)
  })

  test.each([
    ['another subject', { sub: 'mallory' }],
    ['no subject', { sub: undefined }],
    ['an empty subject', { sub: '' }],
    ['a subject that is not text', { sub: 5 }],
  ])('UI01: with %s are returned to nobody, and nobody is signed out', async (_what, changes) => {
    const browser = await start()
    await ask(browser)
    world.httpClient.spoil(
      '/me',
      changed((members) => ({ ...members, ...changes })),
    )
    const answers = await Promise.all([1, 2, 3].map(() => ask(browser, '?maxAge=0')))
    expect(answers.map((answer) => [answer.status, codeOf(answer)])).toEqual(Array(3).fill([502, 'subject_mismatch']))
    expect(answers.map(({ text }) => text).join()).not.toContain('mallory')
    expect(await subjectOf(world, browser)).toBe('alice')
    world.httpClient.spoil('/me')
    expect((await ask(browser, '?maxAge=0')).json()).toMatchObject({ sub: 'alice' })
  })

  test.each(['-1', '3601', 'x'])('cannot be %s seconds old', async (age) => {
    const browser = await start()
    const answer = await ask(browser, `?maxAge=${age}`)
    expect([answer.status, codeOf(answer)]).toEqual([500, 'invalid_options'])
    expect(answer.text).toContain('maxAgeSeconds')
  })
})

describe('an access token that the userinfo endpoint refuses', () => {
  afterEach(() => world.close())
  const unauthorized = answerWith(
    401,
    { error: 'invalid_token' },
    { 'www-authenticate': 'Bearer error="invalid_token"' },
  )
  /** Refuses the tokens that it knows of, and takes the next one. */
  const refusing = (tokens: number): Parameters<RefreshWorld['spoilTokens']>[0] => {
    const refused = new Set<string>()
    return async (honest, init) => {
      const authorization = new Headers(init?.headers).get('authorization') ?? ''
      if (refused.size < tokens) refused.add(authorization)
      return refused.has(authorization) ? unauthorized(honest, init) : honest()
    }
  }

  test('is renewed once, for all requests', async () => {
    const browser = await start()
    world.httpClient.spoil('/me', refusing(1))
    const answers = await Promise.all([1, 2, 3].map(() => ask(browser)))
    expect(answers.map((answer) => answer.json())).toEqual(Array(3).fill(expect.objectContaining({ sub: 'alice' })))
    expect(world.refreshes).toHaveLength(1)
  })

  test('leads the person to sign in again where the login has ended at the provider', async () => {
    const browser = await start()
    world.httpClient.spoil('/me', unauthorized)
    world.spoilTokens(answerWith(400, { error: 'invalid_grant' }))
    expect(await refusalOf(browser)).toEqual([401, 'session_expired'])
    expect(await subjectOf(world, browser)).toBeNull()
  })

  test('ends no login with a valid access token where there is no refresh token', async () => {
    const browser = await start({ client: { grant_types: ['authorization_code'] } })
    world.httpClient.spoil('/me', unauthorized)
    expect(await refusalOf(browser)).toEqual([401, 'session_expired'])
    expect(await subjectOf(world, browser)).toBe('alice')
    world.httpClient.spoil('/me')
    expect((await ask(browser)).status).toBe(200)
  })

  test('leads the person to sign in again where the end of the token is unknown, and there is no refresh token', async () => {
    world = await startRefreshWorld({ client: { grant_types: ['authorization_code'] }, layers })
    world.spoilTokens(changed(({ expires_in: _, ...rest }) => rest))
    const browser = await world.enter()
    world.httpClient.spoil('/me', unauthorized)
    const audited = new AuditWatch()
    expect(await refusalOf(browser)).toEqual([401, 'session_expired'])
    expect(await subjectOf(world, browser)).toBeNull()
    expect(audited.take()).toMatchObject([{ name: 'session_ended', reason: 'refresh_refused', subject: 'alice' }])
    audited.stop()
  })

  test('is not a fault of the provider where a new one is refused too, and the login that was just renewed goes on', async () => {
    const browser = await start()
    world.httpClient.spoil('/me', unauthorized)
    expect(await refusalOf(browser)).toEqual([401, 'session_expired'])
    expect(await refusalOf(browser)).toEqual([401, 'session_expired'])
    expect(await subjectOf(world, browser)).toBe('alice')
    expect(world.refreshes).toHaveLength(1)
  })

  test('may be for the API that the login names, and the message says so', async () => {
    const browser = await start({ oidc: { resource: 'https://api.example.com' } })
    world.httpClient.spoil('/me', unauthorized)
    expect((await ask(browser)).text).toContain('the login names a resource')
  })

  test('ends nothing while the provider is unavailable', async () => {
    const browser = await start()
    world.httpClient.spoil('/me', unauthorized)
    world.spoilTokens(answerWith(503, {}))
    expect((await ask(browser)).status).toBe(503)
    expect(await subjectOf(world, browser)).toBe('alice')
  })

  async function refusalOf(browser: Browser) {
    const answer = await ask(browser)
    return [answer.status, codeOf(answer)]
  }
})
