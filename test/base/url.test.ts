import { describe, expect, test } from '@jest/globals'
import { isUrl, parseUrl } from '../../lib/base/url.js'

describe('a URL', () => {
  test('is parsed, alone or relative to a base', () => {
    expect(parseUrl('https://Example.com/a')?.href).toBe('https://example.com/a')
    expect(parseUrl('/b', 'https://example.com/a')?.href).toBe('https://example.com/b')
    expect(parseUrl('//other.example', new URL('https://example.com'))?.href).toBe('https://other.example/')
  })

  test.each(['', '/a', 'https://', 'https://[', 'http://a b', 'https://example.com:99999'])('is not %j', (text) => {
    expect(parseUrl(text)).toBeUndefined()
    expect(isUrl(text)).toBe(false)
  })

  test.each([undefined, null, 1, {}, new URL('https://example.com')])('is a text, not %p', (value) => {
    expect(isUrl(value)).toBe(false)
  })

  // `URL.canParse()` of Node.js 20 and 22 takes it until its caller is compiled.
  test('may have letters of Latin-1 also in a process that has parsed many', () => {
    const wrong: number[] = []
    for (let call = 0; call < 50_000; call += 1) if (!isUrl('https://bücher.example/é')) wrong.push(call)
    expect(wrong).toEqual([])
  })
})
