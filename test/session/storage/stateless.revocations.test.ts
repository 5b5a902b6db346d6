import { beforeEach, describe, expect, test } from '@jest/globals'
import { createCookieKeeper, watchedKeeper } from '../../../lib/session/storage/stateless.js'
import { type SessionKeeper, unreadable } from '../../../lib/session/storage/storage.js'
import { createSeal } from '../../../lib/seal/seal.js'
import { type Watermark, MemoryWatermark } from '../../../lib/session/revocation/revocations.js'
import { limits, record, sentBack, settings, start, Watch } from '../example.js'
import { FakeMemory } from '../../kit/stores/memory.js'
import { gate, watermarkOn } from '../../kit/stores/stores.js'

let watch: Watch
let memory: FakeMemory
beforeEach(() => {
  watch = new Watch()
  memory = new FakeMemory(watch)
})

function keeperWith(watermark: Watermark, learn?: () => Promise<void>): SessionKeeper {
  const parts = { watermark, platform: watch, remark: () => undefined, ...(learn === undefined ? {} : { learn }) }
  return watchedKeeper(createCookieKeeper(settings(watch)), parts)
}

describe('sessions in cookies, and logouts of one process', () => {
  test('need no waiting', () => {
    const keeper = keeperWith(new MemoryWatermark(watch, limits.absoluteSeconds))
    const cookies = sentBack(keeper.write(record(), {}))
    expect(keeper.read(cookies)).toEqual({ record: record(), outdatedKey: false })
    expect(keeper.save(record(), record())).toEqual(record())
    expect(keeper.find(record())).toEqual(record())
    expect(keeper.end(record())).toBeUndefined()
    expect([keeper.read(cookies), keeper.find(record())]).toEqual([unreadable, undefined])
  })

  test('SC03: a copied cookie is dead once its session has ended', () => {
    const keeper = keeperWith(new MemoryWatermark(watch, limits.absoluteSeconds))
    const [mine, other] = ['a', 'b'].map((id) => sentBack(keeper.write(record({ id }), {}))) as [object, object]
    void keeper.end(record({ id: 'a' }))
    expect(keeper.read({ ...mine })).toBe(unreadable)
    expect(keeper.read({ ...other })).toMatchObject({ record: { id: 'b' } })
  })

  test('leave the cookie of a session that has just ended: the login that replaced it may be about to bring the next', () => {
    const keeper = keeperWith(new MemoryWatermark(watch, limits.absoluteSeconds))
    const cookies = sentBack(keeper.write(record(), {}))
    void keeper.end(record())
    watch.seconds += 9
    expect(keeper.read(cookies)).toBe(unreadable)
    watch.seconds += 1
    expect(keeper.read(cookies)).toBeUndefined()
  })

  test('SR03: an ended session is not written again', () => {
    const keeper = keeperWith(new MemoryWatermark(watch, limits.absoluteSeconds))
    void keeper.end(record())
    expect(() => keeper.save(record({ data: { a: 1 } }), record())).toThrow('ended meanwhile')
    expect(keeper.save(record({ id: 'another', createdAt: start + 1 }), undefined)).toMatchObject({ id: 'another' })
  })

  test('a cookie of a newer version is not this process’s to judge', () => {
    const keeper = keeperWith(new MemoryWatermark(watch, limits.absoluteSeconds))
    const seal = createSeal(settings(watch).secrets, ['session', '__Host-oidc', ...settings(watch).audience], watch)
    expect(keeper.read({ '__Host-oidc': seal.seal({ v: 2, exp: start + 60 }) })).toBe(unreadable)
  })
})

describe('sessions in cookies, and logouts in shared memory', () => {
  test('SC03: end in every process', async () => {
    const [one, two] = [keeperWith(watermarkOn(memory, watch)), keeperWith(watermarkOn(memory, watch))]
    const cookies = sentBack(one.write(record(), {}))
    expect(await two.read(cookies)).toMatchObject({ record: { id: 'an-id' } })
    await one.end(record())
    expect([await two.read(cookies), await two.find(record())]).toEqual([unreadable, undefined])
    await expect(two.save(record(), record())).rejects.toMatchObject({ code: 'session_missing', status: 401 })
  })

  test('ask for logouts and for newer tokens at the same time', async () => {
    const held = gate()
    const asked: string[] = []
    memory.before = () => (asked.push('mark'), held.opened)
    const keeper = keeperWith(watermarkOn(memory, watch), async () => (asked.push('tokens'), held.opened))
    const reading = keeper.read(sentBack(keeper.write(record(), {})))
    expect(asked).toEqual(['mark', 'tokens'])
    held.open()
    expect(await reading).toMatchObject({ record: { id: 'an-id' } })
  })

  test('SR04: are neither alive nor ended while the memory is away', async () => {
    const keeper = keeperWith(watermarkOn(memory, watch))
    const cookies = sentBack(keeper.write(record(), {}))
    memory.outage = true
    await expect(keeper.read(cookies)).rejects.toThrow('away')
    await expect(keeper.find(record())).rejects.toThrow('away')
    await expect(keeper.end(record())).rejects.toThrow('away')
    expect(keeper.read({})).toBeUndefined()
    memory.outage = false
    expect(await keeper.read(cookies)).toMatchObject({ record: { id: 'an-id' } })
  })
})
