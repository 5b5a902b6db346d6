import { describe, expect, jest, test } from '@jest/globals'
import { createStatelessStorage } from '../../../lib/session/storage/stateless.js'
import { unreadable } from '../../../lib/session/storage/storage.js'
import { isSeveral } from '../../../lib/session/storage/sealed-cookies.js'
import { createSeal } from '../../../lib/seal/seal.js'
import { idToken, limits, record, sentBack, settings } from '../example.js'
import { Clock, start } from '../../kit/clock.js'

const watch = (): Clock => new Clock()

describe('sessions in cookies', () => {
  test('read back as they were written', () => {
    const storage = createStatelessStorage(settings(watch()))
    const cookies = sentBack(storage.write(record({ data: { a: 1 } }), {}))
    expect(storage.read(cookies)).toEqual({ record: record({ data: { a: 1 } }), outdatedKey: false })
    expect(storage.read({})).toBeUndefined()
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
  ])('have the attributes of %s', (_name, changes, prefix, attributes) => {
    const [line = ''] = createStatelessStorage(settings(watch(), changes)).write(record(), {})
    expect(line.startsWith(prefix)).toBe(true)
    expect(line.endsWith(attributes)).toBe(true)
    expect(line.includes('Max-Age')).toBe(!('transient' in changes))
  })

  test('end with the idle limit, and at the latest with the absolute one', () => {
    const runtime = watch()
    const storage = createStatelessStorage(settings(runtime))
    const cookies = sentBack(storage.write(record(), {}))
    const late = sentBack(storage.write(record({ touchedAt: start + 3500 }), {}))
    const alive = (seconds: number, sent: Record<string, string>): boolean => {
      runtime.seconds = start + seconds
      return storage.read(sent) !== undefined
    }
    expect([alive(599, cookies), alive(600, cookies)]).toEqual([true, false])
    expect([alive(3599, late), alive(3600, late)]).toEqual([true, false])
  })

  test('the log says why a request has no session', () => {
    const runtime = watch()
    const storage = createStatelessStorage(settings(runtime))
    const cookies = sentBack(storage.write(record(), {}))
    const late = sentBack(storage.write(record({ touchedAt: start + 3500 }), {}))
    const other = createStatelessStorage(settings(runtime, { secrets: ['another secret, of 32 characters at least'] }))
    expect(storage.absence({})).toEqual({ seen: 'no cookie' })
    expect(other.absence(cookies)).toMatchObject({
      seen: expect.stringContaining('no "secret" opens'),
      option: 'secret',
    })
    expect(storage.absence(cookies, { origin: 'https://b.example', isFirst: false })).toMatchObject({
      ...{ seen: 'a session of another base URL', option: 'baseUrls' },
    })
    runtime.seconds = start + 600
    expect(storage.absence(cookies)).toMatchObject({ seen: 'ended (idle)', option: 'session.idleSeconds' })
    runtime.seconds = start + 3600
    expect(storage.absence(late)).toMatchObject({ seen: 'ended (absolute)', option: 'session.absoluteSeconds' })
  })

  test('end on the server, however long the browser keeps the cookie', () => {
    const runtime = watch()
    const storage = createStatelessStorage(settings(runtime, { transient: true }))
    const cookies = sentBack(storage.write(record(), {}))
    runtime.seconds += 601
    expect(storage.read(cookies)).toBeUndefined()
  })

  test('end at once when the current limits are shorter than those they were sealed under', () => {
    const runtime = watch()
    const cookies = sentBack(createStatelessStorage(settings(runtime)).write(record(), {}))
    runtime.seconds += 300
    const strict = createStatelessStorage(settings(runtime, { limits: { ...limits, idleSeconds: 299 } }))
    expect(strict.read(cookies)).toBeUndefined()
  })

  test('of another version are neither read nor removed', () => {
    const given = settings(watch())
    const seal = createSeal(given.secrets, ['session', '__Host-oidc', ...given.audience], given.runtime)
    const cookies = { '__Host-oidc': seal.seal({ v: 99, exp: start + 60 }) }
    expect(createStatelessStorage(given).read(cookies)).toBe(unreadable)
  })

  test('use several cookies when large, and remove those that they no longer need', () => {
    const storage = createStatelessStorage(settings(watch()))
    const large = record({ idToken: idToken({ note: 'x'.repeat(3000) }) })
    const cookies = sentBack(storage.write(large, {}))
    expect(Object.keys(cookies)).toEqual(['__Host-oidc', '__Host-oidc.1'])
    expect(storage.read(cookies)).toMatchObject({ record: large })
    const shrunk = storage.write(record(), cookies)
    expect(shrunk[1]).toMatch(/^__Host-oidc\.1=; Max-Age=0; Path=\/; Expires=Thu, 01 Jan 1970 .*; Secure/)
    expect(Object.keys(sentBack(shrunk, cookies))).toEqual(['__Host-oidc'])
  })

  test('are removed completely, and only where the browser has some', () => {
    const storage = createStatelessStorage(settings(watch(), { domain: 'example.com' }))
    const { '__Secure-oidc': sealed = '' } = sentBack(storage.write(record(), {}))
    const lines = storage.clear({ '__Secure-oidc': `2.${sealed}`, '__Secure-oidc.5': 'y', other: 'z' })
    expect(lines.map((line) => line.split('=')[0])).toEqual(['__Secure-oidc', '__Secure-oidc.5'])
    for (const line of lines) expect(line).toContain('Max-Age=0; Domain=example.com; Path=/')
    expect(storage.clear({ other: 'z' })).toEqual([])
  })

  test('of others are left alone: another client, issuer, secret or no seal at all', () => {
    const storage = createStatelessStorage(settings(watch()))
    const strangers = [
      { audience: ['https://op.example.com', 'another client'] },
      { audience: ['https://another-op.example.com', 'web'] },
      { secrets: ['the secret of another application, 32 characters'] },
    ].map((changes) => sentBack(createStatelessStorage(settings(watch(), changes)).write(record(), {})))
    for (const cookies of [...strangers, { '__Host-oidc': '2.x', '__Host-oidc.1': 'y' }, { '__Host-oidc.1': 'y' }])
      expect([storage.read(cookies), storage.clear(cookies)]).toEqual([undefined, []])
  })

  test('of others are replaced by a login, with all their chunks', () => {
    const storage = createStatelessStorage(settings(watch()))
    const lines = storage.write(record(), { '__Host-oidc': '2.x', '__Host-oidc.1': 'y' })
    expect(lines.map((line) => line.split('=')[0])).toEqual(['__Host-oidc', '__Host-oidc.1'])
    expect(lines[1]).toContain('Max-Age=0')
  })

  test('of one name are each tried where siblings may plant some, and not where browsers keep one only', () => {
    const runtime = watch()
    for (const [changes, name, count] of [
      [{ domain: 'example.com' }, '__Secure-oidc', 1],
      [{ secure: false }, 'oidc', 1],
      [{}, '__Host-oidc', 0],
    ] as const) {
      const storage = createStatelessStorage(settings(runtime, changes))
      const { [name]: sealed = '' } = sentBack(storage.write(record(), {}))
      const asked: string[] = []
      const furtherCookies = (of: string): readonly string[] => (asked.push(of), [sealed])
      const found = storage.read({ [name]: 'planted' }, { furtherCookies })
      expect([isSeveral(found) ? found.length : 0, asked.includes(name)]).toEqual([count, count > 0])
    }
  })

  test('that would be too large are refused with the byte count and the shares, and nothing of the content', () => {
    const storage = createStatelessStorage(settings(watch(), { maxBytes: 2048 }))
    const refreshToken = '~canary'.repeat(300)
    const tokens = { accessToken: 'canary'.repeat(300), tokenType: 'bearer', scope: 'openid', refreshToken }
    const write = (): unknown => storage.write(record({ tokens, data: { canary: 1 } }), {})
    expect(write).toThrow(expect.objectContaining({ code: 'session_too_large', status: 500, expose: false }))
    expect(write).toThrow(
      /would take \d{4} bytes of cookies, over session\.maxCookieBytes 2048 .*access token 1800, refresh token 2100, data 12/,
    )
    expect(write).not.toThrow('canary')
    const withoutRefreshToken = { ...record().tokens, accessToken: '~'.repeat(3000) }
    expect(() => storage.write(record({ tokens: withoutRefreshToken }), {})).toThrow('refresh token 0')
  })

  test('are counted as the Cookie header will carry them, with names, equals signs and separators', () => {
    const given = record({ tokens: { ...record().tokens, accessToken: '~'.repeat(3000) } })
    const cookies = sentBack(createStatelessStorage(settings(watch())).write(given, {}))
    const header = Object.entries(cookies).map(([name, value]) => `${name}=${value}; `)
    const bytes = header.join('').length
    const shortened = (maxBytes: number): number => {
      const remark = jest.fn()
      createStatelessStorage(settings(watch(), { maxBytes, remark })).write(given, {})
      return remark.mock.calls.length
    }
    expect([shortened(bytes), shortened(bytes - 1)]).toEqual([0, 1])
  })

  test('sealed with an older secret still open, and say so', () => {
    const runtime = watch()
    const [secret = ''] = settings(runtime).secrets
    const older = 'an older secret for tests, 32 characters at least'
    const cookies = sentBack(createStatelessStorage(settings(runtime, { secrets: [older] })).write(record(), {}))
    const rotated = createStatelessStorage(settings(runtime, { secrets: [secret, older] }))
    expect(rotated.read(cookies)).toMatchObject({ outdatedKey: true })
    expect(createStatelessStorage(settings(runtime)).read(cookies)).toBeUndefined()
  })
})
