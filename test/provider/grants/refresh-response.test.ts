import { afterEach, describe, expect, test } from '@jest/globals'
import type { Browser } from '../../hosts/client.js'
import { answerWith, type RefreshWorld, startRefreshWorld, tokenOf } from '../../kit/world/refreshing.js'
import { type Fault, subjectOf } from '../../kit/world/steps.js'

let world: RefreshWorld
afterEach(() => world.close())

const token = expect.stringMatching(/^\S{20,}$/)
const isSignedIn = async (browser: Browser) => (await subjectOf(world, browser)) !== null
const answer = (status: number, body: string, type?: string): Fault => {
  const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type }
  return async () => new Response(body, { status, headers })
}
const page = '<!doctype html><title>Sorry</title>'

/** Answers one browser's refreshes by a fault, and all others honestly. */
async function deadFor(browser: Browser, fault: Fault): Promise<void> {
  const own = await refreshTokenOf(browser)
  world.spoilTokens((honest, init) => {
    const form = init?.body instanceof URLSearchParams ? init.body : undefined
    return form?.get('refresh_token') === own ? fault(honest, init) : honest()
  })
}

/** The token is the one that the next refresh would send. */
async function refreshTokenOf(browser: Browser): Promise<string | null> {
  world.spoilTokens(answerWith(500, {}))
  world.clock.advance(700)
  await tokenOf(world, browser)
  world.clock.advance(60)
  return world.refreshes.at(-1)?.get('refresh_token') ?? null
}

const dead: readonly [string, Fault][] = [
  ['400 invalid_request', answerWith(400, { error: 'invalid_request' })],
  ['403 access_denied', answerWith(403, { error: 'access_denied' })],
  ['400 without a word', answer(400, '')],
  ['400 with a text', answer(400, 'Invalid refresh token', 'text/plain')],
  ['400 with another shape', answerWith(400, { status: 400, message: 'Invalid refresh token' })],
  ['400 with an object for an error', answerWith(400, { error: { code: 190, type: 'OAuthException' } })],
  ['401 without a word', answer(401, '')],
  ['403 without a word', answer(403, '')],
  ['400 of a word that nobody knows', answerWith(400, { error: 'patience_required' })],
  ['401 invalid_token', answerWith(401, { error: 'invalid_token' })],
  ['200 and no token', answerWith(200, { ok: false, error: 'token_expired' })],
  ['200 and an error', answerWith(200, { error: 'bad_refresh_token' })],
]
const surelyDead: readonly [string, Fault][] = [
  ['400 interaction_required', answerWith(400, { error: 'interaction_required', suberror: 'basic_action' })],
  ['400 consent_required', answerWith(400, { error: 'consent_required' })],
  ['400 login_required', answerWith(400, { error: 'login_required' })],
  ['400 account_selection_required', answerWith(400, { error: 'account_selection_required' })],
  ['403 mfa_required', answerWith(403, { error: 'mfa_required' })],
  ['400 step_up_required', answerWith(400, { error: 'step_up_required' })],
  ['401 insufficient_user_authentication', answerWith(401, { error: 'insufficient_user_authentication' })],
  ['401 invalid_grant', answerWith(401, { error: 'invalid_grant' }, { 'www-authenticate': 'Basic realm="x"' })],
  ['403 invalid_grant', answerWith(403, { error: 'invalid_grant' })],
  ['200 invalid_grant', answerWith(200, { error: 'invalid_grant' })],
]

