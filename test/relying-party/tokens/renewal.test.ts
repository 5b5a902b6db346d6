import { afterEach, describe, expect, test } from '@jest/globals'
import { Browser } from '../../hosts/client.js'
import { hosts } from '../../hosts/hosts.js'
import { withoutHash } from '../../hosts/cookie-names.js'
import { newBrowser, walk } from '../../hostile/browser.js'
import { append, type Faults, replaced } from '../../hostile/faults.js'
import { type Run, startRun } from '../../hostile/relying-party.js'
import { answering, get } from '../../kit/world/applications.js'
import {
  answerWith,
  cookieOf,
  lostAnswer,
  type RefreshWorld,
  refusedConnection,
  startRefreshWorld,
  told,
  tokenOf,
} from '../../kit/world/refreshing.js'
import { changed, codeOf, subjectOf } from '../../kit/world/steps.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { pastDeadline } from '../../kit/timers.js'
import type { WorldOptions } from '../../kit/world/world.js'

let world: RefreshWorld
let browser: Browser
let run: Run | undefined
afterEach(async () => {
  await run?.close()
  if (run === undefined) await world.close()
  run = undefined
})

async function signedIn(options: WorldOptions = {}): Promise<void> {
  world = await startRefreshWorld(options)
  browser = await world.enter()
}

const token = expect.stringMatching(/^\S{20,}$/)
const isSignedIn = async () => (await subjectOf(world, browser)) !== null

describe('a request that comes late', () => {
  test('RF16: with the old cookie gets the successor and a new cookie, without a second token request', async () => {
    await signedIn()
    const old = cookieOf(browser, world)
    world.clock.advance(700)
    const renewed = await tokenOf(world, browser)
    world.clock.advance(50)
    const late = new Browser()
    const answer = await late.fetch(world.url('/token'), { headers: old })
    expect(told(answer)).toBe(renewed)
    expect(answer.setCookies).toHaveLength(1)
    expect(world.refreshes).toHaveLength(1)
    world.clock.advance(700)
    expect(await tokenOf(world, late)).toEqual(token)
    expect(world.refreshes).toHaveLength(2)
  })

  test('RF16: that never asks for a token has its cookie rewritten too', async () => {
    await signedIn()
    const old = cookieOf(browser, world)
    world.clock.advance(700)
    await tokenOf(world, browser)
    const late = new Browser()
    expect((await late.fetch(world.url('/me'), { headers: old })).setCookies).toHaveLength(1)
    world.clock.advance(700)
    expect(await tokenOf(world, late)).toEqual(token)
  })

  test('RF16, SC14: does not bring the old refresh token back where its response is under way', async () => {
    const gates: (() => void)[] = []
    const slow = get('/slow', async ({ oidc }, res) => {
      await oidc.update({ visits: 1 })
      await new Promise<void>((resolve) => gates.push(resolve))
      res.end()
    })
    await signedIn({ layers: [slow] })
    world.clock.advance(700)
    const underWay = browser.fetch(world.url('/slow'))
    while (gates.length === 0) await new Promise(setImmediate)
    await tokenOf(world, browser)
    gates[0]?.()
    await underWay
    world.clock.advance(700)
    expect(await tokenOf(world, browser)).toEqual(token)
    expect(world.refreshes).toHaveLength(2)
  })

  test('RF16: whose client went away during the refresh gets the successor minutes later', async () => {
    await signedIn()
    const old = cookieOf(browser, world)
    world.clock.advance(700)
    const gone = new AbortController()
    const sent = new Promise<void>((resolve) => {
      world.spoilTokens(async (honest) => {
        const answer = await honest()
        gone.abort()
        setImmediate(resolve)
        return answer
      })
    })
    await fetch(world.url('/token'), { headers: old, signal: gone.signal }).catch(() => undefined)
    await sent
    world.spoilTokens()
    world.clock.advance(400)
    const late = new Browser()
    expect(told(await late.fetch(world.url('/token'), { headers: old }))).toEqual(token)
    expect(world.refreshes).toHaveLength(1)
  })

  test('RF16: by more than ten minutes triggers the reuse detection of the provider, and is signed out', async () => {
    await signedIn()
    const old = cookieOf(browser, world)
    world.clock.advance(700)
    await tokenOf(world, browser)
    world.clock.advance(601)
    expect(told(await new Browser().fetch(world.url('/token'), { headers: old }))).toEqual([401, 'session_expired'])
  })
})

