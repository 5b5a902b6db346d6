import { runInNewContext } from 'node:vm'
import { describe, expect, test } from '@jest/globals'
import { sessionData } from '../../lib/session/application-data.js'

const what = 'update() takes a plain object of JSON values, without members named __proto__'
const messageOf = (value: unknown): unknown => {
  try {
    return sessionData('update() takes', value)
  } catch (error) {
    return (error as Error).message
  }
}

describe('the application’s data', () => {
  test('may be of another realm', () => {
    const data = runInNewContext('({ a: [{ b: 1 }], c: null })') as object
    expect(sessionData('update() takes', data)).toEqual({ a: [{ b: 1 }], c: null })
  })

  test('is refused with what JSON cannot represent, if it is that', () => {
    expect(messageOf({ a: [1, { b: Symbol('x') }] })).toBe(
      `${what}; this one holds a value of type symbol, which JSON cannot represent`,
    )
    expect(messageOf([1])).toBe(what)
    expect(messageOf('text')).toBe(what)
    expect(messageOf(undefined)).toBe(what)
    expect(messageOf(1n)).toBe(what)
  })

  test('is refused with an object of a class, whose name it may not have', () => {
    const own: object = Object.create({ constructor: 5 })
    expect(messageOf({ own })).toBe(`${what}; this one holds an object of class its own, which JSON cannot represent`)
    expect(messageOf(new (class Cart {})())).toBe(
      `${what}; this one holds an object of class Cart, which JSON cannot represent`,
    )
  })

  test('is refused for the first such member, after any number of others', () => {
    expect(messageOf({ a: 1, b: 'x', c: true, d: null, e: [], f: {}, g: NaN, h: Symbol('x') })).toBe(
      `${what}; this one holds a number that JSON does not have, which JSON cannot represent`,
    )
  })
})
