import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { bearer, csrf, type CsrfOptions } from '../../lib/index.js'
import { Browser, type RequestOptions } from '../hosts/client.js'
import { hosts } from '../hosts/hosts.js'
import type { Handler, Layer } from '../hosts/layers.js'
import { codeOf } from '../kit/world/steps.js'
import { type AppRequest, json } from '../kit/app.js'
import { startTestedApp, type TestedApp, type TestedAppOptions } from '../kit/world/tested-app.js'

let world: TestedApp

const change: Handler = (req, res) => json(res, { sub: (req as AppRequest).auth?.subject ?? null })
const guardedBy = (options: CsrfOptions = {}): Layer => ({ mount: '/api', handlers: [csrf(options), change] })

async function start(options: CsrfOptions = {}, more: TestedAppOptions = {}): Promise<void> {
  world = await startTestedApp({ ...more, layers: [guardedBy(options)] })
  await world.enter()
}

/** All cookies, as a browser without SameSite would send them. */
function cookies({ cookies }: Browser = world.browser): Record<string, string> {
  const header = cookies.header({ url: new URL(world.url('/')), crossSite: false, safeNavigation: true })
  return header === undefined ? {} : { cookie: header }
}

/** A request with the person's cookies and the given headers only. */
const send = (headers: Record<string, string>, method = 'POST') =>
  world.browser.request('none', world.url('/api/orders'), { method, headers: { ...cookies(), ...headers } })

const evil = 'https://evil.example'

describe.each(hosts)('GU01: csrf() on $name', (host) => {
  beforeAll(() => start({}, { host }))
  afterAll(() => world.close())

  test.each<[string, () => RequestOptions]>([
    ['a fetch of this origin', () => ({ site: 'same-origin' })],
    ['the person alone', () => ({ site: 'none' })],
    ['a form of this origin, in an older browser', () => ({ headers: { origin: world.url('') } })],
    ['a program that brings the header', () => ({ headers: { 'x-csrf': '1' } })],
  ])('GU01: accepts requests from %s', async (_what, options) => {
    const kind = options().site === undefined ? 'none' : 'fetch'
    const answer = await world.browser.request(kind, world.url('/api/orders'), { method: 'POST', ...options() })
    expect([answer.status, answer.json()]).toEqual([200, { sub: 'alice' }])
  })

  test.each<[string, Record<string, string>]>([
    ['another site', { 'sec-fetch-site': 'cross-site', origin: evil }],
    ['another site, without Origin', { 'sec-fetch-site': 'cross-site' }],
    ['a sibling subdomain', { 'sec-fetch-site': 'same-site', origin: 'https://blog.example' }],
    ['another site, in an older browser', { origin: evil }],
    ['a sandbox', { origin: 'null' }],
    ['another port', { origin: 'http://127.0.0.1:1' }],
    ['nobody who says so', {}],
    ['a site that only says that it is ours', { 'sec-fetch-site': 'same-origin, cross-site' }],
    ['a site whose name is a prefix', { origin: 'http://127.0.0.1' }],
    ['a program whose header is empty', { 'x-csrf': '' }],
    ['another site that has the header', { 'sec-fetch-site': 'cross-site', origin: evil, 'x-csrf': '1' }],
  ])('GU01: refuses requests from %s with 403', async (_what, headers) => {
    const answer = await send(headers)
    expect([answer.status, answer.headers['content-type']]).toEqual([403, 'application/problem+json'])
    expect(answer.json()).toMatchObject({ code: 'cross_site_request', status: 403 })
    expect(answer.headers['cache-control']).toBe('no-store')
  })

  test('GU01: names the header to a request that does not say where it comes from, and only to that one', async () => {
    expect((await send({})).json()).toMatchObject({
      detail: 'this request does not say which page it comes from: it must have the header X-CSRF: 1',
    })
    expect((await send({ origin: evil })).json()).toMatchObject({
      detail: 'this request must come from a page of this site',
    })
  })

  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND'])('GU01: guards %s', async (method) => {
    expect((await send({ origin: evil }, method)).status).toBe(403)
    expect((await send({ 'x-csrf': '1' }, method)).status).toBe(200)
  })

  test.each(['GET', 'HEAD', 'OPTIONS'])('GU01: lets %s pass', async (method) => {
    expect((await send({ 'sec-fetch-site': 'cross-site', origin: evil }, method)).status).not.toBe(403)
  })

  test('GU01: guards anonymous requests as well', async () => {
    const answer = await new Browser().request('none', world.url('/api/orders'), {
      method: 'POST',
      headers: { origin: evil },
    })
    expect([answer.status, codeOf(answer)]).toEqual([403, 'cross_site_request'])
  })

  test('GU01: calls next once where it lets a request pass, and never where it refuses one', () => {
    const passages = world.host.journal.passages.filter(({ name }) => name === 'csrf')
    expect(passages.length).toBeGreaterThan(10)
    expect(passages.filter(({ nexts }) => nexts > 1)).toEqual([])
    expect(passages.flatMap(({ errors }) => errors)).toEqual([])
  })
})