describe('a refresh token that the provider refuses', () => {
  test('RF05: ends the session, once and for all requests', async () => {
    await signedIn()
    const old = cookieOf(browser, world)
    world.spoilTokens(answerWith(400, { error: 'invalid_grant', error_description: 'about alice' }))
    world.clock.advance(700)
    const answers = await Promise.all([1, 2, 3].map(() => browser.fetch(world.url('/token'))))
    // Whoever comes when it has ended already finds no session any more.
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401])
    const codes = answers.map((answer) => codeOf(answer))
    expect(codes).toContain('session_expired')
    expect(codes.every((code) => code === 'session_expired' || code === 'session_missing')).toBe(true)
    expect(answers[0]?.text).not.toContain('alice')
    expect(world.refreshes).toHaveLength(1)
    expect(await isSignedIn()).toBe(false)
    expect(told(await new Browser().fetch(world.url('/token'), { headers: old }))).toEqual([401, 'session_missing'])
    expect(world.refreshes).toHaveLength(1)
  })

  test('RF05: is recognized by the member "error", not by the text', async () => {
    await signedIn()
    world.spoilTokens(answerWith(400, { error: 'invalid_client', error_description: 'no invalid_grant here' }))
    world.clock.advance(700)
    expect(await tokenOf(world, browser)).toEqual([502, 'provider_refused_client'])
    expect(await isSignedIn()).toBe(true)
    world.spoilTokens()
    expect(await tokenOf(world, browser)).toEqual(token)
  })

  test('RF06: is told apart from a client that is refused, which the operator repairs and which signs nobody out', async () => {
    await signedIn()
    world.spoilTokens(answerWith(401, { error: 'invalid_client' }))
    world.clock.advance(575)
    expect(await tokenOf(world, browser)).toEqual(token)
    world.clock.advance(100)
    expect(await tokenOf(world, browser)).toEqual([502, 'provider_refused_client'])
    world.spoilTokens()
    world.clock.advance(60)
    expect(await tokenOf(world, browser)).toEqual(token)
  })
})

describe('a lost response to a refresh', () => {
  test('RF04: after which the provider has rotated is requested once more, and the session ends where that is refused', async () => {
    await signedIn()
    world.clock.advance(700)
    let losses = 1
    world.spoilTokens((honest) => (losses-- > 0 ? lostAnswer(honest) : honest()))
    expect(await tokenOf(world, browser)).toEqual([401, 'session_expired'])
    expect(world.refreshes).toHaveLength(2)
  })

  test('RF04: of a slow provider is waited for in the background, and the token is sent once', async () => {
    await signedIn({ oidc: { httpTimeoutSeconds: 30 } })
    const slowly = <Result>(work: () => Promise<Result>) => pastDeadline(30, work, () => world.refreshes.length > 0)
    const old = await tokenOf(world, browser)
    world.spoilTokens(() => new Promise(() => undefined))
    world.clock.advance(575)
    for (let calls = 0; calls < 2; calls += 1) {
      expect(await slowly(() => tokenOf(world, browser))).toBe(old)
      world.clock.advance(3)
    }
    world.clock.advance(70)
    const answer = await slowly(() => browser.fetch(world.url('/token')))
    expect(told(answer)).toEqual([503, 'provider_timeout'])
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
    expect(world.refreshes).toHaveLength(1)
    expect(await isSignedIn()).toBe(true)
  })

  test('RF04: leaves the token alone for a minute at most when it is lost twice', async () => {
    await signedIn()
    world.clock.advance(700)
    world.spoilTokens(() => Promise.reject(new TypeError('fetch failed')))
    expect(await tokenOf(world, browser)).toEqual([503, 'provider_unreachable'])
    const answer = await browser.fetch(world.url('/token'))
    expect(told(answer)).toEqual([503, 'provider_unavailable'])
    expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(60)
    expect(world.refreshes).toHaveLength(2)
    world.spoilTokens()
    world.clock.advance(61)
    expect(await tokenOf(world, browser)).toEqual(token)
  })

  test('RF04: is requested again at once after a broken connection', async () => {
    await signedIn()
    world.clock.advance(700)
    let breaks = 1
    world.spoilTokens((honest) => (breaks-- > 0 ? Promise.reject(new TypeError('fetch failed')) : honest()))
    expect(await tokenOf(world, browser)).toEqual(token)
    expect(world.refreshes).toHaveLength(2)
  })
})

