import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { requireAuth } from '../../lib/index.js'
import { parseOidcOptions } from '../../lib/options/oidc/schema.js'
import { type ReturnToPolicy, pageTarget, refererTarget, safeReturnTo } from '../../lib/http/return-to.js'
import { createBaseUrls } from '../../lib/relying-party/base-urls.js'
import { Browser } from '../hosts/client.js'
import { hosts } from '../hosts/hosts.js'
import { codeOf, comeBack, rawRequest, throughProvider, toCallback, transactionCookies } from '../kit/world/steps.js'
import { secret, startWorld, type World } from '../kit/world/world.js'
import { plainRequest } from '../kit/request.js'
import { harmless, payloads } from './open-redirect-payloads.js'

const partner = 'https://partner.example'
const site = createBaseUrls(
  parseOidcOptions({
    issuer: 'https://op.example',
    clientId: 'web',
    baseUrl: 'https://app.example',
    secret,
    returnTo: { origins: [partner] },
  }),
).at(0)
const policy = site.returnTo
const table = Object.entries(payloads).flatMap(([row, targets]) => targets.map((target) => [row, target] as const))

describe('a return target', () => {
  test.each(table)('%s: %j is refused', (_row, target) => {
    expect(safeReturnTo(target, policy)).toBeUndefined()
  })

  test('has a table of payloads without duplicates, of more than 150', () => {
    const targets = table.map(([, target]) => target)
    expect(targets.filter((target, index) => targets.indexOf(target) !== index)).toEqual([])
    expect(targets.length).toBeGreaterThan(150)
  })

  test.each(harmless)('OR06: %j stays on this site as %j', (target, expected) => {
    const safe = safeReturnTo(target, policy)
    expect(safe).toBe(expected)
    expect(new URL(safe ?? '', 'https://app.example').origin).toBe(
      safe?.startsWith(partner) === true ? partner : 'https://app.example',
    )
    expect(safe).toMatch(/^[\x21-\x7e]+$/)
    expect(safeReturnTo(safe, policy)).toBe(expected)
  })

  test.each([
    [undefined],
    [null],
    [0],
    [true],
    [['/page']],
    [['//evil.example']],
    [{ toString: () => '/page' }],
    [{ href: '/page' }],
    [new URL('https://app.example/page')],
    [Object('/page')],
    [Symbol('/page')],
    [() => '/page'],
  ])('OR08: %p is refused, since it is not a string', (target) => {
    expect(safeReturnTo(target, policy)).toBeUndefined()
  })

  test.each([
    'https://[',
    'https://%',
    'https://a b/',
    'https://exa%mple',
    'https://xn--',
    '/\ud800',
    'https://\ud800',
  ])('OR08: %j, on which URL throws or stumbles, throws nothing', (target) => {
    expect(() => safeReturnTo(target, policy)).not.toThrow()
  })

  test('OR06: that is accepted never leads to another site, whatever characters it is made of', () => {
    const pieces = [
      '/',
      '\\',
      '.',
      '..',
      '@',
      ':',
      '?',
      '#',
      '%2f',
      '%5c',
      '%2e',
      '\t',
      '\n',
      ' ',
      'evil.example',
      'https:',
      ';',
      '\u2028',
    ]
    const accepted: string[] = []
    for (const a of pieces)
      for (const b of pieces)
        for (const c of pieces)
          for (const d of pieces) {
            const safe = safeReturnTo(`/${a}${b}${c}${d}`, policy)
            if (safe !== undefined) accepted.push(safe)
          }
    expect(accepted.length).toBeGreaterThan(1_000)
    const elsewhere = accepted.filter(
      (safe) => /^\/[/\\]/.test(safe) || new URL(safe, 'https://app.example/a/b').origin !== 'https://app.example',
    )
    expect(elsewhere).toEqual([])
  })
})

