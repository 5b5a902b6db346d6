import { describe, expect, test } from '@jest/globals'
import { originOf } from '../../../lib/base/audit/origin.js'

describe('the origin of an audited request', () => {
  test('has the address that Express gives, which honours "trust proxy"', () => {
    expect(originOf({ ip: '192.0.2.1', socket: { remoteAddress: '10.0.0.1' } })).toEqual({ ip: '192.0.2.1' })
  })

  test('has the address of the connection elsewhere, and believes no header', () => {
    const headers = { 'x-forwarded-for': '192.0.2.9', forwarded: 'for=192.0.2.9' }
    expect(originOf({ headers, socket: { remoteAddress: '10.0.0.1' } })).toEqual({ ip: '10.0.0.1' })
  })

  test('is empty rather than an error where a member of the request throws', () => {
    const req = {
      get ip(): string {
        throw new Error('a function of "trust proxy"')
      },
    }
    expect(originOf(req)).toEqual({})
  })

  test('has a bounded user agent without line ends and letters that deceive', () => {
    const userAgent = `a\r\nb\u202ec\u0000${'x'.repeat(1000)}`
    const found = originOf({ headers: { 'user-agent': userAgent } }).userAgent ?? ''
    expect(found).toHaveLength(256)
    expect(found).toMatch(/^a\?\?b\?c\?x+$/)
  })

  test.each([
    ['the ID that the framework has given', { id: 'req-1', headers: { 'x-request-id': 'other' } }, 'req-1'],
    ['a number as a text', { id: 17 }, '17'],
    ['the header where there is none', { headers: { 'x-request-id': 'abc' } }, 'abc'],
    ['nothing where it is not text', { id: {} }, undefined],
  ])('names the request by %s', (_what, req, requestId) => {
    expect(originOf(req).requestId).toBe(requestId)
  })

  test.each([
    ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', '4bf92f3577b34da6a3ce929d0e0e4736'],
    ['00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01', undefined],
    ['anything', undefined],
  ])('takes the trace ID of traceparent %s', (traceparent, traceId) => {
    expect(originOf({ headers: { traceparent } }).traceId).toBe(traceId)
  })

  test.each([
    ['/callback?code=secret&state=x', '/callback'],
    ['/a#b', '/a'],
    ['https://ann:secret@app.example/orders?x=1', '/orders'],
    ['/', '/'],
  ])('has the path of %s without its query', (url, path) => {
    expect(originOf({ method: 'GET', url })).toEqual({ method: 'GET', path })
  })

  test('has the path from before a router cut it', () => {
    expect(originOf({ originalUrl: '/app/orders', url: '/orders' }).path).toBe('/app/orders')
  })
})