describe('a provider that is down', () => {
  test.each<[string, Parameters<RefreshWorld['spoilTokens']>[0], string]>([
    ['503', answerWith(503, {}), 'provider_unavailable'],
    ['500', answerWith(500, {}), 'provider_unavailable'],
    ['429', answerWith(429, {}, { 'retry-after': '7' }), 'provider_unavailable'],
    ['no connection', refusedConnection, 'provider_unreachable'],
  ])('RF07: with %s signs nobody out, and is left alone', async (_what, fault, code) => {
    await signedIn()
    const first = await tokenOf(world, browser)
    world.spoilTokens(fault)
    world.clock.advance(575)
    expect(await tokenOf(world, browser)).toBe(first)
    world.clock.advance(100)
    for (let calls = 0; calls < 20; calls += 1) expect(await tokenOf(world, browser)).toEqual([503, code])
    expect(world.refreshes.length).toBeLessThanOrEqual(3)
    expect(await isSignedIn()).toBe(true)
    world.clock.advance(60)
    world.spoilTokens()
    expect(await tokenOf(world, browser)).toEqual(token)
  })

  test('RF07: is asked again no sooner than it wants, and then once for each affected session', async () => {
    await signedIn()
    const sessions = [browser, await world.enter(), await world.enter()]
    world.spoilTokens(answerWith(429, {}, { 'retry-after': '30' }))
    world.clock.advance(700)
    const first = await browser.fetch(world.url('/token'))
    expect([first.status, first.headers['retry-after']]).toEqual([503, '30'])
    const ask = () => Promise.all(sessions.map((each) => each.fetch(world.url('/token'))))
    // It may have been about that one: the others ask once, and then nobody does.
    for (let rounds = 0; rounds < 3; rounds += 1) {
      for (const answer of await ask()) {
        expect(answer.status).toBe(503)
        expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(30)
      }
    }
    expect(world.refreshes.length).toBeLessThanOrEqual(3)
    world.clock.advance(31)
    for (let rounds = 0; rounds < 3; rounds += 1) for (const answer of await ask()) expect(answer.status).toBe(503)
    expect(world.refreshes.length).toBeLessThanOrEqual(6)
    world.clock.advance(31)
    world.spoilTokens()
    expect(await tokenOf(world, browser)).toEqual(token)
    for (const answer of await ask()) expect(told(answer)).toEqual(token)
  })

  test('RF07: receives no refresh token while the keys are missing that verify its response', async () => {
    await signedIn({ oidc: { session: { idleSeconds: 604_800 } } })
    world.httpClient.spoil('/jwks', refusedConnection)
    world.clock.advance(90_000)
    expect(await tokenOf(world, browser)).toEqual([503, 'provider_unreachable'])
    expect(world.refreshes).toHaveLength(0)
    expect(await isSignedIn()).toBe(true)
    world.httpClient.spoil('/jwks')
    world.spoilTokens(changed(({ id_token: _, ...rest }) => rest))
    world.clock.advance(60)
    expect(await tokenOf(world, browser)).toEqual(token)
  })
})

describe('a refresh', () => {
  test('RF09: keeps the refresh token and the ID Token where no new ones come', async () => {
    const idToken = answering('/id-token', ({ oidc }) => ({ token: oidc.idToken }))
    await signedIn({ layers: [idToken], provider: { overrides: { rotateRefreshToken: false } } })
    const before = told(await browser.fetch(world.url('/id-token')))
    world.spoilTokens(changed(({ refresh_token: _, id_token: __, ...rest }) => rest))
    for (let rounds = 0; rounds < 2; rounds += 1) {
      world.clock.advance(700)
      expect(await tokenOf(world, browser)).toEqual(token)
    }
    expect(new Set(world.refreshes.map((form) => form.get('refresh_token'))).size).toBe(1)
    expect(told(await browser.fetch(world.url('/id-token')))).toBe(before)
  })

  test('RF11: never widens the granted scopes, and never asks for any', async () => {
    await signedIn()
    world.spoilTokens(changed((members) => ({ ...members, scope: 'openid email admin' })))
    world.clock.advance(700)
    await tokenOf(world, browser)
    const { auth } = (await browser.fetch(world.url('/me'))).json() as { auth: { scopes: readonly string[] } }
    expect([...auth.scopes].sort()).toEqual(['email', 'openid'])
    expect(world.refreshes.map((form) => form.has('scope'))).toEqual([false])
  })

  test('RF12: sends any printable character of the token unchanged', async () => {
    const refreshToken = 'a b%20+&=;/~"\\'
    world = await startRefreshWorld({ client: { client_secret: 'of a b%20+&=:/~ and more, long enough for all' } })
    world.spoilTokens(changed((members) => ({ ...members, refresh_token: refreshToken })))
    browser = await world.enter()
    world.spoilTokens()
    world.clock.advance(700)
    expect(await tokenOf(world, browser)).toEqual([401, 'session_expired'])
    expect(world.refreshes[0]?.get('refresh_token')).toBe(refreshToken)
  })
})

