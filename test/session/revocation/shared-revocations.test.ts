import { beforeEach, describe, expect, test } from '@jest/globals'
import { endById, namesOf, unlessEnded } from '../../../lib/session/revocation/revocations.js'
import { idToken, limits, record } from '../example.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { revocationsOn } from '../../kit/stores/stores.js'
import { Clock, start } from '../../kit/clock.js'

let watch: Clock
let sharedStore: FakeStore
beforeEach(() => {
  watch = new Clock()
  sharedStore = new FakeStore(watch)
})

const alice = record({ idToken: idToken({ sid: 'a:b *' }) })
const sharedOutage = { code: 'session_store_unavailable', headers: { 'Retry-After': '5' } }

describe('logouts in a shared store', () => {
  test('SC03: are seen by other processes', async () => {
    await revocationsOn(sharedStore, watch).revoke({ subject: 'alice' }, start * 1000)
    expect(await unlessEnded(revocationsOn(sharedStore, watch), watch, alice)).toBeUndefined()
  })

  test('SR08: of one application do not affect another’s sessions', async () => {
    await revocationsOn(sharedStore, watch).revoke({ subject: 'alice' }, start * 1000)
    for (const other of [
      ['https://op.example.com', 'other'],
      ['https://op2.example.com', 'web'],
      ['https://op.example.com","web'],
    ]) {
      expect(await unlessEnded(revocationsOn(sharedStore, watch, other), watch, alice)).toBe(alice)
    }
  })

  test('SR01, SR08: do not show who or which session', async () => {
    const revocations = revocationsOn(sharedStore, watch)
    for (const target of [
      { id: 'an-id' },
      { subject: 'alice' },
      { sid: 'a:b *' },
      { subject: 'alice', sid: 'a:b *' },
    ]) {
      await revocations.revoke(target, start * 1000)
    }
    expect(sharedStore.contents().size).toBe(4)
    for (const [name, value] of sharedStore.contents()) {
      expect([name, value]).toEqual([expect.stringMatching(/^end:1:[\w-]{43}$/), String(start * 1000)])
    }
  })

  test('SR05: live longer than any session that they end, whichever clock is ahead', async () => {
    await revocationsOn(sharedStore, watch).revoke({ id: 'an-id' }, watch.now())
    const [name = ''] = [...sharedStore.contents().keys()]
    expect(sharedStore.remaining(name)).toBe((limits.absoluteSeconds + 60) * 1000)
  })

  test('SR05: of a session that began ahead of this clock live as long as that session may', async () => {
    const createdAt = start + 3600
    await endById(revocationsOn(sharedStore, watch), watch, record({ createdAt }))
    const [name = ''] = [...sharedStore.contents().keys()]
    expect(sharedStore.remaining(name)).toBe((3600 + limits.absoluteSeconds + 60) * 1000)
  })

  test('are looked up in one round trip', async () => {
    await revocationsOn(sharedStore, watch).latest(() => namesOf(alice))
    expect(sharedStore.calls.map(({ operation, names }) => [operation, names.length])).toEqual([['get', 4]])
  })

  test('at the same moment end with the later one, in whichever order they arrive', async () => {
    const [one, two] = [revocationsOn(sharedStore, watch), revocationsOn(sharedStore, watch)]
    for (let round = 0; round < 5; round += 1) {
      const at = (start + round) * 1000
      await Promise.all([one.revoke({ subject: 'alice' }, at), two.revoke({ subject: 'alice' }, at + 700)])
      expect(await one.latest(() => namesOf(alice))).toBe(at + 700)
    }
  })

  test('that others overtake again and again are an outage, not an endless loop', async () => {
    sharedStore.before = async ({ operation, names: [name = ''] }) => {
      if (operation !== 'replace' && operation !== 'add') return
      const { before } = sharedStore
      sharedStore.before = () => undefined
      await sharedStore.set(name, String(sharedStore.count()), 1_000)
      sharedStore.before = before
    }
    const raised = revocationsOn(sharedStore, watch).revoke({ subject: 'alice' }, start * 1000)
    await expect(raised).rejects.toMatchObject(sharedOutage)
  })

  test('do not count where they could not be stored, and nobody is notified', async () => {
    const revocations = revocationsOn(sharedStore, watch)
    const heard: unknown[] = []
    revocations.onRevoke((target) => heard.push(target))
    sharedStore.outage = true
    await expect(revocations.revoke({ subject: 'alice' }, start * 1000)).rejects.toThrow('away')
    await expect(revocations.latest(() => namesOf(alice))).rejects.toThrow('away')
    expect(heard).toEqual([])
  })

  test.each(['garbage', '', ' 5', '1e999', 'Infinity', '-1', '0x10', 'true'])(
    'that are not a point in time are an outage: %p',
    async (spoilt) => {
      const revocations = revocationsOn(sharedStore, watch)
      await revocations.revoke({ subject: 'alice' }, start * 1000)
      const [name = ''] = [...sharedStore.contents().keys()]
      await sharedStore.set(name, spoilt, 60_000)
      await expect(revocations.latest(() => namesOf(alice))).rejects.toMatchObject(sharedOutage)
      // A logout makes a mark of it again, that ends what whatever lay there may have ended.
      watch.seconds += 10
      await revocations.revoke({ subject: 'alice' }, start * 1000)
      expect([...sharedStore.contents().values()]).toEqual([String((start + 10) * 1000)])
      expect(await unlessEnded(revocations, watch, alice)).toBeUndefined()
    },
  )
})
