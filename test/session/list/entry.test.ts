import { describe, expect, test } from '@jest/globals'
import { boundedUserAgent, fromPayload, type ListEntry, namesIn, toPayload } from '../../../lib/session/list/entry.js'
import { start } from '../../kit/clock.js'

const entry: ListEntry = { hash: 'a-hash', createdAt: start, touchedAt: start + 5, sid: 'a-sid', userAgent: 'Firefox' }
const { sid: _sid, userAgent: _userAgent, ...least } = entry

describe('what a browser calls itself', () => {
  test.each([
    [undefined, undefined],
    ['', undefined],
    ['Mozilla/5.0 (X11; Linux) ~', 'Mozilla/5.0 (X11; Linux) ~'],
    ['a\tb\nc\x7fd\x1f e', 'a?b?c?d? e'],
    ['Zoë 😀', 'Zo? ??'],
  ])('is kept in printable ASCII: %j', (header, kept) => {
    expect(boundedUserAgent(header)).toBe(kept)
  })

  test('is kept up to 256 letters', () => {
    expect(boundedUserAgent('a'.repeat(256))).toBe('a'.repeat(256))
    expect(boundedUserAgent(`${'a'.repeat(256)}b`)).toBe('a'.repeat(256))
  })
})

describe('an entry of a list', () => {
  test('is read as it was written, with short names', () => {
    const payload = toPayload(entry, start + 60)
    expect(payload).toEqual({
      v: 1,
      exp: start + 60,
      id: 'a-hash',
      iat: start,
      upd: start + 5,
      sid: 'a-sid',
      ua: 'Firefox',
    })
    expect(fromPayload(payload)).toEqual(entry)
  })

  test('takes no room for what is missing', () => {
    const payload = toPayload(least, start + 60)
    expect(Object.keys(payload)).toEqual(['v', 'exp', 'id', 'iat', 'upd'])
    expect(Object.keys(fromPayload(payload) ?? {})).toEqual(['hash', 'createdAt', 'touchedAt'])
  })

  test.each([
    ['v', 2],
    ['v', undefined],
    ['id', 5],
    ['id', undefined],
    ['iat', String(start)],
    ['iat', undefined],
    ['upd', String(start)],
    ['upd', undefined],
  ])('an entry whose %s is %j is not read', (name, value) => {
    expect(fromPayload({ ...toPayload(entry, start + 60), [name]: value })).toBeUndefined()
  })

  test('has no sid and no browser that are not text', () => {
    const found = fromPayload({ ...toPayload(entry, start + 60), sid: 5, ua: ['x'] })
    expect(Object.keys(found ?? {})).toEqual(['hash', 'createdAt', 'touchedAt'])
  })

  test('a list entry ends by the same names as a logout', () => {
    const alice = { subject: 'alice', issuer: 'https://op.example.com' }
    expect(namesIn(entry, { ...alice, provider: 'a-key' })).toEqual({
      hash: 'a-hash',
      subject: 'alice',
      sid: 'a-sid',
      provider: 'a-key',
    })
    expect(Object.keys(namesIn(least, alice))).toEqual(['hash', 'subject'])
    expect(Object.keys(namesIn(least, { ...alice, isOfTenant: false }))).toEqual(['hash', 'subject'])
    expect(namesIn(least, { ...alice, isOfTenant: true })).toEqual({ hash: 'a-hash', ...alice })
  })
})
