import { beforeEach, describe, expect, test } from '@jest/globals'
import { createStatelessStorage, revocableStorage } from '../../../lib/session/storage/stateless.js'
import { type SessionStorage, unreadable } from '../../../lib/session/storage/storage.js'
import { createSeal } from '../../../lib/seal/seal.js'
import { type SessionRevocations, ProcessRevocations } from '../../../lib/session/revocation/revocations.js'
import { limits, record, sentBack, settings } from '../example.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { gate, revocationsOn } from '../../kit/stores/stores.js'
import { Clock, start } from '../../kit/clock.js'

let watch: Clock
let sharedStore: FakeStore
beforeEach(() => {
  watch = new Clock()
  sharedStore = new FakeStore(watch)
})

function storageWith(revocations: SessionRevocations, loadSuccessors?: () => Promise<void>): SessionStorage {
  const parts = {
    revocations,
    runtime: watch,
    remark: () => undefined,
    ...(loadSuccessors === undefined ? {} : { loadSuccessors }),
  }
  return revocableStorage(createStatelessStorage(settings(watch)), parts)
}

describe('sessions in cookies, with logouts in one process,', () => {
  test('need no waiting', () => {
    const storage = storageWith(new ProcessRevocations(watch, limits.absoluteSeconds))
    const cookies = sentBack(storage.write(record(), {}))
    expect(storage.read(cookies)).toEqual({ record: record(), outdatedKey: false })
    expect(storage.save(record(), record())).toEqual(record())
    expect(storage.find(record())).toEqual(record())
    expect(storage.end(record())).toBeUndefined()
    expect([storage.read(cookies), storage.find(record())]).toEqual([unreadable, undefined])
  })

  test('SC03: end for a copied cookie once they have ended', () => {
    const storage = storageWith(new ProcessRevocations(watch, limits.absoluteSeconds))
    const [mine, other] = ['a', 'b'].map((id) => sentBack(storage.write(record({ id }), {}))) as [object, object]
    void storage.end(record({ id: 'a' }))
    expect(storage.read({ ...mine })).toBe(unreadable)
    expect(storage.read({ ...other })).toMatchObject({ record: { id: 'b' } })
  })

  test('keep the cookie of a session that has just ended, since the login that replaced it may be about to set the next', () => {
    const storage = storageWith(new ProcessRevocations(watch, limits.absoluteSeconds))
    const cookies = sentBack(storage.write(record(), {}))
    void storage.end(record())
    watch.seconds += 9
    expect(storage.read(cookies)).toBe(unreadable)
    watch.seconds += 1
    expect(storage.read(cookies)).toBeUndefined()
  })

  test('SR03: are not written again after their end', () => {
    const storage = storageWith(new ProcessRevocations(watch, limits.absoluteSeconds))
    void storage.end(record())
    expect(() => storage.save(record({ data: { a: 1 } }), record())).toThrow('ended during the request')
    expect(storage.save(record({ id: 'another', createdAt: start + 1 }), undefined)).toMatchObject({ id: 'another' })
  })

  test('of a newer version are left to newer processes', () => {
    const storage = storageWith(new ProcessRevocations(watch, limits.absoluteSeconds))
    const seal = createSeal(settings(watch).secrets, ['session', '__Host-oidc', ...settings(watch).audience], watch)
    expect(storage.read({ '__Host-oidc': seal.seal({ v: 2, exp: start + 60 }) })).toBe(unreadable)
  })
})

describe('sessions in cookies, with logouts in a shared store,', () => {
  test('SC03: end in every process', async () => {
    const [one, two] = [storageWith(revocationsOn(sharedStore, watch)), storageWith(revocationsOn(sharedStore, watch))]
    const cookies = sentBack(one.write(record(), {}))
    expect(await two.read(cookies)).toMatchObject({ record: { id: 'an-id' } })
    await one.end(record())
    expect([await two.read(cookies), await two.find(record())]).toEqual([unreadable, undefined])
    await expect(two.save(record(), record())).rejects.toMatchObject({ code: 'session_missing', status: 401 })
  })

  test('request logouts and newer tokens at the same time', async () => {
    const held = gate()
    const asked: string[] = []
    sharedStore.before = () => (asked.push('mark'), held.opened)
    const storage = storageWith(revocationsOn(sharedStore, watch), async () => (asked.push('tokens'), held.opened))
    const reading = storage.read(sentBack(storage.write(record(), {})))
    expect(asked).toEqual(['mark', 'tokens'])
    held.open()
    expect(await reading).toMatchObject({ record: { id: 'an-id' } })
  })

  test('SR04: are neither alive nor ended while the store is unavailable', async () => {
    const storage = storageWith(revocationsOn(sharedStore, watch))
    const cookies = sentBack(storage.write(record(), {}))
    sharedStore.outage = true
    await expect(storage.read(cookies)).rejects.toThrow('away')
    await expect(storage.find(record())).rejects.toThrow('away')
    await expect(storage.end(record())).rejects.toThrow('away')
    expect(storage.read({})).toBeUndefined()
    sharedStore.outage = false
    expect(await storage.read(cookies)).toMatchObject({ record: { id: 'an-id' } })
  })
})
