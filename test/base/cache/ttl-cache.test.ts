import { beforeEach, describe, expect, test } from '@jest/globals'
import { TtlCache } from '../../../lib/base/cache/ttl-cache.js'
import { Clock } from '../../kit/clock.js'

describe('a cache whose entries end', () => {
  let clock: Clock
  let cache: TtlCache<string>
  beforeEach(() => {
    clock = new Clock()
    cache = new TtlCache({ max: 2, milliseconds: 60_000, runtime: clock })
    cache.set('a', 'first')
  })

  const seen = (key: string) => [cache.get(key), cache.has(key), cache.remaining(key)]
  const nothing = [undefined, false, 0]

  test('keeps them for their time, and counts it down', () => {
    expect(seen('a')).toEqual(['first', true, 60_000])
    clock.advance(59)
    expect(seen('a')).toEqual(['first', true, 1000])
    clock.advance(1)
    expect(seen('a')).toEqual(nothing)
  })

  test('takes another time for an entry', () => {
    cache.set('b', 'second', 10_000)
    clock.advance(10)
    expect([seen('a')[0], seen('b')]).toEqual(['first', nothing])
  })

  test('begins anew with each set', () => {
    clock.advance(59)
    cache.set('a', 'again')
    clock.advance(59)
    expect(seen('a')).toEqual(['again', true, 1000])
  })

  test('ends them when the clock is set back by more than their time, also for when it comes past that moment again', () => {
    clock.advance(-60)
    expect(seen('a')).toEqual(nothing)
    clock.advance(60)
    expect(seen('a')).toEqual(nothing)
  })

  test('never has more time left than an entry was given', () => {
    clock.advance(-20)
    expect(cache.remaining('a')).toBe(40_000)
  })

  test('is bounded: the entry that was used least recently goes first', () => {
    cache.set('b', 'second')
    cache.get('a')
    cache.set('c', 'third')
    expect(['a', 'b', 'c'].map((key) => cache.has(key))).toEqual([true, false, true])
  })
})
