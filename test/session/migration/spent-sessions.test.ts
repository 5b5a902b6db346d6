import { beforeEach, describe, expect, test } from '@jest/globals'
import type { OldSession } from '../../../lib/session/migration/old-session.js'
import { SpentSessions } from '../../../lib/session/migration/spent-sessions.js'
import { toPayload } from '../../../lib/session/record.js'
import { createNamedSeals } from '../../../lib/seal/seal.js'
import { Clock, start } from '../../kit/clock.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { audience } from '../../kit/stores/stores.js'
import { idToken, record, settings } from '../example.js'

let clock: Clock
let sharedStore: FakeStore
let spent: SpentSessions
beforeEach(() => {
  clock = new Clock()
  sharedStore = new FakeStore(clock)
  spent = process()
})

/** What one process remembers in the shared store. */
const process = (changes: object = {}): SpentSessions =>
  new SpentSessions({ sharedStore, runtime: clock, secrets: settings(clock).secrets, audience, ...changes })

const old: OldSession = {
  idToken: idToken(),
  issuer: 'https://op.example.com',
  subject: 'alice',
  tokenType: 'bearer',
  createdAt: start - 1000,
  touchedAt: start - 100,
  endsAt: start + 1000,
  data: {},
}
const [first, second] = [record({ id: 'first', data: { a: 1 } }), record({ id: 'second' })]
const nameOf = (kind: string): string => [...sharedStore.contents().keys()].find((name) => name.startsWith(kind)) ?? ''

describe('an old session that is exchanged', () => {
  test('an old session has no successor before it is exchanged', async () => {
    expect(await spent.find(old)).toBeUndefined()
  })

  test('is found by the requests of the same moment, in every process', async () => {
    expect(await spent.exchange(old, first)).toBe(true)
    for (const each of [spent, process()]) expect(await each.find(old)).toEqual(first)
    expect(await process().find({ ...old, touchedAt: start, idToken: 'of another request', data: { b: 1 } })).toEqual(
      first,
    )
  })

  test('is exchanged once', async () => {
    expect([await spent.exchange(old, first), await process().exchange(old, second)]).toEqual([true, false])
    expect(await spent.find(old)).toEqual(first)
  })

  test('is spent after that moment, for sixty days', async () => {
    await spent.exchange(old, first)
    clock.advance((sharedStore.remaining(nameOf('taken-over:')) ?? 0) / 1000 - 0.001)
    expect(await spent.find(old)).toEqual(first)
    clock.advance(0.001)
    expect(await spent.find(old)).toBe('spent')
    clock.seconds = start + 60 * 86_400 - 1
    expect([await spent.find(old), await spent.exchange(old, second)]).toEqual(['spent', false])
    clock.advance(1)
    expect(await spent.find(old)).toBeUndefined()
  })

  test.each([
    ['issuer', { issuer: 'https://op2.example.com' }],
    ['person', { subject: 'bob' }],
    ['second', { createdAt: start - 999 }],
  ])('is another one than that of another %s', async (_what, changes) => {
    await spent.exchange(old, first)
    expect(await spent.find({ ...old, ...changes })).toBeUndefined()
    expect(await spent.exchange({ ...old, ...changes }, second)).toBe(true)
    expect([await spent.find(old), await spent.find({ ...old, ...changes })]).toEqual([first, second])
  })

  test('another application does not find the successor of an old session', async () => {
    await spent.exchange(old, first)
    expect(await process({ audience: ['https://op.example.com', 'other'] }).find(old)).toBeUndefined()
  })

  test('is spent where nobody can read what it was exchanged for', async () => {
    await spent.exchange(old, first)
    expect(await process({ secrets: ['another secret, of 32 characters at least'] }).find(old)).toBe('spent')
    await sharedStore.set(nameOf('taken-over:'), 'garbage', 1000)
    expect(await spent.find(old)).toBe('spent')
  })

  test('is spent where what it was exchanged for was moved there from another', async () => {
    await spent.exchange(old, first)
    const place = nameOf('taken-over:')
    const sealed = sharedStore.contents().get(place) ?? ''
    const bobs = { ...old, subject: 'bob' }
    await spent.exchange(bobs, second)
    for (const name of sharedStore.contents().keys())
      if (name.startsWith('taken-over:') && name !== place) await sharedStore.set(name, sealed, 1000)
    expect([await spent.find(old), await spent.find(bobs)]).toEqual([first, 'spent'])
  })

  test('leaves nothing in the store that could be read there', async () => {
    await spent.exchange(old, first)
    const [place, shared] = [nameOf('migrated:'), nameOf('taken-over:')]
    expect([place, shared]).toEqual([
      expect.stringMatching(/^migrated:1:[\w-]{43}$/),
      expect.stringMatching(/^taken-over:1:[\w-]{43}$/),
    ])
    expect(sharedStore.remaining(place)).toBe(60 * 86_400_000)
    const values = sharedStore.contents()
    expect(values.size).toBe(2)
    expect(values.get(place)).toMatch(/^[\w-]{22}$/)
    expect(values.get(shared)?.split('.')).toHaveLength(5)
  })
})