describe('GU01: csrf()', () => {
  afterEach(() => world.close())

  test('GU01: accepts sibling subdomains where the options say so, and no other site', async () => {
    await start({ allowSameSite: true })
    expect((await send({ 'sec-fetch-site': 'same-site', origin: 'https://blog.example' })).status).toBe(200)
    expect((await send({ 'sec-fetch-site': 'cross-site', origin: evil })).status).toBe(403)
  })

  test('GU01: accepts exactly the origins that are listed', async () => {
    await start({ origins: ['https://www.example.com'] })
    const fromListed = { 'sec-fetch-site': 'cross-site', origin: 'https://www.example.com' }
    expect((await send(fromListed)).status).toBe(200)
    expect((await send({ origin: 'https://www.example.com' })).status).toBe(200)
    for (const origin of ['https://www.example.com.evil.example', 'http://www.example.com', 'https://example.com']) {
      expect((await send({ origin })).status).toBe(403)
    }
  })

  test('GU01: knows the header by the configured name', async () => {
    await start({ header: 'X-Requested-By' })
    const refused = await send({ 'x-csrf': '1' })
    expect([refused.status, refused.json()]).toEqual([
      403,
      expect.objectContaining({ detail: expect.stringContaining('must have the header x-requested-by: 1') }),
    ])
    expect((await send({ 'x-requested-by': 'app' })).status).toBe(200)
  })

  test('GU01: compares with baseUrl, not with Host', async () => {
    await start()
    const { host } = new URL(evil)
    expect((await send({ origin: evil, host, 'x-forwarded-host': host })).status).toBe(403)
  })

  test('GU01: leaves the response to onError', async () => {
    const told: string[] = []
    const oidc: TestedAppOptions['oidc'] = {
      onError: (error, { res }) => {
        told.push((error as { readonly code?: string }).code ?? '')
        json(res as Parameters<typeof json>[0], { mine: true })
      },
    }
    await start({}, { oidc })
    expect((await send({ origin: evil })).json()).toEqual({ mine: true })
    expect(told).toEqual(['cross_site_request'])
  })

  test('GU01: lets an access token pass where there is no session, and guards the session where there is one', async () => {
    world = await startTestedApp({
      layers: ({ options }) => [
        { mount: '/api', handlers: [bearer({ ...options.bearer, required: false }), csrf(), change] },
      ],
    })
    await world.enter()
    const token = world.provider.accessToken({ sub: 'machine' })
    const headers = { authorization: `Bearer ${token}`, origin: evil, 'sec-fetch-site': 'cross-site' }
    const alone = await new Browser().request('none', world.url('/api/orders'), { method: 'POST', headers })
    expect([alone.status, alone.json()]).toEqual([200, { sub: 'machine' }])
    expect((await send(headers)).status).toBe(403)
    expect((await send({ origin: evil })).status).toBe(403)
  })

  test('GU01: reports that oidc() is not before it', async () => {
    world = await startTestedApp({ before: [guardedBy()] })
    const answer = await world.browser.request('none', world.url('/api/orders'), { method: 'POST' })
    expect([answer.status, codeOf(answer)]).toEqual([500, 'not_mounted'])
  })
})

describe('the options of csrf()', () => {
  test.each<[string, unknown, string]>([
    ['an unknown one', { allowSamesite: true }, 'did you mean "allowSameSite"?'],
    ['a header that every form sends', { header: 'Content-Type' }, 'that browsers never send by themselves'],
    ['a header that browsers set', { header: 'sec-fetch-site' }, 'that browsers never send by themselves'],
    ['a header whose name is invalid', { header: 'x csrf' }, 'must be the name of a header'],
    ['an origin with a path', { origins: ['https://a.example/'] }, 'must be an origin'],
    ['a flag that is not a boolean', { allowSameSite: 'yes' }, 'must be true or false'],
  ])('are refused with %s', (_what, options, message) => {
    expect(() => csrf(options as CsrfOptions)).toThrow(message)
  })
})
