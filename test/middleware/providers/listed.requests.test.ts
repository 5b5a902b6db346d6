import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { Browser, type RequestOptions } from '../../hosts/client.js'
import { answering } from '../../kit/world/applications.js'
import { type SeveralWorld, startSeveral } from '../../kit/world/several.js'
import { webClient } from '../../provider-real/provider.js'

let world: SeveralWorld
let browser: Browser
let elsewhere: number

const clientAt = (origin: string) =>
  webClient(origin, {
    client_id: 'everything',
    redirect_uris: ['google', 'work'].map((name) => `${origin}/callback/${name}`),
    backchannel_logout_uri: `${origin}/backchannel-logout/work`,
    backchannel_logout_session_required: true,
  })

beforeAll(async () => {
  const client = { clientId: 'everything', clientSecret: clientAt('').client_secret }
  world = await startSeveral({
    clients: (origin) => [clientAt(origin)],
    oidc: ({ google, work }) => ({
      providers: { google: { ...google, ...client }, work: { ...work, ...client } },
      allowedOrigins: [work.issuer, google.issuer],
      session: { revalidateSeconds: 60 },
    }),
    layers: [
      answering('/id-token', ({ oidc }) => oidc.idToken),
      answering('/call', async ({ oidc, auth }) => {
        const response = await oidc.fetch(`${auth?.issuer ?? ''}/me`)
        return { status: response.status, body: await response.json() }
      }),
    ],
  })
})
afterAll(() => world.close())

/** Requests at the session's provider since, of which the other one has got none. */
function requestsSince(count: number): readonly string[] {
  expect(world.at.google.requests).toHaveLength(elsewhere)
  return world.at.work.requests.slice(count)
}

const ask = async (path: string) => (await browser.fetch(world.url(path))).json()

describe('with a session at one of two providers', () => {
  beforeEach(async () => {
    browser = new Browser()
    await world.signIn('google', browser)
    await world.signIn('work', browser)
    elsewhere = world.at.google.requests.length
  })

  test('revalidation asks that one', async () => {
    const before = world.at.work.requests.length
    expect(await world.who(browser)).toMatchObject({ by: 'work' })
    expect(requestsSince(before)).toEqual([])
    world.clock.advance(60)
    expect(await world.who(browser)).toMatchObject({ by: 'work' })
    expect(requestsSince(before)).toEqual(['POST /token'])
  })

  test('fetch() brings its token', async () => {
    expect(await ask('/call')).toMatchObject({ status: 200, body: { sub: 'alice' } })
    expect(requestsSince(0).at(-1)).toBe('GET /me')
  })

  test('a logout revokes its tokens there', async () => {
    const before = world.at.work.requests.length
    await browser.navigate(world.url('/logout'), { site: 'same-origin' })
    expect(new Set(requestsSince(before))).toEqual(new Set(['POST /token/revocation']))
  })
})

describe('a front-channel logout of one of two providers', () => {
  const frame = (name: string, query: Record<string, string>, options: RequestOptions = {}) =>
    browser.request('iframe', world.url(`/frontchannel-logout/${name}?${new URLSearchParams(query)}`), {
      site: 'same-site',
      ...options,
    })
  let sid: string

  beforeEach(async () => {
    browser = new Browser()
    await world.signIn('work', browser)
    const [, claims = ''] = String(await ask('/id-token')).split('.')
    ;({ sid } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { sid: string })
    expect(sid).toMatch(/./)
  })

  test('ends its session, and may be framed by it alone', async () => {
    const { status, headers } = await frame('work', { iss: world.at.work.issuer, sid })
    expect([status, headers['content-security-policy']]).toEqual([
      200,
      expect.stringContaining(`frame-ancestors ${world.at.work.issuer}`),
    ])
    expect(await world.who(browser)).toBeNull()
  })

  test.each<[string, string, 'google' | 'work', number]>([
    ['at the path of the other', 'google', 'work', 400],
    ['at the path and with the issuer of the other', 'google', 'google', 200],
    ['at its path with the issuer of the other', 'work', 'google', 400],
    ['at a path that no provider has', 'nobody', 'work', 404],
  ])('ends nothing %s', async (_where, name, issuer, expected) => {
    expect((await frame(name, { iss: world.at[issuer].issuer, sid })).status).toBe(expected)
    expect(await world.who(browser)).toMatchObject({ by: 'work' })
  })
})
