import { describe, expect, test } from '@jest/globals'
import type { SealPayload } from '../../../lib/seal/seal.js'
import { pack, unpack } from '../../../lib/session/storage/packed-payload.js'
import { start } from '../../kit/clock.js'

const long = Buffer.alloc(900).toString('base64url')
const jwt = `${long}.${long}.${long}`
const payload = (members: object = {}): SealPayload => ({ v: 1, exp: start, idt: jwt, ...members })
const opened = (given: SealPayload, attachment?: Buffer) => ({
  payload: given,
  ...(attachment === undefined ? {} : { attachment }),
  expired: false,
  outdatedKey: false,
})

describe('a payload that is packed', () => {
  test('has its tokens as bytes, in the order of its members, and none that it lacks', () => {
    const tuple = ['target', long, 'bearer', start]
    const {
      payload: packed,
      attachment,
      isCompressed,
    } = pack(payload({ fur: [tuple, 'odd'], rft: long, act: jwt, dat: { a: long }, uic: { b: long } }), false)
    const three = [
      [900, ''],
      [900, ''],
      [900, ''],
    ]
    expect(packed).toEqual({
      ...payload({ idt: three, act: three, rft: [[900, '']] }),
      fur: [['target', [[900, '']], 'bearer', start], 'odd'],
      uic: { b: long },
      dat: { a: long },
    })
    expect([attachment.length, isCompressed]).toEqual([8 * 900, false])
    expect(Object.keys(pack(payload(), true).payload)).toEqual(['v', 'exp', 'idt'])
  })

  test('has the claims of its ID Token compressed, and the data, and neither access nor refresh token', () => {
    const given = payload({ act: jwt, rft: jwt, uic: { b: long }, dat: { a: long } })
    const { payload: packed, attachment, isCompressed } = pack(given, true)
    expect(packed).toMatchObject({
      idt: [
        [900, ''],
        [256, '', 1],
        [900, ''],
      ],
      uic: 256,
      dat: 256,
    })
    expect([attachment.length, isCompressed]).toEqual([8 * 900 + 3 * 256, true])
    expect(unpack(opened(packed, attachment))).toEqual(given)
  })

  test('has its data as they are where compression saves nothing', () => {
    const { payload: packed, isCompressed } = pack(payload({ idt: 'short', dat: { a: 1 } }), true)
    expect([packed, isCompressed]).toEqual([payload({ idt: 'short', dat: { a: 1 } }), false])
  })

  test('is the same object where it was not packed', () => {
    const plain = payload({ dat: 5 })
    expect(unpack(opened(plain))).toBe(plain)
  })

  test('has no data where its bytes are no object', () => {
    const { attachment } = pack(payload({ idt: 'short', dat: 'x'.repeat(900) }), true)
    expect(unpack(opened(payload({ idt: 'short', dat: attachment.length }), attachment))).toEqual(
      payload({ idt: 'short', dat: null }),
    )
  })
})