describe('a refresh token that its provider calls dead', () => {
  test.each([...dead, ...surelyDead])('%s: has its person sign in again', async (_words, fault) => {
    world = await startRefreshWorld()
    const browser = await world.enter()
    world.spoilTokens(fault)
    world.clock.advance(700)
    expect(await tokenOf(world, browser)).toEqual([401, 'session_expired'])
    expect(await isSignedIn(browser)).toBe(false)
    expect(world.refreshes).toHaveLength(1)
  })

  test.each(surelyDead)('%s: ends the session while the access token lives', async (_words, fault) => {
    world = await startRefreshWorld()
    const browser = await world.enter()
    world.spoilTokens(fault)
    world.clock.advance(575)
    expect(await tokenOf(world, browser)).toEqual([401, 'session_expired'])
  })

  test.each(dead)('%s: leaves the session alone while the access token lives', async (_words, fault) => {
    world = await startRefreshWorld()
    const browser = await world.enter()
    world.spoilTokens(fault)
    world.clock.advance(575)
    expect(await tokenOf(world, browser)).toEqual(token)
    expect(await isSignedIn(browser)).toBe(true)
  })

  test.each([...dead, ...surelyDead])('%s: keeps nobody else from renewing', async (_words, fault) => {
    world = await startRefreshWorld()
    const [one, two, three] = [await world.enter(), await world.enter(), await world.enter()]
    await deadFor(one, fault)
    for (let calls = 0; calls < 4; calls += 1) await tokenOf(world, one)
    for (const browser of [two, three]) expect(await tokenOf(world, browser)).toEqual(token)
    expect(await isSignedIn(one)).toBe(false)
    expect(world.app.health().tokenEndpoint.state).toBe('ok')
  })

  test.each(dead)('%s: is an outage of the provider where it says so to a second person', async (_words, fault) => {
    world = await startRefreshWorld()
    const [one, two, three] = [await world.enter(), await world.enter(), await world.enter()]
    world.spoilTokens(fault)
    world.clock.advance(700)
    expect(await tokenOf(world, one)).toEqual([401, 'session_expired'])
    for (let calls = 0; calls < 3; calls += 1) {
      for (const browser of [two, three]) expect(await tokenOf(world, browser)).toEqual([503, 'provider_unavailable'])
    }
    expect(await Promise.all([two, three].map(isSignedIn))).toEqual([true, true])
    world.spoilTokens()
    for (const browser of [two, three]) expect(await tokenOf(world, browser)).toEqual(token)
  })

  test('is about one person again after another’s tokens were renewed', async () => {
    world = await startRefreshWorld()
    const [one, two, three] = [await world.enter(), await world.enter(), await world.enter()]
    const fault = answerWith(400, { error: 'invalid_request' })
    world.spoilTokens(fault)
    world.clock.advance(700)
    expect(await tokenOf(world, one)).toEqual([401, 'session_expired'])
    world.spoilTokens()
    expect(await tokenOf(world, three)).toEqual(token)
    world.spoilTokens(fault)
    expect(await tokenOf(world, two)).toEqual([401, 'session_expired'])
  })

  test('is counted for living sessions too, so that not even the first is signed out', async () => {
    world = await startRefreshWorld()
    const browsers = [await world.enter(), await world.enter()]
    world.spoilTokens(answerWith(400, { error: 'invalid_request' }))
    world.clock.advance(575)
    for (const browser of browsers) expect(await tokenOf(world, browser)).toEqual(token)
    world.clock.advance(100)
    for (const browser of browsers) expect(await tokenOf(world, browser)).toEqual([503, 'provider_unavailable'])
    expect(await Promise.all(browsers.map(isSignedIn))).toEqual([true, true])
  })
})

describe('a session that the provider answers with 500', () => {
  test.each<[string, Fault]>([
    ['500', answerWith(500, {})],
    ['429 and an hour to wait', answerWith(429, {}, { 'retry-after': '3600' })],
    ['a connection that breaks', () => Promise.reject(new TypeError('fetch failed'))],
  ])('%s: keeps nobody else from renewing, though two such sessions ask again and again', async (_words, fault) => {
    world = await startRefreshWorld()
    const [one, two, three] = [await world.enter(), await world.enter(), await world.enter()]
    const dead = [await refreshTokenOf(one), await refreshTokenOf(two)]
    world.spoilTokens((honest, init) => {
      const form = init?.body instanceof URLSearchParams ? init.body : undefined
      return dead.includes(form?.get('refresh_token') ?? '') ? fault(honest, init) : honest()
    })
    world.clock.advance(700)
    const refused: unknown[] = []
    for (let rounds = 0; rounds < 40; rounds += 1) {
      for (const browser of [one, two]) expect(await tokenOf(world, browser)).toEqual([503, expect.any(String)])
      const answer = await tokenOf(world, three)
      if (Array.isArray(answer)) refused.push([rounds, answer])
      world.clock.advance(61)
    }
    expect(refused.length).toBeLessThanOrEqual(1)
    expect(await isSignedIn(one)).toBe(true)
  })
})

