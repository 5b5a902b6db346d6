import { describe, expect, jest, test } from '@jest/globals'
import { createCookieKeeper } from '../../../lib/session/storage/stateless.js'
import { unreadable } from '../../../lib/session/storage/storage.js'
import { isSeveral } from '../../../lib/session/storage/sealed-cookies.js'
import { createSeal } from '../../../lib/seal/seal.js'
import { idToken, limits, record, sentBack, settings, start, Watch } from '../example.js'

const watch = (): Watch => new Watch()

describe('sessions in cookies', () => {
  test('read back as they were written', () => {
    const keeper = createCookieKeeper(settings(watch()))
    const cookies = sentBack(keeper.write(record({ data: { a: 1 } }), {}))
    expect(keeper.read(cookies)).toEqual({ record: record({ data: { a: 1 } }), outdatedKey: false })
    expect(keeper.read({})).toBeUndefined()
  })

  test.each([
    ['https', {}, '__Host-oidc=', '; Max-Age=600; Path=/; HttpOnly; Secure; SameSite=Lax'],
    ['http', { secure: false }, 'oidc=', '; Max-Age=600; Path=/; HttpOnly; SameSite=Lax'],
    [
      'a domain',
      { domain: 'example.com' },
      '__Secure-oidc=',
      '; Max-Age=600; Domain=example.com; Path=/; HttpOnly; Secure; SameSite=Lax',
    ],
    ['strictness', { sameSite: 'strict' as const }, '__Host-oidc=', 'SameSite=Strict'],
    ['a browser session', { transient: true }, '__Host-oidc=', '; Path=/; HttpOnly; Secure; SameSite=Lax'],
    ['another name', { name: 'sid' }, '__Host-sid=', 'SameSite=Lax'],
  ])('carry the attributes of %s', (_name, changes, prefix, attributes) => {
    const [line = ''] = createCookieKeeper(settings(watch(), changes)).write(record(), {})
    expect(line.startsWith(prefix)).toBe(true)
    expect(line.endsWith(attributes)).toBe(true)
    expect(line.includes('Max-Age')).toBe(!('transient' in changes))
  })

  test('end with the idle limit, and for certain with the absolute one', () => {
    const platform = watch()
    const keeper = createCookieKeeper(settings(platform))
    const cookies = sentBack(keeper.write(record(), {}))
    const late = sentBack(keeper.write(record({ touchedAt: start + 3500 }), {}))
    const alive = (seconds: number, sent: Record<string, string>): boolean => {
      platform.seconds = start + seconds
      return keeper.read(sent) !== undefined
    }
    expect([alive(599, cookies), alive(600, cookies)]).toEqual([true, false])
    expect([alive(3599, late), alive(3600, late)]).toEqual([true, false])
  })

  test('end on the server, however long the browser keeps the cookie', () => {
    const platform = watch()
    const keeper = createCookieKeeper(settings(platform, { transient: true }))
    const cookies = sentBack(keeper.write(record(), {}))
    platform.seconds += 601
    expect(keeper.read(cookies)).toBeUndefined()
  })

  test('end at once when the limits of today are shorter than those they were sealed under', () => {
    const platform = watch()
    const cookies = sentBack(createCookieKeeper(settings(platform)).write(record(), {}))
    platform.seconds += 300
    const strict = createCookieKeeper(settings(platform, { limits: { ...limits, idleSeconds: 299 } }))
    expect(strict.read(cookies)).toBeUndefined()
  })

  test('of another version are neither read nor removed', () => {
    const given = settings(watch())
    const seal = createSeal(given.secrets, ['session', '__Host-oidc', ...given.audience], given.platform)
    const cookies = { '__Host-oidc': seal.seal({ v: 99, exp: start + 60 }) }
    expect(createCookieKeeper(given).read(cookies)).toBe(unreadable)
  })

  test('take several cookies when large, and give back those that they no longer need', () => {
    const keeper = createCookieKeeper(settings(watch()))
    const large = record({ idToken: idToken({ note: 'x'.repeat(3000) }) })
    const cookies = sentBack(keeper.write(large, {}))
    expect(Object.keys(cookies)).toEqual(['__Host-oidc', '__Host-oidc.1'])
    expect(keeper.read(cookies)).toMatchObject({ record: large })
    const shrunk = keeper.write(record(), cookies)
    expect(shrunk[1]).toMatch(/^__Host-oidc\.1=; Max-Age=0; Path=\/; Expires=Thu, 01 Jan 1970 .*; Secure/)
    expect(Object.keys(sentBack(shrunk, cookies))).toEqual(['__Host-oidc'])
  })

  test('are removed wholly, and only where the browser has some', () => {
    const keeper = createCookieKeeper(settings(watch(), { domain: 'example.com' }))
    const { '__Secure-oidc': sealed = '' } = sentBack(keeper.write(record(), {}))
    const lines = keeper.clear({ '__Secure-oidc': `2.${sealed}`, '__Secure-oidc.5': 'y', other: 'z' })
    expect(lines.map((line) => line.split('=')[0])).toEqual(['__Secure-oidc', '__Secure-oidc.5'])
    for (const line of lines) expect(line).toContain('Max-Age=0; Domain=example.com; Path=/')
    expect(keeper.clear({ other: 'z' })).toEqual([])
  })

  test('of nobody we know are left alone: another client, issuer, secret or no seal at all', () => {
    const keeper = createCookieKeeper(settings(watch()))
    const strangers = [
      { audience: ['https://op.example.com', 'another client'] },
      { audience: ['https://another-op.example.com', 'web'] },
      { secrets: ['the secret of another application, 32 characters'] },
    ].map((changes) => sentBack(createCookieKeeper(settings(watch(), changes)).write(record(), {})))
    for (const cookies of [...strangers, { '__Host-oidc': '2.x', '__Host-oidc.1': 'y' }, { '__Host-oidc.1': 'y' }])
      expect([keeper.read(cookies), keeper.clear(cookies)]).toEqual([undefined, []])
  })

  test('of nobody we know give way to a login, with all their parts', () => {
    const keeper = createCookieKeeper(settings(watch()))
    const lines = keeper.write(record(), { '__Host-oidc': '2.x', '__Host-oidc.1': 'y' })
    expect(lines.map((line) => line.split('=')[0])).toEqual(['__Host-oidc', '__Host-oidc.1'])
    expect(lines[1]).toContain('Max-Age=0')
  })

  test('of one name are each tried where siblings may plant some, and not where browsers keep one only', () => {
    const platform = watch()
    for (const [changes, name, count] of [
      [{ domain: 'example.com' }, '__Secure-oidc', 1],
      [{ secure: false }, 'oidc', 1],
      [{}, '__Host-oidc', 0],
    ] as const) {
      const keeper = createCookieKeeper(settings(platform, changes))
      const { [name]: sealed = '' } = sentBack(keeper.write(record(), {}))
      const asked: string[] = []
      const furtherCookies = (of: string): readonly string[] => (asked.push(of), [sealed])
      const found = keeper.read({ [name]: 'planted' }, { furtherCookies })
      expect([isSeveral(found) ? found.length : 0, asked.includes(name)]).toEqual([count, count > 0])
    }
  })

  test('that would be too large are refused with the byte count and the shares, and nothing of the content', () => {
    const keeper = createCookieKeeper(settings(watch(), { maxBytes: 2048 }))
    const refreshToken = '~canary'.repeat(300)
    const tokens = { accessToken: 'canary'.repeat(300), tokenType: 'bearer', scope: 'openid', refreshToken }
    const write = (): unknown => keeper.write(record({ tokens, data: { canary: 1 } }), {})
    expect(write).toThrow(expect.objectContaining({ code: 'session_too_large', status: 500, expose: false }))
    expect(write).toThrow(
      /would take \d{4} bytes of cookies, over session\.maxCookieBytes 2048 .*access token 1800, refresh token 2100, data 12/,
    )
    expect(write).not.toThrow('canary')
    const withoutRefreshToken = { ...record().tokens, accessToken: '~'.repeat(3000) }
    expect(() => keeper.write(record({ tokens: withoutRefreshToken }), {})).toThrow('refresh token 0')
  })

  test('are counted as the Cookie header will carry them: names, equals signs and separators too', () => {
    const given = record({ tokens: { ...record().tokens, accessToken: '~'.repeat(3000) } })
    const cookies = sentBack(createCookieKeeper(settings(watch())).write(given, {}))
    const header = Object.entries(cookies).map(([name, value]) => `${name}=${value}; `)
    const bytes = header.join('').length
    const shortened = (maxBytes: number): number => {
      const remark = jest.fn()
      createCookieKeeper(settings(watch(), { maxBytes, remark })).write(given, {})
      return remark.mock.calls.length
    }
    expect([shortened(bytes), shortened(bytes - 1)]).toEqual([0, 1])
  })

  test('sealed with an older secret still open, and say so', () => {
    const platform = watch()
    const [secret = ''] = settings(platform).secrets
    const older = 'an older secret for tests, 32 characters at least'
    const cookies = sentBack(createCookieKeeper(settings(platform, { secrets: [older] })).write(record(), {}))
    const rotated = createCookieKeeper(settings(platform, { secrets: [secret, older] }))
    expect(rotated.read(cookies)).toMatchObject({ outdatedKey: true })
    expect(createCookieKeeper(settings(platform)).read(cookies)).toBeUndefined()
  })
})
