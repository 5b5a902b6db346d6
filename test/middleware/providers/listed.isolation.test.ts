import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { Browser } from '../../hosts/client.js'
import { answering } from '../../kit/world/applications.js'
import { knownJwks, mintLogoutToken } from '../../kit/world/logout-world.js'
import { type SeveralWorld, startSeveral } from '../../kit/world/several.js'

let world: SeveralWorld
let browser: Browser

beforeAll(async () => {
  world = await startSeveral({
    provider: { overrides: { jwks: knownJwks } },
    layers: [answering('/id-token', ({ oidc }) => oidc.idToken)],
  })
})
afterAll(() => world.close())
beforeEach(() => {
  browser = new Browser()
})

/** Goes through a provider, and stops in front of the callback. */
async function toCallback(name: string): Promise<URL> {
  let { location } = await browser.navigate(world.url(`/login/${name}?returnTo=/me`))
  while (location !== undefined && !new URL(location).pathname.startsWith('/callback/')) {
    location = (await browser.navigate(location)).location
  }
  return new URL(location ?? '')
}

function at(url: URL, path: string, changes: Readonly<Record<string, string | undefined>> = {}): string {
  const changed = new URL(url)
  changed.pathname = path
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) changed.searchParams.delete(name)
    else changed.searchParams.set(name, value)
  }
  return changed.href
}

const come = (url: string) => browser.navigate(url, { site: 'cross-site', headers: { accept: 'application/json' } })

describe('a response of one provider at the callback of another', () => {
  test.each([
    ['with iss', {}],
    ['without iss', { iss: undefined }],
  ])('is refused %s, and the login stays usable at its own', async (_what, changes) => {
    const url = await toCallback('work')
    const before = world.at.google.requests.length
    expect((await come(at(url, '/callback/google', changes))).status).toBe(400)
    expect(world.at.google.requests).toHaveLength(before)
    expect(await world.who(browser)).toBeNull()
    const page = await browser.navigate(url.href, { site: 'cross-site', follow: true })
    expect(page.json()).toMatchObject({ by: 'work', sub: 'alice' })
  })

  test('brings nothing where only its code is put into the login of another', async () => {
    const stolen = await toCallback('work')
    const url = await toCallback('google')
    const code = stolen.searchParams.get('code') ?? ''
    expect((await come(at(url, '/callback/google', { code }))).status).toBeGreaterThanOrEqual(400)
    expect(await world.who(browser)).toBeNull()
  })

  test('is refused where it names the issuer of another', async () => {
    const url = await toCallback('work')
    expect((await come(at(url, '/callback/work', { iss: world.at.google.issuer }))).status).toBe(400)
    expect(await world.who(browser)).toBeNull()
  })
})

test('two logins under way at two providers, in two tabs, both work', async () => {
  const [one, two] = [await toCallback('google'), await toCallback('work')]
  expect((await browser.navigate(one.href, { site: 'cross-site', follow: true })).json()).toMatchObject({
    by: 'google',
  })
  expect((await browser.navigate(two.href, { site: 'cross-site', follow: true })).json()).toMatchObject({ by: 'work' })
})

describe('a logout that one provider sends', () => {
  const post = async (name: string, token: string): Promise<number> => {
    const body = new URLSearchParams({ logout_token: token })
    return (await new Browser().request('none', world.url(`/backchannel-logout/${name}`), { body })).status
  }
  const mint = (name: 'google' | 'work', changes: Record<string, unknown> = {}) =>
    mintLogoutToken(world.at[name].issuer, world.clock.now(), { aud: `app-at-${name}`, ...changes })

  test('ends the sessions of its person, and of nobody with the same sub elsewhere', async () => {
    const other = new Browser()
    await world.signIn('google', browser)
    await world.signIn('work', other)
    expect(await post('google', await mint('google'))).toBe(200)
    expect([await world.who(browser), await world.who(other)]).toEqual([null, expect.objectContaining({ by: 'work' })])
  })

  test('ends nobody with the same sid elsewhere', async () => {
    await world.signIn('work', browser)
    const idToken = (await browser.fetch(world.url('/id-token'))).json() as string
    const { sid } = JSON.parse(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString()) as { sid: string }
    expect(await post('google', await mint('google', { sub: undefined, sid }))).toBe(200)
    expect(await world.who(browser)).toMatchObject({ by: 'work' })
    expect(await post('work', await mint('work', { sub: undefined, sid }))).toBe(200)
    expect(await world.who(browser)).toBeNull()
  })

  test('is refused at the path of another', async () => {
    expect(await post('work', await mint('google'))).toBe(400)
  })

  test.each(['nobody', '__proto__', 'x'.repeat(100)])(
    'is not found below a name that no provider has',
    async (name) => {
      expect(await post(name, await mint('google'))).toBe(404)
    },
  )
})

test('an outage of one provider touches no other', async () => {
  const down = await startSeveral({
    oidc: ({ work, google }) => ({ providers: { work, google: { ...google, issuer: 'http://127.0.0.1:9' } } }),
  })
  try {
    const broken = await browser.navigate(down.url('/login/google'), { headers: { accept: 'application/json' } })
    expect(broken.status).toBe(503)
    expect((await down.signIn('work', browser)).text).toBe('home')
  } finally {
    await down.close()
  }
})
