import { describe, expect, test } from '@jest/globals'
import {
  type AdditionalToken,
  addToken,
  fromTuples,
  maxAdditionalTokens,
  mergeAdditionalTokens,
  toTuples,
} from '../../lib/session/additional-tokens.js'
import { start } from '../kit/clock.js'

const token = (target: string, obtainedAt = 0, changes: Partial<AdditionalToken> = {}): AdditionalToken => ({
  target,
  accessToken: `${target}@${obtainedAt}`,
  tokenType: 'bearer',
  obtainedAt: start + obtainedAt,
  ...changes,
})
const targets = (tokens: readonly AdditionalToken[]): string => tokens.map(({ target }) => target).join('')

describe('a token that is added', () => {
  test('takes its place by age, and by target among those of one second', () => {
    const all = [token('b', 1), token('d', 3)]
    expect(targets(addToken(all, token('c', 2)))).toBe('bcd')
    expect(targets(addToken(all, token('a', 3)))).toBe('bad')
    expect(targets(addToken(all, token('e', 1)))).toBe('bed')
    expect(targets(addToken([], token('a')))).toBe('a')
  })

  test('leaves four of the others, the youngest', () => {
    expect(maxAdditionalTokens).toBe(5)
    const all = [...'abcde'].map((target, index) => token(target, index))
    expect(targets(addToken(all.slice(0, 4), token('f', 9)))).toBe('abcdf')
    expect(targets(addToken(all, token('f', 9)))).toBe('bcdef')
  })

  test('leaves no token that has expired by then', () => {
    const ending = (at: number) => [token('a', 0, { expiresAt: start + at })]
    expect(targets(addToken(ending(5), token('b', 5)))).toBe('b')
    expect(targets(addToken(ending(6), token('b', 5)))).toBe('ab')
  })
})

describe('two lists of tokens', () => {
  test('are one, the oldest first and by target among those of one second', () => {
    expect(targets(mergeAdditionalTokens([token('c', 1), token('b', 1)], [token('a', 1), token('d', 0)]))).toBe('dabc')
    expect(targets(mergeAdditionalTokens([token('a', 1)], [token('b', 1)]))).toBe('ab')
    expect(targets(mergeAdditionalTokens([token('b', 1)], [token('a', 1)]))).toBe('ab')
  })

  test('have the last five of both', () => {
    const [own, other] = [[...'abcd'], [...'efg']].map((names, list) =>
      names.map((target, index) => token(target, index + list * 4)),
    )
    expect(targets(mergeAdditionalTokens(own ?? [], other ?? []))).toBe('cdefg')
  })

  test('have the newer of two for one target; of the same second that of the second list', () => {
    const having = (accessToken: string, obtainedAt: number) => token('a', obtainedAt, { accessToken })
    const [x, y] = [having('x', 1), having('y', 1)]
    expect(mergeAdditionalTokens([x], [y])).toEqual([y])
    expect(mergeAdditionalTokens([x], [having('z', 0)])).toEqual([x])
    expect(mergeAdditionalTokens([x], [having('z', 2)])).toEqual([having('z', 2)])
    // Unless the refreshes tell which one is newer: the clock may have been set back.
    expect(mergeAdditionalTokens([x], [having('z', 0)], 1)).toEqual([having('z', 0)])
    expect(mergeAdditionalTokens([x], [having('z', 2)], -1)).toEqual([x])
    // The same token is the same object: nothing has changed.
    expect(mergeAdditionalTokens([x], [having('x', 2)])[0]).toBe(x)
  })
})

describe('tokens without names', () => {
  test('are read as they were written', () => {
    const all = [token('a'), token('b', 1, { expiresAt: start + 9, tokenType: 'dpop' })]
    expect(toTuples(all)).toEqual([
      ['a', 'a@0', 'bearer', start],
      ['b', 'b@1', 'dpop', start + 1, start + 9],
    ])
    expect(fromTuples(toTuples(all))).toEqual(all)
    expect(Object.keys(fromTuples(toTuples(all))[0] ?? {})).not.toContain('expiresAt')
  })

  test('are the last five', () => {
    const six = [...'abcdef'].map((target) => [target, 'x', 'bearer', start])
    expect(targets(fromTuples(six))).toBe('bcdef')
  })

  test.each([
    ['a target that is no text', [5, 'x', 'bearer', start]],
    ['no access token', ['a', undefined, 'bearer', start]],
    ['an access token that is no text', ['a', 5, 'bearer', start]],
    ['a type that is no text', ['a', 'x', 5, start]],
    ['a time that is no number', ['a', 'x', 'bearer', String(start)]],
    ['no time', ['a', 'x', 'bearer']],
    ['names', { target: 'a', accessToken: 'x', tokenType: 'bearer', obtainedAt: start }],
    ['nothing', null],
  ])('are left out with %s, and the others are read', (_what, spoilt) => {
    expect(targets(fromTuples([spoilt, ['b', 'x', 'bearer', start]]))).toBe('b')
  })

  test('have no end that is no number', () => {
    const [read] = fromTuples([['a', 'x', 'bearer', start, 'soon']])
    expect(read).toEqual(token('a', 0, { accessToken: 'x' }))
    expect(Object.keys(read ?? {})).not.toContain('expiresAt')
  })

  test.each([undefined, null, 'text', {}, 5])('are none in %j', (tuples) => {
    expect(fromTuples(tuples)).toEqual([])
  })
})
