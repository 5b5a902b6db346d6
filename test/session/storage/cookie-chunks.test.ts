import { describe, expect, test } from '@jest/globals'
import {
  allFromChunks,
  chunkNames,
  fromChunks,
  type FurtherCookies,
  toChunks,
} from '../../../lib/session/storage/cookie-chunks.js'

const text = (length: number, letter = 'a'): string => letter.repeat(length)
const cookiesOf = (chunks: ReadonlyMap<string, string>): Record<string, string> => Object.fromEntries(chunks)

describe('the chunks of a cookie', () => {
  test.each([1, 3799, 3800, 3801, 7600, 7601, 11_400])('of %i characters are joined again', (length) => {
    const value = `ey${text(length, 'b')}`.slice(0, length)
    const chunks = toChunks('sid', value)
    expect(fromChunks('sid', cookiesOf(chunks))).toBe(value)
    expect(chunks.size).toBe(Math.ceil(length / 3800))
  })

  test('are one plain cookie while that is enough', () => {
    expect([...toChunks('sid', text(3800))]).toEqual([['sid', text(3800)]])
  })

  test('say in the first how many they are, and leave room for attributes in a browser limit of 4096 bytes', () => {
    const chunks = toChunks('__Secure-0123456789012345678901234567890123456789', text(3801))
    expect([...chunks.keys()].map((name) => name.slice(-2))).toEqual(['89', '.1'])
    expect([...chunks.values()][0]?.startsWith('2.')).toBe(true)
    for (const [name, value] of chunks) expect(name.length + value.length).toBeLessThan(4096 - 120)
  })

  test('are ignored where one is missing', () => {
    const cookies = cookiesOf(toChunks('sid', text(9000)))
    for (const name of Object.keys(cookies)) {
      expect(fromChunks('sid', { ...cookies, [name]: undefined })).toBeUndefined()
    }
    expect(fromChunks('sid', {})).toBeUndefined()
    expect(fromChunks('sid', { sid: '' })).toBeUndefined()
  })

  test('that are left over from a larger value are not read', () => {
    const cookies = { ...cookiesOf(toChunks('sid', text(4000))), 'sid.2': 'stale', 'sid.3': 'stale' }
    expect(fromChunks('sid', cookies)).toBe(text(4000))
    expect(fromChunks('sid', { sid: 'ey.whole', 'sid.1': 'stale' })).toBe('ey.whole')
  })

  test.each(['1.x', '0.x', '9.x', '99.x', '-2.x', '2.', '2'])('with %p in the first are used as they are', (first) => {
    expect(fromChunks('sid', { sid: first, 'sid.1': 'y' })).toBe(first)
  })

  test('are found by name, complete or not', () => {
    expect(chunkNames('sid')({ sid: 'a', 'sid.2': '', 'sid.7': 'b', 'sid.8': 'c', other: 'd' })).toEqual([
      'sid',
      'sid.2',
      'sid.7',
    ])
    expect(chunkNames('sid')({})).toEqual([])
  })
})

describe('chunks of several values under the same names', () => {
  const further = (values: Record<string, readonly string[]>): FurtherCookies => ({
    furtherCookies: (name) => values[name] ?? [],
  })
  const all = (cookies: Record<string, string>, values: Record<string, readonly string[]>): readonly string[] =>
    allFromChunks('sid', cookies, further(values), () => true)

  test('are joined in every way, those side by side first', () => {
    const found = all({ sid: '2.a', 'sid.1': 'b' }, { sid: ['2.c', 'whole'], 'sid.1': ['d'] })
    expect(found).toEqual(['ab', 'ad', 'cb', 'cd', 'whole'])
  })

  test('are found where a chunk came twice and the first did not', () => {
    expect(all({ sid: '2.a', 'sid.1': 'planted' }, { 'sid.1': ['b'] })).toEqual(['aplanted', 'ab'])
  })

  test('are left out where a chunk is missing, and the others are found', () => {
    expect(all({ sid: '3.a', 'sid.1': 'b' }, { sid: ['2.c'] })).toEqual(['cb'])
    expect(all({ sid: '' }, { sid: ['', 'whole'] })).toEqual(['whole'])
    expect(all({ 'sid.1': 'b' }, { sid: ['2.c'] })).toEqual([])
  })

  test('are limited to four of one name, and sixteen together', () => {
    const letters = [...'abcdefgh']
    expect(all({ sid: '0' }, { sid: letters })).toEqual(['0', 'a', 'b', 'c'])
    const names = Array.from({ length: 7 }, (_, index) => `sid.${index + 1}`)
    const values = Object.fromEntries(names.map((name) => [name, letters]))
    const found = all({ sid: '8.0', ...Object.fromEntries(names.map((name) => [name, 'x'])) }, values)
    expect(found).toHaveLength(16)
    expect(found.slice(0, 4)).toEqual(['0xxxxxxx', '0aaaaaaa', '0bbbbbbb', '0ccccccc'])
  })

  test('are read only where their first is known', () => {
    const known = allFromChunks('sid', { sid: 'theirs' }, further({ sid: ['ours'] }), (first) => first === 'ours')
    expect(known).toEqual(['ours'])
    const foreign = Array.from({ length: 9 }, (_, index) => `theirs${index}`)
    const isOurs = (first: string): boolean => first.startsWith('ours')
    expect(allFromChunks('sid', { sid: 'theirs' }, further({ sid: [...foreign, 'ours'] }), isOurs)).toEqual(['ours'])
  })
})
