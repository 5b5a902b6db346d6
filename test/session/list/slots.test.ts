import { describe, expect, test } from '@jest/globals'
import type { ListEntry } from '../../../lib/session/list/entry.js'
import { randomSlot, slotCount, slotFor } from '../../../lib/session/list/slots.js'
import { start } from '../../kit/clock.js'

/** Randomness that is these two bytes each time. */
const random = (value: number) => ({
  randomBytes: (length: number) => {
    const bytes = Buffer.alloc(length)
    bytes.writeUInt16BE(value)
    return bytes
  },
})

const entry = (touchedAt: number, createdAt = 0): ListEntry => ({
  hash: 'a-hash',
  touchedAt: start + touchedAt,
  createdAt: start + createdAt,
})
const chosen = (entries: readonly (ListEntry | undefined)[], attempt = 0, count = 8): readonly number[] => {
  const texts = entries.map(() => 'sealed')
  return Array.from({ length: count }, (_, value) => slotFor(entries, texts, attempt, random(value)))
}

describe('the slot to try first', () => {
  test.each([
    [0, 0],
    [99, 99],
    [100, 0],
    [0x0102, 58],
    [65_535, 35],
  ])('is one of a hundred, by two random bytes: %i: %i', (value, slot) => {
    expect(slotCount).toBe(100)
    expect(randomSlot(random(value))).toBe(slot)
  })
})

describe('the slot for a new session', () => {
  test('is any that is free', () => {
    const entries = [entry(1), undefined, entry(2), undefined]
    const texts = ['a', undefined, 'c', undefined]
    expect([0, 1, 2, 3].map((value) => slotFor(entries, texts, 0, random(value)))).toEqual([1, 3, 1, 3])
  })

  test('is that of the session that was renewed longest ago', () => {
    expect(new Set(chosen([entry(3), entry(1), entry(2)]))).toEqual(new Set([1]))
  })

  test('is that of the one that began earlier, of two that were renewed at the same time', () => {
    expect(new Set(chosen([entry(5, 3), entry(5, 1), entry(5, 2), entry(9, 0)]))).toEqual(new Set([1]))
  })

  test('is first of all one that nobody can read', () => {
    expect(new Set(chosen([entry(3), undefined, entry(-5)]))).toEqual(new Set([1]))
  })

  test('is one of twice as many with each attempt', () => {
    const entries = [5, 0, 4, 1, 3, 2].map((touched) => entry(touched))
    const oldestFirst = [1, 3, 5, 4, 2, 0]
    for (const [attempt, count] of [
      [0, 1],
      [1, 2],
      [2, 4],
      [3, 6],
    ] as const) {
      expect([...new Set(chosen(entries, attempt, 12))]).toEqual(oldestFirst.slice(0, count))
    }
  })
})
