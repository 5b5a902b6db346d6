import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { plainTarget } from '../../lib/proxy/path.js'
import { hosts } from '../hosts/hosts.js'
import { type Proxied, startProxied } from '../kit/api/proxied.js'

/** Spellings that some server or library reads as another path than the one that a guard has seen. */
const treacherous: readonly (readonly [what: string, rest: string])[] = [
  ['a segment ".."', '/../admin'],
  ['a segment ".." at the end', '/orders/..'],
  ['a segment "."', '/./admin'],
  ['encoded dots', '/%2e%2e/admin'],
  ['encoded dots in capitals', '/%2E%2E/admin'],
  ['one encoded dot', '/.%2e/admin'],
  ['an encoded single dot', '/%2e/admin'],
  ['dots and an encoded slash', '/..%2fadmin'],
  ['all of it encoded', '/%2e%2e%2fadmin'],
  ['an encoded slash', '/orders%2fadmin'],
  ['an encoded slash in capitals', '/orders%2Fadmin'],
  ['dots that are encoded twice', '/%252e%252e/admin'],
  ['a slash that is encoded twice', '/%252fadmin'],
  ['dots that are encoded three times', '/%25252e%25252e/admin'],
  ['a backslash', '/..\\admin'],
  ['a backslash alone', '/orders\\admin'],
  ['an encoded backslash', '/..%5cadmin'],
  ['another host', '//evil.example/x'],
  ['another host, after a backslash', '/\\evil.example/x'],
  ['another host, encoded', '/%2fevil.example/x'],
  ['an empty segment', '/orders//admin'],
  ['an empty segment at the end', '/orders//'],
  ['parameters at dots', '/..;/admin'],
  ['parameters with a value at dots', '/..;x=y/admin'],
  ['parameters', '/orders;x/admin'],
  ['encoded parameters', '/..%3b/admin'],
  ['NUL', '/orders%00/../admin'],
  ['NUL at the end', '/orders%00.json'],
  ['a line break', '/orders%0d%0aHost:%20evil'],
  ['a tab', '/orders%09'],
  ['a delete character', '/orders%7f'],
  ['dots with a space', '/..%20/admin'],
  ['dots with a tab', '/..%09/admin'],
  ['three dots', '/.../admin'],
  ['an overlong dot', '/%c0%ae%c0%ae/admin'],
  ['an overlong slash', '/..%c0%afadmin'],
  ['dots of Unicode that become plain ones', '/%ef%bc%8e%ef%bc%8e/admin'],
  ['a two-dot leader', '/%e2%80%a5/admin'],
  ['a slash of Unicode', '/..%ef%bc%8fadmin'],
  ['a backslash of Unicode', '/..%ef%bc%bcadmin'],
  ['a semicolon of Unicode', '/..%ef%bc%9b/admin'],
  ['an encoded letter', '/%61dmin'],
  ['an encoded digit', '/v%32'],
  ['half an escape', '/orders%2'],
  ['an invalid escape', '/orders%zz'],
  ['an escape of UTF-16', '/%u002e%u002e/admin'],
  ['invalid UTF-8', '/%ff%fe'],
  ['another scheme', 'https://evil.example/x'],
  ['a user name', '@evil.example/x'],
  ['no slash', 'orders'],
  ['an asterisk', '*'],
  ['nothing', ''],
  ['a fragment', '/orders#/../admin'],
  ['a fragment in the query', '/orders?x#y'],
  ['an unencoded letter of Latin-1', '/\xe9'],
  ['a caret', '/a^b'],
  ['a quote', '/a"b'],
]

const plain: readonly string[] = [
  '/',
  '/orders',
  '/orders/',
  '/orders/7/lines',
  '/orders/a%20b',
  '/100%25',
  '/50%25%20off',
  '/caf%C3%A9',
  '/%E2%82%AC',
  '/.well-known/x',
  '/a..b/c.d',
  "/~me/@x/a+b,c=d/(1)/'x'/$metadata/a:b/a&b/a!b*",
  '/a[0]|b',
  '/a%3Fb/%23c',
]