describe.each(hosts)('the return target of a login on $name', (host) => {
  let world: World
  beforeAll(async () => {
    world = await startWorld({ host, oidc: { returnTo: { origins: [partner] } } })
  })
  // The rule is the same on all hosts: the others show that none of them undoes it.
  const some = <T>(rows: readonly T[]): readonly T[] =>
    host.name === 'Express 5' ? rows : rows.filter((_, index) => index % 10 === 0)
  afterAll(() => world.close())

  test.each(Object.entries(payloads))(
    '%s: none of its payloads at /login?returnTo= leads anywhere but home',
    async (_row, targets) => {
      for (const target of some(targets).map((payload) => payload.replaceAll('https://app.example', world.url('')))) {
        if (target.length > 9_000) continue
        expect([target, await landing(world, `/login?returnTo=${encodeURIComponent(target)}`)]).toEqual([
          target,
          world.url('/'),
        ])
      }
    },
  )

  test('OR06: stays as it is where it is harmless', async () => {
    for (const [target, expected] of some(harmless)) {
      if (target.toLowerCase().includes('https://app.example')) continue
      const landed = await landing(world, `/login?returnTo=${encodeURIComponent(target)}`)
      expect([target, landed]).toEqual([target, expected.startsWith('/') ? world.url('') + expected : expected])
    }
  })

  test.each([
    ['returnTo[]=/private'],
    ['returnTo[a]=/private'],
    ['returnTo=/private&returnTo=//evil.example'],
    ['returnTo=/private&returnTo=/private'],
    ['returnTo'],
    ['returnTo='],
    ['ReturnTo=/private'],
    ['returnTo=%'],
    ['returnTo=%ff%fe'],
    ['__proto__[returnTo]=//evil.example'],
  ])('OR08: leads home where it is %s', async (query) => {
    expect(await landing(world, `/login?${query}`)).toBe(world.url('/'))
  })

  test.each([
    '//evil.example/private',
    '//evil.example',
    '/\\evil.example',
    '///evil.example',
    '/..//evil.example',
    'http://evil.example//evil.example',
  ])('OR01: is not taken from the request target %s at a guard', async (target) => {
    const guarded = await startWorld({ host, layers: [requireAuth()] })
    const { host: authority } = new URL(guarded.url('/'))
    const head = `GET ${target} HTTP/1.1\r\nHost: ${authority}\r\nAccept: text/html\r\nConnection: close\r\n\r\n`
    const answer = await rawRequest(guarded.url(''), head)
    const location = /^location: (.*)$/im.exec(answer)?.[1]
    const cookie = /^set-cookie: ([^;]+)/im.exec(answer)?.[1] ?? ''
    const start = { ...(await guarded.browser.navigate(guarded.url('/login'))), location }
    const callback = await throughProvider(guarded, start)
    const landed = await new Browser().navigate(callback.href, { headers: { cookie } })
    expect(landed.headers.location).toMatch(/^\/(?![/\\])/)
    await guarded.close()
  })

  test('OR09: keeps its spelling in a redirect, whose body is empty', async () => {
    const browser = new Browser()
    const target = '/%5cevil.example/%2f?q=%22%3e<b>'
    const callback = await toCallback(world, { browser, login: `/login?returnTo=${encodeURIComponent(target)}` })
    const answer = await comeBack(callback, browser)
    expect(answer.headers.location).toBe('/%5cevil.example/%2f?q=%22%3e%3Cb%3E')
    expect([answer.text, answer.headers['content-length']]).toEqual(['', '0'])
  })

  test('OR11: travels sealed, so that a browser cannot put another in its place', async () => {
    const browser = new Browser()
    const callback = await toCallback(world, { browser, login: '/login?returnTo=/private' })
    expect(callback.href).not.toContain('private')
    const [[name, value]] = [...transactionCookies(browser)] as [[string, string]]
    const { sealed } = JSON.parse(Buffer.from(value, 'base64').toString()) as { sealed: string }
    const parts = sealed.split('.')
    const flipped = Buffer.from(parts[3] ?? '', 'base64url')
    flipped[flipped.length - 20] = (flipped[flipped.length - 20] ?? 0) ^ 1
    const forged = [parts[0], parts[1], parts[2], flipped.toString('base64url'), parts[4]].join('.')
    const cookie = `${name}=${Buffer.from(JSON.stringify({ sealed: forged })).toString('base64')}`
    const answer = await new Browser().navigate(callback.href, { headers: { cookie } })
    expect(new URL(answer.location ?? '').origin).toBe(world.provider.issuer)
  })
})

