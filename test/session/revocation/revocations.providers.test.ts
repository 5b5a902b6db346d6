import { describe, expect, test } from '@jest/globals'
import {
  endById,
  hasJustEnded,
  isEndedBy,
  keysOf,
  type LogoutTarget,
  namesOf,
  ProcessRevocations,
  logoutTargetKey,
  unlessEnded,
} from '../../../lib/session/revocation/revocations.js'
import { idToken, limits, record } from '../example.js'
import { Clock, start } from '../../kit/clock.js'

const now = start * 1000
const work = record({ provider: { name: 'work', key: 'key-of-work' } })
const home = record({ provider: { name: 'home', key: 'key-of-home' } })

function remembering() {
  const clock = new Clock()
  const revocations = new ProcessRevocations(clock, limits.absoluteSeconds)
  return { clock, revocations, isAlive: async (of = work) => (await unlessEnded(revocations, clock, of)) === of }
}

describe('logouts at one of several providers', () => {
  test.each<[string, LogoutTarget]>([
    ['sub', { subject: 'alice', provider: 'key-of-work' }],
    ['sid', { sid: 'a-sid', provider: 'key-of-work' }],
    ['sub and sid', { subject: 'alice', sid: 'a-sid', provider: 'key-of-work' }],
    ['ID', { id: 'an-id', provider: 'key-of-work' }],
  ])('by %s end no session of another provider', async (_what, target) => {
    const { revocations, isAlive } = remembering()
    revocations.revoke(target, now)
    const having = (of: typeof work) => ({ ...of, idToken: idToken({ sid: 'a-sid' }) })
    expect([await isAlive(having(work)), await isAlive(having(home)), await isAlive(having(record()))]).toEqual([
      false,
      true,
      true,
    ])
  })

  test('without one end no session of a provider', async () => {
    const { revocations, isAlive } = remembering()
    revocations.revoke({ subject: 'alice' }, now)
    expect([await isAlive(work), await isAlive(record())]).toEqual([true, false])
    expect(revocations.latest(() => ({ ...namesOf(work), provider: 'unknown' }))).toBe(0)
  })

  test('of a session by its ID are at its own', async () => {
    const { clock, revocations, isAlive } = remembering()
    await endById(revocations, clock, work)
    expect([await isAlive(work), await isAlive(home), await isAlive(record())]).toEqual([false, true, true])
  })

  test('have keys that are no other’s', () => {
    const targets = (at: object): LogoutTarget[] => [
      { id: 'x', ...at },
      { hash: 'x', ...at },
      { subject: 'x', ...at },
      { sid: 'x', ...at },
      { subject: 'x', sid: 'x', ...at },
    ]
    const all = [...targets({}), ...targets({ provider: 'a' }), ...targets({ provider: 'b' })]
    expect(new Set(all.map(logoutTargetKey)).size).toBe(15)
    const names = { id: 'x', subject: 'x', sid: 'x' }
    const withoutHash = (of: LogoutTarget[]): string[] => of.filter((each) => !('hash' in each)).map(logoutTargetKey)
    expect([...keysOf(names)].sort()).toEqual(withoutHash(targets({})).sort())
    expect([...keysOf({ ...names, provider: 'a' })].sort()).toEqual(withoutHash(targets({ provider: 'a' })).sort())
    expect(keysOf({ id: 'x', subject: 'x', provider: 'a' })).toHaveLength(2)
  })

  test('are named with the session, and with nothing that it lacks', () => {
    expect(namesOf(work)).toEqual({ id: 'an-id', subject: 'alice', provider: 'key-of-work' })
    expect(Object.keys(namesOf(record()))).toEqual(['id', 'subject'])
  })
})

describe('the time of a logout', () => {
  test('hasJustEnded() is true for less than ten seconds after a logout', () => {
    expect([now - 9_999, now - 10_000, 0].map((at) => hasJustEnded(at, now))).toEqual([true, false, false])
  })

  test('is compared with that of the login in whole milliseconds', () => {
    expect([now + 1, now + 2].map((at) => isEndedBy(at, { createdAt: start + 0.0016 }, now))).toEqual([false, true])
    expect([now, now + 1].map((at) => isEndedBy(at, { createdAt: start + 0.0014 }, now))).toEqual([false, true])
  })

  test('that there was none ends nothing, not even what begins later than now', () => {
    expect(isEndedBy(0, { createdAt: start + 3600 }, now)).toBe(false)
    expect(isEndedBy(1, { createdAt: start + 3600 }, now)).toBe(true)
  })

  test('of one session is now, or its begin where that is later', async () => {
    const { clock, revocations } = remembering()
    const heard: unknown[] = []
    revocations.onRevoke((target, at) => heard.push([target, at]))
    await endById(revocations, clock, record({ createdAt: start - 5 }))
    await endById(revocations, clock, record({ createdAt: start + 5.0006 }))
    expect(heard).toEqual([
      [{ id: 'an-id' }, now],
      [{ id: 'an-id' }, now + 5001],
    ])
  })
})
