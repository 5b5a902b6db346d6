import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { Browser } from '../../hosts/client.js'
import { hosts } from '../../hosts/hosts.js'
import { withoutHash } from '../../hosts/cookie-names.js'
import {
  codeOf,
  postedResponse,
  postResponse,
  rawRequest,
  renameField,
  subjectOf,
  tokenCalls,
  transactionCookies,
} from '../../kit/world/steps.js'
import { startWorld, type World } from '../../kit/world/world.js'

// Over http this works with a provider of the same site only, as it is here.
const formPost = { authorizationParams: { response_mode: 'form_post' }, dangerouslyAllowHttp: true }
const urlencoded = 'application/x-www-form-urlencoded'
let world: World
let browser: Browser
let before: number

describe.each(hosts)('a posted authorization response on $name', (host) => {
  beforeAll(async () => {
    world = await startWorld({ host, oidc: formPost })
  })
  afterAll(() => world.close())
  beforeEach(() => {
    browser = new Browser()
    before = tokenCalls(world)
  })

  test('signs in over http on loopback, and goes on with GET', async () => {
    const answer = await postResponse(world, browser, await postedResponse(world, browser))
    expect([answer.status, answer.location]).toEqual([303, world.url('/private')])
    expect(await subjectOf(world, browser)).toBe('alice')
    expect(transactionCookies(browser).size).toBe(0)
  })

  test('is also read where its charset is named', async () => {
    const form = await postedResponse(world, browser)
    const answer = await postResponse(world, browser, form.toString(), {
      'content-type': `${urlencoded}; charset=UTF-8`,
    })
    expect(answer.status).toBe(303)
  })

  test('is refused where its code comes in the query, and can still be posted', async () => {
    const form = await postedResponse(world, browser)
    const answer = await browser.navigate(world.url(`/callback?${form.toString()}`))
    expect([answer.status, codeOf(answer), answer.setCookies]).toEqual([400, 'invalid_response', []])
    expect(tokenCalls(world)).toBe(before)
    expect((await postResponse(world, browser, form)).status).toBe(303)
    const home = await browser.navigate(world.url('/callback?code=abc&state=unknown'))
    expect([home.status, home.location]).toEqual([302, world.url('/')])
  })

  test('is refused in the query of an anonymous visitor too, where an error, or no state, is as without form_post', async () => {
    const known = await browser.navigate(world.url('/callback?code=abc&state=unknown'))
    expect([known.status, codeOf(known)]).toEqual([400, 'invalid_response'])
    const error = await browser.navigate(world.url('/callback?error=access_denied'))
    expect([error.status, codeOf(error)]).toEqual([403, 'access_denied'])
    const link = await browser.navigate(world.url('/callback?success=true&code=success'))
    expect([link.status, new URL(link.location ?? '').origin]).toEqual([302, world.provider.issuer])
    expect(tokenCalls(world)).toBe(before)
  })

  test('CB20: without its cookie starts the login over once, like any other', async () => {
    const form = await postedResponse(world, browser)
    browser.cookies.clear(({ name }) => name.includes('.tx.'))
    const answer = await postResponse(world, browser, form)
    expect([answer.status, new URL(answer.location ?? '').origin]).toEqual([303, world.provider.issuer])
    expect(tokenCalls(world)).toBe(before)
  })

  test.each([65_000, 66_000, 1_000_000])(
    'CB21: of %d bytes is read up to 64 KiB, and refused beyond',
    async (bytes) => {
      const form = await postedResponse(world, browser)
      const rest = bytes - form.toString().length - '&padding='.length
      const answer = await postResponse(world, browser, `${form.toString()}&padding=${'a'.repeat(rest)}`, {
        'content-type': urlencoded,
      })
      if (bytes <= 65_536) expect(answer.status).toBe(303)
      else expect([answer.status, codeOf(answer)]).toEqual([413, 'body_too_large'])
    },
  )

  test('CB21: that does not announce its length is refused once it is too long', async () => {
    await postedResponse(world, browser)
    const answer = await postChunked(world.url('/callback'), 'a'.repeat(200_000))
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    expect(answer).toMatch(/^connection: close/im)
  })

  test.each([
    ['JSON', 'application/json'],
    ['multipart', 'multipart/form-data; boundary=x'],
    ['plain text', 'text/plain'],
    ['a form in Latin-1', `${urlencoded}; charset=iso-8859-1`],
    ['a form in UTF-7', `${urlencoded}; charset=utf-7`],
    ['a form in two charsets', `${urlencoded}; charset=utf-8; charset=utf-7`],
    ['nothing that it names', ''],
  ])('CB21: as %s is refused with 415, and the login can still be finished', async (_what, type) => {
    const form = await postedResponse(world, browser)
    const answer = await postResponse(world, browser, form.toString(), { 'content-type': type })
    expect([answer.status, codeOf(answer)]).toEqual([415, 'unsupported_media_type'])
    expect(tokenCalls(world)).toBe(before)
    expect((await postResponse(world, browser, form)).status).toBe(303)
  })

  test.each([
    ['code twice', (form: URLSearchParams) => form.append('code', 'evil'), 'invalid_response'],
    ['code and error', (form: URLSearchParams) => form.append('error', 'access_denied'), 'invalid_response'],
    ['state twice', (form: URLSearchParams) => form.append('state', 'evil'), 'invalid_response'],
    ['a code of 100 KB', (form: URLSearchParams) => form.set('code', 'a'.repeat(50_000)), 'invalid_response'],
    ['state as a list', (form: URLSearchParams) => renameField(form, 'state', 'state[]'), 'state_missing'],
    ['state as an object', (form: URLSearchParams) => renameField(form, 'state', 'state[a]'), 'state_missing'],
    ['another iss', (form: URLSearchParams) => form.set('iss', 'https://evil.example'), 'issuer_mismatch'],
  ] as const)('CB18: with %s is refused', async (_what, change, code) => {
    const form = await postedResponse(world, browser)
    change(form)
    const answer = await postResponse(world, browser, form)
    expect([answer.status, codeOf(answer)]).toEqual([400, code])
    expect(tokenCalls(world)).toBe(before)
  })

  test('CB22: by another method is answered with 405', async () => {
    const answer = await browser.request('none', world.url('/callback'), { method: 'PUT' })
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, POST'])
  })
})

