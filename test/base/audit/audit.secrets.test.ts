import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { acr, bearer, type BearerMiddleware, csrf, requireAuth, scope } from '../../../lib/index.js'
import { Browser, type RequestKind, type RequestOptions } from '../../hosts/client.js'
import { apiProvider, audience } from '../../kit/provider/provider.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { AuditWatch } from '../../kit/watching/audit.js'
import { faults } from '../../kit/watching/faults.js'
import { faces, Marks } from '../../kit/watching/marks.js'
import { answering, guarded, post } from '../../kit/world/applications.js'
import { LogoutWorld } from '../../kit/world/logout-world.js'

const marks = new Marks()
const clientSecret = marks.plant('client')
const sessionSecret = marks.plant('session')
const person = { name: marks.plant('name'), email: `${marks.plant('mail')}@example.com` }
const issuer = apiProvider()
let fault = faults['none']

/** The global fetch, with the fault of the moment at the token endpoint; it remembers every secret that goes by. */
const listeningFetch: typeof fetch = async (url, init) => {
  const sent = new URLSearchParams(init?.body as string)
  const secrets = ['code', 'code_verifier', 'refresh_token', 'state', 'nonce']
  marks.add(...secrets.map((name) => sent.get(name)))
  if (!String(url).endsWith('/token')) return fetch(url, init)
  const answer = async (): Promise<Response> => {
    const response = await fetch(url, init)
    const body = (await response.clone().json()) as Record<string, string>
    marks.add(body['access_token'], body['refresh_token'], body['id_token']?.split('.').slice(1).join('.'))
    return response
  }
  return (await fault?.({ echo: `${String(sent)} ${clientSecret} ${JSON.stringify(person)}`, answer })) ?? answer()
}

describe.each([
  ['cookies', undefined],
  ['a store', new FakeStore({ now: () => Date.now() })],
])('the audit events of a whole day, with sessions in %s', (_where, store) => {
  const audited = new AuditWatch()
  let api: BearerMiddleware
  let own: LogoutWorld
  let isRefused = false
  beforeAll(async () => {
    api = bearer({ issuer: issuer.issuer, audience, fetch: issuer.fetch })
    own = await LogoutWorld.start({
      client: { client_secret: clientSecret },
      provider: { accounts: { alice: person }, defaultAccount: 'alice', accessTokenTtl: 60 },
      oidc: {
        fetch: listeningFetch,
        secret: sessionSecret,
        onLogin: () => (isRefused ? false : { data: { note: person.name } }),
        session: store === undefined ? {} : { store },
      },
      before: [{ mount: '/api', handlers: [api, (_req, res) => void res.end('ok')] }],
      layers: [
        csrf(),
        guarded('/admin', requireAuth(scope('admin'))),
        guarded('/vault', requireAuth(acr('urn:example:mfa'))),
        answering('/token', async ({ oidc }) => void (await oidc.accessToken({ minTtl: 600 }))),
        post('/transfer', (_req, res) => res.end('done')),
      ],
    })
  })
  afterAll(async () => {
    audited.stop()
    api.close()
    await own.world.close()
  })

  const url = (path: string) => (path.startsWith('http') ? path : own.world.url(path))

  async function visit(browser: Browser, path: string, kind: RequestKind = 'navigate', options: RequestOptions = {}) {
    const answer = await browser.request(kind, url(path), options)
    for (const { value } of browser.cookies.all()) marks.add(value.split('.').at(-1))
    return answer
  }

  /** Goes through a login by hand, and returns the URL of the callback. */
  async function walk(
    browser: Browser,
    from = `/login?returnTo=${encodeURIComponent(`/?q=${marks.plant('target')}`)}`,
  ) {
    let next = url(from)
    for (let step = 0; step < 9 && !next.startsWith(url('/callback')); step++) {
      const { searchParams } = new URL(next)
      marks.add(searchParams.get('state'), searchParams.get('nonce'))
      next = (await visit(browser, next)).location ?? url('/callback')
    }
    marks.add(new URL(next).searchParams.get('code'))
    return next
  }

  async function signedIn(): Promise<Browser> {
    const browser = new Browser()
    await visit(browser, await walk(browser))
    return browser
  }

  test('LK01: hold no secret, token, code, cookie, session ID or claim but sub', async () => {
    const crossSite = { method: 'POST', headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' } }
    // Logins that fail, each in its own way.
    for (const name of ['invalidGrant', 'badSignature', 'network']) {
      fault = faults[name]
      const browser = new Browser()
      const callback = await walk(browser)
      await visit(browser, callback)
      fault = faults['none']
      await visit(browser, callback)
      await visit(new Browser(), callback)
    }
    isRefused = true
    await signedIn()
    isRefused = false
    // A session, what guards and sites do to it, a step-up, and a renewal that is refused.
    const alice = await signedIn()
    await visit(alice, '/admin?secret=x')
    for (const path of ['/transfer', '/logout']) await visit(alice, path, 'none', crossSite)
    await visit(alice, await walk(alice, '/vault'))
    const cookies = alice.cookies.all().map(({ name, value }) => `${name}=${value}`)
    fault = faults['invalidGrant']
    own.world.clock.advance(45)
    await visit(alice, '/token', 'fetch')
    fault = faults['none']
    // Sessions that are brought again, tampered with, and too old.
    for (const cookie of [cookies.join('; '), cookies.map((each) => `${each.slice(0, -4)}AAAA`).join('; ')])
      await visit(new Browser(), '/me', 'fetch', { headers: { cookie, 'x-request-id': 'r-1' } })
    const late = await signedIn()
    // Logouts of every kind.
    const bob = await signedIn()
    await visit(bob, '/logout')
    const carol = await signedIn()
    const sid = await own.sidOf(carol)
    await visit(carol, `/frontchannel-logout?iss=${encodeURIComponent(own.world.provider.issuer)}&sid=${sid}`)
    const tokens = [await own.mint(), await own.mint({ aud: 'another' }), marks.plant('garbage')]
    for (const token of tokens) {
      marks.add(token.split('.').slice(1).join('.'))
      await own.post(token)
    }
    own.world.clock.advance(100_000)
    await visit(late, '/me', 'fetch')
    // Tokens at the API.
    for (const token of [issuer.accessToken({ exp: 1, email: person.email }), marks.plant('token')]) {
      marks.add(token.split('.').slice(1).join('.'))
      await visit(new Browser(), '/api', 'fetch', { headers: { authorization: `Bearer ${token}` } })
    }
    const events = audited.take()
    expect([...new Set(events.map(({ name }) => name))].sort()).toEqual([
      'access_denied',
      'cross_site_refused',
      'login_failed',
      'login_succeeded',
      'logout',
      'logout_refused',
      'refresh_failed',
      'session_ended',
      'step_up_requested',
      'step_up_succeeded',
      'token_refused',
    ])
    expect(marks.size).toBeGreaterThan(50)
    expect(events.flatMap((event) => marks.leaksIn(faces(event)))).toEqual([])
  })
})
