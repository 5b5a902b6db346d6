import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import type { TraceRemark } from '../../../lib/index.js'
import { createNamedSeals, createSeal } from '../../../lib/seal/seal.js'
import { toPayload, type SessionRecord } from '../../../lib/session/record.js'
import { type SessionStorage, UncountedSessions, unreadable } from '../../../lib/session/storage/storage.js'
import { Clock, start } from '../../kit/clock.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { audience, gate, storageOn, storeName } from '../../kit/stores/stores.js'
import { idToken, limits, record, sentBack, settings } from '../example.js'

let clock: Clock
let sharedStore: FakeStore
let storage: SessionStorage
beforeEach(() => {
  clock = new Clock()
  sharedStore = new FakeStore(clock)
  storage = storageOn(sharedStore, clock)
})
afterEach(() => void jest.useRealTimers())

const { secrets } = settings(new Clock())
const name = storeName('an-id')
const person = record({ idToken: idToken({ sid: 'a-sid' }), provider: { name: 'work', key: 'a-key' } })
const first = { origin: 'https://a.example', isFirst: true }
const elsewhere = { origin: 'https://b.example', isFirst: false }

async function login(of: SessionRecord = person, through = storage): Promise<Record<string, string>> {
  return sentBack(through.write(await through.save(of, undefined), {}))
}

const ticketSeal = () => createSeal(secrets, ['session ticket', '__Host-oidc', ...audience], clock)
const ticketWith = (members: object): Record<string, string> => ({
  '__Host-oidc': ticketSeal().seal({ v: 1, id: 'an-id', sub: 'alice', exp: start + 600, ...members }),
})
const namesAsked = (): readonly number[] => sharedStore.calls.map(({ names }) => names.length)

describe('the ticket of a session', () => {
  test('has its names, and none that the session lacks', async () => {
    const payloadOf = (cookies: Record<string, string>) => ticketSeal().open(cookies['__Host-oidc'] ?? '')?.payload
    const common = { v: 1, exp: start + 600, id: 'an-id', sub: 'alice' }
    expect(payloadOf(await login())).toEqual({ ...common, sid: 'a-sid', prv: 'a-key' })
    expect(payloadOf(await login(record()))).toEqual(common)
  })

  test('has logouts looked up by these names', async () => {
    await login(record())
    sharedStore.calls.length = 0
    await storage.read(ticketWith({ sid: 'a-sid' }))
    await storage.read(ticketWith({}))
    expect(namesAsked()).toEqual([1, 4, 1, 2])
  })

  test('is read without a sid or provider that is no text', async () => {
    await login(record())
    sharedStore.calls.length = 0
    expect(await storage.read(ticketWith({ sid: 5, prv: ['x'] }))).toMatchObject({ record: { id: 'an-id' } })
    expect(namesAsked()).toEqual([1, 2])
    expect(storage.absence(ticketWith({ sid: 5, prv: ['x'] })).names).toEqual({ id: 'an-id', subject: 'alice' })
    expect(Object.keys(storage.absence(ticketWith({ sid: 5, prv: 5 })).names ?? {})).toEqual(['id', 'subject'])
  })

  test.each([{ v: 2 }, { v: undefined }, { id: 5 }, { id: undefined }, { sub: 5 }, { sub: undefined }])(
    'of another shape is not read, and has no names: %j',
    (members) => {
      expect(storage.read(ticketWith(members))).toBe(unreadable)
      expect(storage.absence(ticketWith(members))).toEqual({
        seen: 'no longer in the session store, ended by a logout, or of another base URL',
        reason: 'revoked',
      })
    },
  )

  test('tells audits whose session it was, until its end and after it', async () => {
    const cookies = await login()
    const names = { id: 'an-id', subject: 'alice', sid: 'a-sid', provider: 'a-key' }
    clock.advance(599.999)
    expect(storage.absence(cookies)).toMatchObject({ reason: 'revoked', names })
    clock.advance(0.001)
    expect(storage.absence(cookies)).toMatchObject({ reason: 'idle', names })
  })

  test.each([
    [60, 541, false],
    [60, 540, true],
    [0, 600, false],
    [0, 599.5, false],
    [0, 599, true],
  ])('is written again where it ends a whole step (%p) before the session: %p', async (step, exp, isWritten) => {
    await login(record())
    const own = storageOn(sharedStore, clock, { limits: { ...limits, rollingStepSeconds: step } })
    const found = await own.read(ticketWith({ exp: start + exp }))
    expect(found).toMatchObject({ record: { id: 'an-id' }, outdatedKey: isWritten })
  })

  test.each([
    ['by default', {}, {}, true],
    ['in a browser session', { transient: true }, {}, false],
    ['where the person wants to be remembered', { transient: true }, { remember: true }, true],
    ['where the person does not', {}, { remember: false }, false],
  ])('has a Max-Age or none %s', async (_what, changes, members, isThere) => {
    const [line = ''] = storageOn(sharedStore, clock, changes).write({ ...person, ...members }, {})
    expect(line.includes('; Max-Age=600;')).toBe(isThere)
  })
})

