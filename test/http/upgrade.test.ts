import { describe, expect, test } from '@jest/globals'
import { isForeignSocket, isUpgrade } from '../../lib/http/upgrade.js'
import { plainRequest } from '../kit/request.js'

test('an upgrade says so in a header, or is a CONNECT (RFC 8441)', () => {
  expect(isUpgrade(plainRequest({ upgrade: 'websocket' }))).toBe(true)
  expect(isUpgrade(plainRequest({ upgrade: 'h2c' }))).toBe(true)
  expect(isUpgrade(plainRequest({}, 'CONNECT'))).toBe(true)
  expect(isUpgrade(plainRequest({ connection: 'upgrade' }))).toBe(false)
})

describe('a WebSocket (CWE-1385)', () => {
  const isOwn = (origin: string) => origin === 'https://app.example.com'
  const isForeign = (headers: Record<string, string>, method?: string) =>
    isForeignSocket(plainRequest(headers, method), isOwn)

  test.each([['websocket'], ['WebSocket'], ['h2c, websocket']])(
    'by "Upgrade: %s" is foreign from another origin',
    (upgrade) => {
      expect(isForeign({ upgrade, origin: 'https://evil.example' })).toBe(true)
      expect(isForeign({ upgrade })).toBe(true)
      expect(isForeign({ upgrade, origin: 'https://app.example.com' })).toBe(false)
    },
  )

  test('by CONNECT is foreign from another origin', () => {
    expect(isForeign({ origin: 'https://evil.example' }, 'CONNECT')).toBe(true)
    expect(isForeign({ origin: 'https://app.example.com' }, 'CONNECT')).toBe(false)
  })

  test('is neither another upgrade nor another request', () => {
    expect(isForeign({ upgrade: 'h2c', origin: 'https://evil.example' })).toBe(false)
    expect(isForeign({ upgrade: 'websockets', origin: 'https://evil.example' })).toBe(false)
    expect(isForeign({ origin: 'https://evil.example' })).toBe(false)
  })
})
