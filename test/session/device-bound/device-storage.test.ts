import { beforeEach, describe, expect, test } from '@jest/globals'
import { DeviceBoundStorage, type DeviceRules } from '../../../lib/session/device-bound/device-storage.js'
import { DeviceCookies } from '../../../lib/session/device-bound/device-cookies.js'
import type { SessionRecord } from '../../../lib/session/record.js'
import {
  type FoundSession,
  type StoredSession,
  UncountedSessions,
  unreadable,
} from '../../../lib/session/storage/storage.js'
import { innerStorage } from '../../kit/stores/inner-storage.js'
import { Clock, start } from '../../kit/clock.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { audience } from '../../kit/stores/stores.js'
import { record, sentBack, settings } from '../example.js'

let clock: Clock
let cookies: DeviceCookies
let inner: ReturnType<typeof innerStorage>
let announced: string[]
let asked: string[]
beforeEach(() => {
  clock = new Clock()
  const { name, secure, sameSite, secrets } = settings(clock)
  cookies = new DeviceCookies({ name, secure, sameSite, secrets, audience, seconds: 300, runtime: clock })
  inner = innerStorage()
  announced = []
  asked = []
})

function boundStorage({ isRegistered = false, found }: { isRegistered?: boolean; found?: FoundSession } = {}) {
  if (found !== undefined) inner.read.mockReturnValue(found)
  const rules: DeviceRules = {
    offer: (given) => {
      const id = `device-${announced.length + 1}`
      return { record: { ...given, device: { id, offeredUntil: 1 } }, header: id }
    },
    cookies,
    isRegistered: (id) => (asked.push(id), isRegistered),
    runtime: clock,
  }
  return new DeviceBoundStorage(inner, rules, (header) => void announced.push(header))
}

const bound = record({ device: { id: 'binding', thumbprint: 'of-the-key' } })
const offered = record({ device: { id: 'binding', offeredUntil: start + 60 } })
const older = record({ id: 'older' })
const keep = (kept: SessionRecord, more: Partial<StoredSession> = {}): StoredSession => ({
  record: kept,
  outdatedKey: false,
  ...more,
})
const proofOf = (thumbprint: string): Record<string, string> => sentBack([cookies.write('binding', thumbprint)])

describe('the session of a login', () => {
  test('that is saved twice before its browser has it is offered one binding', () => {
    const storage = boundStorage()
    const saved = storage.save(record(), undefined) as SessionRecord
    expect(storage.save(saved, undefined)).toEqual({ ...record(), device: { id: 'device-1', offeredUntil: 1 } })
    expect(announced).toEqual(['device-1'])
  })

  test('is offered a binding once it was saved, and no earlier', async () => {
    inner.save.mockReturnValue(Promise.reject(new Error('away')) as never)
    await expect(boundStorage().save(record(), undefined)).rejects.toThrow('away')
    expect(announced).toEqual([])
  })

  test('is offered none where it is changed later', () => {
    const next = record({ data: { a: 1 } })
    expect(boundStorage().save(next, older)).toBe(next)
    expect([announced, inner.save.mock.calls]).toEqual([[], [[next, older]]])
  })
})

describe('a session that is bound to a device', () => {
  test('counts until the next proof is due, beside the cookie of its key', () => {
    const found = keep(bound, { others: [older] })
    expect(boundStorage({ found }).read(proofOf('of-the-key'))).toEqual({ ...found, countsUntil: start + 300 })
  })

  test.each([
    ['without that cookie', () => ({})],
    ['beside the cookie of another key', () => proofOf('of-another')],
  ])('does not count %s, and logs are told why', (_what, sent) => {
    const storage = boundStorage({ found: keep(bound, { others: [older] }), isRegistered: true })
    const result = storage.read(sent())
    expect(result).toBeInstanceOf(UncountedSessions)
    expect(result).toEqual(new UncountedSessions([bound, older]))
    expect(storage.absence({})).toEqual({
      seen: 'a session of another device, or without its proof',
      option: 'session.deviceBound',
      reason: 'device_lost',
      names: { id: 'an-id', subject: 'alice' },
    })
    expect([inner.absence.mock.calls, asked]).toEqual([[], []])
  })

  test('is alone among those that do not count where there are no others', () => {
    expect(boundStorage({ found: keep(bound) }).read({})).toEqual(new UncountedSessions([bound]))
  })

  test('keeps the wish for another seal', () => {
    for (const outdatedKey of [true, false])
      expect(boundStorage({ found: keep(bound, { outdatedKey }) }).read(proofOf('of-the-key'))).toMatchObject({
        outdatedKey,
      })
  })
})

