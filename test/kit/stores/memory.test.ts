import { beforeEach, describe, expect, test } from '@jest/globals'
import { FakeStore } from './memory.js'
import { Clock } from '../clock.js'

let watch: Clock
let sharedStore: FakeStore
beforeEach(() => {
  watch = new Clock()
  sharedStore = new FakeStore(watch)
})

describe('the in-memory store of the tests', () => {
  test('keeps a value for its lifetime, and no longer', async () => {
    await sharedStore.set('a', '1', 2_000)
    watch.seconds += 1
    expect([await sharedStore.get(['a', 'b']), sharedStore.remaining('a')]).toEqual([['1', undefined], 1_000])
    watch.seconds += 1
    expect([await sharedStore.get(['a']), sharedStore.remaining('a'), sharedStore.contents().size]).toEqual([
      [undefined],
      undefined,
      0,
    ])
  })

  test('adds where nothing is, replaces the expected value, and removes the expected value', async () => {
    expect([await sharedStore.add('a', '1', 1_000), await sharedStore.add('a', '2', 1_000)]).toEqual([true, false])
    expect(await sharedStore.replace('a', '2', '3', 1_000)).toBe(false)
    expect(await sharedStore.replace('a', '1', '3', 5_000)).toBe(true)
    expect([...sharedStore.contents(), sharedStore.remaining('a')]).toEqual([['a', '3'], 5_000])
    expect([
      await sharedStore.remove('a', '1'),
      await sharedStore.remove('a', '3'),
      await sharedStore.remove('a'),
    ]).toEqual([false, true, false])
    watch.seconds += 10
    expect([await sharedStore.add('a', '4', 1_000), await sharedStore.remove('a')]).toEqual([true, true])
  })

  test('rejects every call while it is unavailable, and records all calls', async () => {
    sharedStore.outage = true
    await expect(sharedStore.get(['a'])).rejects.toThrow('away')
    sharedStore.outage = new RangeError('mine')
    await expect(sharedStore.set('a', '1', 1_000)).rejects.toThrow('mine')
    sharedStore.outage = false
    expect(await sharedStore.get(['a'])).toEqual([undefined])
    expect([sharedStore.count(), sharedStore.count('get'), sharedStore.calls[1]]).toEqual([
      3,
      2,
      { operation: 'set', names: ['a'], value: '1', milliseconds: 1_000 },
    ])
  })

  test('lets something happen before a call is answered', async () => {
    sharedStore.before = async ({ operation }) => {
      sharedStore.before = () => undefined
      if (operation === 'add') await sharedStore.set('a', 'another', 1_000)
    }
    expect(await sharedStore.add('a', 'mine', 1_000)).toBe(false)
  })

  test.each([0, -1, 1.5, Number.NaN])('refuses %p as a lifetime, as Redis does', async (milliseconds) => {
    await expect(sharedStore.set('a', '1', milliseconds)).rejects.toBeInstanceOf(RangeError)
  })
})
