import { describe, expect, test } from '@jest/globals'
import { createServer } from 'node:http'
import type { ClientCredentialsOptions } from '../../lib/options/client/options.js'
import { clientCredentials } from '../../lib/index.js'
import { listen } from '../kit/listen.js'
import { failureOf } from '../kit/failure.js'
import { down, json } from '../kit/provider/answers.js'
import type { Seen } from '../kit/provider/provider.js'
import { createTokens } from '../kit/client/source.js'

const api = 'https://api.example.com'

/** A source whose `fetch` reaches APIs too: each path of `routes` answers at every host but the issuer's. */
function createApi(
  routes: Record<string, (request: Seen & { init: RequestInit }) => Response>,
  options: Partial<ClientCredentialsOptions> = {},
) {
  const calls: (Seen & { init: RequestInit })[] = []
  const fetch = (async (input: string | URL, init: RequestInit = {}) => {
    const url = new URL(String(input))
    if (url.hostname === 'issuer.example') return tokens.op.fetch(input, init)
    const call = {
      url,
      init,
      method: init.method ?? 'GET',
      headers: new Headers(init.headers),
      body: new URLSearchParams(),
    }
    calls.push(call)
    return routes[url.pathname]?.(call) ?? new Response('ok')
  }) as typeof globalThis.fetch
  const tokens = createTokens({ fetch, ...options })
  const sent = () => calls.map(({ method, url, headers }) => [method, url.href, headers.get('authorization')])
  return { ...tokens, tokens, calls, sent }
}

const to =
  (location: string, status = 302) =>
  () =>
    new Response(null, { status, headers: { location } })
const refuses =
  (...tokens: string[]) =>
  ({ headers }: Seen) =>
    new Response('', { status: tokens.some((token) => headers.get('authorization') === `Bearer ${token}`) ? 401 : 200 })

describe('the access token', () => {
  test('goes into the authorization header, beside the caller’s other headers', async () => {
    const { source, calls } = createApi({})
    const headers = { accept: 'text/plain', authorization: 'Basic eA==' }
    const response = await source.fetch(new URL(`${api}/x?a=b`), { method: 'PUT', headers, body: 'text' })
    expect(await response.text()).toBe('ok')
    expect(calls[0]?.url.href).toBe(`${api}/x?a=b`)
    expect(calls[0]?.init).toMatchObject({ method: 'PUT', body: 'text' })
    expect(Object.fromEntries(calls[0]?.headers ?? [])).toEqual({
      accept: 'text/plain',
      authorization: 'Bearer token-1',
    })
    expect(headers.authorization).toBe('Basic eA==')
  })

  test('is the one for the target of the call', async () => {
    const { source, requests } = createApi({})
    await source.fetch(`${api}/x`, {}, { scope: 'orders:read' })
    expect(requests()[0]?.body.get('scope')).toBe('orders:read')
  })

  test.each(['http://api.example.com/', 'ftp://api.example.com/', '/relative', 'data:,x', '', 'https://'])(
    'is never sent to %p',
    async (url) => {
      const { op, source, calls } = createApi({})
      expect(await failureOf(source.fetch(url))).toMatchObject({ code: 'invalid_options' })
      expect([calls, op.seen]).toEqual([[], []])
    },
  )

  test.each(['http://127.0.0.1:8080/', 'http://localhost/', 'http://[::1]:1/'])(
    'is sent to %s on this machine',
    async (url) => {
      const { source, sent } = createApi({})
      await source.fetch(url)
      expect(sent()).toEqual([['GET', url, 'Bearer token-1']])
    },
  )

  test('is sent over plain http to other machines only by the dangerous permission', async () => {
    const { source, sent } = createApi({}, { dangerouslyAllowHttp: true })
    await source.fetch('http://api.internal/')
    expect(sent()).toEqual([['GET', 'http://api.internal/', 'Bearer token-1']])
  })

  test('is sent to listed origins only, once there is a list', async () => {
    const { source, sent } = createApi({}, { allowedOrigins: [api] })
    await source.fetch(`${api}/x`)
    for (const url of ['https://evil.example/', `${api}:444/`, `${api}.evil.example/`, 'http://api.example.com/']) {
      expect(await failureOf(source.fetch(url))).toMatchObject({ code: 'invalid_options' })
    }
    const error = await failureOf(source.fetch('https://evil.example/?secret=1'))
    expect(error.message).toBe('fetch(): https://evil.example is not listed in "allowedOrigins"')
    expect(sent()).toEqual([['GET', `${api}/x`, 'Bearer token-1']])
  })

  test('can be put into headers for another HTTP client, which keep what they held', async () => {
    const { source } = createApi({})
    expect(await source.authorize()).toEqual({ authorization: 'Bearer token-1' })
    const given = new Headers({ Accept: 'text/plain', Authorization: 'old' })
    expect(await source.authorize(given, { scope: 'x' })).toEqual({
      accept: 'text/plain',
      authorization: 'Bearer token-2',
    })
    expect(given.get('authorization')).toBe('old')
  })

  test('is sent nowhere while there is none', async () => {
    const { tokens, source, calls } = createApi({})
    tokens.failure = down
    expect(await failureOf(source.fetch(api))).toMatchObject({ code: 'provider_unavailable' })
    expect(calls).toEqual([])
  })

  test('does not change the errors of fetch itself', async () => {
    const failure = new TypeError('fetch failed')
    const { source } = createApi({
      '/x': () => {
        throw failure
      },
    })
    expect(await failureOf(source.fetch(`${api}/x`))).toBe(failure)
  })
})

