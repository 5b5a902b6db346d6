import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { ServerResponse, IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { lookUntilSent, ResponseTime } from '../../../lib/middleware/http/slow-response.js'
import { Clock } from '../../kit/clock.js'

afterEach(() => void jest.useRealTimers())

describe('a response that is waited for', () => {
  test('may be too late to remove cookies, and later to renew a session', () => {
    const clock = new Clock()
    const time = new ResponseTime(clock, clock.now())
    const late = (): readonly boolean[] => [time.isLateToRemove, time.isLate]
    expect(late()).toEqual([false, false])
    clock.seconds += 1
    expect(late()).toEqual([true, false])
    clock.seconds += 5
    expect(late()).toEqual([true, true])
  })

  test('may renew a session for five seconds more if it goes on, counted from the question and not from the answer', () => {
    const clock = new Clock()
    const time = new ResponseTime(clock, clock.now())
    clock.seconds += 4
    const goesOn = time.ask()
    clock.seconds += 3
    expect(time.isLate).toBe(true)
    goesOn()
    expect(time.isLate).toBe(false)
    clock.seconds += 3
    expect([time.isLate, time.isLateToRemove]).toEqual([true, true])
  })

  const response = (): ServerResponse => new ServerResponse(new IncomingMessage(new Socket()))

  async function looksOf(
    end: (res: ServerResponse) => unknown,
    look: () => boolean = () => true,
    res = response(),
  ): Promise<number[]> {
    jest.useFakeTimers()
    let looks = 0
    const counted = (): boolean => {
      looks += 1
      return look()
    }
    for (let call = 0; call < 2; call += 1) lookUntilSent(res, counted)
    const seen: number[] = []
    for (const milliseconds of [499, 1, 999, 1]) {
      await jest.advanceTimersByTimeAsync(milliseconds)
      seen.push(looks)
    }
    end(res)
    await jest.advanceTimersByTimeAsync(20_000)
    expect(jest.getTimerCount()).toBe(0)
    return [...seen, looks]
  }

  test('is looked at after half a second, and then more and more rarely, until it begins', async () => {
    expect(await looksOf((res) => res.writeHead(200))).toEqual([0, 1, 1, 2, 2])
  })

  test('is looked at every four seconds in the end', async () => {
    jest.useFakeTimers()
    let looks = 0
    lookUntilSent(response(), () => (looks += 1) > 0)
    await jest.advanceTimersByTimeAsync(7_500)
    expect(looks).toBe(4)
    await jest.advanceTimersByTimeAsync(40_000)
    expect(looks).toBe(14)
  })

  test.each([
    ['its client has gone', (res: ServerResponse) => res.emit('close')],
    ['its connection is destroyed', (res: ServerResponse) => res.destroy()],
  ])('is looked at no longer once %s', async (_what, end) => {
    const [, , , before = 0, after = 0] = await looksOf(end)
    expect(after - before).toBeLessThanOrEqual(1)
  })

  test('is looked at no longer where that is of no use, but for a change that comes later', async () => {
    const res = response()
    expect(
      await looksOf(
        () => undefined,
        () => false,
        res,
      ),
    ).toEqual([0, 1, 1, 1, 1])
    let looks = 0
    lookUntilSent(res, () => (looks += 1) > 1)
    await jest.advanceTimersByTimeAsync(5_000)
    expect(looks).toBe(1)
  })

  test('is looked at again after a look that failed', async () => {
    const fail = (): never => {
      throw new Error('down')
    }
    expect(await looksOf((res) => res.writeHead(200), fail)).toEqual([0, 1, 1, 2, 2])
  })

  test('is not looked at once it has begun, nor where it has no events, as that of engine.io for an upgrade', async () => {
    jest.useFakeTimers()
    const begun = response()
    begun.writeHead(200)
    for (const res of [begun, { headersSent: false }]) lookUntilSent(res as ServerResponse, () => true)
    expect(jest.getTimerCount()).toBe(0)
  })
})
