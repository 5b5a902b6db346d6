import { describe, expect, test } from '@jest/globals'
import type { OldSession } from '../../../lib/session/migration/old-session.js'
import { RefusedSessions } from '../../../lib/session/migration/refused-sessions.js'
import { Clock, start } from '../../kit/clock.js'

const old: OldSession = {
  idToken: 'a.b.c',
  issuer: 'https://op.example.com',
  subject: 'alice',
  tokenType: 'bearer',
  createdAt: start,
  touchedAt: start,
  endsAt: start + 60,
  data: {},
}

describe('what came of an old session', () => {
  test('is remembered for some minutes, or as long as it is said', () => {
    const clock = new Clock()
    const refused = new RefusedSessions<{ why: string }>(clock)
    refused.add(old, { why: 'key' })
    const other = { ...old, subject: 'bob' }
    refused.add(other, { why: 'down' }, 10)
    expect([refused.find(old), refused.find(other)]).toEqual([{ why: 'key' }, { why: 'down' }])
    clock.advance(11)
    expect([refused.find(old), refused.find(other)]).toEqual([{ why: 'key' }, undefined])
    clock.advance(290)
    expect(refused.find(old)).toBeUndefined()
  })

  test('is not remembered longer because the clock is set back', () => {
    const clock = new Clock()
    const refused = new RefusedSessions<{ why: string }>(clock)
    refused.add(old, { why: 'down' }, 10)
    clock.advance(-3600)
    expect(refused.find(old)).toBeUndefined()
  })

  test('RE01: is forgotten when others have come since, and says nothing of a newer copy of its cookie', () => {
    const refused = new RefusedSessions<{ why: string }>(new Clock())
    refused.add(old, { why: 'key' })
    expect(refused.find({ ...old, idToken: 'newer' })).toBeUndefined()
    for (let other = 0; other < 10_000; other += 1) refused.add({ ...old, subject: String(other) }, { why: 'key' })
    expect(refused.find(old)).toBeUndefined()
  })
})
