import { describe, expect, test } from '@jest/globals'
import { ProviderError } from '../../../lib/errors.js'
import { countOnce } from '../../../lib/resource-server/proof-of-possession/counted-proofs.js'
import type { ReplayGuard } from '../../../lib/resource-server/proof-of-possession/replay-cache.js'
import { failureOf } from '../../kit/failure.js'

type Answer = boolean | Promise<boolean>

/** A cache that gives these answers in turn, and the keys that it was asked for. */
function cacheOf(...answers: (Answer | (() => Answer))[]): ReplayGuard & { readonly asked: string[] } {
  const asked: string[] = []
  const add = (key: string): Answer => {
    asked.push(key)
    const answer = answers[asked.length - 1] ?? false
    return typeof answer === 'function' ? answer() : answer
  }
  return { asked, cache: {}, add }
}

const look = (replays: ReplayGuard, request: object | undefined, key = 'key') => countOnce(replays, key, 60, request)

describe('the key of a proof', () => {
  test.each([
    ['at once', () => true],
    ['later', async () => true],
  ])('is added once for a request, by a cache that answers %s', async (_when, answer) => {
    const [replays, request] = [cacheOf(answer), {}]
    expect([await look(replays, request), await look(replays, request)]).toEqual([true, true])
    expect(replays.asked).toEqual(['key'])
  })

  test('is added once for looks at the same moment', async () => {
    const [replays, request] = [cacheOf(async () => true), {}]
    expect(await Promise.all([look(replays, request), look(replays, request)])).toEqual([true, true])
    expect(replays.asked).toEqual(['key'])
  })

  test('is asked about again for another request, another key, and what stands for no request', async () => {
    const replays = cacheOf(true, false, true, false, false)
    const request = {}
    expect(await look(replays, request)).toBe(true)
    expect(await look(replays, {})).toBe(false)
    expect(await look(replays, request, 'other')).toBe(true)
    expect([await look(replays, undefined), await look(replays, undefined)]).toEqual([false, false])
    expect(replays.asked).toEqual(['key', 'key', 'other', 'key', 'key'])
  })

  test('is added to each cache, and once where two guards have the same', async () => {
    const request = {}
    const [one, other] = [cacheOf(true), cacheOf(true)]
    const twin = { ...cacheOf(false), cache: one.cache }
    for (const replays of [one, other, twin]) expect(await look(replays, request)).toBe(true)
    expect([one.asked, other.asked, twin.asked]).toEqual([['key'], ['key'], []])
  })

  test('that was refused is refused again for the same request', async () => {
    for (const answer of [() => false, async () => false]) {
      const [replays, request] = [cacheOf(answer, answer), {}]
      expect([await look(replays, request), await look(replays, request)]).toEqual([false, false])
      expect(replays.asked).toHaveLength(2)
    }
  })

  test('is not taken for counted after an outage', async () => {
    const down = (): never => {
      throw new ProviderError('provider_unavailable', 'down')
    }
    for (const outage of [down, async () => down()]) {
      const [replays, request] = [cacheOf(outage, true), {}]
      const first = await failureOf(async () => look(replays, request))
      expect(first).toMatchObject({ code: 'provider_unavailable' })
      expect(await look(replays, request)).toBe(true)
      expect(replays.asked).toHaveLength(2)
    }
  })
})