describe('CB20: the cookies of a login with form_post', () => {
  test.each([
    ['SameSite=None and Secure over https', 'https:', formPost, /; secure; .*samesite=none|samesite=none; secure/i],
    ['SameSite=Lax over http, where None does not work', 'http:', formPost, /samesite=lax/i],
    ['SameSite=Lax over https without form_post', 'https:', {}, /samesite=lax/i],
  ])('are %s', async (_what, protocol, params, expected) => {
    const own = await startWorld({
      oidc: { ...params, ...(protocol === 'https:' ? { baseUrl: 'https://app.example' } : {}) },
    })
    const { setCookies } = await own.browser.navigate(own.url('/login'))
    await own.close()
    expect(setCookies).toHaveLength(1)
    expect(setCookies[0]).toMatch(expected)
    expect(setCookies[0]).toMatch(/httponly/i)
    expect(/; secure/i.test(setCookies[0] ?? '')).toBe(protocol === 'https:')
  })

  test('leave the session cookie at SameSite=Lax', async () => {
    const own = await startWorld({ oidc: formPost })
    world = own
    browser = own.browser
    const { setCookies } = await postResponse(world, browser, await postedResponse(world, browser))
    await own.close()
    expect(setCookies.find((line) => withoutHash(line).startsWith('oidc='))).toMatch(/SameSite=Lax/)
  })
})

function postChunked(url: string, body: string): Promise<string> {
  const { host, origin, pathname } = new URL(url)
  const head = [
    `POST ${pathname} HTTP/1.1`,
    `Host: ${host}`,
    `Content-Type: ${urlencoded}`,
    'Transfer-Encoding: chunked',
  ]
  return rawRequest(origin, `${head.join('\r\n')}\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`)
}
