import { beforeEach, describe, expect, test } from '@jest/globals'
import { createNamedSeals } from '../../../lib/seal/seal.js'
import { LeftOutTokens } from '../../../lib/session/storage/left-out-tokens.js'
import type { SessionRecord, SessionTokens } from '../../../lib/session/record.js'
import { Clock, start } from '../../kit/clock.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { audience } from '../../kit/stores/stores.js'
import { record, settings } from '../example.js'

let clock: Clock
let sharedStore: FakeStore
beforeEach(() => {
  clock = new Clock()
  sharedStore = new FakeStore(clock)
})

const { secrets } = settings(new Clock())
const tokens: SessionTokens = {
  accessToken: 'left out',
  refreshToken: 'refresh',
  tokenType: 'bearer',
  scope: 'openid',
  obtainedAt: start,
}
const whole = record({ tokens })
const without = (changes: Partial<SessionTokens> = {}): SessionRecord =>
  record({ tokens: { ...tokens, accessToken: '', ...changes } })

/** What one process keeps. */
const process = (changes: object = {}): LeftOutTokens =>
  new LeftOutTokens({ runtime: clock, secrets, audience, sharedStore, ...changes })
const alone = (): LeftOutTokens => process({ sharedStore: undefined })
const settled = () => new Promise(setImmediate)
const nameNow = (): string => [...sharedStore.contents().keys()][0] ?? ''

describe('an access token that a cookie has no room for', () => {
  test('is added to the session by the process that has it', () => {
    const kept = alone()
    kept.keep(whole)
    expect(kept.restoreLocal(without())).toEqual(whole)
    const other = { ...without(), id: 'another' }
    expect(kept.restoreLocal(other)).toBe(other)
  })

  test('is not added where there is one', () => {
    const kept = alone()
    kept.keep(whole)
    const renewed = without({ accessToken: 'renewed' })
    expect(kept.restoreLocal(renewed)).toBe(renewed)
    const { accessToken: _, ...bare } = tokens
    const none = record({ tokens: bare })
    expect(kept.restoreLocal(none)).toBe(none)
  })

  test.each([
    ['a later refresh', { refreshToken: 'rotated', obtainedAt: start + 5 }],
    ['another refresh token', { refreshToken: 'rotated' }],
    ['a later refresh that did not rotate', { obtainedAt: start + 5 }],
  ])('is not that of %s', async (_what, changes) => {
    const kept = process()
    kept.keep(whole)
    await settled()
    const other = without(changes)
    expect(kept.restoreLocal(other)).toBe(other)
    expect(await process().restoreShared(other)).toBe(other)
  })

  test('is none where the provider gave none', () => {
    const kept = alone()
    const { accessToken: _, ...bare } = tokens
    kept.keep(record({ tokens: bare }))
    const given = without()
    expect(kept.restoreLocal(given)).toBe(given)
  })

  test('is kept for an hour', () => {
    const kept = alone()
    kept.keep(whole)
    clock.advance(3600)
    expect(kept.restoreLocal(without())).toEqual(whole)
    clock.advance(0.001)
    const given = without()
    expect(kept.restoreLocal(given)).toBe(given)
  })

  test('is not forgotten because a copy of the session without it is written', () => {
    const kept = process()
    kept.keep(whole)
    kept.keep(without())
    expect([kept.restoreLocal(without()), sharedStore.count('set')]).toEqual([whole, 1])
  })

  test('is forgotten with its session', async () => {
    const kept = process()
    kept.keep(whole)
    await settled()
    kept.forget(whole)
    await settled()
    const given = without()
    expect([kept.restoreLocal(given), sharedStore.contents().size]).toEqual([given, 0])
  })

  test('is removed from the store by a process that never had it, and nothing is asked for other sessions', async () => {
    process().keep(whole)
    await settled()
    process().forget(record())
    expect(sharedStore.count('remove')).toBe(0)
    process().forget(without())
    await settled()
    expect([sharedStore.count('remove'), sharedStore.contents().size]).toEqual([1, 0])
  })
})

describe('an access token that processes share', () => {
  test('is added in another process, which has it from then on', async () => {
    process().keep(whole)
    await settled()
    const other = process()
    const given = without()
    expect(other.restoreLocal(given)).toBe(given)
    expect(await other.restoreShared(given)).toEqual(whole)
    expect(other.restoreLocal(given)).toEqual(whole)
  })

  test('is sealed, for an hour', async () => {
    clock.advance(0.75)
    process().keep(whole)
    await settled()
    expect(nameNow()).toMatch(/^left-out:1:[\w-]{43}$/)
    expect(sharedStore.remaining(nameNow())).toBe(3_600_000)
    const seal = createNamedSeals(secrets, ['left out tokens', ...audience], clock)('an-id')
    const payload = { v: 1, exp: start + 3600, act: 'left out' }
    expect(seal.open(sharedStore.contents().get(nameNow()) ?? '')?.payload).toEqual(payload)
  })

  test('is not looked for where it is there, or nothing is shared', () => {
    const given = without()
    expect(alone().restoreShared(given)).toBe(given)
    expect(process().restoreShared(whole)).toBe(whole)
    expect(sharedStore.calls).toEqual([])
  })

  test('is not there where nobody has shared it, or the store fails', async () => {
    const given = without()
    expect(await process().restoreShared(given)).toBe(given)
    sharedStore.outage = true
    process().keep(whole)
    process().forget(given)
    expect(await process().restoreShared(given)).toBe(given)
  })

  test.each<[string, object, string]>([
    ['of another version', { v: 2 }, 'an-id'],
    ['that is no text', { act: 5 }, 'an-id'],
    ['that is missing', { act: undefined }, 'an-id'],
    ['that has expired', { exp: start }, 'an-id'],
    ['of another session', {}, 'another'],
  ])('does not count if it is one %s', async (_what, changes, id) => {
    process().keep(whole)
    await settled()
    const seals = createNamedSeals(secrets, ['left out tokens', ...audience], clock)
    const payload = { v: 1, exp: start + 60, act: 'of the store' }
    await sharedStore.set(nameNow(), seals('an-id').seal(payload), 60_000)
    expect(await process().restoreShared(without())).toMatchObject({ tokens: { accessToken: 'of the store' } })
    await sharedStore.set(nameNow(), seals(id).seal({ ...payload, ...changes }), 60_000)
    const given = without()
    expect(await process().restoreShared(given)).toBe(given)
    await sharedStore.set(nameNow(), 'garbage', 60_000)
    expect(await process().restoreShared(given)).toBe(given)
  })

  test('another application cannot restore a shared access token', async () => {
    process().keep(whole)
    await settled()
    const given = without()
    expect(await process({ audience: ['https://op.example.com', 'other'] }).restoreShared(given)).toBe(given)
    expect(await process({ secrets: ['another secret, of 32 characters at least'] }).restoreShared(given)).toBe(given)
  })
})
