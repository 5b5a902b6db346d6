import { randomBytes, randomInt } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { fromBase64url } from '../../lib/base/base64url.js'

// What the fast check stands for: the text that the bytes are encoded to is the text that they came from.
const isCanonical = (text: string): boolean => Buffer.from(text, 'base64url').toString('base64url') === text

const decode = (text: string): string | undefined => fromBase64url(text)?.toString('hex')
const expected = (text: string): string | undefined =>
  isCanonical(text) ? Buffer.from(text, 'base64url').toString('hex') : undefined

test('reads what Node writes, of every length', () => {
  for (let length = 0; length < 300; length += 1) {
    const bytes = randomBytes(length)
    expect(fromBase64url(bytes.toString('base64url'))).toEqual(bytes)
  }
})

test('judges every text of one or two characters as encoding it again would', () => {
  const characters = Array.from({ length: 0x180 }, (_, code) => String.fromCharCode(code))
  const texts = characters.flatMap((first) => [first, ...characters.map((second) => first + second)])
  expect(texts.filter((text) => decode(text) !== expected(text))).toEqual([])
})

test.each(['+', '/', '=', ' ', '\n', '.', '\0', 'é', 'Ł', '\u{1f600}', 'A', 'B', '-', '_'])(
  'judges a text as encoding it again would, with %j at any place',
  (character) => {
    for (let round = 0; round < 2000; round += 1) {
      const text = randomBytes(randomInt(12)).toString('base64url')
      const at = randomInt(text.length + 1)
      const put = text.slice(0, at) + character + text.slice(at)
      const replaced = text.slice(0, at) + character + text.slice(at + 1)
      expect([put, replaced].map(decode)).toEqual([put, replaced].map(expected))
    }
  },
)
