import { beforeEach, describe, expect, test } from '@jest/globals'
import type { LogoutTarget } from '../../../lib/session/revocation/revocations.js'
import { Clock, start } from '../../kit/clock.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { revocationsOn } from '../../kit/stores/stores.js'

let clock: Clock
let sharedStore: FakeStore
let revocations: ReturnType<typeof revocationsOn>
beforeEach(() => {
  clock = new Clock()
  sharedStore = new FakeStore(clock)
  revocations = revocationsOn(sharedStore, clock)
})

const alice = { id: 'an-id', subject: 'alice' }
const now = start * 1000
const latest = (names = alice): Promise<number> => revocations.latest(() => names)
const nameNow = (): string => [...sharedStore.contents().keys()][0] ?? ''

describe('a logout in a shared store', () => {
  test('is stored once where it comes twice, and both times told to listeners', async () => {
    const heard: unknown[] = []
    const stop = revocations.onRevoke((target, at) => heard.push([target, at]))
    for (const at of [now, now, now - 1]) await revocations.revoke({ subject: 'alice' }, at)
    expect([sharedStore.count('add'), sharedStore.count('replace')]).toEqual([1, 0])
    expect(heard).toEqual([now, now, now - 1].map((at) => [{ subject: 'alice' }, at]))
    stop()
    await revocations.revoke({ subject: 'alice' }, now + 1)
    expect([sharedStore.count('replace'), heard.length, await latest()]).toEqual([1, 3, now + 1])
  })

  test('may be a fraction of a millisecond', async () => {
    await revocations.revoke({ subject: 'alice' }, now + 0.25)
    expect(await latest()).toBe(now + 0.25)
    await sharedStore.set(nameNow(), `${now}.125`, 1000)
    expect(await latest()).toBe(now + 0.125)
  })

  test.each(['5.', '.5', '5.x', '5.5.5', '5,5'])('is none where the store holds %j', async (spoilt) => {
    await revocations.revoke({ subject: 'alice' }, now)
    await sharedStore.set(nameNow(), spoilt, 1000)
    await expect(latest()).rejects.toMatchObject({ message: 'the shared store holds a logout without its time' })
  })

  test('replaces what nobody can read by its own time, where that is the later one', async () => {
    await revocations.revoke({ subject: 'alice' }, now)
    await sharedStore.set(nameNow(), 'garbage', 1000)
    await revocations.revoke({ subject: 'alice' }, now + 7)
    expect(await latest()).toBe(now + 7)
  })

  test('is tried ten times where others come first', async () => {
    sharedStore.add = async () => false
    await expect(revocations.revoke({ subject: 'alice' }, now)).rejects.toMatchObject({
      message: 'too many logouts of the same sessions came at once: this one was not stored',
    })
    expect(sharedStore.count('get')).toBe(10)
  })

  test('is the last one of all that apply', async () => {
    expect(await latest()).toBe(0)
    await revocations.revoke({ subject: 'alice' }, now + 5)
    await revocations.revoke({ id: 'an-id' }, now + 3)
    expect([await latest(), await latest({ ...alice, subject: 'bob' })]).toEqual([now + 5, now + 3])
  })
})

describe('logouts for the sessions of a list', () => {
  const provider = 'a-key'
  const hash = (id: string): string => revocations.hashOf({ id })

  test('are looked up in one round trip, each name once', async () => {
    await revocations.revoke({ sid: '1' }, now)
    await revocations.revoke({ hash: hash('b') }, now + 1)
    sharedStore.calls.length = 0
    const listed = [
      { hash: hash('a'), subject: 'alice', sid: '1' },
      { hash: hash('b'), subject: 'alice', sid: '2' },
      { hash: hash('c'), subject: 'alice' },
    ]
    expect(await revocations.latestOfListed(listed)).toEqual([now, now + 1, 0])
    // Three hashes, one sub, and for two sids each with and without the sub.
    expect(sharedStore.calls.map(({ names }) => [names.length, new Set(names).size])).toEqual([[8, 8]])
    expect(await revocations.latestOfListed([])).toEqual([])
  })

  test('find a session by what stands for its ID, and the ID by that', async () => {
    await revocations.revoke({ id: 'a' }, now)
    expect(await revocations.latestOfListed([{ hash: hash('a'), subject: 'alice' }])).toEqual([now])
    await revocations.revoke({ hash: hash('b') }, now)
    expect(await latest({ id: 'b', subject: 'alice' })).toBe(now)
  })

  test('are apart for each provider', async () => {
    const own = revocations.hashOf({ id: 'a', provider })
    expect(own).not.toBe(hash('a'))
    await revocations.revoke({ subject: 'alice', provider }, now)
    const listed = [
      { hash: own, subject: 'alice', provider },
      { hash: hash('a'), subject: 'alice' },
    ]
    expect(await revocations.latestOfListed(listed)).toEqual([now, 0])
  })

  test.each<[LogoutTarget | 'its hash', boolean]>([
    ['its hash', true],
    [{ hash: 'of another' }, false],
    [{ id: 'an-id' }, true],
    [{ id: 'another' }, false],
    [{ subject: 'alice' }, true],
    [{ subject: 'bob' }, false],
  ])('include a session by %j: %p', (target, isIncluded) => {
    const given = target === 'its hash' ? { hash: hash('an-id') } : target
    expect(revocations.includes(given, alice)).toBe(isIncluded)
  })
})
