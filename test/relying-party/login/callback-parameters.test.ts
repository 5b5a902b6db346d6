import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { oidc, type OidcError } from '../../../lib/index.js'
import { Browser } from '../../hosts/client.js'
import { hosts } from '../../hosts/hosts.js'
import {
  codeOf,
  comeBack,
  subjectOf,
  toCallback,
  tokenCalls,
  transactionCookies,
  withParameters,
} from '../../kit/world/steps.js'
import { secret, startWorld, type World } from '../../kit/world/world.js'

let world: World
let browser: Browser
let before: number

describe.each(hosts)('an authorization response on $name', (host) => {
  beforeAll(async () => {
    world = await startWorld({ host })
  })
  afterAll(() => world.close())
  beforeEach(() => {
    browser = new Browser()
    before = tokenCalls(world)
  })

  test.each<[string, (iss: string) => string | undefined]>([
    ['of another issuer', () => 'https://evil.example'],
    ['with a slash too many', (iss) => `${iss}/`],
    ['in another case', (iss) => iss.toUpperCase()],
    ['missing, although the provider promises it', () => undefined],
    ['empty', () => ''],
  ])('CB15: with an iss that is %s exchanges no code', async (_how, change) => {
    const callback = await toCallback(world, { browser })
    const iss = change(callback.searchParams.get('iss') ?? '')
    const answer = await comeBack(withParameters(callback, { iss }), browser)
    expect([answer.status, codeOf(answer)]).toEqual([400, 'issuer_mismatch'])
    expect(tokenCalls(world)).toBe(before)
    expect(await subjectOf(world, browser)).toBeNull()
  })

  test('CB15: with an error from another issuer is not a refusal', async () => {
    const callback = await toCallback(world, { browser })
    const changes = { code: undefined, error: 'access_denied', iss: 'https://evil.example' }
    const answer = await comeBack(withParameters(callback, changes), browser)
    expect([answer.status, codeOf(answer)]).toEqual([400, 'issuer_mismatch'])
  })

  test('CB16: with an error and no state leaves session and logins under way alone', async () => {
    await browser.navigate(world.url('/login'), { follow: true })
    const callback = await toCallback(world, { browser })
    for (const query of ['error=access_denied', 'error=access_denied&state=made-up', 'error=<script>&state=']) {
      const answer = await comeBack(`${callback.origin}/callback?${query}`, browser)
      expect([answer.status, answer.location]).toEqual([302, world.url('/')])
      expect(answer.setCookies).toEqual([])
    }
    expect(await subjectOf(world, browser)).toBe('alice')
    expect((await comeBack(callback, browser)).status).toBe(302)
    expect(tokenCalls(world)).toBe(before + 2)
  })

  test.each([
    ['HTML', '<script>alert(1)</script>'],
    ['line breaks', 'a\r\nSet-Cookie: evil=1\r\n\r\n<b>'],
    ['other control characters', '\u0000\u001b[2J\u202e'],
  ])('CB17: with an error description that holds %s neither shows nor keeps it', async (_what, description) => {
    const callback = await toCallback(world, { browser })
    const changes = { code: undefined, error: 'invalid_scope', error_description: description, error_uri: description }
    const answer = await comeBack(withParameters(callback, changes), browser)
    expect([answer.status, codeOf(answer)]).toEqual([400, 'authorization_failed'])
    expect(answer.text).not.toMatch(/script|evil|<b>|\\u001b|202e/i)
    expect(Object.keys(answer.headers)).not.toContain('evil')
    expect(String(world.host.journal.errors.at(-1))).not.toContain(description)
  })

  test('CB17: keeps what it says of its error for logs, marked as from the browser, and answers without it', async () => {
    const callback = await toCallback(world, { browser })
    const said = { error_description: 'AADSTS50011: no such page', error_uri: 'https://id.example/help' }
    const answer = await comeBack(
      withParameters(callback, { code: undefined, error: 'invalid_scope', ...said }),
      browser,
    )
    expect(answer.text).not.toMatch(/AADSTS|no such page|help/)
    const error = world.host.journal.errors.at(-1) as OidcError
    expect(error.provider).toEqual({
      via: 'browser',
      error: 'invalid_scope',
      description: 'AADSTS50011: no such page',
      uri: 'https://id.example/help',
      codes: ['AADSTS50011'],
    })
    expect(Object.keys(error)).not.toContain('provider')
  })

  test('CB17: shows an error code only where it looks like one', async () => {
    const callback = await toCallback(world, { browser })
    const changes = { code: undefined, error: '<img src=x onerror=alert(1)>' }
    const answer = await comeBack(withParameters(callback, changes), browser)
    expect([answer.status, codeOf(answer)]).toEqual([400, 'authorization_failed'])
    expect(answer.text).not.toContain('img')
  })

  test('CB17: with an error description of many kilobytes is refused', async () => {
    const callback = await toCallback(world, { browser })
    const changes = { code: undefined, error: 'x', error_description: 'a'.repeat(5_000) }
    const answer = await comeBack(withParameters(callback, changes), browser)
    expect([answer.status, codeOf(answer)]).toEqual([400, 'invalid_response'])
    expect(answer.text.length).toBeLessThan(300)
  })

  test.each<[string, (code: string, state: string) => string, string]>([
    ['code twice', (code, state) => `code=${code}&code=${code}&state=${state}`, 'invalid_response'],
    ['two codes', (code, state) => `code=${code}&code=evil&state=${state}`, 'invalid_response'],
    ['state twice', (code, state) => `code=${code}&state=${state}&state=${state}`, 'invalid_response'],
    ['iss twice', (code, state) => `code=${code}&state=${state}&iss=a&iss=b`, 'invalid_response'],
    ['error twice', (_code, state) => `error=a&error=b&state=${state}`, 'invalid_response'],
    [
      'error_description twice',
      (_code, state) => `error=a&error_description=a&error_description=b&state=${state}`,
      'invalid_response',
    ],
    ['state as a list', (code, state) => `code=${code}&state[]=${state}`, 'state_missing'],
    ['state as an object', (code, state) => `code=${code}&state[x]=${state}`, 'state_missing'],
    ['state with a prototype', (code, state) => `code=${code}&__proto__[state]=${state}`, 'state_missing'],
    ['code as a list', (code, state) => `code[]=${code}&state=${state}`, 'invalid_response'],
    ['code and error', (code, state) => `code=${code}&error=access_denied&state=${state}`, 'invalid_response'],
    ['code and an empty error', (code, state) => `code=${code}&error=&state=${state}`, 'invalid_response'],
    ['neither code nor error', (_code, state) => `state=${state}`, 'invalid_response'],
    ['an empty code', (_code, state) => `code=&state=${state}`, 'invalid_response'],
    ['a code of 5,000 characters', (_code, state) => `code=${'a'.repeat(5_000)}&state=${state}`, 'invalid_response'],
    ['a state of 5,000 characters', (code) => `code=${code}&state=${'a'.repeat(5_000)}`, 'invalid_response'],
    ['an ID Token beside the code', (code, state) => `code=${code}&state=${state}&id_token=a.b.c`, 'invalid_response'],
    [
      'an access token beside the code',
      (code, state) => `code=${code}&state=${state}&access_token=a`,
      'invalid_response',
    ],
  ])('CB18: with %s is refused, and no code is exchanged', async (_what, query, code) => {
    const { searchParams } = await toCallback(world, { browser })
    const iss = `&iss=${encodeURIComponent(world.provider.issuer)}`
    const text = query(searchParams.get('code') ?? '', searchParams.get('state') ?? '')
    const full = text.includes('iss=') ? text : text + iss
    const answer = await comeBack(world.url(`/callback?${full}`), browser)
    expect([answer.status, codeOf(answer)]).toEqual([400, code])
    expect(tokenCalls(world)).toBe(before)
    expect(await subjectOf(world, browser)).toBeNull()
  })

  test.each(['HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'])(
    'CB22: by %s is answered with 405, and does not spend the code',
    async (method) => {
      const callback = await toCallback(world, { browser })
      const answer = await browser.request('none', callback.href, { method, headers: { 'content-length': '0' } })
      expect([answer.status, answer.headers.allow]).toEqual([405, 'GET'])
      expect(answer.setCookies).toEqual([])
      await comeBack(callback, browser)
      expect(await subjectOf(world, browser)).toBe('alice')
    },
  )

  test.each([
    ['sec-purpose', 'prefetch'],
    ['sec-purpose', 'prefetch;prerender'],
    ['purpose', 'prefetch'],
    ['x-moz', 'prefetch'],
  ])('CB22: that is prefetched (%s: %s) does not spend the code', async (name, value) => {
    const callback = await toCallback(world, { browser })
    const answer = await browser.navigate(callback.href, { headers: { [name]: value } })
    expect([answer.status, codeOf(answer)]).toEqual([400, 'invalid_response'])
    expect(answer.setCookies).toEqual([])
    await comeBack(callback, browser)
    expect(await subjectOf(world, browser)).toBe('alice')
  })

  test.each(['image', 'iframe', 'fetch'] as const)('CB22: that a page loads as %s starts no login', async (kind) => {
    const answer = await browser.request(kind, world.url('/callback?code=a&state=b'), { site: 'cross-site' })
    expect([answer.status, codeOf(answer)]).toEqual([400, 'transaction_missing'])
    expect(answer.setCookies).toEqual([])
  })

  test('CB23: may have unknown parameters, session_state and prototype names among them', async () => {
    const callback = await toCallback(world, { browser })
    const extra = { session_state: 'abc.def', scope: 'openid', foo: 'bar', __proto__x: '1', constructor: 'x' }
    const answer = await comeBack(withParameters(callback, extra), browser)
    expect([answer.status, answer.location]).toEqual([302, world.url('/')])
    expect(await subjectOf(world, browser)).toBe('alice')
  })

  test.each([
    ['alone', (_callback: URL) => ({ code: undefined, iss: undefined, response: 'e30.e30.' })],
    ['beside a code', (_callback: URL) => ({ response: 'e30.e30.' })],
  ])('CB37: secured by JWT, %s, is refused, since it is never requested', async (_how, changes) => {
    const callback = await toCallback(world, { browser })
    const answer = await comeBack(withParameters(callback, changes(callback)), browser)
    expect([answer.status, codeOf(answer)]).toEqual([400, 'invalid_response'])
    expect(tokenCalls(world)).toBe(before)
    expect(await subjectOf(world, browser)).toBeNull()
  })
})

test.each(['fragment', 'fragment.jwt'])('CB37: response_mode %s cannot be configured', (mode) => {
  const options = { issuer: 'https://op.example', clientId: 'web', baseUrl: 'https://app.example', secret }
  expect(() => oidc({ ...options, authorizationParams: { response_mode: mode } })).toThrow(/response_mode/)
})

test('a refused response leaves no transaction cookie that could be tried again', async () => {
  const own = await startWorld()
  const callback = await toCallback(own)
  await comeBack(withParameters(callback, { code: undefined, error: 'access_denied' }), own.browser)
  expect(transactionCookies(own.browser).size).toBe(0)
  await own.close()
})
