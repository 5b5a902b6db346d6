import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { acr, maxAge, oidc, requireAuth } from '../../../lib/index.js'
import { Browser } from '../../hosts/client.js'
import { hosts } from '../../hosts/hosts.js'
import {
  changed,
  codeOf,
  comeBack,
  SpoiltFetch,
  subjectOf,
  throughProvider,
  toCallback,
  tokenCalls,
  transactionCookies,
  withParameters,
} from '../../kit/world/steps.js'
import { secret, startWorld, type World } from '../../kit/world/world.js'

const strong = 'urn:example:mfa'
let world: World
let browser: Browser
let httpClient: SpoiltFetch
let tokenBodies: URLSearchParams[]

describe.each(hosts)('a login on $name', (host) => {
  beforeAll(async () => {
    httpClient = new SpoiltFetch()
    tokenBodies = []
    httpClient.spoil('/token', (honest, init) => {
      tokenBodies.push(new URLSearchParams(String(init?.body)))
      return honest()
    })
    const now = () => world.clock.now()
    world = await startWorld({
      host,
      oidc: { fetch: httpClient.fetch },
      layers: [
        { method: 'GET', path: '/strong', handlers: [requireAuth(acr(strong)), (_req, res) => res.end('strong')] },
        { method: 'GET', path: '/recent', handlers: [requireAuth(maxAge(60, now)), (_req, res) => res.end('recent')] },
      ],
    })
  })
  afterAll(() => world.close())
  beforeEach(() => {
    browser = new Browser()
  })

  test('CB09: does not take a transaction cookie for a session, nor a session cookie for a transaction', async () => {
    const callback = await toCallback(world, { browser })
    const [[name = '', transaction = '']] = [...transactionCookies(browser)] as [[string, string]]
    const sealed = (JSON.parse(Buffer.from(transaction, 'base64').toString()) as { sealed: string }).sealed
    for (const value of [transaction, sealed]) {
      const answer = await new Browser().fetch(world.url('/me'), { headers: { cookie: `${world.cookie()}=${value}` } })
      expect(answer.json()).toMatchObject({ user: null, auth: null })
    }
    await browser.navigate(world.url('/login'), { follow: true })
    const session = browser.cookies.all().find((cookie) => cookie.name === world.cookie())?.value ?? ''
    const wrapped = Buffer.from(JSON.stringify({ sealed: session })).toString('base64')
    const before = tokenCalls(world)
    for (const value of [session, wrapped]) {
      const answer = await new Browser().navigate(callback.href, { headers: { cookie: `${name}=${value}` } })
      expect([answer.status, new URL(answer.location ?? '').pathname]).toEqual([302, '/auth'])
    }
    expect(tokenCalls(world)).toBe(before)
  })

  test('CB12: sends a challenge with S256 each time, and its verifier at every exchange', async () => {
    const { location = '' } = await browser.navigate(world.url('/login'))
    expect(new URL(location).searchParams.get('code_challenge_method')).toBe('S256')
    const callback = await toCallback(world, { browser })
    await comeBack(callback, browser)
    expect(tokenBodies.at(-1)?.get('code_verifier')).toMatch(/^[\w-]{43}$/)
  })

  test('CB13: does not accept a stolen code of another login', async () => {
    const victim = await toCallback(world, { browser })
    const attacker = new Browser()
    const own = await toCallback(world, { browser: attacker })
    const code = victim.searchParams.get('code') ?? ''
    const answer = await comeBack(withParameters(own, { code }), attacker)
    expect([answer.status, codeOf(answer)]).toEqual([400, 'invalid_grant'])
    expect(await subjectOf(world, attacker)).toBeNull()
  })

  test('CB31: takes nothing of the authorization request from the query of the login route', async () => {
    const plain = new URL((await browser.navigate(world.url('/login'))).location ?? '')
    const injected = new URLSearchParams({
      ...{ scope: 'openid admin', redirect_uri: 'https://evil.example/', request_uri: 'https://evil.example/r' },
      ...{
        request: 'e30.',
        client_id: 'evil',
        response_type: 'token',
        response_mode: 'fragment',
        state: 's',
        nonce: 'n',
      },
      ...{ code_challenge: 'c', code_challenge_method: 'plain', prompt: 'evil', max_age: '0', acr_values: strong },
      ...{ login_hint: 'bob', id_token_hint: 'e30.', claims: '{}', resource: 'https://api.example.com', audience: 'a' },
      ...{ target_link_uri: 'https://evil.example/' },
    })
    const answer = await browser.navigate(world.url(`/login?${injected.toString()}`))
    const asked = new URL(answer.location ?? '')
    expect(asked.origin + asked.pathname).toBe(plain.origin + plain.pathname)
    expect([...asked.searchParams.keys()].sort()).toEqual([...plain.searchParams.keys()].sort())
    for (const name of ['state', 'nonce', 'code_challenge'])
      for (const { searchParams } of [plain, asked]) searchParams.delete(name)
    expect(asked.href).toBe(plain.href)
  })

  // Only a login that was to show nothing may end without a word.
  test('CB33: reports login_required to a person who asked to sign in, and does not try again', async () => {
    const callback = await toCallback(world, { browser })
    const answer = await comeBack(withParameters(callback, { code: undefined, error: 'login_required' }), browser)
    expect([answer.status, codeOf(answer)]).toEqual([400, 'login_required'])
    expect(answer.location).toBeUndefined()
  })

  test('CB34: does not send a browser in circles that keeps no session cookie', async () => {
    for (let logins = 0; logins < 3; logins += 1) {
      await comeBack(await toCallback(world, { browser, login: '/private' }), browser)
      browser.cookies.clear(({ name }) => name === world.cookie())
    }
    const answer = await browser.navigate(world.url('/private'))
    expect([answer.status, codeOf(answer)]).toEqual([400, 'login_loop'])
    expect(answer.location).toBeUndefined()
    world.clock.advance(61)
    expect((await browser.navigate(world.url('/private'))).status).toBe(302)
  })

  test('CB34: does not send a browser in circles that keeps no cookie at all', async () => {
    const callback = await toCallback(world, { browser, login: '/private' })
    const again = await browser.navigate(callback.href, { omitCookies: true })
    const second = await throughProvider(world, again, browser)
    const answer = await browser.navigate(second.href, { omitCookies: true })
    expect([answer.status, codeOf(answer)]).toEqual([400, 'login_loop'])
  })

  test('CB34: is not taken for a circle where somebody signs in and out again and again', async () => {
    for (let logins = 0; logins < 5; logins += 1) {
      await browser.navigate(world.url('/private'), { follow: true })
      expect(await subjectOf(world, browser)).toBe('alice')
      await browser.navigate(world.url('/logout'), { site: 'same-origin' })
    }
  })

  test.each(['fetch', 'image', 'iframe', 'none'] as const)(
    'CB35: answers a request of kind %s with a challenge instead of a redirect',
    async (kind) => {
      const answer = await browser.request(kind, world.url('/private'))
      expect([answer.status, answer.headers['content-type']]).toEqual([401, 'application/problem+json'])
      expect(answer.json()).toMatchObject({ status: 401, code: 'login_needed', login_url: world.url('/login') })
      expect(answer.setCookies).toEqual([])
    },
  )

  test('CB38: remembers its acr_values, and verifies them in its ID Token', async () => {
    await browser.navigate(world.url('/login'), { follow: true })
    const stepUp = await browser.navigate(world.url('/strong'))
    const asked = new URL(stepUp.location ?? '')
    expect(asked.searchParams.get('acr_values')).toBe(strong)
    const session = browser.cookies.all().find(({ name }) => name === world.cookie())?.value
    asked.searchParams.delete('acr_values')
    const weak = await throughProvider(world, { ...stepUp, location: asked.href }, browser)
    const answer = await comeBack(weak, browser)
    expect([answer.status, codeOf(answer)]).toEqual([403, 'authentication_too_weak'])
    expect(browser.cookies.all().find(({ name }) => name === world.cookie())?.value).toBe(session)
    const page = await browser.navigate(world.url('/strong'), { follow: true })
    expect([page.status, page.text]).toEqual([200, 'strong'])
  })

  test('CB38: remembers its max_age, and verifies it in its ID Token', async () => {
    await browser.navigate(world.url('/login'), { follow: true })
    world.clock.advance(120)
    const stepUp = await browser.navigate(world.url('/recent'))
    const asked = new URL(stepUp.location ?? '')
    expect(asked.searchParams.get('max_age')).toBe('60')
    asked.searchParams.delete('max_age')
    const answer = await comeBack(await throughProvider(world, { ...stepUp, location: asked.href }, browser), browser)
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(['authentication_too_weak', 'token_claim_missing']).toContain(codeOf(answer))
  })
})

