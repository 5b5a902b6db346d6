import { beforeEach, describe, expect, test } from '@jest/globals'
import type { TraceRemark } from '../../../lib/index.js'
import { chooseSession, mapAll } from '../../../lib/session/storage/several.js'
import {
  type FoundSession,
  recordsIn,
  type StoredSession,
  storedSessionIn,
  UncountedSessions,
  unreadable,
} from '../../../lib/session/storage/storage.js'
import type { SessionRecord } from '../../../lib/session/record.js'
import { start } from '../../kit/clock.js'
import { idToken, record } from '../example.js'

let remarks: (readonly TraceRemark[])[] = []
beforeEach(() => {
  remarks = []
})

const choose = (...found: readonly FoundSession[]): FoundSession =>
  chooseSession(found, (told) => void remarks.push(told))
const kept = (changes: Partial<SessionRecord> = {}): StoredSession => ({ record: record(changes), outdatedKey: false })

describe('the choice among several sessions', () => {
  test.each<[string, readonly FoundSession[], FoundSession]>([
    ['none of none', [], undefined],
    ['none where all have ended', [undefined, undefined], undefined],
    ['one that must not be removed, if there is no other', [undefined, unreadable], unreadable],
  ])('is %s', (_what, found, chosen) => {
    expect(choose(...found)).toBe(chosen)
  })

  test('is the only one, as it is, beside those that have ended or cannot be read', () => {
    const only = kept()
    expect(choose(undefined, only, unreadable)).toBe(only)
    expect(remarks).toEqual([])
  })

  test.each([
    ['began last', { createdAt: start + 1 }, { createdAt: start }],
    ['began last, though the other has more refreshes', { createdAt: start + 1 }, { tokens: tokensOf(9) }],
    ['has more refreshes, of one begin', { tokens: tokensOf(2) }, { tokens: tokensOf(1), touchedAt: start + 9 }],
    ['was used last, of one begin', { touchedAt: start + 9 }, { touchedAt: start + 8 }],
  ])('of one person is the one that %s', (_what, newest, older) => {
    const [one, two] = [kept({ id: 'one', ...newest }), kept({ id: 'two', ...older })]
    for (const found of [choose(one, two), choose(two, one)]) expect(found).toEqual({ ...one, others: [two.record] })
    expect(remarks).toEqual([])
  })

  test('has no copies of itself among the others', () => {
    const [newer, copy, older] = [kept({ touchedAt: start + 9 }), kept(), kept({ id: 'older', createdAt: start - 9 })]
    expect(choose(copy, older, newer)).toEqual({ ...newer, others: [older.record] })
    expect(choose(copy, newer)).toEqual({ ...newer, others: [] })
  })

  test.each([
    ['two people', { idToken: idToken({ sub: 'bob' }) }],
    ['people of two issuers', { idToken: idToken({ iss: 'https://op2.example.com' }) }],
    ['people of two providers', { provider: { name: 'work', key: 'a-key' } }],
  ])('is none of %s, and the trace says so', (_what, changes) => {
    const [newest, other] = [kept(), kept({ id: 'other', createdAt: start - 1, ...changes })]
    const found = choose(other, newest)
    expect(found).toBeInstanceOf(UncountedSessions)
    expect(found).toEqual(new UncountedSessions([newest.record, other.record]))
    expect(remarks).toEqual([['several_people']])
  })

  test('is of one person at one provider, whatever name that has', () => {
    const [one, two] = ['work', 'renamed'].map((name) => kept({ provider: { name, key: 'a-key' } }))
    expect(choose(one, two)).toMatchObject({ others: [] })
  })
})

function tokensOf(generation: number): SessionRecord['tokens'] {
  return { ...record().tokens, generation }
}

describe('what was found', () => {
  const [one, two] = [record({ id: 'one' }), record({ id: 'two' })]
  const both = { record: one, outdatedKey: false, others: [two] }

  test.each<[string, FoundSession, readonly SessionRecord[], boolean]>([
    ['nothing', undefined, [], false],
    ['one of another version', unreadable, [], false],
    ['several that do not count', new UncountedSessions([one, two]), [one, two], false],
    ['one', { record: one, outdatedKey: false }, [one], true],
    ['one with older ones', both, [one, two], true],
  ])('has sessions, of which one may count: %s', (_what, found, records, counts) => {
    expect(recordsIn(found)).toEqual(records)
    expect(storedSessionIn(found)).toBe(counts ? found : undefined)
  })
})

describe('values that may be promises', () => {
  test('are mapped at once where none is', () => {
    expect(mapAll([1, 2], (value) => value * 2)).toEqual([2, 4])
    expect(mapAll([], (value) => value)).toEqual([])
  })

  test('are awaited where one is', async () => {
    const mapped = mapAll([1, 2], (value) => (value === 1 ? value : Promise.resolve(value * 2)))
    expect(mapped).toBeInstanceOf(Promise)
    expect(await mapped).toEqual([1, 4])
  })
})
