import { describe, expect, test } from '@jest/globals'
import { clientOf } from '../../lib/jose/client-claims.js'

describe('the client of a token', () => {
  const all = { client_id: 'a', azp: 'b', cid: 'c', appid: 'd' }

  test('is the first that is named', () => {
    expect(clientOf(all)).toBe('a')
    expect(clientOf({ ...all, client_id: undefined })).toBe('b')
    expect(clientOf({ ...all, client_id: '', azp: null })).toBe('c')
    expect(clientOf({ ...all, client_id: 5, azp: ['b'], cid: {} })).toBe('d')
    expect(clientOf({ clientId: 'a' })).toBeUndefined()
  })
})
