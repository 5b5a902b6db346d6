import { describe, expect, test } from '@jest/globals'
import { Cached } from '../../../lib/base/cache/cached-document.js'
import { ProviderError } from '../../../lib/errors.js'
import { Clock } from '../../kit/clock.js'
import { failureOf } from '../../kit/failure.js'

describe('a cached document', () => {
  test('is unusable where its fetch fails in an unforeseen way, and its error has a cause', async () => {
    const cached = new Cached({
      runtime: new Clock(),
      maxAgeSeconds: 1,
      staleSeconds: 1,
      fetch: () => Promise.reject(new RangeError('too deep')),
    })
    const error = await failureOf(cached.get())
    expect(error).toMatchObject({ code: 'provider_response_invalid', status: 502, cause: { name: 'RangeError' } })
    expect(cached.peek()).toBeUndefined()
  })

  test('is fetched again at once after a limit on our own requests, which is not an outage', async () => {
    const answers = [
      Promise.reject<string>(new ProviderError('outbound_limit_reached', 'busy')),
      Promise.resolve('set'),
    ]
    const fetch = () => answers.shift() ?? Promise.reject(new Error('no third'))
    const cached = new Cached({ runtime: new Clock(), fetch, maxAgeSeconds: 60, staleSeconds: 60 })
    expect(await failureOf(cached.get())).toMatchObject({ code: 'outbound_limit_reached' })
    expect(cached.freshness()).toEqual({ state: 'unknown' })
    await expect(cached.get()).resolves.toBe('set')
  })
})
