import { describe, expect, test } from '@jest/globals'
import { clocksOf, extendIdleLimit, isAlive, isRollingDue, sessionEnded } from '../../lib/session/lifetime.js'
import { ProcessRevocations } from '../../lib/session/revocation/revocations.js'
import { limits, record } from './example.js'
import { Clock, start } from '../kit/clock.js'

describe('the lifetime of a session', () => {
  test('counts the idle limit from the last use and the absolute limit from the login', () => {
    expect(clocksOf(record({ touchedAt: start + 100 }), limits)).toEqual({
      createdAt: start,
      idleExpiresAt: start + 700,
      absoluteExpiresAt: start + 3600,
    })
  })

  test('never exceeds the absolute limit', () => {
    expect(clocksOf(record({ touchedAt: start + 3500 }), limits).idleExpiresAt).toBe(start + 3600)
  })

  test.each([
    [0, 599, true],
    [0, 600, false],
    [3500, 3599, true],
    [3500, 3600, false],
    [0, -3600, true],
  ])('touched after %i s: alive at %i s is %p', (touched, at, alive) => {
    expect(isAlive(record({ touchedAt: start + touched }), limits, start + at)).toBe(alive)
  })

  test('follows the current configuration: a shorter limit ends sessions at once', () => {
    expect(isAlive(record(), limits, start + 300)).toBe(true)
    expect(isAlive(record(), { ...limits, idleSeconds: 300 }, start + 300)).toBe(false)
  })
})

describe('the renewal of a session', () => {
  test.each([
    [0, 59, false],
    [0, 60, true],
    [100, 159, false],
    [100, 160, true],
    [0, -60, false],
    [3000, 3300, false],
  ])('last touched after %i s: due at %i s is %p', (touched, at, due) => {
    expect(isRollingDue(record({ touchedAt: start + touched }), limits, start + at)).toBe(due)
  })

  test('without a step is due every second, not in the same one', () => {
    const everySecond = { ...limits, rollingStepSeconds: 0 }
    expect(isRollingDue(record(), everySecond, start)).toBe(false)
    expect(isRollingDue(record(), everySecond, start + 1)).toBe(true)
  })
})

describe('the idle limit of a session', () => {
  test('is extended where that is due, and nothing else is changed', () => {
    const given = record({ data: { a: 1 } })
    expect(extendIdleLimit(given, limits, start + 59)).toBe(given)
    expect(extendIdleLimit(given, limits, start + 60)).toEqual({ ...given, touchedAt: start + 60 })
  })

  test('ends in the whole second of the login, at the latest', () => {
    const given = record({ createdAt: start + 0.75, touchedAt: start + 3500 })
    expect(clocksOf(given, limits)).toEqual({
      createdAt: start,
      idleExpiresAt: start + 3600,
      absoluteExpiresAt: start + 3600,
    })
    expect(isRollingDue(given, limits, start + 3599)).toBe(false)
  })

  test('that has passed ends what a request would still write', () => {
    expect(sessionEnded()).toMatchObject({
      code: 'session_missing',
      status: 401,
      message: 'the session has ended during the request',
    })
  })
})

describe('a limit of fractional milliseconds', () => {
  test('is rounded for logouts, too', () => {
    const revocations = new ProcessRevocations(new Clock(), limits.absoluteSeconds + 0.0001)
    revocations.revoke({ id: 'an-id' }, start * 1000)
    expect(revocations.latest(() => ({ id: 'an-id', subject: 'alice' }))).toBe(start * 1000)
  })
})
