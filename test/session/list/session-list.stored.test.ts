import { beforeEach, describe, expect, test } from '@jest/globals'
import { createNamedSeals } from '../../../lib/seal/seal.js'
import type { Person } from '../../../lib/session/list/entry.js'
import { SessionList, type SessionListSettings } from '../../../lib/session/list/session-list.js'
import { Clock, start } from '../../kit/clock.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { audience, revocationsOn } from '../../kit/stores/stores.js'
import { idToken, limits, record, settings } from '../example.js'

let clock: Clock
let sharedStore: FakeStore
let list: SessionList
beforeEach(() => {
  clock = new Clock()
  sharedStore = new FakeStore(clock)
  list = listOn()
})

const { secrets } = settings(new Clock())
const alice: Person = { subject: 'alice', issuer: 'https://op.example.com' }

function listOn(changes: Partial<SessionListSettings> = {}): SessionList {
  const revocations = revocationsOn(sharedStore, clock)
  return new SessionList({ sharedStore, revocations, secrets, audience, limits, runtime: clock, ...changes })
}

const slotNames = (): readonly string[] => [...sharedStore.contents().keys()].filter((name) => /^listed/.test(name))
const sealOf = (name: string) => createNamedSeals(secrets, ['listed session', ...audience], clock)(name)

describe('a session in the store of lists', () => {
  test('is sealed for its slot, with its names and its end', async () => {
    const given = record({ touchedAt: start + 5, idToken: idToken({ sid: 'a-sid' }) })
    await list.enter(given, alice, 'Firefox')
    const [name = ''] = slotNames()
    expect(sealOf(name).open(sharedStore.contents().get(name) ?? '')?.payload).toEqual({
      v: 1,
      exp: start + 605,
      id: list.idOf(given),
      iat: start,
      upd: start + 5,
      sid: 'a-sid',
      ua: 'Firefox',
    })
    expect(sharedStore.remaining(name)).toBe(605_000)
  })

  test('stays until its end, in whole milliseconds and one at least', async () => {
    for (const [touchedAt, milliseconds] of [
      [start + 0.0004, 600_001],
      [start - 600, 1],
      [start - 700, 1],
    ] as const) {
      await list.enter(record({ createdAt: start - 900, touchedAt }), alice, undefined)
      expect(sharedStore.calls.at(-1)).toMatchObject({ operation: 'add', milliseconds })
    }
  })

  test('is not listed after the end that was sealed, though it would live longer by now', async () => {
    await list.enter(record(), alice, undefined)
    const [name = ''] = slotNames()
    await sharedStore.set(name, sharedStore.contents().get(name) ?? '', 3_600_000)
    const longer = listOn({ limits: { ...limits, idleSeconds: 1200 } })
    clock.advance(599)
    expect(await longer.sessionsOf(alice)).toHaveLength(1)
    clock.advance(1)
    expect(await longer.sessionsOf(alice)).toEqual([])
  })

  test('is none where another version wrote it', async () => {
    await list.enter(record(), alice, undefined)
    const [name = ''] = slotNames()
    const members = { v: 1, exp: start + 600, id: 'a-hash', iat: start, upd: start }
    await sharedStore.set(name, sealOf(name).seal(members), 1000)
    expect(await list.sessionsOf(alice)).toEqual([{ hash: 'a-hash', createdAt: start, touchedAt: start }])
    for (const changes of [{ v: 2 }, { id: 5 }, { iat: 'x' }, { upd: 'x' }]) {
      await sharedStore.set(name, sealOf(name).seal({ ...members, ...changes }), 1000)
      expect(await list.sessionsOf(alice)).toEqual([])
    }
  })

  test('leaving a list twice removes the entry once', async () => {
    const entered = await list.enter(record(), alice, undefined)
    await list.leave(entered, alice)
    await list.leave(entered, alice)
    expect([sharedStore.count('remove'), slotNames()]).toEqual([1, []])
  })

  test('leaves nothing that another session has taken', async () => {
    const entered = await list.enter(record(), alice, undefined)
    await list.leave({ ...entered, id: 'another' }, alice)
    expect([sharedStore.count('remove'), slotNames().length]).toEqual([0, 1])
    await list.renew({ ...entered, id: 'another' }, alice, undefined)
    expect(sharedStore.count('replace')).toBe(0)
  })
})

describe('the list of a person', () => {
  test('of whom nobody is signed in takes one round trip', async () => {
    expect(await list.sessionsOf(alice)).toEqual([])
    expect(sharedStore.calls.map(({ operation, names }) => [operation, names.length])).toEqual([['get', 100]])
  })

  test('has the later login first where two were renewed at the same time', async () => {
    const times = [
      [1, 7],
      [3, 7],
      [2, 7],
      [0, 9],
      [4, 5],
    ] as const
    for (const [createdAt, touchedAt] of times) {
      const id = String(createdAt)
      await list.enter(record({ id, createdAt: start + createdAt, touchedAt: start + touchedAt }), alice, undefined)
    }
    const listed = await list.sessionsOf(alice)
    expect(listed.map((each) => each.createdAt - start)).toEqual([0, 3, 2, 1, 4])
  })

  test('is tried ten times, and then it is an outage', async () => {
    sharedStore.add = async () => false
    await expect(list.enter(record(), alice, undefined)).rejects.toMatchObject({
      message: 'too many logins of one person came at once: this one was not listed',
    })
    expect(sharedStore.count('get')).toBe(10)
  })

  test('ends a session from now on, and frees its slot', async () => {
    await list.enter(record(), alice, undefined)
    clock.advance(7)
    expect(await list.end(alice, list.idOf(record()))).toBe(true)
    expect(slotNames()).toEqual([])
    expect([...sharedStore.contents().values()]).toEqual([String((start + 7) * 1000)])
  })
})
