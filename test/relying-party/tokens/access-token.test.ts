import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Browser } from '../../hosts/client.js'
import { hosts } from '../../hosts/hosts.js'
import { answering } from '../../kit/world/applications.js'
import { cookieOf, type RefreshWorld, startRefreshWorld, told, tokenOf } from '../../kit/world/refreshing.js'
import { changed, subjectOf } from '../../kit/world/steps.js'

let world: RefreshWorld

describe.each(hosts)('accessToken() on $name', (host) => {
  beforeAll(async () => {
    world = await startRefreshWorld({ host })
  })
  afterAll(() => world.close())

  test('returns the token while it is valid, and renews it before it ends', async () => {
    const browser = await world.enter()
    const first = await tokenOf(world, browser)
    world.clock.advance(480)
    expect(await tokenOf(world, browser)).toBe(first)
    expect(world.refreshes).toHaveLength(0)
    world.clock.advance(100)
    const second = await tokenOf(world, browser)
    expect(second).toMatch(/^\S{20,}$/)
    expect(second).not.toBe(first)
    expect(await tokenOf(world, browser)).toBe(second)
    expect(world.refreshes).toHaveLength(1)
    world.clock.advance(580)
    expect(await tokenOf(world, browser)).not.toBe(second)
    expect(await subjectOf(world, browser)).toBe('alice')
  })

  test('RF01, RF16: makes one refresh grant for fifty requests at once over one expired token, and nobody is signed out', async () => {
    const browser = await world.enter()
    const before = world.provider.requests.filter((request) => request === 'POST /token').length
    world.clock.advance(700)
    const answers = await Promise.all(Array.from({ length: 50 }, () => browser.fetch(world.url('/token'))))
    expect(new Set(answers.map(told)).size).toBe(1)
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200))
    expect(world.provider.requests.filter((request) => request === 'POST /token')).toHaveLength(before + 1)
    world.clock.advance(700)
    expect(await tokenOf(world, browser)).toMatch(/^\S{20,}$/)
    expect(await subjectOf(world, browser)).toBe('alice')
  })

  test('refuses to use the refresh token after the headers were written', async () => {
    const browser = await world.enter()
    expect((await browser.fetch(world.url('/late'))).json()).toEqual([expect.stringMatching(/^\S{20,}$/)])
    const before = world.refreshes.length
    world.clock.advance(700)
    expect((await browser.fetch(world.url('/late'))).json()).toEqual(['headers_already_sent'])
    expect(world.refreshes).toHaveLength(before)
    expect(await tokenOf(world, browser)).toMatch(/^\S{20,}$/)
  })
})

describe('a session whose tokens were renewed', () => {
  afterEach(() => world.close())

  test('keeps its data and its end', async () => {
    const session = answering('/session', ({ oidc }) => ({ data: oidc.data, clocks: oidc.session }))
    world = await startRefreshWorld({ oidc: { onLogin: () => ({ data: { cart: [1] } }) }, layers: [session] })
    const browser = await world.enter()
    const before = (await browser.fetch(world.url('/session'))).json()
    world.clock.advance(700)
    await tokenOf(world, browser)
    expect((await browser.fetch(world.url('/session'))).json()).toEqual(before)
  })

  test('is renewed again and again where tokens have a short lifetime, but not at each call', async () => {
    world = await startRefreshWorld({ provider: { accessTokenTtl: 20 } })
    const browser = await world.enter()
    for (let calls = 0; calls < 3; calls += 1) await tokenOf(world, browser)
    expect(world.refreshes).toHaveLength(0)
    for (let rounds = 1; rounds < 4; rounds += 1) {
      world.clock.advance(15)
      for (let calls = 0; calls < 3; calls += 1) await tokenOf(world, browser)
      expect(world.refreshes).toHaveLength(rounds)
    }
  })

  test('has no token beyond its lifetime where the provider gives no refresh token', async () => {
    world = await startRefreshWorld({ client: { grant_types: ['authorization_code'] } })
    const browser = await world.enter()
    expect(await tokenOf(world, browser)).toMatch(/^\S{20,}$/)
    world.clock.advance(590)
    expect(await tokenOf(world, browser)).toEqual([401, 'access_token_expired'])
    expect(await subjectOf(world, browser)).toBe('alice')
  })

  test('sends no request where the provider does not say when a token ends', async () => {
    world = await startRefreshWorld()
    world.spoilTokens(changed(({ expires_in: _, ...rest }) => rest))
    const browser = await world.enter()
    world.clock.advance(80_000)
    expect(await tokenOf(world, browser)).toMatch(/^\S{20,}$/)
    expect(world.refreshes).toHaveLength(0)
  })

  test('works with providers that do not rotate, within the same minute too', async () => {
    world = await startRefreshWorld({
      provider: { accessTokenTtl: 20, overrides: { rotateRefreshToken: false } },
    })
    const browser = await world.enter()
    const old = cookieOf(browser, world)
    const tokens = new Set([await tokenOf(world, browser)])
    for (let rounds = 0; rounds < 3; rounds += 1) {
      world.clock.advance(15)
      tokens.add(await tokenOf(world, browser))
    }
    expect(tokens.size).toBe(4)
    const late = told(await new Browser().fetch(world.url('/token'), { headers: old }))
    expect([...tokens].at(-1)).toBe(late)
    expect(world.refreshes).toHaveLength(3)
  })

  test('calls userinfo() with a renewed token', async () => {
    world = await startRefreshWorld({ layers: [answering('/userinfo', ({ oidc }) => oidc.userinfo())] })
    const browser = await world.enter()
    world.clock.advance(700)
    expect((await browser.fetch(world.url('/userinfo'))).json()).toMatchObject({ sub: 'alice' })
    expect(world.refreshes).toHaveLength(1)
  })
})

