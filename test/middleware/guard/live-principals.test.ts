import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { EventEmitter } from 'node:events'
import { LivePrincipals, type TokenConnection } from '../../../lib/middleware/guard/live-principals.js'
import type { Principal } from '../../../lib/policy/principal.js'
import { Clock } from '../../kit/clock.js'

beforeEach(() => void jest.useFakeTimers())
afterEach(() => void jest.useRealTimers())

const principal = (expiresAt: number, scheme: Principal['scheme'] = 'bearer'): Principal => ({
  scheme,
  subject: 'alice',
  issuer: 'https://issuer.example.com',
  claims: {},
  scopes: [],
  expiresAt,
})

function setUp(toleranceSeconds = 30) {
  const clock = new Clock()
  const live = new LivePrincipals(clock, toleranceSeconds)
  const socket = Object.assign(new EventEmitter(), { destroyed: false })
  const connect = (who: Principal, req: object = {}) =>
    live.connect(who, { ...req, socket } as never) as TokenConnection
  const pass = (seconds: number) => {
    clock.seconds += seconds
    jest.advanceTimersByTime(1000)
  }
  return { clock, live, socket, connect, pass }
}

describe('the signal of a connection', () => {
  test('says of an API key that it has expired, with the code of API keys', () => {
    const { clock, connect, pass } = setUp()
    const { signal } = connect(principal(clock.seconds + 60, 'api-key'))
    pass(60)
    expect(signal.reason).toMatchObject({ code: 'invalid_api_key', message: 'the API key has expired', status: 401 })
  })

  test('is aborted when its token is no longer valid', () => {
    const { clock, connect, pass } = setUp()
    const { signal } = connect(principal(clock.seconds + 60))
    pass(89)
    expect(signal.aborted).toBe(false)
    pass(1)
    expect(signal.aborted).toBe(true)
    expect(signal.reason).toMatchObject({ code: 'invalid_token' })
    expect(jest.getTimerCount()).toBe(0)
  })

  test('is aborted at the end of an API key, without tolerance', () => {
    const { clock, connect, pass } = setUp()
    const { signal } = connect(principal(clock.seconds + 60, 'api-key'))
    const forever = connect(principal(Infinity, 'api-key')).signal
    pass(60)
    expect([signal.aborted, forever.aborted]).toEqual([true, false])
  })

  test('is watched no more once its socket serves another request', () => {
    const { clock, connect, socket, pass } = setUp()
    const signals = Array.from({ length: 20 }, () => connect(principal(clock.seconds + 60), { closed: true }).signal)
    expect(socket.listenerCount('close')).toBe(1)
    pass(1000)
    expect(signals.map(({ aborted }) => aborted).indexOf(true)).toBe(19)
  })

  test('is watched from its first use on, and only while its socket lives', () => {
    const { clock, connect, socket, pass } = setUp()
    const connection = connect(principal(clock.seconds + 60))
    expect(jest.getTimerCount()).toBe(0)
    const { signal } = connection
    expect(connection.signal).toBe(signal)
    expect(jest.getTimerCount()).toBe(1)
    socket.emit('close')
    expect(jest.getTimerCount()).toBe(0)
    pass(1000)
    expect(signal.aborted).toBe(false)
  })

  test('is not watched on a socket that is closed, nor after close()', () => {
    const { clock, live, connect, socket } = setUp()
    const open = connect(principal(clock.seconds + 60))
    expect(open.signal.aborted).toBe(false)
    live.close()
    expect(jest.getTimerCount()).toBe(0)
    socket.destroyed = true
    expect(connect(principal(clock.seconds + 60)).signal.aborted).toBe(false)
    expect(jest.getTimerCount()).toBe(0)
  })
})
