import { describe, expect, test } from '@jest/globals'
import { absenceOf, absences } from '../../../lib/session/storage/absence.js'
import { Clock, start } from '../../kit/clock.js'
import { idToken, limits, record } from '../example.js'

const at = (seconds: number, given = record()) =>
  absenceOf(given, undefined, { runtime: new Clock(start + seconds), limits })
const names = { id: 'an-id', subject: 'alice' }

describe('why no session counts', () => {
  test('is told to logs with the option to look at, and to audits with a reason', () => {
    expect(absences).toEqual({
      noCookie: { seen: 'no cookie' },
      noMember: { seen: 'a req.session in which nobody is signed in', option: 'session.use' },
      otherSecret: {
        seen: 'a cookie that no "secret" opens, or of another issuer or clientId',
        option: 'secret',
        reason: 'tampered',
      },
      otherVersion: { seen: 'a cookie of another version of express-oidc' },
      otherBaseUrl: { seen: 'a session of another base URL', option: 'baseUrls' },
      foreignSocket: { seen: 'a WebSocket that a page of another site opened' },
      idle: { seen: 'ended (idle)', option: 'session.idleSeconds', reason: 'idle' },
      absolute: { seen: 'ended (absolute)', option: 'session.absoluteSeconds', reason: 'absolute' },
      revoked: { seen: 'ended by a logout, or sessions of several people', reason: 'revoked' },
      otherProvider: {
        seen: 'a session of a provider that is gone, or another one now',
        reason: 'provider_changed',
      },
      unproven: {
        seen: 'a session of another device, or without its proof',
        option: 'session.deviceBound',
        reason: 'device_lost',
      },
      lost: { seen: 'no longer in the session store, ended by a logout, or of another base URL', reason: 'revoked' },
    })
  })

  test('is another version where nothing could be read', () => {
    expect(absenceOf(undefined, undefined, { runtime: new Clock(), limits })).toBe(absences.otherVersion)
  })

  test('is another base URL where the session began elsewhere', () => {
    const place = { origin: 'https://b.example', isFirst: false }
    expect(absenceOf(record(), place, { runtime: new Clock(), limits })).toBe(absences.otherBaseUrl)
    const here = record({ origin: 'https://b.example' })
    expect(absenceOf(here, place, { runtime: new Clock(), limits })).toMatchObject(absences.revoked)
  })

  test('is a logout for a session that would still be alive, with the names that a logout has', () => {
    const given = record({ idToken: idToken({ sid: 'a-sid' }), provider: { name: 'work', key: 'a-key' } })
    const seen = { ...absences.revoked, names: { ...names, sid: 'a-sid', provider: 'a-key' } }
    expect(at(0, given)).toEqual(seen)
    expect(at(599.999, given)).toEqual(seen)
  })

  test('is the idle limit from its second on, and the absolute limit from its own', () => {
    expect(at(600)).toEqual({ ...absences.idle, names })
    expect(at(3599.999)).toEqual({ ...absences.idle, names })
    expect(at(3600)).toEqual({ ...absences.absolute, names })
    const used = record({ touchedAt: start + 3500 })
    expect([at(3599, used), at(3600, used)]).toEqual([
      { ...absences.revoked, names },
      { ...absences.absolute, names },
    ])
  })
})
