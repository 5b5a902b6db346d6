import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type OidcError, type OidcErrorCode, requireAuth, scope } from '../../../lib/index.js'
import { type Answer, Browser } from '../../hosts/client.js'
import { hosts } from '../../hosts/hosts.js'
import { newBrowser, walk } from '../../hostile/browser.js'
import { type Faults, without } from '../../hostile/faults.js'
import { startRun } from '../../hostile/relying-party.js'
import { type Fault, changed, codeOf, comeBack, SpoiltFetch, subjectOf, toCallback } from '../../kit/world/steps.js'
import { type AppRequest, json } from '../../kit/app.js'
import { pastDeadline } from '../../kit/timers.js'
import { type World, startWorld } from '../../kit/world/world.js'

const marker = 'do-not-show-this'
const [express5] = hosts
const httpClient = new SpoiltFetch()
let world: World
let browser: Browser

beforeAll(async () => {
  world = await startWorld({
    oidc: { fetch: httpClient.fetch },
    layers: [
      { method: 'GET', path: '/mail', handlers: [requireAuth(scope('email')), (_req, res) => res.end('mail')] },
      { method: 'GET', path: '/scopes', handlers: [(req, res) => json(res, (req as AppRequest).auth?.scopes)] },
    ],
  })
})
afterAll(() => world.close())
beforeEach(() => {
  browser = new Browser()
})

/** Signs in at the provider and comes back while the token endpoint is at fault. */
async function comeBackTo(fault: Fault | undefined): Promise<Answer> {
  httpClient.spoil('/token', fault)
  return comeBack(await toCallback(world, { browser }), browser)
}

describe('CB10: an ID Token whose nonce is', () => {
  test.each<[string, Faults['claims']]>([
    ['missing', without('nonce')],
    ['of another login', (claims) => ({ ...claims, nonce: 'A'.repeat(43) })],
    ['a prefix of the right one', (claims) => ({ ...claims, nonce: String(claims['nonce']).slice(0, -1) })],
    ['a list', (claims) => ({ ...claims, nonce: [claims['nonce']] })],
  ])('%s starts no session and no userinfo request', async (_how, claims) => {
    if (express5 === undefined || claims === undefined) throw new Error('the table is incomplete')
    const module = { id: 'nonce', plan: 'oidcc-client-test-plan', expect: 'stop', finish: 'userinfo' } as const
    const run = await startRun({ ...module, faults: { claims } }, express5)
    const visitor = newBrowser()
    const page = await walk(visitor, `${run.baseUrl}/login`)
    expect(page.status).toBe(502)
    expect(run.errors()).toHaveLength(1)
    expect(['token_nonce_mismatch', 'token_claim_missing', 'token_claim_invalid']).toContain(run.errors()[0])
    expect((await visitor.navigate(`${run.baseUrl}/`)).text).toBe('{"authenticated":false}')
    expect(run.provider.calls()).toMatchObject({ token: 1, userinfo: 0 })
    await run.close()
  })
})

describe('CB24: a token endpoint that takes too long', () => {
  test('is an outage after which the person may try again, never the library', async () => {
    const slow = new SpoiltFetch()
    slow.spoil('/token', () => new Promise(() => undefined))
    const own = await startWorld({ oidc: { fetch: slow.fetch, httpTimeoutSeconds: 30 } })
    const callback = await toCallback(own)
    const tokenRequests = () => slow.urls.filter((url) => url.endsWith('/token')).length
    const answer = await pastDeadline(
      30,
      () => comeBack(callback, own.browser),
      () => tokenRequests() > 0,
    )
    expect([answer.status, codeOf(answer)]).toEqual([503, 'provider_timeout'])
    expect(answer.headers['retry-after']).toMatch(/^\d+$/)
    const replay = await comeBack(callback, own.browser)
    expect([replay.status, codeOf(replay)]).toEqual([400, 'transaction_used'])
    expect(tokenRequests()).toBe(1)
    expect(await subjectOf(own)).toBeNull()
    await own.close()
  })

  test('does not affect the next login', async () => {
    const answer = await comeBackTo(() => Promise.reject(new TypeError('fetch failed')))
    expect([answer.status, codeOf(answer)]).toEqual([503, 'provider_unreachable'])
    await comeBackTo(undefined)
    expect(await subjectOf(world, browser)).toBe('alice')
  })

  test.each([500, 502, 503, 429])('or that answers with %d is an outage', async (status) => {
    const answer = await comeBackTo(async () => new Response(marker, { status }))
    expect([answer.status, codeOf(answer)]).toEqual([503, 'provider_unavailable'])
    expect(answer.headers['retry-after']).toMatch(/^\d+$/)
    expect(answer.text).not.toContain(marker)
  })
})

