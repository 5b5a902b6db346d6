import { describe, expect, test } from '@jest/globals'
import { OldCookies } from '../../../lib/session/migration/old-cookies.js'
import { noFurther } from '../../../lib/session/storage/cookie-chunks.js'

type Settings = ConstructorParameters<typeof OldCookies>[0]

const cookiesOf = (changes: Partial<Settings> = {}, secure = true): OldCookies =>
  new OldCookies({ name: 'appSession', path: '/', domain: undefined, ...changes }, secure)
const old = cookiesOf()

describe('the cookies of old sessions', () => {
  test('have the name of the options', () => {
    expect(cookiesOf({ name: 'sid' }).name).toBe('sid')
    expect(cookiesOf({ name: 'sid' }).read({ sid: 'a', appSession: 'b' }, noFurther)).toBe('a')
  })

  test.each([
    [{ appSession: 'a' }, true],
    [{ appSession: '' }, true],
    [{ 'appSession.0': 'a' }, true],
    [{ 'appSession.1': 'a' }, false],
    [{ other: 'a' }, false],
    [{}, false],
  ])('are there with the first of them: %j', (cookies, are) => {
    expect(old.areIn(cookies)).toBe(are)
  })

  test.each<[string, Record<string, string>, string | undefined]>([
    ['one', { appSession: 'a' }, 'a'],
    ['parts, in the order of their numbers', { 'appSession.1': 'b', 'appSession.0': 'a', 'appSession.9': 'c' }, 'abc'],
    ['one beside parts, which are left over', { 'appSession.0': 'x', appSession: 'a', 'appSession.1': 'y' }, 'a'],
    ['ten parts at most', { 'appSession.0': 'a', 'appSession.10': 'x' }, 'a'],
    ['none', { other: 'a' }, undefined],
    ['an empty one', { appSession: '' }, undefined],
    ['empty parts', { 'appSession.0': '', 'appSession.1': '' }, undefined],
  ])('are joined: %s', (_what, cookies, value) => {
    expect(old.read(cookies, noFurther)).toBe(value)
  })

  test('have a value of 16 KiB at most', () => {
    for (const [length, isRead] of [
      [16_384, true],
      [16_385, false],
    ] as const) {
      const value = 'a'.repeat(length)
      const parts = { 'appSession.0': value.slice(0, 9000), 'appSession.1': value.slice(9000) }
      for (const cookies of [{ appSession: value }, parts]) {
        expect(old.read(cookies, noFurther)).toBe(isRead ? value : undefined)
      }
    }
  })

  test.each(['appSession.0', 'appSession.1'])('are not read where %s came twice', (twice) => {
    const cookies = { 'appSession.0': 'a', 'appSession.1': 'b' }
    const furtherOf = (of: string) => ({ furtherCookies: (name: string) => (name === of ? ['planted'] : []) })
    expect(old.read(cookies, furtherOf(twice))).toBeUndefined()
    expect(old.read(cookies, furtherOf('other'))).toBe('ab')
    expect(old.read(cookies, furtherOf('appSession.2'))).toBe('ab')
  })

  test('are not read where the whole one came twice', () => {
    const further = { furtherCookies: () => ['planted'] }
    expect(old.read({ appSession: 'a' }, further)).toBeUndefined()
  })

  test('are removed where they were set, all that the browser sent', () => {
    const cookies = { 'appSession.1': 'b', appSession: 'a', 'appSession.10': 'x', other: 'c' }
    const end = 'Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly'
    expect(old.removals(cookies)).toEqual([
      `appSession=; Max-Age=0; Path=/; ${end}; Secure; SameSite=Lax`,
      `appSession.1=; Max-Age=0; Path=/; ${end}; Secure; SameSite=Lax`,
    ])
    expect(cookiesOf({ domain: 'example.com', path: '/app' }, false).removals({ appSession: 'a' })).toEqual([
      `appSession=; Max-Age=0; Domain=example.com; Path=/app; ${end}; SameSite=Lax`,
    ])
    expect(old.removals({ other: 'c' })).toEqual([])
  })
})