describe('a new ID Token of a refresh', () => {
  const visit = async (path: string, visitor: Browser) => visitor.navigate(`${run?.baseUrl}${path}`)

  test.each<[string, string, Faults['refreshedClaims'], Faults['sign']?]>([
    ['another issuer', 'token_issuer_mismatch', append('iss', '1')],
    ['another person', 'subject_mismatch', append('sub', '1')],
    ['another audience', 'token_audience_mismatch', append('aud', '1')],
  ])('RF10: with %s ends the session', async (_what, code, refreshedClaims) => {
    const faults: Faults = {
      token: replaced('expires_in', () => 100),
      ...(refreshedClaims === undefined ? {} : { refreshedClaims }),
    }
    const [host] = hosts
    if (host === undefined) throw new Error('there is no host')
    const row = { id: 'rf10', plan: 'oidcc-client-refreshtoken-test-plan', expect: 'stop', finish: 'userinfo' } as const
    run = await startRun({ ...row, faults }, host)
    const visitor = newBrowser()
    await walk(visitor, `${run.baseUrl}/login`)
    expect((await visit('/', visitor)).text).toContain('true')
    run.advance(80)
    await visit('/token', visitor)
    expect(run.errors()).toEqual([code])
    expect((await visit('/', visitor)).text).toContain('false')
  })

  test('RF10: with a bad signature ends the session', async () => {
    await signedIn()
    const spoilt = (jwt: unknown) => String(jwt).replace(/\.[^.]{8}([^.]*)$/, '.AAAAAAAA$1')
    world.spoilTokens(changed((members) => ({ ...members, id_token: spoilt(members['id_token']) })))
    world.clock.advance(700)
    expect(await tokenOf(world, browser)).toEqual([502, 'token_signature_invalid'])
    expect(await isSignedIn()).toBe(false)
  })
})

describe('a session that has ended', () => {
  test('RF15: by its absolute limit is not renewed', async () => {
    const long = answering('/long', async ({ oidc }) => {
      world.clock.advance(3_700)
      return { token: await oidc.accessToken() }
    })
    await signedIn({ layers: [long], oidc: { session: { absoluteSeconds: 3_600, idleSeconds: 3_600 } } })
    expect(told(await browser.fetch(world.url('/long')))).toEqual([401, 'session_expired'])
    expect(world.refreshes).toHaveLength(0)
    expect(await tokenOf(world, browser)).toEqual([401, 'session_missing'])
  })

  test('LO06: by a logout that began before a refresh had ended leaves no refresh token behind', async () => {
    const sharedStore = new FakeStore({ now: () => Date.now() })
    await signedIn({ oidc: { sharedStore } })
    world.clock.advance(700)
    const revoked: unknown[] = []
    const brought: unknown[] = []
    world.httpClient.spoil('/token/revocation', async (honest, init) => {
      if (init?.body instanceof URLSearchParams) revoked.push(init.body.get('token'))
      return honest()
    })
    world.spoilTokens(
      changed((body) => {
        brought.push(body['refresh_token'])
        return body
      }),
    )
    const old = cookieOf(browser, world)
    // The logout has read the session, and waits to mark its end.
    let isMarking = (): void => undefined
    let mayMark = (): void => undefined
    const marking = new Promise<void>((resolve) => (isMarking = resolve))
    const marked = new Promise<void>((resolve) => (mayMark = resolve))
    sharedStore.before = async ({ operation, names: [name = ''] }) => {
      if (operation !== 'add' || !name.startsWith('end:')) return
      isMarking()
      await marked
    }
    const logout = browser.navigate(world.url('/logout'), { site: 'same-origin' })
    await marking
    expect(told(await new Browser().fetch(world.url('/token'), { headers: old }))).toEqual(token)
    mayMark()
    expect((await logout).status).toBe(302)
    expect(revoked).toEqual(expect.arrayContaining(brought))
    expect(brought).toHaveLength(1)
  })

  test('LO06: by a logout in the same request is not restored by a refresh under way', async () => {
    const codes: unknown[] = []
    const both = get('/both', async ({ oidc }) => {
      const renewing = oidc.accessToken().catch(({ code }: { code: string }) => codes.push(code))
      await oidc.logout({ local: true })
      await renewing
    })
    await signedIn({ layers: [both] })
    world.clock.advance(700)
    const answer = await browser.fetch(world.url('/both'))
    while (codes.length === 0) await new Promise(setImmediate)
    expect(codes).toEqual(['session_missing'])
    const removed = [expect.stringMatching(/^oidc\.loop=; Max-Age=0/), expect.stringMatching(/^oidc=; Max-Age=0/)]
    const own = answer.setCookies.map(withoutHash).filter((cookie) => /^oidc(\.loop)?=/.test(cookie))
    expect(own).toEqual(removed)
    expect(await isSignedIn()).toBe(false)
  })

  test('LO06: by a logout in another tab is not restored by a refresh under way', async () => {
    await signedIn()
    world.clock.advance(700)
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    let isAsked = false
    world.spoilTokens(async (honest) => {
      isAsked = true
      await held
      return honest()
    })
    const renewing = browser.fetch(world.url('/token'))
    while (!isAsked) await new Promise(setImmediate)
    await browser.navigate(world.url('/logout'), { site: 'same-origin' })
    release()
    expect((await renewing).setCookies).toEqual([])
    expect(await isSignedIn()).toBe(false)
  })
})
