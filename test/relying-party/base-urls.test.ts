import expressSession from 'express-session'
import { afterEach, describe, expect, test } from '@jest/globals'
import { parseOidcOptions } from '../../lib/options/oidc/schema.js'
import { type BaseUrls, byCookieName, createBaseUrls } from '../../lib/relying-party/base-urls.js'
import type { Answer } from '../hosts/client.js'
import { Clock } from '../kit/clock.js'
import { expressSessionLayer } from '../kit/stores/storage-kinds.js'
import { FakeStore } from '../kit/stores/memory.js'
import { codeOf, throughProvider } from '../kit/world/steps.js'
import { secret, startWorld, type World, type WorldOptions } from '../kit/world/world.js'

const options = { issuer: 'https://op.example', clientId: 'web', secret }
const app = 'https://app.example.com'
const previews = 'https://*.preview.example.com:8443/shop'

function baseUrlsOf(given: Readonly<Record<string, unknown>>): BaseUrls {
  return createBaseUrls(parseOidcOptions({ ...options, ...given }))
}

function at(host: string | undefined, headers: Readonly<Record<string, string>> = {}) {
  const all: Readonly<Record<string, string | undefined>> = { ...headers, host }
  return { source: { headers: all }, header: (name: string) => all[name] }
}

test('an empty list of base URLs is refused', () => {
  expect(() => createBaseUrls({ ...parseOidcOptions({ ...options, baseUrl: app }), baseUrls: [] })).toThrow(RangeError)
})

