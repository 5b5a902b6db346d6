import { describe, expect, test } from '@jest/globals'
import * as v from 'valibot'
import { closestName, parseOptions, section } from '../../../lib/options/common/parse.js'

describe('parseOptions()', () => {
  const schema = section({ port: v.number(), host: v.string(), list: v.array(v.string()), any: v.optional(v.any()) })
  const right = { port: 1, host: 'x', list: [] }
  const message = (input: unknown): string => {
    try {
      parseOptions('call()', schema, input)
    } catch (error) {
      return (error as Error).message
    }
    return 'accepted'
  }

  test('reports the type of what it received, never the value', () => {
    expect(message({ ...right, port: 'hunter2' })).toBe(
      'call(): invalid options\n  - "port" is invalid: expected number, received string',
    )
    expect(message({ ...right, host: 123_456 })).toContain('"host" is invalid: expected string, received number')
    expect(message({ ...right, list: null })).toContain('"list" is invalid: expected Array, received object')
  })

  test('describes a missing member that has no description by its type', () => {
    expect(message({ host: 'x', list: [] })).toContain('"port" is missing: expected number')
  })

  test('freezes plain objects and lists, and leaves instances of classes alone', () => {
    const url = new URL('https://example.com')
    const parsed = parseOptions('call()', schema, { ...right, any: { url } })
    expect([Object.isFrozen(parsed), Object.isFrozen(parsed.list), Object.isFrozen(url)]).toEqual([true, true, false])
  })
})

describe('closestName()', () => {
  const known = ['issuer', 'clientId', 'secret']

  test.each([
    ['isuer', 'issuer'],
    ['ISSUER', 'issuer'],
    ['clientid', 'clientId'],
    ['secrets', 'secret'],
    ['sec', undefined],
    ['audience', undefined],
    ['', undefined],
  ])('for %p is %p', (typed, expected) => {
    expect(closestName(typed, known)).toBe(expected)
  })

  test('prefers the closest of several', () => {
    expect(closestName('clientIds', ['clientSecret', 'clientId', 'clients'])).toBe('clientId')
  })
})
