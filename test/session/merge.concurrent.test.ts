import { describe, expect, test } from '@jest/globals'
import { withConcurrent } from '../../lib/session/merge.js'
import { start } from '../kit/clock.js'
import { record } from './example.js'

describe('a record that one call of a request has saved', () => {
  const begun = record({ data: { a: 1 } })
  const saved = { ...begun, data: { a: 2 } }

  test('is taken as it is where nothing else has changed the session', () => {
    expect(withConcurrent(begun, saved, begun)).toBe(saved)
  })

  test('gets what other calls have changed meanwhile, and keeps its own', () => {
    const now = { ...begun, data: { a: 1, b: 1 }, touchedAt: start + 60 }
    const merged = withConcurrent(begun, saved, now)
    expect(merged.data).toEqual({ a: 2, b: 1 })
    expect(merged.touchedAt).toBe(start + 60)
  })

  test.each([
    ['ended it', undefined],
    ['put another in its place', record({ id: 'another' })],
  ])('is of no use where another call has %s', (_what, now) => {
    expect(() => withConcurrent(begun, saved, now)).toThrow(expect.objectContaining({ code: 'session_missing' }))
  })
})
