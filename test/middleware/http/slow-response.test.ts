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

  async function looksOf(end: (res: ServerResponse) => unknown, look: () => unknown = () => undefined) {
    jest.useFakeTimers()
    const res = new ServerResponse(new IncomingMessage(new Socket()))
    let looks = 0
    const counted = (): unknown => {
      looks += 1
      return look()
    }
    for (let call = 0; call < 2; call += 1) lookUntilSent(res, counted)
    const seen: number[] = []
    for (const milliseconds of [499, 1, 500]) {
      await jest.advanceTimersByTimeAsync(milliseconds)
      seen.push(looks)
    }
    end(res)
    await jest.advanceTimersByTimeAsync(5_000)
    return [...seen, looks]
  }

  test('is looked at twice a second until it begins', async () => {
    expect(await looksOf((res) => res.writeHead(200))).toEqual([0, 1, 2, 2])
  })

  test('is looked at no longer once its connection is gone', async () => {
    expect(await looksOf((res) => res.destroy())).toEqual([0, 1, 2, 3])
  })

  test('is looked at again after a look that failed', async () => {
    const fail = (): never => {
      throw new Error('down')
    }
    expect(await looksOf((res) => res.writeHead(200), fail)).toEqual([0, 1, 2, 2])
  })
})
