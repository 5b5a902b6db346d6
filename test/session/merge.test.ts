import { describe, expect, test } from '@jest/globals'
import { mergeRecords } from '../../lib/session/merge.js'
import type { SessionRecord } from '../../lib/session/record.js'
import { record } from './example.js'
import { start } from '../kit/clock.js'

const tokens = (name: string, obtainedAt: number): SessionRecord['tokens'] => ({
  accessToken: name,
  tokenType: 'bearer',
  scope: 'openid',
  obtainedAt: start + obtainedAt,
  generation: obtainedAt,
})

describe('two requests that change one session', () => {
  const base = record({ tokens: tokens('first', 0), data: { a: 1, b: { c: 1 }, d: 1 } })

  test('keep what each of them changed, added and removed', () => {
    const next = { ...base, data: { a: 2, b: { c: 1 }, d: 1, mine: true } }
    const stored = { ...base, data: { a: 1, b: { c: 2 }, theirs: true } }
    expect(mergeRecords(base, next, stored).data).toEqual({ a: 2, b: { c: 2 }, mine: true, theirs: true })
    const { a: _, ...without } = base.data
    expect(mergeRecords(base, { ...base, data: without }, stored).data).toEqual({ b: { c: 2 }, theirs: true })
  })

  test('keep the claims from userinfo that one of them has fetched', () => {
    const [old, fresh] = [{ role: 'guest' }, { role: 'admin' }]
    const before = { ...base, userinfo: old }
    expect(mergeRecords(before, { ...before, userinfo: fresh }, before).userinfo).toBe(fresh)
    expect(mergeRecords(before, { ...before, data: {} }, { ...before, userinfo: fresh }).userinfo).toBe(fresh)
    expect(mergeRecords(base, { ...base, userinfo: fresh }, base).userinfo).toBe(fresh)
  })

  test('keep with those claims when they were fetched', () => {
    const before = { ...base, userinfo: { role: 'guest' }, userinfoAt: start }
    const fetched = { ...before, userinfo: { role: 'guest' }, userinfoAt: start + 5 }
    for (const begun of [before, base]) {
      expect(mergeRecords(begun, fetched, begun)).toEqual(fetched)
      expect(mergeRecords(begun, { ...begun, data: {} }, fetched)).toEqual({ ...fetched, data: {} })
    }
    expect(mergeRecords(before, { ...before, data: {} }, before)).toEqual({ ...before, data: {} })
    expect(mergeRecords(before, before, fetched)).toBe(fetched)
  })

  test('let the last one decide what both changed', () => {
    const having = (a: number): SessionRecord => ({ ...base, data: { a } })
    expect(mergeRecords(base, having(2), having(3)).data).toEqual({ a: 2 })
  })

  test('can remove members whose names objects inherit', () => {
    const odd = record({ data: { toString: 'a', valueOf: 'b' } })
    expect(mergeRecords(odd, { ...odd, data: {} }, odd).data).toEqual({})
    expect(mergeRecords(record(), record({ data: { toString: 'a' } }), record()).data).toEqual({ toString: 'a' })
  })

  test('keep the newest tokens, whichever request brought them', () => {
    const older = { ...base, tokens: tokens('second', 10), idToken: 'second' }
    const newer = { ...base, tokens: tokens('third', 20), idToken: 'third' }
    expect(mergeRecords(base, newer, older)).toMatchObject({ tokens: { accessToken: 'third' }, idToken: 'third' })
    expect(mergeRecords(base, older, newer)).toMatchObject({ tokens: { accessToken: 'third' }, idToken: 'third' })
    const other = { ...base, data: { a: 2 } }
    expect(mergeRecords(base, other, newer)).toMatchObject({ tokens: { accessToken: 'third' }, data: { a: 2 } })
  })

  test('keep the later ID Token where the provider gives neither access tokens nor new refresh tokens', () => {
    const { accessToken: _accessToken, ...bare } = { ...tokens('x', 0), refreshToken: 'always' }
    const begun = { ...base, tokens: bare }
    const next = { ...begun, tokens: { ...bare, obtainedAt: start + 10, generation: 1 }, idToken: 'second' }
    expect(mergeRecords(begun, next, begun)).toMatchObject({ tokens: next.tokens, idToken: 'second' })
    expect(mergeRecords(begun, next, next).tokens).toBe(next.tokens)
  })

  test('result in one session: id and login stay, and the idle limit never moves back', () => {
    const touched = { ...base, touchedAt: start + 5 }
    expect(mergeRecords(base, base, touched)).toEqual(touched)
    expect(mergeRecords(base, touched, base).touchedAt).toBe(start + 5)
    expect(Object.isFrozen(mergeRecords(base, { ...base, data: { x: 1 } }, base).data)).toBe(true)
  })
})
