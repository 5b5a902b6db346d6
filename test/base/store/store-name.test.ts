import { describe, expect, test } from '@jest/globals'
import { storeName } from '../../../lib/base/store/store-name.js'
import { files, textOf } from '../../setup/tree.js'

describe('the name of an entry in the shared store', () => {
  test('has the kind, the version of its format, and a hash', () => {
    expect(storeName('session', [['https://id.example', 'app'], 'id'])).toBe(
      'session:1:ZPMp1WDNyNfptNvIkXOb4G3ksS7FgT2Ad7H_Zl_Vh24',
    )
  })

  test('is another one for another kind, and for anything else that it is about', () => {
    const names = [
      storeName('end', ['a', 'b']),
      storeName('logout', ['a', 'b']),
      storeName('end', ['a', 'c']),
      storeName('end', ['ab']),
      storeName('end', ['a,b']),
    ]
    expect(new Set(names).size).toBe(5)
  })

  test('is built in one place, so each kind has a version', () => {
    // The doctor removes what it tries a store with.
    const others = /^lib\/(?:cli\/|base\/store\/store-name\.ts$)/
    const users = files('lib').filter((path) => !others.test(path) && /\bsharedStore\b/.test(textOf(path)))
    expect(users.length).toBeGreaterThan(10)
    expect(users.filter((path) => /`(?:[a-z-]+|\$\{\w+\}):\$\{/.test(textOf(path)))).toEqual([])
  })
})
