import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { all, any, claim, not, requireAuth, role, scope, type TraceEvent } from '../../lib/index.js'
import { Browser } from '../hosts/client.js'
import { hosts } from '../hosts/hosts.js'
import { createBearer } from '../../lib/middleware/bearer.js'
import { parseBearerOptions } from '../../lib/options/bearer/schema.js'
import type { Handler, Layer } from '../hosts/layers.js'
import { apiProvider, audience } from '../kit/provider/provider.js'
import { startWorld, type World } from '../kit/world/world.js'
import { guarded } from '../kit/world/applications.js'
import { watchAll } from '../kit/watching/watching.js'

const broken = async (): Promise<boolean> => {
  throw new Error('the database is away')
}
const throwing = (thrown: unknown) => (): boolean => {
  throw thrown
}

const thrownValues: readonly unknown[] = [undefined, null, 0, '', false, 'route', 'router']

const layers: readonly Layer[] = [
  guarded('/signed-in', requireAuth()),
  guarded('/hr', requireAuth(claim('dept', 'hr'), role('admin'), scope('openid'))),
  guarded('/sales', requireAuth(claim('dept', 'sales'))),
  guarded('/orders', requireAuth(scope('orders:read'))),
  guarded('/combined', requireAuth(all(any(claim('dept', 'it'), role('admin')), not(claim('dept', 'sales'))))),
  guarded(
    '/predicate',
    requireAuth(async (principal, req) => principal.subject === 'alice' && req.method === 'GET'),
  ),
  guarded(
    '/typed',
    requireAuth<import('node:http').IncomingMessage>((_principal, req) => req.headers.host !== undefined),
  ),
  guarded('/broken', requireAuth(broken)),
  guarded('/always-redirect', requireAuth({ challenge: 'redirect' })),
  guarded('/always-respond', requireAuth({ challenge: 'respond' })),
  { method: 'POST', path: '/always-redirect', handlers: [requireAuth({ challenge: 'redirect' })] },
  ...thrownValues.map((thrown, index) => guarded(`/thrown/${index}`, requireAuth(throwing(thrown)))),
]

