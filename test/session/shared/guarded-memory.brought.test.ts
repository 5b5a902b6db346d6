import { describe, expect, test } from '@jest/globals'
import { SessionError } from '../../../lib/errors.js'
import type { SharedMemory } from '../../../lib/options/common/stores.js'
import { guardMemory } from '../../../lib/session/shared/guarded-memory.js'
import { Watch } from '../example.js'
import { FakeMemory } from '../../kit/stores/memory.js'

const outage = { code: 'session_store_unavailable', status: 503, headers: { 'Retry-After': '5' }, expose: false }
const everyCall = (memory: SharedMemory): (() => Promise<unknown>)[] => [
  () => memory.get(['a']),
  () => memory.set('a', '1', 1),
  () => memory.add('a', '1', 1),
  () => memory.replace('a', '1', '2', 1),
  () => memory.remove('a'),
  () => memory.remove('a', '1'),
]

describe('shared memory of an application’s own making', () => {
  test('does what it does', async () => {
    const fake = new FakeMemory(new Watch())
    const memory = guardMemory(fake)
    await memory.set('a', '1', 1_000)
    expect([await memory.add('a', '2', 1_000), await memory.replace('a', '1', '2', 1_000)]).toEqual([false, true])
    expect(await memory.get(['a', 'b'])).toEqual(['2', undefined])
    expect([await memory.remove('a', '1'), await memory.remove('a')]).toEqual([false, true])
    expect(fake.calls).toHaveLength(6)
  })

  test('SR04: is away whatever it throws, and keeps why for logs', async () => {
    const fake = new FakeMemory(new Watch())
    fake.outage = new RangeError('mine')
    for (const call of everyCall(guardMemory(fake))) {
      await expect(call()).rejects.toMatchObject({ ...outage, cause: { message: 'RangeError' } })
    }
    const own = new SessionError('session_store_unavailable', 'Redis did not answer')
    fake.outage = own
    for (const call of everyCall(guardMemory(fake))) await expect(call()).rejects.toBe(own)
  })

  test('may throw rather than reject', async () => {
    const thrown = (): never => {
      throw new Error('mine')
    }
    const memory = { get: thrown, set: thrown, add: thrown, replace: thrown, remove: thrown }
    for (const call of everyCall(guardMemory(memory))) await expect(call()).rejects.toMatchObject(outage)
  })

  test('may say null where there is nothing', async () => {
    const memory = { ...new FakeMemory(new Watch()), get: async () => [null] } as unknown as SharedMemory
    expect(await guardMemory(memory).get(['a'])).toEqual([undefined])
  })

  test.each<[string, unknown]>([
    ['too few values', []],
    ['no list', undefined],
    ['values that are no text', [7]],
  ])('SR04: with %s has not said that there is nothing', async (_name, answer) => {
    const call = async (): Promise<unknown> => answer
    const memory = { get: call, set: call, add: call, replace: call, remove: call } as unknown as SharedMemory
    const [get, , ...others] = everyCall(guardMemory(memory))
    for (const ask of [get, ...others]) await expect(ask?.()).rejects.toMatchObject(outage)
  })
})
