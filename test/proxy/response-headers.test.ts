import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Proxied, startProxied } from '../kit/api/proxied.js'

let proxied: Proxied
beforeAll(async () => {
  proxied = await startProxied()
})
afterAll(() => proxied.close())

/** The headers that the browser gets of a response with these. */
async function got(headers: Record<string, string | string[]>, status = 200) {
  proxied.api.answer(
    (_req, res) => void res.writeHead(status, headers).end(status === 204 ? undefined : Buffer.from('text')),
  )
  return proxied.call('/api/x/y')
}

describe('the response that the browser gets', () => {
  test('has the status, the body and the headers of the API', async () => {
    const answer = await got(
      { 'content-type': 'text/plain', etag: '"e"', 'x-total-count': '7', link: ['<a>', '<b>'], 'x-latin': 'é' },
      418,
    )
    expect([answer.status, answer.text]).toEqual([418, 'text'])
    expect(answer.headers).toMatchObject({
      'content-type': 'text/plain',
      etag: '"e"',
      'x-total-count': '7',
      link: '<a>, <b>',
      'x-latin': 'é',
    })
  })

  test.each([204, 304, 404, 500, 503])('passes %i on', async (status) => {
    expect((await got({ 'x-own': '1' }, status)).headers['x-own']).toBe('1')
  })

  test.each([
    ['Set-Cookie', ['session=stolen; Path=/', 'b=2']],
    ['WWW-Authenticate', 'Basic realm="api"'],
    ['WWW-Authenticate', 'Negotiate'],
    ['Proxy-Authenticate', 'Basic realm="api"'],
    ['Clear-Site-Data', '"*"'],
    ['Strict-Transport-Security', 'max-age=31536000; includeSubDomains'],
    ['Alt-Svc', 'h3="evil.example:443"'],
    ['Service-Worker-Allowed', '/'],
    ['Access-Control-Allow-Origin', '*'],
    ['Access-Control-Allow-Credentials', 'true'],
    ['Refresh', '0; url=https://evil.example'],
    ['Content-Location', 'https://evil.example'],
    ['NEL', '{}'],
    ['Report-To', '{}'],
    ['Reporting-Endpoints', 'x="https://evil.example"'],
    ['Accept-CH', 'Sec-CH-UA'],
    ['Set-Login', 'logged-out'],
    ['Sec-Session-Registration', '(ES256);path="/x"'],
    ['DPoP-Nonce', 'n'],
    ['Keep-Alive', 'timeout=99'],
    ['Upgrade', 'h2c'],
    ['Trailer', 'x-end'],
    ['X-Accel-Redirect', '/internal/secrets'],
    ['X-Sendfile', '/etc/passwd'],
    ['X-LiteSpeed-Location', '/internal/secrets'],
    ['X-LiteSpeed-Cache-Control', 'public, max-age=60'],
  ])('AP04: has no %s of the API: %j', async (name, value) => {
    const answer = await got({ [name]: value, 'x-own': '1' }, name === 'WWW-Authenticate' ? 401 : 200)
    expect(answer.headers['x-own']).toBe('1')
    const seen = answer.headers[name.toLowerCase()]
    expect(seen === undefined || (name === 'Keep-Alive' && seen !== 'timeout=99')).toBe(true)
    expect(answer.setCookies.filter((line) => /stolen|^b=/.test(line))).toEqual([])
  })

  test('AP04: has no header that Connection names', async () => {
    const answer = await got({ connection: 'X-Hop, close', 'x-hop': '1', 'x-own': '1' })
    expect(answer.headers).not.toHaveProperty('x-hop')
    expect(answer.headers['x-own']).toBe('1')
  })

  test.each([
    { 'cache-control': 'public, max-age=3600', expires: 'Thu, 01 Jan 2099 00:00:00 GMT', age: '1' },
    {
      'cdn-cache-control': 'max-age=60',
      'surrogate-control': 'max-age=60',
      'cloudflare-cdn-cache-control': 'max-age=60',
    },
    { pragma: 'cache' },
    {},
  ])('AP08: is for no cache: %j', async (headers) => {
    const answer = await got(headers)
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(Object.keys(answer.headers).filter((name) => /expires|^age|cdn|surrogate|pragma/.test(name))).toEqual([])
  })

  test('AP04: is not a document, whatever type it has', async () => {
    const { headers } = await got({ 'content-type': 'text/html', 'content-security-policy': 'default-src *' })
    expect(headers['content-security-policy']).toBe("default-src 'none'; frame-ancestors 'none'")
    expect(headers['x-content-type-options']).toBe('nosniff')
  })
})

describe('AP05: Location', () => {
  test.each([
    ['a path below the target', (v1: string) => new URL(v1).pathname + '/orders/7?x=1#y', '/api/orders/7?x=1#y'],
    ['a URL below the target', (v1: string) => `${v1}/orders/7`, '/api/orders/7'],
    ['a relative path', () => '../orders/7', '/api/orders/7'],
    ['the target itself', (v1: string) => v1, '/api'],
    ['a path beside the target', () => '/login', undefined],
    ['a path whose beginning is like the target', (v1: string) => `${v1}2/x`, undefined],
    ['a path that leads out', (v1: string) => `${v1}/../admin`, undefined],
    ['a path that leads out, encoded', (v1: string) => `${v1}/%2e%2e/admin`, undefined],
    ['another host', () => 'https://evil.example/v1/x', undefined],
    ['another host without scheme', () => '//evil.example/v1', undefined],
    ['another host, in a path', (v1: string) => `${v1}//evil.example`, undefined],
    ['another port', () => 'http://127.0.0.1:1/v1/x', undefined],
    ['a script', () => 'javascript:alert(1)', undefined],
    ['nothing that can be read', () => 'http://[', undefined],
  ])('AP05: with %s', async (_what, location, expected) => {
    for (const status of [201, 302, 307]) {
      const answer = await got({ location: location(`${proxied.api.origin}/v1`) }, status)
      expect([status, answer.status, answer.headers.location]).toEqual([status, status, expected])
    }
  })

  test('AP05: is never followed, so that the token stays at the target', async () => {
    const before = proxied.api.calls.length
    await got({ location: `${proxied.api.origin}/v1/elsewhere` }, 302)
    expect(proxied.api.calls).toHaveLength(before + 1)
  })
})
