import { describe, expect, test } from '@jest/globals'
import { SessionError } from '../../../lib/errors.js'
import { storeOutage } from '../../../lib/base/store/outage.js'

describe('the outage of a store', () => {
  test('is a 503, after which to try again', () => {
    const outage = storeOutage('the store failed')
    expect(outage).toBeInstanceOf(SessionError)
    expect(outage).toMatchObject({
      code: 'session_store_unavailable',
      message: 'the store failed',
      status: 503,
      headers: { 'Retry-After': '5' },
    })
    expect(outage.cause).toBeUndefined()
  })

  test('has a cause without what the store’s client says', () => {
    const failure = Object.assign(new Error('SET session secret'), { code: 'ECONNRESET' })
    expect(storeOutage('the store failed', failure).cause).toMatchObject({ message: 'ECONNRESET', code: 'ECONNRESET' })
    const ofClient = storeOutage('the store failed', failure, () => 'READONLY')
    expect(ofClient.cause).toMatchObject({ message: 'READONLY', code: 'READONLY' })
  })
})
