import { describe, expect, test } from '@jest/globals'
import { generationOf, mergeRecords, mergeTokens, withAdditionalTokens } from '../../lib/session/merge.js'
import type { SessionTokens } from '../../lib/session/record.js'
import { start } from '../kit/clock.js'
import { record } from './example.js'

const main: SessionTokens = { accessToken: 'main', tokenType: 'bearer', scope: 'openid', obtainedAt: start }
const additional = { target: 'a', accessToken: 'a', tokenType: 'bearer', obtainedAt: start }

describe('a request that changes no tokens', () => {
  test('RF16: brings none back, whatever the clocks of the processes say', () => {
    const base = record({ tokens: { ...main, accessToken: 'old', obtainedAt: start + 100 } })
    const stored = { ...base, tokens: { ...main, accessToken: 'new', obtainedAt: start } }
    const merged = mergeRecords(base, { ...base, data: { a: 1 } }, stored)
    expect(merged.tokens).toBe(stored.tokens)
    expect(merged.data).toEqual({ a: 1 })
  })

  test('leaves the stored session as it is where it changes nothing at all', () => {
    const base = record()
    const stored = { ...base, touchedAt: start + 5, data: { theirs: 1 }, userinfo: { name: 'Alice' } }
    expect(mergeRecords(base, base, stored)).toBe(stored)
    expect(mergeRecords(base, { ...base, touchedAt: start + 5 }, stored)).toBe(stored)
    expect(mergeRecords(base, { ...base, touchedAt: start + 6 }, stored)).toEqual({ ...stored, touchedAt: start + 6 })
    expect(mergeRecords(base, base, base)).not.toHaveProperty('userinfo')
  })

  test('adds no claims of UserInfo where there are none', () => {
    const base = record()
    expect(Object.keys(mergeRecords(base, { ...base, data: { a: 1 } }, base))).not.toContain('userinfo')
  })
})

describe('the ID Token of two requests', () => {
  const base = record({ tokens: { ...main, generation: 1 }, idToken: 'first' })
  const having = (generation: number, idToken: string) => ({
    ...base,
    tokens: { ...main, accessToken: idToken, generation },
    idToken,
  })

  test.each([
    [1, 1, 'next'],
    [2, 1, 'next'],
    [1, 2, 'stored'],
  ])('is that of the later refresh, or else of the later write: generations %i and %i', (next, stored, idToken) => {
    expect(mergeRecords(base, having(next, 'next'), having(stored, 'stored')).idToken).toBe(idToken)
  })

  test('is that of the other one where a request has brought none', () => {
    const stored = having(1, 'stored')
    expect(mergeRecords(base, { ...having(2, 'next'), idToken: 'first' }, stored).idToken).toBe('stored')
  })
})

describe('two access tokens for the same target', () => {
  const having = (accessToken: string, obtainedAt?: number): SessionTokens => {
    const { obtainedAt: _, ...tokens } = main
    return { ...tokens, accessToken, ...(obtainedAt === undefined ? {} : { obtainedAt }) }
  }

  test.each([
    ['the later', having('own', start), having('other', start + 1), 'other'],
    ['the later', having('own', start + 1), having('other', start), 'own'],
    ['the one that came last, of the same second', having('own', start), having('other', start), 'other'],
    ['the one of today, of an older version', having('own'), having('other', start), 'other'],
    ['the one that came last, of an older version', having('own', start), having('other'), 'other'],
    ['the one that came last, both of older versions', having('own'), having('other'), 'other'],
    ['the one that came last, at the beginning of time', having('own'), having('other', 0), 'other'],
  ])('leave %s', (_what, own, other, kept) => {
    expect(mergeTokens(own, other)).toEqual(kept === 'own' ? own : other)
  })

  test('go by the generation where the refresh token was rotated, and by their age where it was rotated once each', () => {
    const first = { ...having('own', start + 9), refreshToken: 'r1', generation: 1 }
    const second = { ...having('other', start), refreshToken: 'r2', generation: 2 }
    expect([mergeTokens(first, second).accessToken, mergeTokens(second, first).accessToken]).toEqual(['other', 'other'])
    const rival = { ...second, generation: 1 }
    expect([mergeTokens(first, rival).accessToken, mergeTokens(rival, first).accessToken]).toEqual(['own', 'own'])
  })

  test('are renewed where only the refresh token is another one', () => {
    const own = { ...having('same', start), refreshToken: 'r1' }
    const other = { ...having('same', start + 1), refreshToken: 'r2' }
    expect([mergeTokens(own, other), mergeTokens(other, own)]).toEqual([other, other])
  })

  test('go by the refresh where one is the next after the other, whatever the clock said', () => {
    const before = { ...having('before', start), refreshToken: 'r', generation: 4 }
    const after = { ...having('after', start - 3600), refreshToken: 'r', generation: 5 }
    expect([mergeTokens(before, after), mergeTokens(after, before)]).toEqual([after, after])
    const first = { ...having('first', start), refreshToken: 'r' }
    const second = { ...having('second', start - 3600), refreshToken: 'r', generation: 1 }
    expect(mergeTokens(first, second)).toEqual(second)
  })

  test('keep the higher generation', () => {
    const own = { ...having('own', start), generation: 3 }
    expect(mergeTokens(own, having('other', start + 1))).toEqual({ ...having('other', start + 1), generation: 3 })
    const older = { ...own, accessToken: 'older', additionalTokens: [additional] }
    expect(mergeTokens(having('own', start + 1), older)).toMatchObject({ accessToken: 'own', generation: 3 })
    expect([generationOf(own), generationOf(main)]).toEqual([3, 0])
  })
})

describe('merged tokens', () => {
  test('have no member for what is not there', () => {
    const merged = mergeTokens(main, { ...main, accessToken: 'other', obtainedAt: start + 1 })
    expect(Object.keys(merged).sort()).toEqual(['accessToken', 'obtainedAt', 'scope', 'tokenType'])
    expect(withAdditionalTokens({ ...main, additionalTokens: [additional] }, [])).toEqual(main)
    expect(Object.keys(withAdditionalTokens({ ...main, additionalTokens: [additional] }, []))).toEqual(
      Object.keys(main),
    )
    expect(withAdditionalTokens(main, [additional])).toEqual({ ...main, additionalTokens: [additional] })
  })

  test('gain those for further targets, and keep their own main ones', () => {
    const merged = mergeTokens(main, { ...main, additionalTokens: [additional] })
    expect(merged).toEqual({ ...main, additionalTokens: [additional] })
    const newer = { ...additional, accessToken: 'b' }
    const own = { ...main, additionalTokens: [additional] }
    expect(mergeTokens(own, { ...main, additionalTokens: [newer] }).additionalTokens).toEqual([newer])
    expect(mergeTokens(own, { ...main, additionalTokens: [{ ...additional }] })).toBe(own)
    const second = { ...additional, target: 'b' }
    const both = { ...main, additionalTokens: [additional, second] }
    const renewed = { ...second, accessToken: 'c' }
    expect(mergeTokens(both, { ...main, additionalTokens: [renewed] }).additionalTokens).toEqual([additional, renewed])
  })
})
