import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { forwardedHeaders } from '../../lib/proxy/request-headers.js'
import { adaptedRequest } from '../kit/adapted-request.js'
import { type Proxied, startProxied } from '../kit/api/proxied.js'

let proxied: Proxied
beforeAll(async () => {
  proxied = await startProxied()
})
afterAll(() => proxied.close())

/** What the API gets of a request with these headers. */
async function sent(headers: readonly string[], requestLine = 'GET /api/x HTTP/1.1') {
  const answer = await proxied.raw(requestLine, headers)
  const call = proxied.api.calls.at(-1)
  if (call === undefined) throw new Error(`nothing came: ${answer}`)
  return { ...call, body: await call.body }
}

describe('the request that the API gets', () => {
  test('has the headers of the browser, as they are', async () => {
    const { headers, rawHeaders } = await sent([
      'Accept: a/b',
      'X-Trace: 1',
      'X-Trace: 2',
      'If-None-Match: "e"',
      'Range: bytes=0-1',
    ])
    expect(headers).toMatchObject({ accept: 'a/b', 'x-trace': '1, 2', 'if-none-match': '"e"', range: 'bytes=0-1' })
    expect(rawHeaders).toEqual(expect.arrayContaining(['X-Trace', '1', 'X-Trace', '2']))
  })

  test.each([
    ['Authorization', 'Basic eA=='],
    ['Cookie', 'other=1'],
    ['DPoP', 'forged'],
    ['Forwarded', 'for=1.2.3.4;host=evil.example'],
    ['X-Forwarded-For', '1.2.3.4'],
    ['X-Forwarded-Host', 'evil.example'],
    ['X-Forwarded-User', 'admin'],
    ['X-Real-IP', '1.2.3.4'],
    ['Origin', 'http://127.0.0.1'],
    ['Referer', 'http://127.0.0.1/secret?code=1'],
    ['Sec-Fetch-Site', 'none'],
    ['Sec-CH-UA', '"x"'],
    ['Sec-WebSocket-Key', 'x'],
    ['Proxy-Authorization', 'Basic eA=='],
    ['Proxy-Connection', 'keep-alive'],
    ['Keep-Alive', 'timeout=5'],
    ['TE', 'trailers'],
    ['Trailer', 'x-end'],
    ['Upgrade', 'h2c'],
    ['HTTP2-Settings', 'AAMAAABkAARAAAAAAAIAAAAA'],
    ['Expect', '100-continue'],
    ['X-CSRF', '1'],
    ['X-Poll', '1'],
    ['X-Original-URL', '/admin'],
    ['X-Rewrite-URL', '/admin'],
    ['X-Original-Host', 'evil.example'],
    ['X-Client-IP', '1.2.3.4'],
    ['True-Client-IP', '1.2.3.4'],
    ['CF-Connecting-IP', '1.2.3.4'],
    ['X_Forwarded_For', '1.2.3.4'],
    ['X_Forwarded-User', 'admin'],
    ['X_Real_IP', '1.2.3.4'],
    ['Proxy_Authorization', 'Basic eA=='],
    ['Transfer_Encoding', 'chunked'],
    ['X_CSRF', '1'],
  ])('AP03: has no %s of the browser', async (name, value) => {
    const isOfPage = name === 'Origin'
    const { headers } = await sent([`${name}: ${isOfPage ? proxied.world.url('') : value}`])
    const got = headers[name.toLowerCase()]
    if (name === 'Authorization') expect(got).toMatch(/^Bearer \S{20,}$/)
    else expect(got).toBeUndefined()
  })

  test('has other headers whose name has an underscore', async () => {
    expect((await sent(['api_key: 7'])).headers).toMatchObject({ api_key: '7' })
  })

  test('AP03: has no header that Connection names, even if it is one that matters', async () => {
    const { headers } = await sent([
      'Connection: X-Secret, close, Authorization, Content-Type',
      'X-Secret: 1',
      'X-Open: 1',
    ])
    expect(headers).not.toHaveProperty('x-secret')
    expect(headers).toMatchObject({
      'x-open': '1',
      authorization: expect.stringMatching(/^Bearer /),
      connection: 'keep-alive',
    })
  })

  test('AP03: has the Host of the API, whatever the browser says', async () => {
    const { headers } = await sent([])
    expect(headers.host).toBe(new URL(proxied.api.origin).host)
  })

  test('AP03: has one body only, however its length is spelt', async () => {
    const chunked = await sent(
      ['Transfer-Encoding: chunked', 'Content-Type: text/plain', '', '4\r\nwhat\r\n0\r\n'],
      'POST /api/x HTTP/1.1',
    )
    expect(chunked.body).toBe('what')
    for (const headers of [
      ['Content-Length: 3', 'Transfer-Encoding: chunked', '', '0\r\n\r\nGET /v1/smuggled HTTP/1.1\r\n'],
      ['Transfer-Encoding: chunked, identity', '', '0\r\n'],
      ['Content-Length: 3', 'Content-Length: 4', '', 'abcd'],
      ['Content-Length: +3', '', 'abc'],
    ]) {
      expect(await proxied.raw('POST /api/x HTTP/1.1', headers)).toContain('HTTP/1.1 400 ')
    }
    expect(proxied.api.calls.filter(({ target }) => target.includes('smuggled'))).toEqual([])
  })

  test('has no body where the browser sends none', async () => {
    const { headers, body } = await sent(['Content-Length: 0'], 'POST /api/x HTTP/1.1')
    expect([headers['content-length'], headers['transfer-encoding'], body]).toEqual(['0', undefined, ''])
  })

  test('AP03: has the same headers where an adapter fills in nothing but headers, as on AWS Lambda', () => {
    const headers = {
      accept: 'a/b',
      'x-trace': ['1', '2'],
      cookie: 'other=1',
      authorization: 'Basic eA==',
      x_forwarded_for: '1.2.3.4',
      connection: 'X-Secret',
      'x-secret': '1',
      'x-csrf': '1',
    }
    const sent = forwardedHeaders(adaptedRequest({ url: '/api/x', headers }), 'x-csrf')
    expect(sent).toEqual(['accept', 'a/b', 'x-trace', '1', 'x-trace', '2'])
  })
})
