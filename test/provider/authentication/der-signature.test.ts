import { describe, expect, test } from '@jest/globals'
import { derSignature } from '../../../lib/provider/authentication/der-signature.js'

const bytes = (...hex: readonly string[]) => Buffer.from(hex.join(''), 'hex')
// Two numbers of up to two bytes each.
const length = 4

describe('a signature in ASN.1', () => {
  test.each([
    ['full numbers', bytes('3008', '02021122', '02023344'), '11223344'],
    ['short numbers, which are filled up', bytes('3006', '020105', '020106'), '00050006'],
    ['numbers with the zero that keeps them positive', bytes('300a', '0203008001', '0203009002'), '80019002'],
    ['a length in two bytes', bytes('308108', '02021122', '02023344'), '11223344'],
  ])('becomes two numbers side by side, from %s', (_what, der, expected) => {
    expect(derSignature(der, length)?.toString('hex')).toBe(expected)
  })

  test.each([
    ['nothing', bytes()],
    ['another type than a sequence', bytes('3108', '02021122', '02023344')],
    ['a sequence that is empty', bytes('3000')],
    ['a first number of another type', bytes('3008', '03021122', '02023344')],
    ['a second number of another type', bytes('3008', '02021122', '03023344')],
    ['one number only', bytes('3004', '02021122')],
    ['a number without its length', bytes('3005', '02021122', '02')],
    ['a first number that is longer than the bytes', bytes('3008', '02701122', '02023344')],
    ['a second number that is longer than the bytes', bytes('3008', '02021122', '02703344')],
    ['a number that is too large for the key', bytes('3009', '0203112233', '02023344')],
    ['bytes behind the numbers', bytes('3009', '02021122', '02023344', '00')],
  ])('is not found in %s', (_what, der) => {
    expect(derSignature(der, length)).toBeUndefined()
  })

  test('is not found for an algorithm whose signatures are not two numbers', () => {
    expect(derSignature(bytes('3008', '02021122', '02023344'))).toBeUndefined()
  })
})