describe('AP02: plainTarget()', () => {
  test.each(treacherous)('AP02: refuses %s: %j', (_what, rest) => {
    expect(plainTarget(rest, false)).toBe('spelling')
  })

  test.each(plain)('leaves %s as it is', (path) => {
    expect(plainTarget(path, false)).toEqual({ path, search: '' })
  })

  test.each(['?', '?a=b&a=c', '?q=../../x', '?url=https://evil.example/%2e%2e;x', '??', '?a=b\\c"<>{}|^`'])(
    'leaves the query %s as it is',
    (search) => {
      expect(plainTarget(`/orders${search}`, false)).toEqual({ path: '/orders', search })
    },
  )

  test('AP02: refuses a target over 8192 characters', () => {
    expect(plainTarget(`/${'a'.repeat(8192)}`, false)).toBe('length')
    expect(plainTarget(`/?${'a'.repeat(8192)}`, false)).toBe('length')
    expect(plainTarget(`/${'a'.repeat(8191)}`, false)).toMatchObject({ search: '' })
  })

  test('AP02: takes an encoded slash where that is allowed, and still none that leads out', () => {
    expect(plainTarget('/projects/group%2Fname', true)).toEqual({ path: '/projects/group%2Fname', search: '' })
    for (const path of ['/a%2f..%2fb', '/..%2fa', '/a%2f%2fb', '/a%2f', '/%2fevil.example', '/a/%2fb', '/a%2f%2e%2e']) {
      const isRefused = path !== '/a%2f'
      expect([path, plainTarget(path, true)]).toEqual([path, isRefused ? 'spelling' : { path, search: '' }])
    }
  })

  test('AP02: lets no path leave its base, however servers decode and normalise it', () => {
    const piece = fc.constantFrom(
      ...[
        '/',
        '.',
        '..',
        '%2e',
        '%2f',
        '%5c',
        '\\',
        ';',
        '%25',
        '2e',
        '2f',
        '%00',
        'a',
        '%61',
        '@',
        ':',
        '%c0%ae',
        '%ef%bc%8e',
      ],
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 10 }), fc.boolean(), (pieces, allowEncodedSlashes) => {
        const target = plainTarget(`/${pieces.join('')}`, allowEncodedSlashes)
        if (typeof target === 'string') return
        const readings = [target.path]
        for (let times = 0; times < 3; times += 1) readings.push(decoded(readings.at(-1) ?? ''))
        for (const reading of readings) {
          const { origin, pathname } = new URL(
            `https://api.example.com/v1${reading.normalize('NFKC').replaceAll('\\', '/')}`,
          )
          expect(origin).toBe('https://api.example.com')
          expect(pathname.startsWith('/v1/')).toBe(true)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

const decoded = (path: string): string => {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

describe.each(hosts)('AP02: apiProxy() on $name', (host) => {
  let proxied: Proxied
  beforeAll(async () => {
    proxied = await startProxied({ world: { host } })
  })
  afterAll(() => proxied.close())

  // Node's own parser refuses some with 400, and some never reach the mount path.
  test('AP02: sends nothing on whose path is not plain', async () => {
    const statuses: string[] = []
    for (const [, rest] of treacherous.filter(([, each]) => each !== '')) {
      for (const target of [`/api${rest}`, rest]) {
        const answer = await proxied.raw(`GET ${target} HTTP/1.1`)
        statuses.push(answer.slice(9, 12))
        expect([target, proxied.api.calls.map((call) => call.target)]).toEqual([target, []])
      }
    }
    expect(statuses.filter((status) => status === '400').length).toBeGreaterThan(treacherous.length / 2)
    expect(statuses.filter((status) => !['400', '404', '403'].includes(status) && status !== '200')).toEqual([])
  })

  test('AP07: is not led to another host by an absolute target, a Host header, or a user name', async () => {
    const targets = ['http://evil.example/api/x', 'https://evil.example:1/api/x', 'http://user:pass@evil.example/api/x']
    for (const target of targets) {
      const answer = await proxied.raw(`GET ${target} HTTP/1.1`)
      expect([target, ['400', '404'].includes(answer.slice(9, 12))]).toEqual([target, true])
    }
    expect(proxied.api.calls).toEqual([])
    await proxied.raw('GET /api/x HTTP/1.1', ['X-Forwarded-Host: evil.example', 'X-Original-URL: /admin'])
    expect(proxied.api.calls.map(({ target, headers }) => [target, `http://${headers.host}`])).toEqual([
      ['/v1/x', proxied.api.origin],
    ])
  })

  test('sends the query on as it is, and the path too', async () => {
    const target = '/x[0]|y?q=\'a\'"b"<c>{d}|\\^`%2e%2e%zz&&='
    await proxied.raw(`GET /api${target} HTTP/1.1`)
    expect(proxied.api.calls.at(-1)?.target).toBe(`/v1${target}`)
  })

  test('AP02: answers a path that is not plain with 400, and one that is too long with 414', async () => {
    const answer = await proxied.raw('GET /api/orders;x HTTP/1.1')
    expect(answer).toContain('HTTP/1.1 400 ')
    expect(answer).toContain('"code":"not_forwarded"')
    expect(await proxied.raw(`GET /api/${'a'.repeat(8300)} HTTP/1.1`)).toContain('HTTP/1.1 414 ')
  })

  test.each(['TRACE', 'TRACK'])('AP03: does not send %s on', async (method) => {
    const answer = await proxied.raw(`${method} /api/x HTTP/1.1`)
    expect(answer).toMatch(/HTTP\/1\.1 40[05] /)
  })
})