test('OR11: a return target that was sealed under other rules is checked again when it is used', async () => {
  const before = await startWorld({ oidc: { returnTo: { origins: [partner] } } })
  const callback = await toCallback(before, { login: `/login?returnTo=${partner}/page` })
  // The application has been started anew, without the partner, while the person was at the provider.
  const after = await startWorld({ oidc: { issuer: before.provider.issuer, baseUrl: before.url('') } })
  const cookie = before.browser.cookies.header({ url: callback, crossSite: false, safeNavigation: true }) ?? ''
  const answer = await after.browser.navigate(after.url(`/callback${callback.search}`), { headers: { cookie } })
  expect([answer.status, answer.headers.location]).toEqual([302, '/'])
  await Promise.all([before.close(), after.close()])
})

test.each([
  'https://partner.example/',
  'https://partner.example/path',
  'partner.example',
  '//partner.example',
  'javascript:alert(1)',
])('OR05: %s cannot be configured as an origin', (origin) => {
  const options = { issuer: 'https://op.example', clientId: 'web', baseUrl: 'https://app.example', secret }
  expect(() => parseOidcOptions({ ...options, returnTo: { origins: [origin] } })).toThrow(/returnTo/)
})

test('OR10: a request head that is too large for Node never reaches the application', async () => {
  const world = await startWorld()
  const answer = await world.browser.navigate(world.url(`/login?returnTo=/${'a'.repeat(17_000)}`))
  expect(answer.status).toBe(431)
  expect(() => codeOf(answer)).toThrow()
  await world.close()
})

/** Where a login that starts at a path ends, by one hop at the provider's place: the Location of the callback. */
async function landing(world: World, path: string): Promise<string | undefined> {
  const browser = new Browser()
  const callback = await toCallback(world, { browser, login: path })
  return (await comeBack(callback, browser)).location
}

describe('the page that a request came from', () => {
  const own: ReturnToPolicy = {
    origin: 'https://app.example',
    origins: [partner],
    reservedPaths: ['/login'],
    reservedBelow: ['/oidc'],
  }
  const navigation = { accept: 'text/html' }

  test('is of this origin only, also where others may be returned to', () => {
    const from = (referer: string) => refererTarget(plainRequest({ referer }), own)
    expect(from('https://app.example/orders?page=2')).toBe('/orders?page=2')
    expect(from(`${partner}/orders`)).toBeUndefined()
    expect(safeReturnTo(`${partner}/orders`, own)).toBe(`${partner}/orders`)
    expect(refererTarget(plainRequest(), own)).toBeUndefined()
  })

  test('is the page itself for a navigation, and otherwise the page that sent the request', () => {
    const referer = 'https://app.example/orders'
    expect(pageTarget(plainRequest({ ...navigation, referer }, 'GET', '/bills?x=1'), own)).toBe('/bills?x=1')
    expect(pageTarget(plainRequest({ referer }, 'GET', '/api/bills'), own)).toBe('/orders')
    expect(pageTarget(plainRequest({ ...navigation, referer }, 'POST', '/bills'), own)).toBe('/orders')
  })

  test('is none of our own routes', () => {
    const target = (path: string) => safeReturnTo(path, own)
    expect([target('/login'), target('/oidc/x'), target('/oidc/x/y')]).toEqual([undefined, undefined, undefined])
    expect([target('/logins'), target('/oidc'), target('/oidcs/x'), target('/a/oidc/')]).toEqual([
      '/logins',
      '/oidc',
      '/oidcs/x',
      '/a/oidc/',
    ])
  })

  test('has 2048 characters at most', () => {
    const path = `/${'a'.repeat(2047)}`
    expect(safeReturnTo(path, own)).toBe(path)
    expect(safeReturnTo(`${path}a`, own)).toBeUndefined()
  })
})