describe('a session in a store', () => {
  test('counts at the base URL where it began only', async () => {
    const [here, there] = [await login(), await login({ ...person, id: 'b', origin: elsewhere.origin })]
    expect(await storage.read(here, undefined, first)).toMatchObject({ record: { id: 'an-id' } })
    expect(await storage.read(there, undefined, elsewhere)).toMatchObject({ record: { id: 'b' } })
    expect(await storage.read(here, undefined, elsewhere)).toBe(unreadable)
    expect(await storage.read(there, undefined, first)).toBe(unreadable)
    await sharedStore.remove(name)
    expect(await storage.read(here, undefined, elsewhere)).toBeUndefined()
  })

  test('is not read where it is that of another ID', async () => {
    const cookies = await login()
    const seal = createNamedSeals(secrets, ['stored session', ...audience], clock)('an-id')
    await sharedStore.set(name, seal.seal(toPayload({ ...person, id: 'b' }, start + 600)), 1000)
    expect(await storage.read(cookies)).toBe(unreadable)
    await sharedStore.set(name, seal.seal(toPayload(person, start + 600)), 1000)
    expect(await storage.read(cookies)).toMatchObject({ record: { id: 'an-id' } })
  })

  test('that has ended leaves its cookie for ten seconds, while the next login may be on its way', async () => {
    const cookies = await login()
    await storage.end(person)
    clock.advance(9.999)
    expect(await storage.read(cookies)).toBe(unreadable)
    clock.advance(0.001)
    expect(await storage.read(cookies)).toBeUndefined()
  })

  test('that has ended and is there again is none, whatever the time', async () => {
    const cookies = await login()
    await storage.end(person)
    await storage.save(person, undefined)
    expect(await storage.read(cookies)).toBe(unreadable)
    clock.advance(10)
    expect([await storage.read(cookies), await storage.find(person)]).toEqual([undefined, undefined])
  })

  test('is found with the changes of others, to its last moment', async () => {
    await login()
    await storageOn(sharedStore, clock).save({ ...person, data: { a: 1 } }, person)
    clock.advance(599.999)
    expect(await storage.find(person)).toMatchObject({ data: { a: 1 } })
    clock.advance(0.001)
    expect(await storage.find(person)).toBeUndefined()
  })

  test('is changed in ten tries at most, with a random pause before each but the first two', async () => {
    await login()
    sharedStore.calls.length = 0
    sharedStore.replace = async () => false
    clock.randomBytes = (length) => Buffer.alloc(length, 255)
    jest.useFakeTimers()
    const refused = expect(storage.save({ ...person, data: { a: 1 } }, person)).rejects.toMatchObject({
      code: 'session_store_unavailable',
      message: 'too many requests have changed the session at once: this change was not stored',
    })
    const tries: number[] = []
    for (const pause of [0, 19, 1, 39, 1, 79, 1, 160, 160, 160, 160, 160]) {
      await jest.advanceTimersByTimeAsync(pause)
      tries.push(sharedStore.calls.filter(({ operation, names: [of] }) => operation === 'get' && of === name).length)
    }
    await refused
    expect([jest.getTimerCount(), tries]).toEqual([0, [2, 2, 3, 3, 4, 4, 5, 6, 7, 8, 9, 10]])
  })

  test('is stored for a millisecond at least, and for whole ones', async () => {
    for (const [touchedAt, milliseconds] of [
      [start - 600, 1],
      [start - 700, 1],
      [start + 0.0004, 600_001],
    ] as const) {
      await storage.save(record({ createdAt: start - 900, touchedAt }), undefined)
      expect(sharedStore.remaining(name)).toBe(milliseconds)
    }
  })

  test('is touched in the background', async () => {
    await login()
    storage.touch({ ...person, touchedAt: start + 60 }, person)
    await new Promise(setImmediate)
    expect(await storage.find(person)).toMatchObject({ touchedAt: start + 60 })
  })

  test('has ended once both its logout and its removal were stored', async () => {
    await login()
    const held = gate()
    sharedStore.before = async ({ operation }) => {
      if (operation === 'remove') await held.opened
      if (operation === 'add') throw new Error('no logouts')
    }
    let isOver = false
    const ending = Promise.resolve(storage.end(person)).finally(() => (isOver = true))
    const failure = expect(ending).rejects.toThrow('no logouts')
    await new Promise(setImmediate)
    expect(isOver).toBe(false)
    held.open()
    await failure
    expect(sharedStore.contents().size).toBe(0)
  })

  test('has not ended where it could not be removed', async () => {
    await login()
    sharedStore.remove = async () => Promise.reject(new Error('not removed'))
    await expect(storage.end(person)).rejects.toThrow('not removed')
  })
})

describe('tickets of one name', () => {
  const further = (of: string) => ({ furtherCookies: (asked: string) => (asked === 'oidc' ? [of] : []) })

  test('lead to the newest session of one person, and to none of several', async () => {
    const remark = jest.fn<(remarks: readonly TraceRemark[]) => void>()
    const open = storageOn(sharedStore, clock, { secure: false, remark })
    const value = async (changes: object): Promise<string> => (await login(record(changes), open))['oidc'] ?? ''
    const [alice, newer] = [await value({}), await value({ id: 'newer', createdAt: start + 1 })]
    expect(await open.read({ oidc: alice }, further(newer))).toMatchObject({
      record: { id: 'newer' },
      others: [{ id: 'an-id' }],
    })
    expect(remark).not.toHaveBeenCalled()
    const bob = await value({ id: 'of-bob', idToken: idToken({ sub: 'bob' }) })
    expect(await open.read({ oidc: alice }, further(bob))).toBeInstanceOf(UncountedSessions)
    expect(remark.mock.calls).toEqual([[['several_people']]])
    expect(open.clear({ oidc: 'foreign' }, further(alice))).toHaveLength(1)
    expect(open.clear({ oidc: 'foreign' })).toEqual([])
  })
})
