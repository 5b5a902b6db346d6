import { describe, expect, test } from '@jest/globals'
import { OpenedCache } from '../../lib/seal/opened-cache.js'
import { createSeal } from '../../lib/seal/seal.js'
import { Clock, start } from '../kit/clock.js'

const seal = createSeal(['a secret for tests only, 32 characters at least'], ['test'], new Clock())
const name = 'test'
const sealed = seal.seal({ exp: start + 60, sub: 'alice' })

function cacheOf(...values: readonly string[]): OpenedCache<object> {
  const cache = new OpenedCache<object>()
  // The first time is only noticed, the second lets it in.
  for (const value of [...values, ...values]) cache.offer(name, value, { of: value })
  return cache
}

/** The text with the character at an index replaced. */
function changed(text: string, index: number, bits: number): string {
  return text.slice(0, index) + String.fromCharCode(text.charCodeAt(index) ^ bits) + text.slice(index + 1)
}

describe('what a sealed value was opened to', () => {
  test('is found by exactly that value, to its last character', () => {
    const cache = cacheOf(sealed)
    expect(cache.get(name, sealed)).toEqual({ of: sealed })
    for (let index = 0; index < sealed.length; index += 1) {
      // The neighbours by one bit, and what Latin-1 might take for the same.
      for (const bits of [1, 2, 32, 128, 256]) expect(cache.get(name, changed(sealed, index, bits))).toBeUndefined()
      expect(cache.get(name, sealed.slice(0, index) + sealed.slice(index + 1))).toBeUndefined()
    }
  })

  test('is not found by the end of the value, which is all that an attacker would have to guess first', () => {
    const cache = cacheOf(sealed)
    const [tail, tag = ''] = [sealed.slice(-12), sealed.split('.').at(-1)]
    for (const value of ['', tail, tag, `a.b.c.d.${tag}`, ` ${sealed}`, `${sealed} `, sealed + tail])
      expect(cache.get(name, value)).toBeUndefined()
  })

  test('of another value with the same end takes its place, and is not confused with it', () => {
    const twin = `another${sealed.slice(-12)}`
    const cache = cacheOf(sealed, twin)
    expect(cache.get(name, sealed)).toBeUndefined()
    expect(cache.get(name, twin)).toEqual({ of: twin })
  })

  test('is found by the seal that opened it, and by no other', () => {
    const cache = cacheOf(sealed)
    expect(cache.get('another', sealed)).toBeUndefined()
    for (let i = 0; i < 2; i += 1) cache.offer('another', sealed, { of: 'another' })
    expect([cache.get(name, sealed), cache.get('another', sealed)]).toEqual([{ of: sealed }, { of: 'another' }])
    cache.delete('another', sealed)
    expect([cache.get(name, sealed), cache.get('another', sealed)]).toEqual([{ of: sealed }, undefined])
  })

  test('is found by a value that comes as parts of a header', () => {
    const cache = cacheOf(`other=1; oidc=${sealed}; next=2`.slice(14, 14 + sealed.length))
    expect(cache.get(name, sealed.slice(0, 50) + sealed.slice(50))).toEqual({ of: sealed })
  })

  test('is frozen, with all that is nested in it, since requests share it', () => {
    const content = { data: { list: [{ a: 1 }] } }
    const cache = new OpenedCache<typeof content>()
    for (let i = 0; i < 2; i += 1) cache.offer(name, sealed, content)
    const found = cache.get(name, sealed)
    expect(found).toBe(content)
    expect([found, found?.data, found?.data.list, found?.data.list[0]].map(Object.isFrozen)).toEqual(
      Array(4).fill(true),
    )
  })

  test.each([
    ['long text', 'x'.repeat(65_000)],
    ['many small members', Array.from({ length: 5_000 }, () => [])],
  ])('takes no more room where a short value was opened to %s', (_, data) => {
    const cache = new OpenedCache<object>()
    const values = Array.from({ length: 600 }, () => seal.seal({ exp: start + 60 }))
    for (const value of [...values, ...values]) cache.offer(name, value, { data })
    expect(cache.size).toBeGreaterThan(0)
    expect(cache.size).toBeLessThan(300)
  })

  test('is kept from the second time on, so that values which come once take no room', () => {
    const cache = new OpenedCache<object>()
    const values = Array.from({ length: 1000 }, () => seal.seal({ exp: start + 60 }))
    for (const value of values) cache.offer(name, value, {})
    expect(cache.size).toBeLessThan(50)
    for (const value of values) cache.offer(name, value, {})
    expect(cache.size).toBeGreaterThan(900)
  })

  test('takes a bounded number of bytes, and the values that were used last stay', () => {
    const large = 'x'.repeat(50_000)
    const values = Array.from({ length: 400 }, () => seal.seal({ exp: start + 60, large }))
    const cache = cacheOf(...values)
    const bytes = cache.size * (values[0]?.length ?? 0)
    expect(bytes).toBeGreaterThan(7 * 1024 ** 2)
    expect(bytes).toBeLessThanOrEqual(8 * 1024 ** 2)
    expect([cache.get(name, values[0] ?? ''), cache.get(name, values.at(-1) ?? '')]).toEqual([
      undefined,
      { of: values.at(-1) },
    ])
  })

  test('is forgotten when that is asked for', () => {
    const cache = cacheOf(sealed)
    cache.delete(name, sealed)
    expect([cache.get(name, sealed), cache.size]).toEqual([undefined, 0])
  })
})
