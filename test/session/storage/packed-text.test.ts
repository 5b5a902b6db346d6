import { randomBytes } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { TextPacker, TextUnpacker } from '../../../lib/session/storage/packed-text.js'

const zeros = (length: number): Buffer => Buffer.alloc(length)

describe('a text that is packed', () => {
  test('has 64 letters at least', () => {
    const packer = new TextPacker()
    expect(packer.pack('a'.repeat(63))).toBe('a'.repeat(63))
    expect(packer.attachment).toHaveLength(0)
    expect(packer.pack('b'.repeat(64))).toEqual([[48, '']])
    expect(packer.attachment).toEqual(Buffer.from('b'.repeat(64), 'base64url'))
  })

  test('has eight segments at most', () => {
    const packer = new TextPacker()
    const text = (count: number): string => Array(count).fill('abcdefgh').join('.')
    expect(packer.pack(text(8))).toEqual(Array(8).fill([6, '']))
    expect(packer.pack(text(9))).toBe(text(9))
  })

  test('keeps what is over from groups of four, and segments that are no base64url', () => {
    const packer = new TextPacker()
    const text = `${'a'.repeat(61)}.${'b'.repeat(62)}.not base64url!.${'c'.repeat(64)}.`
    expect(packer.pack(text)).toEqual([
      [45, 'a'],
      [45, 'bb'],
      [0, 'not base64url!'],
      [48, ''],
      [0, ''],
    ])
    expect(packer.attachment).toHaveLength(138)
  })

  test.each([undefined, null, 5, ['a'.repeat(64)]])('the text %j is not packed', (value) => {
    const packer = new TextPacker()
    expect(packer.pack(value)).toBe(value)
    expect(packer.attachment).toHaveLength(0)
  })

  test('has one segment compressed, if that is asked for', () => {
    const packer = new TextPacker()
    const long = zeros(900).toString('base64url')
    const given = `${long}.${long}.x`
    expect(packer.hasDeflated).toBe(false)
    const packed = packer.pack(given, 1)
    expect(packed).toEqual([
      [900, ''],
      [256, '', 1],
      [0, 'x'],
    ])
    expect([packer.hasDeflated, packer.attachment.length]).toEqual([true, 1156])
    expect(new TextUnpacker(packer.attachment).unpack(packed)).toBe(given)
  })
})

describe('bytes that are compressed', () => {
  test.each([
    [256, undefined],
    [257, 256],
    [65_536, 256],
    [65_537, undefined],
  ])('take a multiple of 256, where that is less than before, of 64 KiB at most: %i', (length, taken) => {
    const packer = new TextPacker()
    expect(packer.deflate(zeros(length))).toBe(taken)
    expect([packer.hasDeflated, packer.attachment.length]).toEqual([taken !== undefined, taken ?? 0])
  })

  test('take the next multiple', () => {
    const noise = randomBytes(300)
    const packer = new TextPacker()
    expect(packer.deflate(Buffer.concat([noise, zeros(400)]))).toBe(512)
    expect(packer.attachment.subarray(500)).toEqual(zeros(12))
  })
})

describe('a text that is unpacked', () => {
  const unpack = (bytes: Buffer, packed: unknown): unknown => new TextUnpacker(bytes).unpack(packed)
  const four = Buffer.from('abcd')

  test('takes its bytes one after the other, up to the last', () => {
    const unpacker = new TextUnpacker(Buffer.from('abcdefghi'))
    const text = (bytes: string): string => Buffer.from(bytes).toString('base64url')
    expect(
      unpacker.unpack([
        [3, ''],
        [3, 'x'],
        [0, 'y'],
      ]),
    ).toBe(`${text('abc')}.${text('def')}x.y`)
    expect(unpacker.unpack([[3, '']])).toBe(text('ghi'))
    expect(unpacker.unpack([[0, 'z']])).toBe('z')
    expect(() => unpacker.unpack([[1, '']])).toThrow('a packed text goes beyond its bytes')
  })

  test.each([undefined, null, 'text', 5])('is as it was where it was not packed: %j', (value) => {
    expect(unpack(four, value)).toBe(value)
  })

  test.each([
    [[[5, '']]],
    [[[-1, '']]],
    [[[1.5, '']]],
    [[['1', '']]],
    [[[null, '']]],
    [[[1]]],
    [[[1, 5]]],
    [['text']],
    [[null]],
    [[[4, '', 1]]],
  ])('is none of what this version writes: %j', (packed) => {
    expect(() => unpack(four, packed)).toThrow()
  })

  test('is 64 KiB at most where it was compressed', () => {
    const inflate = (length: number): Buffer => {
      const bytes = deflateRawSync(zeros(length))
      return new TextUnpacker(bytes).inflate(bytes.length)
    }
    expect(inflate(65_536)).toEqual(zeros(65_536))
    expect(() => inflate(65_537)).toThrow('larger than 65536 bytes')
  })
})