describe.each(hosts)('guards on $name', (host) => {
  let world: World
  beforeAll(async () => {
    world = await startWorld({ host, layers })
    await world.signIn()
  })
  afterAll(() => world.close())

  const stranger = (): Browser => new Browser()

  test.each(['/signed-in', '/hr', '/combined', '/predicate', '/typed'])(
    'let people through who may pass: %s',
    async (path) => {
      const answer = await world.browser.fetch(world.url(path))
      expect([answer.status, answer.json()]).toEqual([200, { sub: 'alice' }])
    },
  )

  test('tell tracing channels why a request did not pass', async () => {
    const refusals: TraceEvent[] = []
    const watching = watchAll((event, phase) => {
      if (event.step === 'guard' && phase === 'end') refusals.push(event)
    })
    const answer = await world.browser.fetch(world.url('/sales'))
    await stranger().fetch(world.url('/signed-in'))
    await stranger().fetch(world.url('/signed-in').replace('127.0.0.1', 'localhost'))
    await stranger().fetch(world.url('/signed-in'), { headers: { authorization: 'Bearer x' } })
    watching.stop()
    expect(answer.text).not.toMatch(/details|another value/)
    expect(refusals).toMatchObject([
      { outcome: 'failed', errorCode: 'not_allowed', details: { subject: '"dept"', seen: 'another value' } },
      { outcome: 'failed', errorCode: 'login_needed', details: { subject: 'session', seen: 'no cookie' } },
      {
        details: {
          seen: 'no cookie',
          expected: expect.stringMatching(/^a request to http.*, which came to "localhost:/),
        },
      },
      { details: { subject: 'Authorization', seen: 'an access token', expected: expect.stringContaining('bearer()') } },
    ])
  })

  test('send a browser without a session to the provider, and remember the page', async () => {
    const browser = stranger()
    const answer = await browser.navigate(world.url('/signed-in?tab=2'))
    expect([answer.status, answer.text]).toEqual([302, ''])
    expect(answer.location?.startsWith(`${world.provider.issuer}/auth?`)).toBe(true)
    const page = await browser.navigate(answer.location ?? '', { follow: true })
    expect([page.url, page.status]).toEqual([world.url('/signed-in?tab=2'), 200])
  })

  test.each(['fetch', 'image', 'iframe', 'none'] as const)(
    'answer a request by %s with 401 and the login URL',
    async (kind) => {
      const answer = await stranger().request(kind, world.url('/signed-in'))
      expect([answer.status, answer.headers['content-type'], answer.setCookies]).toEqual([
        401,
        'application/problem+json',
        [],
      ])
      expect(answer.headers['cache-control']).toBe('no-store')
      expect(answer.json()).toEqual({
        title: 'Unauthorized',
        status: 401,
        code: 'login_needed',
        detail: 'sign in to see this',
        login_url: world.url('/login'),
      })
    },
  )

  test('answer a HEAD of a navigation as its GET, without a body', async () => {
    const answer = await stranger().navigate(world.url('/signed-in'), { method: 'HEAD' })
    // Frameworks route HEAD to GET; the bare hosts of these tests do not.
    expect([302, 404]).toContain(answer.status)
    expect(answer.text).toBe('')
  })

  test('redirect always, or never, where the options say so', async () => {
    expect(await stranger().fetch(world.url('/always-redirect'))).toMatchObject({ status: 302, text: '' })
    expect(await stranger().fetch(world.url('/always-redirect'), { method: 'POST' })).toMatchObject({ status: 303 })
    expect(await stranger().navigate(world.url('/always-respond'))).toMatchObject({ status: 401 })
  })

  test('refuse a program with 403, the kind of requirement and nothing of its value', async () => {
    const answer = await world.browser.fetch(world.url('/sales'))
    expect([answer.status, answer.json()]).toEqual([
      403,
      {
        title: 'Forbidden',
        status: 403,
        code: 'not_allowed',
        detail: 'you are signed in, but not allowed here (claim)',
      },
    ])
    expect(await world.browser.fetch(world.url('/orders'))).toMatchObject({ status: 403 })
  })

  test("hand a browser's refusal to the application's error page", async () => {
    const answer = await world.browser.navigate(world.url('/sales'))
    expect([answer.status, answer.json()]).toMatchObject([403, { code: 'not_allowed' }])
    expect(world.host.journal.errors.at(-1)).toMatchObject({ code: 'not_allowed', requirement: 'claim', status: 403 })
  })

  test('GU02: a predicate that fails reaches the error handler, once', async () => {
    const answer = await world.browser.fetch(world.url('/broken'))
    expect(answer.status).toBe(500)
    expect(world.host.journal.errors.at(-1)).toEqual(new Error('the database is away'))
    expect(world.host.journal.passages.at(-1)).toMatchObject({ name: 'requireAuth', nexts: 1 })
    expect(world.host.journal.rejections).toEqual([])
  })

  test('GU02: a predicate that throws undefined lets nobody in', async () => {
    for (const [index, thrown] of thrownValues.entries()) {
      const answer = await world.browser.fetch(world.url(`/thrown/${index}`))
      expect([thrown, answer.status]).toEqual([thrown, 500])
      expect(world.host.journal.errors.at(-1)).toMatchObject({
        message: `a callback of the application threw a value that is not an error (${typeof thrown})`,
      })
    }
  })
})

describe.each(hosts)('a guard without oidc() on $name', (host) => {
  test('GU02: says what is missing, to every request', async () => {
    const running = await host.start(() => [guarded('/', requireAuth()), guarded('/open', requireAuth())])
    const answer = await new Browser().navigate(running.url)
    expect([answer.status, answer.json()]).toEqual([
      500,
      {
        code: 'not_mounted',
        message: 'requireAuth() ran without oidc() or bearer() before it: mount one of them before this guard',
      },
    ])
    expect(running.journal.errors[0]).toMatchObject({ name: 'ConfigurationError', expose: false })
    await running.close()
  })
})

describe.each(hosts)('req.auth that the application has set, on $name,', (host) => {
  const own = { scheme: 'bearer', subject: 'key-1', issuer: 'keys', claims: {}, scopes: [], expiresAt: 9e9 }
  const setting =
    (auth: unknown): Handler =>
    (req, _res, next) => {
      Object.assign(req, { auth })
      next()
    }
  const issuer = apiProvider()
  const options = parseBearerOptions({ issuer: issuer.issuer, audience, fetch: issuer.fetch, required: false })
  const api = createBearer(options, issuer.clock)
  const start = (...before: readonly Handler[]) => host.start(() => [...before, guarded('/', requireAuth())])

  test.each([
    ['without bearer()', [setting(own)]],
    ['before bearer()', [setting(own), api]],
    ['after bearer()', [api, setting(own)]],
  ])('opens no guard, and an error says what to use instead: %s', async (_where, before) => {
    const app = await start(...before)
    const answer = await new Browser().fetch(app.url)
    expect([answer.status, answer.json()]).toEqual([
      500,
      { code: 'unknown_principal', message: expect.stringContaining('the option "apiKey" of bearer()') },
    ])
    await app.close()
  })

  test('is left alone where it is not a principal, or a token was accepted', async () => {
    const basic = await start(api, setting({ user: 'alice', password: 'x' }))
    expect((await new Browser().fetch(basic.url)).status).toBe(401)
    await basic.close()
    const enriched = await start(api, setting(own))
    const headers = { authorization: `Bearer ${issuer.accessToken()}` }
    expect((await new Browser().fetch(enriched.url, { headers })).status).toBe(200)
    await enriched.close()
  })
})

describe('the arguments of requireAuth()', () => {
  const wrong = (value: unknown): never => value as never

  test.each([
    ['a string', () => requireAuth(wrong('admin')), 'requireAuth() got string as argument 1'],
    ['undefined', () => requireAuth(wrong(undefined)), 'requireAuth() got undefined as argument 1'],
    ['null', () => requireAuth(wrong(null)), 'requireAuth() got object as argument 1'],
    ['a list', () => requireAuth(wrong([scope('a')])), 'requireAuth() got object as argument 1'],
    ['an empty list', () => requireAuth(wrong([])), 'requireAuth() got object as argument 1'],
    ['options after requirements', () => requireAuth(scope('a'), wrong({})), 'requireAuth() got object as argument 2'],
    ['an unknown challenge', () => requireAuth(wrong({ challenge: 'basic' })), 'requireAuth() takes { challenge:'],
    ['an unknown option', () => requireAuth(wrong({ scopes: ['a'] })), 'requireAuth() takes { challenge:'],
  ])('are refused as %s', (_name, make, message) => {
    expect(make).toThrow(expect.objectContaining({ name: 'ConfigurationError', code: 'invalid_options' }))
    expect(make).toThrow(message)
  })

  test('may be options, requirements, both or none', () => {
    const made = [
      requireAuth(),
      requireAuth({}),
      requireAuth({ challenge: undefined }),
      requireAuth({ challenge: 'auto' }, scope('a'), () => true),
      requireAuth(scope('a'), async () => false),
    ]
    expect(made.map((middleware) => [middleware.name, middleware.length])).toEqual(made.map(() => ['requireAuth', 3]))
  })
})
