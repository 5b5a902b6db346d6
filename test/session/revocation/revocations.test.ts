import { beforeEach, describe, expect, test } from '@jest/globals'
import {
  endById,
  isEndedBy,
  keysOf,
  type LogoutTarget,
  ProcessRevocations,
  namesOf,
  logoutTargetKey,
  unlessEnded,
  type SessionRevocations,
} from '../../../lib/session/revocation/revocations.js'
import { idToken, limits, record } from '../example.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { revocationsOn } from '../../kit/stores/stores.js'
import { Clock, start } from '../../kit/clock.js'

const odd = ['a:b', 'a*', 'a b', '"a"', `["p","s"]`, 'ä', 'i:an-id', '']

let watch: Clock
const kinds: readonly (readonly [string, () => SessionRevocations])[] = [
  ['of one process', () => new ProcessRevocations(watch, limits.absoluteSeconds)],
  ['of processes that share memory', () => revocationsOn(new FakeStore(watch), watch)],
]

describe.each(kinds)('logouts %s', (_name, create) => {
  let revocations: SessionRevocations
  beforeEach(() => {
    watch = new Clock()
    revocations = create()
  })
  const session = (id: string, claims: object = {}, createdAt = start) =>
    record({ id, createdAt, idToken: idToken(claims) })
  const isAlive = async (...args: Parameters<typeof session>) =>
    (await unlessEnded(revocations, watch, session(...args))) !== undefined

  test('end nothing before the first logout', async () => {
    expect(await isAlive('a')).toBe(true)
  })

  test('by id end that session only', async () => {
    await revocations.revoke({ id: 'a' }, start * 1000)
    expect([await isAlive('a'), await isAlive('b')]).toEqual([false, true])
  })

  test('by id end a session that began ahead of this clock, until its last moment', async () => {
    const createdAt = start + 7200
    await endById(revocations, watch, record({ id: 'a', createdAt }))
    watch.advance(7200 + limits.absoluteSeconds - 1)
    expect(await isAlive('a', {}, createdAt)).toBe(false)
  })

  test('SR07: by sub end all sessions of that person, and nobody else’s', async () => {
    await revocations.revoke({ subject: 'alice' }, start * 1000)
    const seen = [await isAlive('a', { sid: '1' }), await isAlive('b', { sid: '2' }), await isAlive('c')]
    expect([seen, await isAlive('d', { sub: 'bob' })]).toEqual([[false, false, false], true])
  })

  test('SR07: by sid end the sessions of that login at the provider', async () => {
    await revocations.revoke({ sid: '1' }, start * 1000)
    expect([await isAlive('a', { sid: '1' }), await isAlive('b', { sid: '2' }), await isAlive('c')]).toEqual([
      false,
      true,
      true,
    ])
  })

  test('SR07: by sub and sid end those that have both', async () => {
    await revocations.revoke({ subject: 'alice', sid: '1' }, start * 1000)
    const seen = [await isAlive('a', { sid: '1' }), await isAlive('b', { sub: 'bob', sid: '1' })]
    expect([...seen, await isAlive('c', { sid: '2' })]).toEqual([false, true, true])
  })

  test.each(odd)('SR08: a sid of %p means that sid only', async (sid) => {
    await revocations.revoke({ sid }, start * 1000)
    expect(await isAlive('a', { sid })).toBe(false)
    for (const other of odd) if (other !== sid) expect(await isAlive('a', { sid: other })).toBe(true)
    expect(await isAlive(sid, { sub: sid })).toBe(true)
  })

  test('end what began until then, to the millisecond, and never what began later', async () => {
    await revocations.revoke({ subject: 'alice' }, start * 1000 + 500)
    const at = (seconds: number) => isAlive('a', {}, start + seconds)
    expect([await at(0.499), await at(0.5), await at(0.501)]).toEqual([false, false, true])
  })

  test('that arrive late with an earlier date take nothing back', async () => {
    await revocations.revoke({ subject: 'alice' }, start * 1000 + 9_000)
    await revocations.revoke({ subject: 'alice' }, start * 1000)
    watch.seconds += 10
    expect([await isAlive('a', {}, start + 9), await isAlive('a', {}, start + 10)]).toEqual([false, true])
  })

  test('are remembered for as long as the ended sessions might live', async () => {
    await revocations.revoke({ id: 'a' }, watch.now())
    watch.seconds += limits.absoluteSeconds - 1
    expect(await isAlive('a')).toBe(false)
    watch.seconds += 120
    expect(await revocations.latest(() => namesOf(session('a')))).toBe(0)
  })

  test('end a session that began before a clock was set back', async () => {
    await revocations.revoke({ subject: 'alice' }, watch.now())
    const at = (seconds: number): Promise<boolean> => isAlive('a', {}, start + seconds)
    expect([await at(3600), await at(6), await at(5), await at(1)]).toEqual([false, false, true, true])
    expect(await isAlive('a', { sub: 'bob' }, start + 3600)).toBe(true)
  })

  test('by id end a session whose process has a clock that is ahead', async () => {
    const ahead = session('a', {}, start + 2.0004)
    await endById(revocations, watch, ahead)
    expect(await unlessEnded(revocations, watch, ahead)).toBeUndefined()
  })

  test('are reported to listeners in this process, until they stop', async () => {
    const heard: [LogoutTarget, number][] = []
    const stop = revocations.onRevoke((target, at) => heard.push([target, at]))
    await revocations.revoke({ sid: '1' }, 5)
    stop()
    await revocations.revoke({ sid: '2' }, 6)
    expect(heard).toEqual([[{ sid: '1' }, 5]])
  })
})

describe('the names of sessions', () => {
  test('come from the ID Token, in which a sid that is not text counts as missing', () => {
    expect(namesOf(record({ idToken: idToken({ sid: 's' }) }))).toEqual({ id: 'an-id', subject: 'alice', sid: 's' })
    expect(namesOf(record({ idToken: idToken({ sid: 7 }) }))).toEqual({ id: 'an-id', subject: 'alice' })
  })

  test('SR08: have keys that no other target has', () => {
    const targets: LogoutTarget[] = odd.flatMap((one) => [
      { id: one },
      { subject: one },
      { sid: one },
      ...odd.map((other) => ({ subject: one, sid: other })),
    ])
    expect(new Set(targets.map(logoutTargetKey)).size).toBe(targets.length)
    expect(keysOf({ id: 'i', subject: 'p', sid: 's' })).toEqual(
      [{ id: 'i' }, { subject: 'p' }, { sid: 's' }, { subject: 'p', sid: 's' }].map(logoutTargetKey),
    )
  })

  test('are not looked up where nothing has ended', () => {
    const revocations = new ProcessRevocations(new Clock(), 60)
    const names = (): never => {
      throw new Error('asked')
    }
    expect(revocations.latest(names)).toBe(0)
  })

  test('include the very moment of the login', () => {
    const ended = (mark: number): boolean => isEndedBy(mark, { createdAt: 1 }, 2000)
    expect([ended(1000), ended(999)]).toEqual([true, false])
  })
})