describe('base URLs with a pattern', () => {
  const baseUrls = baseUrlsOf({ baseUrls: [app, previews] })

  test.each([
    ['app.example.com', app],
    ['APP.example.com.', app],
    ['app.example.com:443', app],
    ['a.preview.example.com:8443', 'https://a.preview.example.com:8443'],
    ['PR-17.preview.example.com.:8443', 'https://pr-17.preview.example.com:8443'],
    ['xn--bcher-kva.preview.example.com:8443', 'https://xn--bcher-kva.preview.example.com:8443'],
  ])('answer at Host %s as %s', (host, origin) => {
    expect(baseUrls.of(at(host)).origin).toBe(origin)
  })

  test('derive everything from the host that the pattern fits', () => {
    expect(baseUrls.of(at('a.preview.example.com:8443'))).toMatchObject({
      redirectUri: 'https://a.preview.example.com:8443/shop/callback',
      postLogoutRedirectUri: 'https://a.preview.example.com:8443/shop/',
      home: '/shop/',
      secure: true,
      returnTo: { origin: 'https://a.preview.example.com:8443' },
    })
  })

  test.each([
    ['another port', 'a.preview.example.com'],
    ['another port', 'a.preview.example.com:443'],
    ['two labels', 'a.b.preview.example.com:8443'],
    ['no label', 'preview.example.com:8443'],
    ['an empty label', '.preview.example.com:8443'],
    ['the pattern itself', '*.preview.example.com:8443'],
    ['a label that begins with a hyphen', '-a.preview.example.com:8443'],
    ['a label that is too long', `${'a'.repeat(64)}.preview.example.com:8443`],
    ['a user name', 'evil@a.preview.example.com:8443'],
    ['a path', 'evil.example/a.preview.example.com:8443'],
    ['a path in the label', 'evil.example#.preview.example.com:8443'],
    ['a space', 'a b.preview.example.com:8443'],
    ['another domain behind it', 'a.preview.example.com:8443.evil.example'],
    ['another domain', 'a.previewxexample.com:8443'],
    ['an unknown host', 'evil.example'],
    ['an address', '10.0.0.1'],
    ['nothing', ''],
    ['no header', undefined],
  ])('refuse a Host with %s: %s', (_what, host) => {
    expect(() => baseUrls.of(at(host))).toThrow(
      expect.objectContaining({ code: 'host_not_allowed', status: 421, name: 'AccessError' }),
    )
  })

  test('do not read X-Forwarded-Host', () => {
    const headers = { 'x-forwarded-host': 'b.preview.example.com:8443', forwarded: 'host=b.preview.example.com:8443' }
    const found = baseUrls.of(at('a.preview.example.com:8443', headers))
    expect(found.origin).toBe('https://a.preview.example.com:8443')
    expect(() => baseUrls.of(at('evil.example', headers))).toThrow('host')
  })

  test('give all hosts of a pattern the same name of cookies, and others another', () => {
    const names = ['a', 'b'].map((label) => baseUrls.of(at(`${label}.preview.example.com:8443`)).cookieName)
    expect(names[0]).toBe(names[1])
    expect(new Set([...names, baseUrls.of(at('app.example.com')).cookieName]).size).toBe(2)
    expect(baseUrls.cookieNames).toEqual(expect.arrayContaining(names))
  })

  test('stay the same objects for the same host, and are forgotten if there are very many', () => {
    const first = baseUrls.of(at('a.preview.example.com:8443'))
    expect(baseUrls.of(at('a.preview.example.com:8443'))).toBe(first)
    for (let index = 0; index < 2000; index += 1) baseUrls.of(at(`x${index}.preview.example.com:8443`))
    expect(baseUrls.of(at('a.preview.example.com:8443'))).not.toBe(first)
  })

  test('share what is made for their cookies, and get it too where a cookie has another name', () => {
    const made: string[] = []
    const of = byCookieName(baseUrls, (name) => ({ name, count: made.push(name) }))
    const [a, b] = ['a', 'b'].map((label) => baseUrls.of(at(`${label}.preview.example.com:8443`)))
    if (a === undefined || b === undefined) throw new Error('no base URL')
    expect(of(a)).toBe(of(b))
    expect(made).toEqual(baseUrls.cookieNames)
    expect(of({ ...a, cookieName: 'other' }).name).toBe('other')
  })

  test('are found again by their key, which is the origin, as long as the pattern is there', () => {
    const { key } = baseUrls.of(at('a.preview.example.com:8443'))
    expect(baseUrls.at(key).redirectUri).toBe('https://a.preview.example.com:8443/shop/callback')
    expect(baseUrls.at(0).origin).toBe(app)
    for (const stale of ['https://evil.example', 'http://a.preview.example.com:8443', 7])
      expect(() => baseUrls.at(stale)).toThrow('host')
  })

  test('let pages of the same host open WebSockets, and those of its neighbours only with shared cookies', () => {
    const request = at('a.preview.example.com:8443')
    const [own, other] = ['https://a.preview.example.com:8443', 'https://b.preview.example.com:8443']
    expect([own, other, app, 'https://evil.example'].map((origin) => baseUrls.isOwnOrigin(origin, request))).toEqual([
      true,
      false,
      false,
      false,
    ])
    const shared = baseUrlsOf({ baseUrls: [app, previews], session: { cookie: { domain: 'example.com' } } })
    expect(['', 'null', 'example.com'].map((origin) => shared.isOwnOrigin(origin, request))).toEqual([
      false,
      false,
      false,
    ])
    expect([own, other, app, 'https://evil.example'].map((origin) => shared.isOwnOrigin(origin, request))).toEqual([
      true,
      true,
      true,
      false,
    ])
  })
})