describe('req.oidc.fetch()', () => {
  let api: Server
  let origin: string
  let accepts: (authorization: string | undefined) => boolean
  const seen: (string | undefined)[] = []
  beforeAll(async () => {
    api = createServer((req, res) => {
      seen.push(req.headers.authorization)
      if (req.url === '/away') res.writeHead(302, { location: origin.replace('127.0.0.1', 'localhost') }).end()
      else res.writeHead(accepts(req.headers.authorization) ? 200 : 401).end('{}')
    })
    await once(api.listen(0, '127.0.0.1'), 'listening')
    origin = `http://127.0.0.1:${(api.address() as AddressInfo).port}`
  })
  afterAll(() => void api.close())
  afterEach(() => world.close())

  async function calling(allowedOrigins: readonly string[]): Promise<Browser> {
    seen.length = 0
    accepts = () => true
    const call = answering('/call', async ({ oidc, url }) => {
      const to = new URL(url ?? '', 'http://x').searchParams.get('to')
      return { token: (await oidc.fetch(to ?? `${origin}/orders`)).status }
    })
    const stream = answering('/stream', async ({ oidc }) => {
      const body = new Blob(['text']).stream()
      return { token: (await oidc.fetch(origin, { method: 'POST', body, duplex: 'half' })).status }
    })
    world = await startRefreshWorld({ oidc: { allowedOrigins }, layers: [call, stream] })
    return world.enter()
  }
  const call = async (browser: Browser, query = '') => told(await browser.fetch(world.url(`/call${query}`)))

  test('sends the token to an allowed origin, renewed where it has expired', async () => {
    const browser = await calling([origin])
    expect(await call(browser)).toBe(200)
    world.clock.advance(700)
    expect(await call(browser)).toBe(200)
    expect(world.refreshes).toHaveLength(1)
    expect(seen[0]).toMatch(/^Bearer \S{20,}$/)
    expect(seen[1]).not.toBe(seen[0])
  })

  test('sends it nowhere else, and says which option is missing', async () => {
    const browser = await calling([])
    const answer = await browser.fetch(world.url('/call'))
    expect([answer.status, answer.text]).toEqual([500, expect.stringContaining('allowedOrigins')])
    await world.close()
    const other = await calling(['https://api.example.com'])
    expect(await call(other)).toEqual([500, 'invalid_options'])
    expect(await call(other, '?to=https://api.example.com.evil.test/')).toEqual([500, 'invalid_options'])
    expect(await call(other, '?to=/relative')).toEqual([500, 'invalid_options'])
    expect(seen).toEqual([])
  })

  test('follows a redirect to another origin without the token', async () => {
    const browser = await calling([origin])
    expect(await call(browser, `?to=${origin}/away`)).toBe(200)
    expect(seen).toEqual([expect.stringMatching(/^Bearer /), undefined])
  })

  test('renews once when the API refuses the token, and not at every call', async () => {
    const browser = await calling([origin])
    accepts = (authorization) => authorization !== seen[0]
    expect(await call(browser)).toBe(200)
    expect(world.refreshes).toHaveLength(1)
    accepts = () => false
    for (let calls = 0; calls < 3; calls += 1) expect(await call(browser)).toBe(401)
    expect(world.refreshes).toHaveLength(1)
    world.clock.advance(11)
    expect(await call(browser)).toBe(401)
    expect(world.refreshes).toHaveLength(2)
  })

  test('renews once for many calls that were refused at the same time', async () => {
    const browser = await calling([origin])
    accepts = (authorization) => authorization !== seen[0]
    const answers = await Promise.all(Array.from({ length: 10 }, () => call(browser)))
    expect(answers).toEqual(Array(10).fill(200))
    expect(world.refreshes).toHaveLength(1)
  })

  test('returns a 401 to the caller where the body cannot be sent again', async () => {
    const browser = await calling([origin])
    accepts = () => false
    expect(told(await browser.fetch(world.url('/stream')))).toBe(401)
    expect(world.refreshes).toHaveLength(0)
  })
})
