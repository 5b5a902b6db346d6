import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { IncomingMessage } from 'node:http'
import {
  isCrossOriginInitiated,
  isDeclaredNavigation,
  isDeclaredNonNavigation,
  isFormPost,
  isNavigation,
  isPrefetch,
} from '../../../lib/http/fetch-metadata.js'
import { requireAuth, scope } from '../../../lib/index.js'
import { createHttpRequest } from '../../../lib/middleware/http/request.js'
import { Browser } from '../../hosts/client.js'
import { hosts } from '../../hosts/hosts.js'
import type { Handler, Layer } from '../../hosts/layers.js'
import { startWorld, type World } from '../../kit/world/world.js'

const html = 'text/html,application/xhtml+xml,*/*;q=0.8'
const handedOn = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'empty', accept: html }
const document = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: html }

function exchange(method: string, headers: Readonly<Record<string, string>>) {
  return createHttpRequest({ method, url: '/', headers, headersDistinct: {} } as unknown as IncomingMessage)
}

describe('a request', () => {
  test.each<[string, string, Record<string, string>, boolean]>([
    ['a page', 'GET', document, true],
    ['a page that is only looked at', 'HEAD', document, true],
    ['a form', 'POST', document, false],
    ['a frame', 'GET', { ...document, 'sec-fetch-dest': 'iframe' }, false],
    ['an object', 'GET', { ...document, 'sec-fetch-dest': 'object' }, false],
    ['an image', 'GET', { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image', accept: 'image/*' }, false],
    ['a script’s fetch', 'GET', { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', accept: '*/*' }, false],
    [
      'a script’s fetch that wants HTML',
      'GET',
      { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', accept: html },
      false,
    ],
    ['a page that a service worker hands on', 'GET', handedOn, true],
    ['a page that a service worker hands on and is only looked at', 'HEAD', handedOn, true],
    ['a prefetch that a service worker hands on', 'GET', { ...handedOn, 'sec-purpose': 'prefetch' }, false],
    ['an embed', 'GET', { ...document, 'sec-fetch-dest': 'embed' }, false],
    ['a frame of a frameset', 'GET', { ...document, 'sec-fetch-dest': 'frame' }, false],
    ['an empty destination alone', 'GET', { 'sec-fetch-dest': 'empty', accept: html }, false],
    ['a script that names the mode same-origin', 'GET', { ...handedOn, 'sec-fetch-mode': 'same-origin' }, false],
    ['a WebSocket', 'GET', { 'sec-fetch-mode': 'websocket', 'sec-fetch-dest': 'websocket' }, false],
    ['a prefetch', 'GET', { ...document, 'sec-purpose': 'prefetch' }, false],
    ['a prerendering', 'GET', { ...document, 'sec-purpose': 'prefetch;prerender' }, false],
    ['a preview of Safari', 'GET', { purpose: 'preview', accept: html }, false],
    ['a prefetch of old Firefox', 'GET', { 'x-moz': 'prefetch', accept: html }, false],
    ['mode alone', 'GET', { 'sec-fetch-mode': 'navigate' }, true],
    ['destination alone', 'GET', { 'sec-fetch-dest': 'document' }, true],
    ['an old browser', 'GET', { accept: html }, true],
    ['an old browser in capitals', 'GET', { accept: 'TEXT/HTML' }, true],
    ['XHTML alone', 'GET', { accept: 'application/xhtml+xml' }, true],
    ['curl', 'GET', { accept: '*/*' }, false],
    ['nothing', 'GET', {}, false],
    ['text/*', 'GET', { accept: 'text/*' }, false],
    ['JSON', 'GET', { accept: 'application/json' }, false],
    ['JSON first, HTML somewhere', 'GET', { accept: 'application/json, text/html;q=0.1' }, true],
    ['HTML that is not wanted', 'GET', { accept: 'text/html;q=0, application/json' }, false],
    ['HTML that is not wanted at all', 'GET', { accept: 'text/html;level=1;q=0.000, */*' }, false],
    ['something that only contains it', 'GET', { accept: 'x-text/html, text/htmlx' }, false],
    ['an old browser that deletes', 'DELETE', { accept: html }, false],
  ])('%s (%s) is recognized as a navigation or not by its headers', (_what, method, headers, expected) => {
    expect(isNavigation(exchange(method, headers))).toBe(expected)
  })

  test('of a service worker counts as one without a service worker', () => {
    expect([
      isDeclaredNavigation(exchange('GET', handedOn)),
      isDeclaredNonNavigation(exchange('GET', handedOn)),
    ]).toEqual([true, false])
  })

  test.each<[string, string, Record<string, string>, boolean]>([
    ['a form', 'POST', document, true],
    ['a form that a service worker hands on', 'POST', handedOn, true],
    ['a form of an old browser', 'POST', { accept: html }, true],
    ['a form in a frame', 'POST', { ...document, 'sec-fetch-dest': 'iframe' }, false],
    ['a script’s post', 'POST', { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', accept: html }, false],
    ['a program’s post', 'POST', { accept: '*/*' }, false],
    ['a page', 'GET', document, false],
  ])(
    'with a posted form, %s (%s), is recognized as a navigation or not by its headers',
    (_what, method, headers, expected) => {
      expect(isFormPost(exchange(method, headers))).toBe(expected)
    },
  )

  test('is excluded as a navigation only by an explicit header', () => {
    expect(isDeclaredNonNavigation(exchange('GET', { accept: '*/*' }))).toBe(false)
    expect(isDeclaredNonNavigation(exchange('GET', { purpose: 'prefetch' }))).toBe(true)
    expect(isDeclaredNonNavigation(exchange('GET', document))).toBe(false)
  })

  test.each([
    [undefined, false],
    ['none', false],
    ['same-origin', false],
    ['same-site', true],
    ['cross-site', true],
    ['made-up', true],
  ])('from site %p comes from another site: %p', (site, expected) => {
    expect(isCrossOriginInitiated(exchange('GET', site === undefined ? {} : { 'sec-fetch-site': site }))).toBe(expected)
  })

  test('is not a prefetch because of an empty header of that name', () => {
    expect(isPrefetch(exchange('GET', { 'sec-purpose': '', purpose: '' }))).toBe(false)
  })
})

const end: Handler = (req, res) => res.end(req.method)
const guarded: readonly Layer[] = [
  { mount: '/page', handlers: [requireAuth(), end] },
  { mount: '/api', handlers: [requireAuth({ challenge: 'respond' }), end] },
  { mount: '/form', handlers: [requireAuth({ challenge: 'redirect' }), end] },
  { mount: '/admin', handlers: [requireAuth(scope('admin')), end] },
]

describe.each(hosts)('a guard on $name', (host) => {
  let world: World
  let browser: Browser
  beforeAll(async () => {
    world = await startWorld({ host, layers: guarded })
  })
  afterAll(() => world.close())
  beforeEach(() => {
    browser = new Browser()
  })

  test('sends a navigation to the provider, and leaves nothing in a cache', async () => {
    const answer = await browser.navigate(world.url('/page'))
    expect([answer.status, new URL(answer.location ?? '').origin]).toEqual([302, world.provider.issuer])
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(answer.headers['referrer-policy']).toBe('no-referrer')
    expect(answer.text).toBe('')
  })

  test('sends a navigation by HEAD there too', async () => {
    expect((await browser.navigate(world.url('/page'), { method: 'HEAD' })).status).toBe(302)
  })

  test.each([
    ['fetch', 'GET'],
    ['fetch', 'POST'],
    ['image', 'GET'],
    ['iframe', 'GET'],
    ['none', 'GET'],
    ['none', 'DELETE'],
  ] as const)('answers a request of kind %s by %s with 401 and the login’s URL', async (kind, method) => {
    const answer = await browser.request(kind, world.url('/page'), { method })
    expect(answer.status).toBe(401)
    expect(answer.headers['content-type']).toBe('application/problem+json')
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(answer.headers['www-authenticate']).toBeUndefined()
    expect(answer.json()).toEqual({
      title: 'Unauthorized',
      status: 401,
      code: 'login_needed',
      detail: 'sign in to see this',
      login_url: world.url('/login'),
    })
    expect(answer.setCookies).toEqual([])
  })

  test.each([
    ['a part of a page, which leads back to the page', {}, '/login?returnTo=%2Fboard'],
    ['a page in place of the browser, which leads to that page', { 'hx-boosted': 'true' }, '/login?returnTo=%2Fpage'],
  ])('takes the window of htmx to the login if it loads %s', async (_what, more, login) => {
    const headers = { 'hx-request': 'true', referer: world.url('/board'), ...more }
    const answer = await browser.request('fetch', world.url('/page'), { headers })
    expect(answer.status).toBe(401)
    expect(answer.headers['hx-redirect']).toBe(world.url(login))
    expect(answer.json()).toMatchObject({ login_url: world.url(login) })
  })

  test('names no URL for htmx in other responses', async () => {
    const answer = await browser.request('fetch', world.url('/page'), { headers: { 'hx-request': 'false' } })
    expect(answer.headers).not.toHaveProperty('hx-redirect')
  })

  test('answers a navigation with 401 where the route says so', async () => {
    const answer = await browser.navigate(world.url('/api'))
    expect([answer.status, answer.headers['content-type']]).toEqual([401, 'application/problem+json'])
  })

  test.each(['GET', 'POST'])(
    'redirects a fetch by %s where the route says so, after a POST with 303',
    async (method) => {
      const answer = await browser.fetch(world.url('/form'), { method })
      expect([answer.status, new URL(answer.location ?? '').origin]).toEqual([
        method === 'GET' ? 302 : 303,
        world.provider.issuer,
      ])
    },
  )

  test('returns to the page after a GET', async () => {
    expect((await browser.navigate(world.url('/form/a?b=c'), { follow: true })).url).toBe(world.url('/form/a?b=c'))
  })

  test('lets signed-in people in, by any method, and calls next once', async () => {
    await browser.navigate(world.url('/login'), { follow: true })
    for (const method of ['GET', 'POST', 'DELETE']) {
      const answer = await browser.fetch(world.url('/page'), { method })
      expect([answer.status, answer.text]).toEqual([200, method])
    }
  })

  test('refuses people who lack what it requires with 403, and does not send them in circles', async () => {
    await browser.navigate(world.url('/login'), { follow: true })
    const program = await browser.fetch(world.url('/admin'))
    expect([program.status, program.json()]).toMatchObject([403, { code: 'not_allowed', status: 403 }])
    const page = await browser.navigate(world.url('/admin'))
    expect([page.status, page.location]).toEqual([403, undefined])
  })

  test('never called next twice in these tests, and rejected nothing', () => {
    expect(world.host.journal.passages.filter(({ nexts }) => nexts > 1)).toEqual([])
    expect(world.host.journal.passages.some(({ name, nexts }) => name === 'requireAuth' && nexts === 1)).toBe(true)
    expect(world.host.journal.passages.some(({ name, nexts }) => name === 'requireAuth' && nexts === 0)).toBe(true)
    expect(world.host.journal.rejections).toEqual([])
  })
})

test.each([[{ challenge: 'sometimes' }], [{ challenges: 'auto' }], [{ challenge: 'auto', more: 1 }], [null]])(
  'requireAuth(%p) is refused at construction',
  (options) => {
    expect(() => requireAuth(options as never)).toThrow(expect.objectContaining({ code: 'invalid_options' }))
  },
)