describe('a function as baseUrl', () => {
  const byTenant = (req: { headers: Record<string, string | undefined> }) => {
    const tenant = req.headers['x-tenant']
    return tenant === undefined
      ? undefined
      : tenant.includes('/')
        ? tenant
        : `https://${tenant}.preview.example.com:8443/shop`
  }
  const baseUrls = baseUrlsOf({ baseUrl: byTenant, baseUrls: [app, previews] })

  test('decides, whatever the Host header says', () => {
    const found = baseUrls.of(at('app.example.com', { 'x-tenant': 'acme' }))
    expect(found.redirectUri).toBe('https://acme.preview.example.com:8443/shop/callback')
    expect(baseUrls.of(at('evil.example', { 'x-tenant': app + '/' })).origin).toBe(app)
  })

  test.each([
    ['https://evil.example/'],
    ['http://app.example.com/'],
    ['https://app.example.com:8443/'],
    ['https://app.example.com/other'],
    ['https://a.preview.example.com:8443/'],
    ['https://a.b.preview.example.com:8443/shop'],
    [undefined],
  ])('cannot leave the list: %s is refused', (url) => {
    expect(() => baseUrls.of(at('app.example.com', url === undefined ? {} : { 'x-tenant': url }))).toThrow(
      expect.objectContaining({ code: 'host_not_allowed', status: 421 }),
    )
  })

  test('is the only one to decide: no base URL of the list counts as named', () => {
    expect(baseUrls.named).toEqual([])
    expect(baseUrlsOf({ baseUrls: [app, previews] }).named.map(({ origin }) => origin)).toEqual([app])
  })

  test('is asked again for what is not a request, since nothing can be remembered for it', () => {
    let calls = 0
    const counted = baseUrlsOf({ baseUrl: () => (calls++ === 0 ? app : undefined), baseUrls: [app] })
    const nothing = { source: undefined, header: () => undefined }
    expect(counted.of(nothing).origin).toBe(app)
    expect(() => counted.of(nothing)).toThrow(expect.objectContaining({ code: 'host_not_allowed' }))
  })

  test('is asked once for each request', () => {
    let calls = 0
    const counted = baseUrlsOf({ baseUrl: () => (calls++ === 0 ? app : undefined), baseUrls: [app] })
    const several = at('app.example.com')
    expect([counted.of(several).origin, counted.of(several).origin, calls]).toEqual([app, app, 1])
  })

  test.each([[async () => app], [() => 7], [() => null], [() => '/shop']])(
    'that returns no URL is an error: %s',
    (baseUrl) => {
      const wrong = baseUrlsOf({ baseUrl, baseUrls: [app, previews] })
      expect(() => wrong.of(at('app.example.com'))).toThrow(
        expect.objectContaining({ code: 'invalid_options', message: expect.stringContaining('baseUrl() must return') }),
      )
    },
  )
})

const [hostA, hostB, named] = ['a.tenants.localhost:9', 'b.tenants.localhost:9', 'app.localhost:9']
const hosts = [hostA, hostB, named]
const urls = { baseUrl: undefined, baseUrls: ['http://app.localhost:9', 'http://*.tenants.localhost:9'] }

let world: World | undefined
afterEach(async () => {
  await world?.close()
  world = undefined
})

async function start(given: WorldOptions['oidc'] = {}, before: WorldOptions['before'] = []): Promise<World> {
  const client = {
    redirect_uris: hosts.map((host) => `http://${host}/callback`),
    post_logout_redirect_uris: hosts.map((host) => `http://${host}/`),
  }
  return (world = await startWorld({ client, before, oidc: { ...urls, ...given } }))
}

function running(): World {
  if (world === undefined) throw new Error('start() comes first')
  return world
}

/** Opens a page as if the application was at a host. The browser sends all of its cookies to all hosts, as if they were copied. */
function open(host: string, path: string): Promise<Answer> {
  return running().browser.navigate(running().url(path), { headers: { host }, site: 'same-origin' })
}

async function callbackOf(host: string): Promise<string> {
  const callback = await throughProvider(running(), await open(host, '/private'))
  expect(callback.host).toBe(host)
  return callback.pathname + callback.search
}

async function personAt(host: string): Promise<{ sub: unknown; setCookies: readonly string[] }> {
  const answer = await running().browser.fetch(running().url('/me'), { headers: { host } })
  const { user } = answer.json() as { user: { sub: string } | null }
  return { sub: user?.sub ?? null, setCookies: answer.setCookies }
}

