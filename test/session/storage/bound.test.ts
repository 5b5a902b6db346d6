import { beforeEach, describe, expect, test } from '@jest/globals'
import type { SessionRecord } from '../../../lib/session/record.js'
import { BoundStorage } from '../../../lib/session/storage/bound.js'
import type { FoundSession } from '../../../lib/session/storage/storage.js'
import { innerStorage } from '../../kit/stores/inner-storage.js'
import { Clock } from '../../kit/clock.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { record } from '../example.js'

const first = { origin: 'https://a.example', isFirst: true }
const second = { origin: 'https://b.example', isFirst: false }
const found: FoundSession = { record: record(), outdatedKey: false }
const sharedStore = new FakeStore(new Clock())

let inner: ReturnType<typeof boundInner>
beforeEach(() => {
  inner = boundInner()
})

const boundInner = () => ({ sharedStore, ...innerStorage(found) })

describe('a storage at one of several base URLs', () => {
  test('reads with the base URL of the request', () => {
    const further = { furtherCookies: () => [] }
    const storage = new BoundStorage(inner, second)
    expect(storage.read({ a: 'b' }, further)).toBe(found)
    expect(inner.read).toHaveBeenCalledWith({ a: 'b' }, further, second)
    expect(storage.absence({ a: 'b' })).toEqual({ seen: 'of the storage' })
    expect(inner.absence).toHaveBeenCalledWith({ a: 'b' }, second)
  })

  test.each([
    ['the first', first, undefined, true],
    ['the first', first, first.origin, true],
    ['the first', first, second.origin, false],
    ['another', second, undefined, false],
    ['another', second, first.origin, false],
    ['another', second, second.origin, true],
  ])('finds at %s what began there: %j from %p: %p', async (_what, place, origin, isFound) => {
    const kept = record(origin === undefined ? {} : { origin })
    for (const answer of [kept, Promise.resolve(kept)]) {
      inner.find.mockReturnValue(answer as SessionRecord)
      expect(await new BoundStorage(inner, place).find(kept)).toBe(isFound ? kept : undefined)
    }
  })

  test('a bound storage finds no record that its inner storage does not have', () => {
    inner.find.mockReturnValue(undefined)
    expect(new BoundStorage(inner, first).find(record())).toBeUndefined()
  })

  test('notes where a session begins, except at the first, and never changes that later', () => {
    const login = record()
    expect(new BoundStorage(inner, first).save(login, undefined)).toBe(login)
    expect(new BoundStorage(inner, second).save(login, undefined)).toEqual({ ...login, origin: 'https://b.example' })
    const [next, base] = [record({ data: { a: 1 } }), record()]
    expect(new BoundStorage(inner, second).save(next, base)).toBe(next)
    expect(inner.save.mock.calls.map(([, before]) => before)).toEqual([undefined, undefined, base])
  })

  test('a bound storage passes touch, end, write and clear on unchanged', () => {
    const storage = new BoundStorage(inner, second)
    const further = { furtherCookies: () => [] }
    const [next, base] = [record({ data: { a: 1 } }), record()]
    storage.touch(next, base)
    void storage.end(next)
    expect([storage.write(next, { a: 'b' }), storage.clear({ a: 'b' }, further)]).toEqual([['written'], ['cleared']])
    expect(inner.touch).toHaveBeenCalledWith(next, base)
    expect(inner.end).toHaveBeenCalledWith(next)
    expect(inner.write).toHaveBeenCalledWith(next, { a: 'b' })
    expect(inner.clear).toHaveBeenCalledWith({ a: 'b' }, further)
    expect(storage.sharedStore).toBe(sharedStore)
  })
})