describe('a redirect', () => {
  test('within the origin is followed with the token', async () => {
    const { source, sent } = createApi({ '/a': to('/b', 307), '/b': to(`${api}/c`, 308) })
    expect((await source.fetch(`${api}/a`, { method: 'POST', body: 'x' })).status).toBe(200)
    expect(sent()).toEqual(['a', 'b', 'c'].map((path) => ['POST', `${api}/${path}`, 'Bearer token-1']))
  })

  test.each([
    ['another host', 'https://evil.example/x'],
    ['another port', `${api}:8443/x`],
    ['plain http', 'http://api.example.com/x'],
    ['another host, without a scheme', '//evil.example/x'],
  ])('to %s is followed without the token, and without other credentials', async (_where, location) => {
    const { source, calls } = createApi({ '/a': to(location) })
    await source.fetch(`${api}/a`, { headers: { cookie: 'a=b', 'proxy-authorization': 'x', accept: 'y' } })
    expect(calls).toHaveLength(2)
    expect(Object.fromEntries(calls[1]?.headers ?? [])).toEqual({ accept: 'y' })
  })

  test('to a listed origin is followed without the token all the same', async () => {
    const { source, calls } = createApi(
      { '/a': to('https://b.example/x') },
      { allowedOrigins: [api, 'https://b.example'] },
    )
    await source.fetch(`${api}/a`)
    expect(calls[1]?.headers.has('authorization')).toBe(false)
  })

  test('over real sockets leaves the token behind', async () => {
    const seen: (string | undefined)[] = []
    const elsewhere = await listen(createServer((req, res) => res.end(String(seen.push(req.headers.authorization)))))
    const first = await listen(
      createServer((req, res) => {
        seen.push(req.headers.authorization)
        res.writeHead(302, { location: req.url === '/a' ? '/b' : elsewhere.origin }).end()
      }),
    )
    const { op } = createTokens()
    const { issuer } = op
    const fetch: typeof globalThis.fetch = (input, init) =>
      String(input).startsWith(issuer) ? op.fetch(String(input), init) : globalThis.fetch(input, init)
    const source = clientCredentials({ issuer, clientId: 'machine', clientSecret: 'x', fetch })
    const response = await source.fetch(`${first.origin}/a`)
    expect([response.status, await response.text()]).toEqual([200, '3'])
    expect(seen).toEqual(['Bearer token-1', 'Bearer token-1', undefined])
    await Promise.all([first.close(), elsewhere.close()])
  })

  test.each([
    [303, 'POST', 'GET'],
    [303, 'DELETE', 'GET'],
    [303, 'HEAD', 'HEAD'],
    [302, 'POST', 'GET'],
    [301, 'post', 'GET'],
    [302, 'PUT', 'PUT'],
    [307, 'POST', 'POST'],
  ])('with status %d turns %s into %s', async (status, method, expected) => {
    const { source, calls } = createApi({ '/a': to('/b', status) })
    const body = method === 'HEAD' ? null : 'x'
    await source.fetch(`${api}/a`, { method, body, headers: { 'content-type': 'text/plain' } })
    const kept = expected !== 'GET'
    expect(calls[1]?.method).toBe(expected)
    expect(calls[1]?.init.body).toBe(kept ? body : null)
    expect(calls[1]?.headers.has('content-type')).toBe(kept)
  })

  test.each<[string, () => Response]>([
    ['has no location', () => new Response(null, { status: 302 })],
    ['does not lead to a URL', to('https://')],
    ['leads to another scheme', to('file:///etc/passwd')],
    ['is not a redirect', () => new Response(null, { status: 304, headers: { location: '/b' } })],
  ])('that %s is handed to the caller', async (_what, answer) => {
    const { source, calls } = createApi({ '/a': answer })
    expect((await source.fetch(`${api}/a`)).status).toBe(answer().status)
    expect(calls).toHaveLength(1)
  })

  test('whose body has been consumed is handed to the caller', async () => {
    const { source, calls } = createApi({ '/a': to('/b', 307) })
    const body = new Response('x').body
    expect((await source.fetch(`${api}/a`, { method: 'POST', body })).status).toBe(307)
    expect(calls).toHaveLength(1)
  })

  test.each<'manual' | 'error'>(['manual', 'error'])('is left to fetch where the caller says %p', async (redirect) => {
    const { source, calls } = createApi({ '/a': to('/b') })
    expect((await source.fetch(`${api}/a`, { redirect })).status).toBe(302)
    expect(calls.map(({ init }) => init.redirect)).toEqual([redirect])
  })

  test('that leads in circles ends after twenty steps', async () => {
    const { source, calls } = createApi({ '/a': to('/a') })
    expect((await source.fetch(`${api}/a`, { redirect: 'follow' })).status).toBe(302)
    expect(calls).toHaveLength(21)
  })
})