describe('a response that does not concern the refresh token', () => {
  test.each<[string, Fault, number, string]>([
    ['401 invalid_client', answerWith(401, { error: 'invalid_client' }), 502, 'provider_refused_client'],
    ['400 invalid_client', answerWith(400, { error: 'invalid_client' }), 502, 'provider_refused_client'],
    ['400 unauthorized_client', answerWith(400, { error: 'unauthorized_client' }), 502, 'provider_refused_client'],
    [
      '401 and a challenge',
      async () => new Response('', { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } }),
      502,
      'provider_refused_client',
    ],
    ['401 and a page', answer(401, page, 'text/html'), 502, 'provider_refused_client'],
    ['400 and a page', answer(400, page, 'text/html; charset=utf-8'), 502, 'token_request_failed'],
    ['403 and a page', answer(403, page), 502, 'token_request_failed'],
    ['404 and a page', answer(404, page, 'text/html'), 503, 'provider_unavailable'],
    ['404 of a proxy', answer(404, '404 page not found\n', 'text/plain; charset=utf-8'), 503, 'provider_unavailable'],
    ['404 without a word', answer(404, ''), 503, 'provider_unavailable'],
    ['404 of a gateway', answerWith(404, { message: 'no Route matched' }), 503, 'provider_unavailable'],
    ['404 invalid_request', answerWith(404, { error: 'invalid_request' }), 503, 'provider_unavailable'],
    ['405', answer(405, ''), 503, 'provider_unavailable'],
    ['413', answer(413, 'too large', 'text/plain'), 503, 'provider_unavailable'],
    ['415', answerWith(415, {}), 503, 'provider_unavailable'],
    ['421', answer(421, ''), 503, 'provider_unavailable'],
    ['451', answer(451, ''), 503, 'provider_unavailable'],
    ...['unsupported_grant_type', 'invalid_scope', 'invalid_target'].map(
      (error) =>
        [`400 ${error}`, answerWith(400, { error }), 502, 'token_request_failed'] as [string, Fault, number, string],
    ),
    ...[
      'client_authentication_required',
      'mtls_required',
      'client_certificate_required',
      'dpop_required',
      'dpop_proof_required',
      'proof_of_possession_required',
      'pkce_required',
      'client_assertion_required',
    ].map(
      (error) =>
        [`400 ${error}`, answerWith(400, { error }), 502, 'token_request_failed'] as [string, Fault, number, string],
    ),
    ['200 and a page', answer(200, page, 'text/html'), 502, 'token_response_invalid'],
    ['408', answer(408, ''), 503, 'provider_unavailable'],
    ['425', answer(425, ''), 503, 'provider_unavailable'],
    ['429 invalid_grant', answerWith(429, { error: 'invalid_grant' }), 503, 'provider_unavailable'],
    ['500 invalid_grant', answerWith(500, { error: 'invalid_grant' }), 503, 'provider_unavailable'],
    ['502 and a page', answer(502, page, 'text/html'), 503, 'provider_unavailable'],
    ['400 temporarily_unavailable', answerWith(400, { error: 'temporarily_unavailable' }), 503, 'provider_unavailable'],
    ['400 server_error', answerWith(400, { error: 'server_error' }), 503, 'provider_unavailable'],
  ])('%s: ends no session', async (_words, fault, status, code) => {
    world = await startRefreshWorld()
    const browser = await world.enter()
    world.spoilTokens(fault)
    world.clock.advance(700)
    expect(await tokenOf(world, browser)).toEqual([status, code])
    expect(await isSignedIn(browser)).toBe(true)
    world.clock.advance(61)
    expect(await tokenOf(world, browser)).not.toEqual(token)
    expect(await isSignedIn(browser)).toBe(true)
    world.clock.advance(61)
    world.spoilTokens()
    expect(await tokenOf(world, browser)).toEqual(token)
  })

  test.each<[string, Fault]>([
    ['401 and a page', answer(401, page, 'text/html')],
    ['400 unauthorized_client', answerWith(400, { error: 'unauthorized_client' })],
    ['401 invalid_client', answerWith(401, { error: 'invalid_client' })],
    ['500', answer(500, '')],
    ['502 and a page', answer(502, page, 'text/html')],
    ['200 and a page', answer(200, page, 'text/html')],
    ['a connection that breaks', () => Promise.reject(new TypeError('fetch failed'))],
  ])('%s: to one person keeps nobody else from renewing', async (_words, fault) => {
    world = await startRefreshWorld()
    const [one, two, three] = [await world.enter(), await world.enter(), await world.enter()]
    await deadFor(one, fault)
    for (let calls = 0; calls < 4; calls += 1) await tokenOf(world, one)
    for (const browser of [two, three]) expect(await tokenOf(world, browser)).toEqual(token)
    expect(await isSignedIn(one)).toBe(true)
  })
})
