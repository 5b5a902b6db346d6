import { describe, expect, test } from '@jest/globals'
import { SessionError } from '../../../lib/errors.js'
import { guardStore } from '../../../lib/session/shared/guarded-store.js'
import { FakeStore } from '../../kit/stores/memory.js'

const fake = () => new FakeStore({ now: () => 0 })

describe('a guarded store', () => {
  test('answers as the store does', async () => {
    const sharedStore = guardStore(fake())
    expect(sharedStore.state()).toBe('unknown')
    await sharedStore.set('a', '1', 1000)
    expect(await sharedStore.add('a', '2', 1000)).toBe(false)
    expect(await sharedStore.replace('a', '1', '3', 1000)).toBe(true)
    expect(await sharedStore.get(['a', 'b'])).toEqual(['3', undefined])
    expect(await sharedStore.remove('a', '1')).toBe(false)
    expect(await sharedStore.remove('a')).toBe(true)
    expect(sharedStore.state()).toBe('ok')
  })

  test('LK01: turns whatever is thrown, at once or later, into an outage, without its content', async () => {
    const thrown = Object.assign(new Error('SET session secret'), { code: 'ECONNRESET', command: { args: ['secret'] } })
    const inner = fake()
    const sharedStore = guardStore(inner)
    inner.outage = thrown
    const failures = [await failureOf(sharedStore.get(['a']))]
    const throwing = guardStore({
      ...sharedStore,
      get: () => {
        throw thrown
      },
    })
    failures.push(await failureOf(throwing.get(['a'])))
    for (const failure of failures) {
      expect(failure).toMatchObject({ code: 'session_store_unavailable', status: 503, headers: { 'Retry-After': '5' } })
      expect(failure).toMatchObject({ cause: { message: 'ECONNRESET' } })
      expect(JSON.stringify((failure as SessionError).cause)).not.toContain('secret')
    }
    expect([sharedStore.state(), throwing.state()]).toEqual(['failing', 'failing'])
    inner.outage = false
    await sharedStore.get(['a'])
    expect(sharedStore.state()).toBe('ok')
  })

  test('passes on errors of this package', async () => {
    const own = new SessionError('session_store_unavailable', 'x')
    const inner = fake()
    inner.outage = own
    expect(await failureOf(guardStore(inner).get(['a']))).toBe(own)
  })
})

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'worked',
    (error: unknown) => error,
  )
