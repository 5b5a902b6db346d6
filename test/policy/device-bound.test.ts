import { describe, expect, test } from '@jest/globals'
import { deviceBound, type Principal } from '../../lib/index.js'

const check = (members: Partial<Principal>) =>
  deviceBound().check(
    { scheme: 'session', subject: 'alice', claims: {}, scopes: [], ...members } as unknown as Principal,
    {},
  )

describe('deviceBound()', () => {
  test('is met by a session whose key the request proves', () => {
    expect(check({ isDeviceBound: true })).toEqual({ met: true })
  })

  test('is not met by other sessions, nor by tokens, and asks nobody to sign in again', () => {
    for (const members of [{}, { scheme: 'bearer' as const }]) {
      const verdict = check(members)
      expect(verdict).toMatchObject({ met: false, kind: 'deviceBound' })
      expect(Object.keys(verdict).sort()).toEqual(['details', 'kind', 'met'])
    }
  })

  test('may be met in a moment while a key can still be registered', () => {
    expect(check({ isDeviceBound: false })).toMatchObject({ met: false, retryAfterSeconds: 1 })
  })

  test.each([
    [false, 'no key registered yet'],
    [undefined, 'a session or token without a key of the device'],
  ])('says for logs what was seen: %s', (isDeviceBound, seen) => {
    const details = { subject: 'session', seen, expected: 'a session that is bound to a device' }
    expect(check(isDeviceBound === undefined ? {} : { isDeviceBound })).toMatchObject({ details })
    expect(deviceBound().kind).toBe('deviceBound')
  })
})