test.each(['plain', undefined])('CB12: a provider whose PKCE methods are only %p cannot be used', async (method) => {
  const spoilt = new SpoiltFetch()
  const code_challenge_methods_supported = method === undefined ? [] : [method]
  spoilt.spoil(
    '/.well-known/openid-configuration',
    changed((members) => ({ ...members, code_challenge_methods_supported })),
  )
  const own = await startWorld({ oidc: { fetch: spoilt.fetch } })
  await expect(own.app.ready()).rejects.toMatchObject({ code: 'provider_metadata_invalid' })
  const answer = await own.browser.navigate(own.url('/login'))
  expect([answer.status, codeOf(answer)]).toEqual([502, 'provider_metadata_invalid'])
  await own.close()
})

test.each([
  'code_challenge',
  'code_challenge_method',
  'nonce',
  'state',
  'redirect_uri',
  'request_uri',
  'request',
  'response_type',
  'client_id',
])('CB12: authorizationParams cannot set %s', (name) => {
  const options = { issuer: 'https://op.example', clientId: 'web', baseUrl: 'https://app.example', secret }
  expect(() => oidc({ ...options, authorizationParams: { [name]: 'plain' } })).toThrow(name)
})

describe('CB14: a response of another provider', () => {
  test('is refused by its iss, before any code is sent', async () => {
    const [ours, theirs] = await Promise.all([startWorld(), startWorld()])
    const callback = await toCallback(ours)
    const other = new Browser()
    const foreign = await toCallback(theirs, { browser: other })
    const { code, iss } = Object.fromEntries(foreign.searchParams)
    for (const changes of [
      { code, iss },
      { code, iss: undefined },
    ]) {
      const fresh = await toCallback(ours)
      const answer = await comeBack(withParameters(fresh, changes), ours.browser)
      expect([answer.status, codeOf(answer)]).toEqual([400, 'issuer_mismatch'])
    }
    expect([tokenCalls(ours), tokenCalls(theirs)]).toEqual([0, 0])
    expect((await comeBack(callback, ours.browser)).status).toBe(302)
    await Promise.all([ours.close(), theirs.close()])
  })

  test('finds no transaction, though both applications share a secret and a browser', async () => {
    const [ours, theirs] = await Promise.all([startWorld(), startWorld()])
    const foreign = await toCallback(theirs)
    const cookie = [...transactionCookies(theirs.browser)].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await ours.browser.navigate(ours.url(`/callback${foreign.search}`), { headers: { cookie } })
    expect(new URL(answer.location ?? '').origin).toBe(ours.provider.issuer)
    expect([tokenCalls(ours), tokenCalls(theirs)]).toEqual([0, 0])
    await Promise.all([ours.close(), theirs.close()])
  })
})

describe('CB36: a pushed authorization request', () => {
  test('shows the browser only client_id and request_uri, and is new for every login', async () => {
    const own = await startWorld({ oidc: { pushedAuthorizationRequests: true } })
    const urls = [await own.browser.navigate(own.url('/login')), await own.browser.navigate(own.url('/login'))].map(
      ({ location = '' }) => new URL(location).searchParams,
    )
    for (const parameters of urls) expect([...parameters.keys()].sort()).toEqual(['client_id', 'request_uri'])
    expect(new Set(urls.map((parameters) => parameters.get('request_uri'))).size).toBe(2)
    expect(own.provider.requests.filter((request) => request === 'POST /request')).toHaveLength(2)
    await own.signIn('/private')
    expect(await subjectOf(own)).toBe('alice')
    await own.close()
  })
})
