import { describe, expect, test } from '@jest/globals'
import { ConfigurationError } from '../../../lib/errors.js'
import { customScopes, scopesIn, standardScopes } from '../../../lib/resource-server/validation/scopes.js'
import { failureOf } from '../../kit/failure.js'

describe('the scopes of a token', () => {
  test.each<[string, Record<string, unknown>, string[]]>([
    ['a text', { scope: 'a b' }, ['a', 'b']],
    ['a text with more spaces', { scope: ' a  b ' }, ['a', 'b']],
    ['a text of other white space', { scope: 'a\tb' }, ['a\tb']],
    ['an empty text', { scope: '' }, []],
    ['nothing', {}, []],
    ['a list', { scope: ['a', 'b c'] }, ['a', 'b', 'c']],
    ['a list with what is none', { scope: ['a', 5, null, ['b'], ''] }, ['a']],
    ['a number', { scope: 5 }, []],
    ['null', { scope: null }, []],
    ['an object', { scope: { a: 'b' } }, []],
    ['scp as a text', { scp: 'a b' }, ['a', 'b']],
    ['scp as a list', { scp: ['a', 'b'] }, ['a', 'b']],
    ['both', { scope: 'a b', scp: ['b', 'c'] }, ['a', 'b', 'c']],
    ['scp that is none', { scope: 'a', scp: null }, ['a']],
    ['what is not a scope', { permissions: ['a'], roles: ['b'], scopes: 'c' }, []],
  ])('are those of %s', (_what, claims, scopes) => {
    const found = standardScopes()(claims)
    expect(found).toEqual(scopes)
    expect(Object.isFrozen(found)).toBe(true)
  })

  test('are all that scope and scp name, where they are looked through for one', () => {
    expect(scopesIn({ scope: 'a b', scp: ['b'] })).toEqual(['a', 'b', 'b'])
    expect(scopesIn({ scope: 'a b' })).toEqual(['a', 'b'])
    expect(scopesIn({ scp: 'b' })).toEqual(['b'])
  })
})

describe('the split text of scopes', () => {
  const textOf = (name: string, length = 0) => `a ${name} `.padEnd(length, 'x')

  test('is kept for the next token with the same text, and no other', () => {
    const found = scopesIn({ scope: textOf('kept') })
    expect(scopesIn({ scope: textOf('kept') })).toBe(found)
    expect(scopesIn({ scope: `${textOf('kept')}b` })).not.toBe(found)
    expect(standardScopes()({ scope: textOf('kept') })).toBe(found)
  })

  test('is kept up to a length of 1024, and right beyond that', () => {
    for (const [length, isKept] of [
      [1023, true],
      [1024, true],
      [1025, false],
    ] as const) {
      const scope = textOf('long', length)
      const found = scopesIn({ scope })
      expect(found).toEqual(['a', 'long', 'x'.repeat(length - 7)])
      expect(Object.isFrozen(found)).toBe(true)
      expect(scopesIn({ scope }) === found).toBe(isKept)
    }
  })

  test('is forgotten with all others once there would be more than 256', () => {
    let others = 0
    const othersUntilForgotten = () => {
      const before = others
      const mark = scopesIn({ scope: textOf('mark') })
      while (scopesIn({ scope: textOf('mark') }) === mark && others - before < 1000)
        scopesIn({ scope: textOf(`other-${others++}`) })
      return others - before
    }
    expect(othersUntilForgotten()).toBeLessThanOrEqual(256)
    // Now the last of those is known, and the mark: 254 more have room.
    expect(othersUntilForgotten()).toBe(255)
  })
})

describe('the application’s own scopes', () => {
  test('are found in the claims, as a list or a set', () => {
    const claims = { groups: ['a', 'b'] }
    for (const find of [({ groups }: { groups?: unknown }) => groups, () => new Set(['a', 'b'])]) {
      const found = customScopes(find)(claims)
      expect(found).toEqual(['a', 'b'])
      expect(Object.isFrozen(found)).toBe(true)
    }
    expect(Object.isFrozen(claims.groups)).toBe(false)
    expect(customScopes(() => [])({})).toEqual([])
    expect(customScopes(() => new Set())({})).toEqual([])
  })

  test.each([[undefined], [null], ['a b'], [{}], [['a', 5]], [new Set(['a', 5])], [Promise.resolve(['a'])]])(
    'must not be %p',
    async (answer) => {
      const error = await failureOf(() => customScopes(() => answer)({}))
      expect(error).toBeInstanceOf(ConfigurationError)
      expect(error).toMatchObject({
        code: 'invalid_options',
        message: 'bearer(): "scopes" must return an array, or a set, of strings',
      })
    },
  )
})
