import { beforeEach, describe, expect, test } from '@jest/globals'
import { Watch } from '../../session/example.js'
import { FakeMemory } from './memory.js'

let watch: Watch
let memory: FakeMemory
beforeEach(() => {
  watch = new Watch()
  memory = new FakeMemory(watch)
})

describe('the memory that tests share between parties', () => {
  test('keeps a value for as long as it was told, and no longer', async () => {
    await memory.set('a', '1', 2_000)
    watch.seconds += 1
    expect([await memory.get(['a', 'b']), memory.remaining('a')]).toEqual([['1', undefined], 1_000])
    watch.seconds += 1
    expect([await memory.get(['a']), memory.remaining('a'), memory.contents().size]).toEqual([
      [undefined],
      undefined,
      0,
    ])
  })

  test('adds where nothing is, replaces what is expected, removes what is expected', async () => {
    expect([await memory.add('a', '1', 1_000), await memory.add('a', '2', 1_000)]).toEqual([true, false])
    expect(await memory.replace('a', '2', '3', 1_000)).toBe(false)
    expect(await memory.replace('a', '1', '3', 5_000)).toBe(true)
    expect([...memory.contents(), memory.remaining('a')]).toEqual([['a', '3'], 5_000])
    expect([await memory.remove('a', '1'), await memory.remove('a', '3'), await memory.remove('a')]).toEqual([
      false,
      true,
      false,
    ])
    watch.seconds += 10
    expect([await memory.add('a', '4', 1_000), await memory.remove('a')]).toEqual([true, true])
  })

  test('rejects every call while it is away, and writes all calls down', async () => {
    memory.outage = true
    await expect(memory.get(['a'])).rejects.toThrow('away')
    memory.outage = new RangeError('mine')
    await expect(memory.set('a', '1', 1_000)).rejects.toThrow('mine')
    memory.outage = false
    expect(await memory.get(['a'])).toEqual([undefined])
    expect([memory.count(), memory.count('get'), memory.calls[1]]).toEqual([
      3,
      2,
      { operation: 'set', names: ['a'], value: '1', milliseconds: 1_000 },
    ])
  })

  test('lets something happen before a call is answered', async () => {
    memory.before = async ({ operation }) => {
      memory.before = () => undefined
      if (operation === 'add') await memory.set('a', 'another', 1_000)
    }
    expect(await memory.add('a', 'mine', 1_000)).toBe(false)
  })

  test.each([0, -1, 1.5, Number.NaN])('refuses %p as a lifetime, as Redis does', async (milliseconds) => {
    await expect(memory.set('a', '1', milliseconds)).rejects.toBeInstanceOf(RangeError)
  })
})