describe('CB25: a token response', () => {
  const html: Fault = async () => new Response(`<h1>${marker}</h1>`, { headers: { 'content-type': 'text/html' } })
  const text: Fault = async () => new Response(marker, { headers: { 'content-type': 'application/json' } })
  test.each<[string, Fault, OidcErrorCode, number]>([
    ['that is a page', html, 'token_response_invalid', 502],
    ['that is not JSON', text, 'token_response_invalid', 502],
    ['that is a list', async () => Response.json([marker]), 'token_response_invalid', 502],
    ['that is null', async () => Response.json(null), 'token_response_invalid', 502],
    ['that is an error with status 200', async () => Response.json({ error: marker }), 'token_response_invalid', 502],
    [
      'with neither an access token nor an ID Token',
      changed(({ access_token: _, id_token: __, ...rest }) => ({ ...rest, marker })),
      'token_response_invalid',
      502,
    ],
    [
      'with a number for a token',
      changed((members) => ({ ...members, access_token: 1, marker })),
      'token_response_invalid',
      502,
    ],
    [
      'with a line break in the token',
      changed((members) => ({ ...members, access_token: 'a\r\nb', marker })),
      'token_response_invalid',
      502,
    ],
    [
      'without an ID Token',
      changed(({ id_token: _, ...rest }) => ({ ...rest, marker })),
      'token_response_invalid',
      502,
    ],
    [
      'with an empty ID Token',
      changed((members) => ({ ...members, id_token: '', marker })),
      'token_response_invalid',
      502,
    ],
    [
      'that refuses the grant',
      async () => Response.json({ error: 'invalid_grant', error_description: marker }, { status: 400 }),
      'invalid_grant',
      400,
    ],
    [
      'that refuses the request',
      async () => Response.json({ error: 'invalid_request', error_description: marker }, { status: 400 }),
      'token_request_failed',
      502,
    ],
    [
      'that refuses the client',
      async () => Response.json({ error: 'invalid_client', error_description: marker }, { status: 401 }),
      'provider_refused_client',
      502,
    ],
    ['of a megabyte', async () => new Response(marker.repeat(70_000)), 'provider_response_too_large', 502],
  ])('%s starts no session, and nothing of it is shown', async (_what, fault, code, status) => {
    const answer = await comeBackTo(fault)
    expect([answer.status, codeOf(answer)]).toEqual([status, code])
    expect(answer.text).not.toContain(marker)
    expect(await subjectOf(world, browser)).toBeNull()
  })
})

describe('CB26: what the token endpoint says about an error', () => {
  test('is kept for logs', async () => {
    await comeBackTo(async () =>
      Response.json({ error: 'invalid_client', error_description: 'AADSTS7000215: wrong secret' }, { status: 401 }),
    )
    const { provider } = world.host.journal.errors.at(-1) as OidcError
    const description = 'AADSTS7000215: wrong secret'
    expect(provider).toEqual({ via: 'response', error: 'invalid_client', description, codes: ['AADSTS7000215'] })
  })
})

describe('CB26: a token type', () => {
  test.each(['Bearer', 'bearer', 'bEARER', 'BEARER'])('%s is the requested one', async (type) => {
    await comeBackTo(changed((members) => ({ ...members, token_type: type })))
    expect(await subjectOf(world, browser)).toBe('alice')
  })

  test.each([undefined, '', 'mac', 'DPoP', 'N_A', 'Bearer ', 'bearer,dpop', 1, null, ['Bearer']])(
    '%p is refused',
    async (type) => {
      const answer = await comeBackTo(changed((members) => ({ ...members, token_type: type })))
      expect([answer.status, codeOf(answer)]).toEqual([502, 'token_response_invalid'])
      expect(await subjectOf(world, browser)).toBeNull()
    },
  )
})

describe('CB28: a token endpoint that redirects', () => {
  test.each([301, 302, 303, 307, 308])('with %d receives the code and the secret alone', async (status) => {
    const answer = await comeBackTo(async (_honest, init) => {
      expect(init?.redirect).toBe('manual')
      return new Response(null, { status, headers: { location: `${world.provider.issuer}/elsewhere` } })
    })
    expect([answer.status, codeOf(answer)]).toEqual([502, 'provider_redirected'])
    expect(httpClient.urls.at(-1)).toBe(`${world.provider.issuer}/token`)
    expect(world.provider.requests).not.toContain('POST /elsewhere')
  })
})

describe('CB29: a granted scope that is narrower than the requested one', () => {
  test('is the one that guards go by', async () => {
    await comeBackTo(changed((members) => ({ ...members, scope: 'openid' })))
    expect((await browser.fetch(world.url('/scopes'))).json()).toEqual(['openid'])
    expect((await browser.fetch(world.url('/mail'))).status).toBe(403)
  })

  test('is assumed to be the requested one only where the provider says nothing', async () => {
    await comeBackTo(changed(({ scope: _, ...rest }) => rest))
    expect((await browser.fetch(world.url('/scopes'))).json()).toEqual(['openid', 'profile', 'email'])
    expect((await browser.fetch(world.url('/mail'))).status).toBe(200)
  })
})