describe('a 401', () => {
  const bytes = new TextEncoder().encode('x')
  test.each<[string, RequestInit['body']]>([
    ['no body', null],
    ['a text', 'x'],
    ['a form', new URLSearchParams('a=b')],
    ['bytes', bytes],
    ['a buffer', bytes.buffer],
    ['a blob', new Blob(['x'])],
    ['a multipart form', new FormData()],
  ])('is answered once with a new token, with %s', async (_what, body = null) => {
    const { source, calls, sent } = createApi({ '/x': refuses('token-1') })
    expect((await source.fetch(`${api}/x`, { method: 'POST', body })).status).toBe(200)
    expect(sent().map(([, , token]) => token)).toEqual(['Bearer token-1', 'Bearer token-2'])
    expect(calls.map(({ init }) => init.body)).toEqual([body, body])
  })

  test('for a body that has been consumed is handed to the caller, and the token is dropped', async () => {
    const { source, calls } = createApi({ '/x': refuses('token-1') })
    const body = new Response('x').body
    expect((await source.fetch(`${api}/x`, { method: 'POST', body })).status).toBe(401)
    expect(calls).toHaveLength(1)
    expect(await source.getToken()).toBe('token-2')
  })

  test('for the new token too is handed to the caller', async () => {
    const { source, sent } = createApi({ '/x': () => new Response('no', { status: 401 }) })
    const response = await source.fetch(`${api}/x`)
    expect([response.status, await response.text()]).toEqual([401, 'no'])
    expect(sent()).toHaveLength(2)
  })

  test('is handed to the caller whole where the provider issues the same token again', async () => {
    const { tokens, source, sent } = createApi({ '/x': () => new Response('no', { status: 401 }) })
    tokens.answer = { access_token: 'always' }
    expect(await (await source.fetch(`${api}/x`)).text()).toBe('no')
    expect(sent()).toHaveLength(1)
  })

  test('after a redirect repeats only the last request, since the first one was carried out', async () => {
    const { source, sent } = createApi({ '/orders': to('/orders/1', 303), '/orders/1': refuses('token-1') })
    expect((await source.fetch(`${api}/orders`, { method: 'POST', body: 'x' })).status).toBe(200)
    expect(sent()).toEqual([
      ['POST', `${api}/orders`, 'Bearer token-1'],
      ['GET', `${api}/orders/1`, 'Bearer token-1'],
      ['GET', `${api}/orders/1`, 'Bearer token-2'],
    ])
  })

  test('from another origin does not concern the token', async () => {
    const routes = { '/a': to('https://b.example/x'), '/x': () => new Response('', { status: 401 }) }
    const { source, requests } = createApi(routes)
    expect((await source.fetch(`${api}/a`)).status).toBe(401)
    expect(await source.getToken()).toBe('token-1')
    expect(requests()).toHaveLength(1)
  })

  test('while the provider is unavailable is an outage', async () => {
    const { tokens, source } = createApi({ '/x': refuses('token-1') })
    await source.getToken()
    tokens.failure = down
    expect(await failureOf(source.fetch(`${api}/x`))).toMatchObject({ code: 'provider_unavailable', status: 503 })
  })

  test('of an API that refuses everything does not turn each call into a token request', async () => {
    const { op, source, requests } = createApi({ '/x': () => new Response('', { status: 401 }) })
    for (let call = 0; call < 50; call++) expect((await source.fetch(`${api}/x`)).status).toBe(401)
    expect(requests()).toHaveLength(6)
    op.clock.advance(11)
    await source.fetch(`${api}/x`)
    expect(requests()).toHaveLength(7)
  })

  test('that another HTTP client receives is reported with drop()', async () => {
    const { source } = createApi({})
    source.drop(await source.getToken())
    expect(await source.getToken()).toBe('token-2')
    source.drop('token-1')
    expect(await source.getToken()).toBe('token-2')
  })

  test('differs from other statuses, which leave the token alone', async () => {
    const { source, requests } = createApi({ '/x': () => json({}, 403) })
    expect((await source.fetch(`${api}/x`)).status).toBe(403)
    expect(requests()).toHaveLength(1)
  })
})