describe('the session that an old one was exchanged for', () => {
  test('is sealed for a place that nobody else knows, and as long as it can be found', async () => {
    clock.advance(0.25)
    await spent.exchange(old, first)
    const place = sharedStore.contents().get(nameOf('migrated:')) ?? ''
    const { secrets } = settings(clock)
    const seal = createNamedSeals(secrets, ['taken-over session', ...audience], clock)(place)
    const milliseconds = sharedStore.remaining(nameOf('taken-over:')) ?? 0
    expect(seal.open(sharedStore.contents().get(nameOf('taken-over:')) ?? '')?.payload).toEqual(
      toPayload(first, start + milliseconds / 1000 + 1),
    )
  })
})

describe('an old session that has ended', () => {
  test('is spent, and cannot be exchanged', async () => {
    await spent.spend(old)
    expect(await process().find(old)).toBe('spent')
    expect(await spent.exchange(old, first)).toBe(false)
    expect(await spent.find(old)).toBe('spent')
    expect(sharedStore.contents().get(nameOf('migrated:'))).toBe('-')
    expect(sharedStore.remaining(nameOf('migrated:'))).toBe(60 * 86_400_000)
  })

  test('is spent without a second look at the store', async () => {
    await spent.spend(old)
    sharedStore.calls.length = 0
    await spent.find(old)
    expect(sharedStore.count()).toBe(1)
  })
})

describe('an exchanged session whose cookie has come back', () => {
  const taken = record({ createdAt: old.createdAt })
  const shared = () => nameOf('taken-over:')

  test('is found by the old cookie for ten seconds more, and then the old one is spent', async () => {
    await spent.exchange(old, taken)
    await process().settle(taken)
    expect(sharedStore.remaining(shared())).toBe(10_000)
    clock.advance(9.999)
    expect(await spent.find(old)).toEqual(taken)
    clock.advance(0.001)
    expect(await spent.find(old)).toBe('spent')
  })

  test('is found for an hour where it has not come back', async () => {
    await spent.exchange(old, taken)
    expect(sharedStore.remaining(shared())).toBe(3_600_000)
  })

  test.each([
    ['of another second', { createdAt: old.createdAt + 1 }],
    ['of another person', { idToken: idToken({ sub: 'bob' }) }],
  ])('is not shortened by a session %s', async (_what, changes) => {
    await spent.exchange(old, taken)
    await spent.settle({ ...taken, ...changes })
    expect(sharedStore.remaining(shared())).toBe(3_600_000)
  })

  test('changes nothing where nothing was exchanged, where it was spent, and after its time', async () => {
    await spent.settle(taken)
    await spent.spend(old)
    await spent.settle(taken)
    expect(sharedStore.count('replace')).toBe(0)
    const other = { ...old, createdAt: start }
    await spent.exchange(other, record())
    clock.advance(3600)
    await spent.settle(record())
    expect(sharedStore.count('replace')).toBe(0)
  })
})

describe('an old session that a logout ends', () => {
  test('leads to the session that it was exchanged for, as long as the browser may not have that', async () => {
    expect(await spent.spend(old)).toBeUndefined()
    const other = { ...old, createdAt: start }
    await spent.exchange(other, first)
    expect(await process().spend(other)).toEqual(first)
    clock.advance(3600)
    expect(await spent.spend(other)).toBeUndefined()
  })
})