describe.each<[string, NonNullable<WorldOptions['oidc']>, WorldOptions['before']]>([
  ['in a cookie', {}, []],
  ['in a store', { session: { store: new FakeStore(Clock.real()) } }, []],
  [
    "in the application's own session",
    { session: { use: 'request' } },
    [expressSessionLayer(new expressSession.MemoryStore())],
  ],
])('a session %s', (_where, given, before) => {
  test.each([
    [hostA, hostB],
    [hostA, named],
    [named, hostA],
  ])('that began at %s does not open at %s, and stays as it is', async (own, other) => {
    await start(given, before)
    expect((await open(own, await callbackOf(own))).headers.location).toBe('/private')
    expect((await personAt(own)).sub).toBe('alice')
    expect(await personAt(other)).toEqual({ sub: null, setCookies: [] })
    expect((await open(other, '/private')).status).toBe(302)
    expect((await personAt(own)).sub).toBe('alice')
  })
})

test('a session of one cookie name for a list of base URLs opens only where it began', async () => {
  const list = { baseUrls: hosts.map((host) => `http://${host}`), session: { cookie: { name: 'app' } } }
  await start(list)
  await open(hostB, await callbackOf(hostB))
  expect((await personAt(hostB)).sub).toBe('alice')
  for (const other of [hostA, named]) expect((await personAt(other)).sub).toBeNull()
})

test('a session opens at all base URLs that a cookie domain shares', async () => {
  await start({ session: { cookie: { domain: 'localhost' } }, dangerouslyAllowHttp: true })
  const answer = await open(hostA, await callbackOf(hostA))
  const cookie = answer.setCookies.find((line) => line.includes('omain=localhost'))?.split(';', 1)[0] ?? ''
  for (const host of hosts) {
    const me = await running().browser.fetch(running().url('/me'), { headers: { host, cookie } })
    expect(me.json()).toMatchObject({ user: { sub: 'alice' } })
  }
})

describe('what began at one host of a pattern', () => {
  test('is not finished at another: a callback there belongs to no login', async () => {
    await start()
    const callback = await callbackOf(hostA)
    const answer = await open(hostB, callback)
    // A login of its own begins there.
    expect(new URL(answer.location ?? '').searchParams.get('redirect_uri')).toBe(`http://${hostB}/callback`)
    expect((await personAt(hostB)).sub).toBeNull()
    expect((await open(hostA, callback)).headers.location).toBe('/private')
    expect((await personAt(hostA)).sub).toBe('alice')
  })

  test('is not signed out at another: its logout returns there as to a plain page', async () => {
    await start()
    await open(hostA, await callbackOf(hostA))
    const { location } = await open(hostA, '/logout?returnTo=/private')
    const state = new URL(location ?? '').searchParams.get('state')
    expect((await open(hostB, `/?state=${state}`)).headers.location).toBe('/')
    expect((await open(hostA, `/?state=${state}`)).headers.location).toBe('/private')
  })

  test('does not go on to the provider from another', async () => {
    await start()
    await open(hostA, await callbackOf(hostA))
    const headers = { host: hostA, origin: `http://${hostA}`, 'content-type': 'application/x-www-form-urlencoded' }
    const posted = await running().browser.fetch(running().url('/logout'), { method: 'POST', headers, body: '' })
    const { logout_url: next } = posted.json() as { logout_url: string }
    expect(new URL(next).host).toBe(hostA)
    const path = next.slice(next.indexOf('/logout'))
    expect((await open(hostB, path)).headers.location).toBe('/')
    expect((await open(hostA, path)).location).toContain(running().provider.issuer)
  })
})

test.each(['/', '/login', '/callback', '/logout', '/backchannel-logout', '/private'])(
  'a host that no pattern fits gets 421 at %s, no cookie and no redirect',
  async (path) => {
    await start()
    const page = await open('evil.localhost:9', path)
    expect([page.status, page.headers.location, page.setCookies]).toEqual([421, undefined, []])
    const program = await running().browser.fetch(running().url(path), { headers: { host: 'evil.localhost:9' } })
    expect([program.status, codeOf(program)]).toEqual([421, 'host_not_allowed'])
    expect(program.text).not.toContain('evil')
  },
)