describe('a session whose browser was offered a binding', () => {
  test('is bound by the first request with the cookie of its key, and sealed again', () => {
    expect(boundStorage({ found: keep(offered) }).read(proofOf('of-the-key'))).toEqual({
      record: bound,
      outdatedKey: true,
      countsUntil: start + 300,
    })
  })

  test.each([0, 59.999])('counts without that cookie while the offer stands: after %p s', (seconds) => {
    clock.advance(seconds)
    const found = keep(offered)
    expect(boundStorage({ found, isRegistered: true }).read({})).toEqual({ ...found, countsUntil: start + 60 })
    expect(asked).toEqual([])
  })

  test.each([60, 69.999])('counts for ten seconds more if no key was registered: after %p s', (seconds) => {
    clock.advance(seconds)
    const found = keep(offered)
    expect(boundStorage({ found }).read({})).toEqual({ ...found, countsUntil: start + 70 })
    expect(asked).toEqual(['binding'])
  })

  test('is like any other from then on, and sealed again', () => {
    clock.advance(70)
    const result = boundStorage({ found: keep(offered, { others: [older] }) }).read({})
    expect(result).toEqual({ record: record(), outdatedKey: true, others: [older] })
    expect((result as StoredSession).record).not.toHaveProperty('device')
  })

  test.each([60, 70])('does not count without that cookie if a key was registered: after %p s', (seconds) => {
    clock.advance(seconds)
    const storage = boundStorage({ found: keep(offered), isRegistered: true })
    expect(storage.read({})).toEqual(new UncountedSessions([offered]))
    expect(storage.absence({})).toMatchObject({ reason: 'device_lost' })
  })

  test('at a time that nobody knows any more is decided at once', () => {
    const found = keep(record({ device: { id: 'binding' } }))
    expect(boundStorage({ found }).read({})).toEqual({ record: record(), outdatedKey: true })
  })
})

describe('a storage of bound sessions', () => {
  test.each<[string, FoundSession]>([
    ['no session', undefined],
    ['one of another version', unreadable],
    ['one without a device', keep(record())],
    ['several that do not count', new UncountedSessions([bound])],
  ])('passes on %s as it is, and why', (_what, found) => {
    const storage = boundStorage({ found })
    expect(storage.read(proofOf('of-the-key'))).toBe(found)
    const place = { origin: 'https://b.example', isFirst: false }
    expect(storage.absence({ a: 'b' }, place)).toEqual({ seen: 'of the storage' })
    expect(inner.absence).toHaveBeenCalledWith({ a: 'b' }, place)
  })

  test('passes on where the request came to, and cookies of one name', () => {
    const further = { furtherCookies: () => [] }
    const place = { origin: 'https://b.example', isFirst: false }
    void boundStorage().read({ a: 'b' }, further, place)
    expect(inner.read).toHaveBeenCalledWith({ a: 'b' }, further, place)
  })

  test('finds, touches, ends and writes as the storage does', () => {
    const storage = boundStorage()
    expect([storage.find(bound), storage.write(bound, { a: 'b' })]).toEqual([bound, ['written']])
    storage.touch(bound, older)
    void storage.end(bound)
    expect(inner.touch).toHaveBeenCalledWith(bound, older)
    expect(inner.end).toHaveBeenCalledWith(bound)
    expect(inner.write).toHaveBeenCalledWith(bound, { a: 'b' })
    expect(storage.sharedStore).toBeUndefined()
  })

  test('comes with the shared store that the storage comes with', () => {
    const sharedStore = new FakeStore(clock)
    const storage = new DeviceBoundStorage({ ...inner, sharedStore }, {} as DeviceRules, () => undefined)
    expect(storage.sharedStore).toBe(sharedStore)
  })

  test('removes the cookies of bindings together with those of the session', () => {
    const sent = { ...proofOf('of-the-key'), a: 'b' }
    const further = { furtherCookies: () => [] }
    expect(boundStorage().clear(sent, further)).toEqual(['cleared', cookies.remove('binding')])
    expect(inner.clear).toHaveBeenCalledWith(sent, further)
    inner.clear.mockReturnValue([])
    expect(boundStorage().clear(sent)).toEqual([])
  })
})
