import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Browser } from '../../../hosts/client.js'
import { hosts } from '../../../hosts/hosts.js'
import {
  bobsDoor,
  codeOf,
  comeBack,
  forgetAtProvider,
  subjectOf,
  throughProvider,
  toCallback,
  tokenCalls,
  transactionCookies,
  withParameters,
} from '../../../kit/world/steps.js'
import { startWorld, type World } from '../../../kit/world/world.js'

let world: World

describe.each(hosts)('the state of an authorization response on $name', (host) => {
  beforeEach(async () => {
    world = await startWorld({ host, layers: [bobsDoor] })
  })
  afterEach(() => world.close())

  test('CB01: starts a new login once where it is missing, and no code is exchanged', async () => {
    const callback = withParameters(await toCallback(world), { state: undefined })
    const answer = await comeBack(callback, world.browser)
    expect([answer.status, new URL(answer.location ?? '').origin]).toEqual([302, world.provider.issuer])
    const again = await comeBack(callback, world.browser)
    expect([again.status, codeOf(again), again.setCookies]).toEqual([400, 'state_missing', []])
    expect(tokenCalls(world)).toBe(0)
    expect(await subjectOf(world)).toBeNull()
  })

  test.each([
    ['altered', (state: string) => `${state.startsWith('A') ? 'B' : 'A'}${state.slice(1)}`],
    ['shortened', (state: string) => state.slice(0, -1)],
    ['extended', (state: string) => `${state}A`],
    ['in another case', (state: string) => state.replace(/[a-zA-Z]/, flipped)],
  ])('CB01: is refused where it was %s, and the login under way can still be finished', async (_how, change) => {
    const callback = await toCallback(world)
    const state = change(callback.searchParams.get('state') ?? '')
    const answer = await comeBack(withParameters(callback, { state }), world.browser)
    expect([answer.status, codeOf(answer)]).toEqual([400, 'state_mismatch'])
    expect(tokenCalls(world)).toBe(0)
    expect(await subjectOf(world)).toBeNull()
    await comeBack(callback, world.browser)
    expect(await subjectOf(world)).toBe('alice')
  })

  test('CB01: from another browser signs nobody in or out', async () => {
    const attacker = new Browser()
    await world.signIn()
    const callback = await toCallback(world, { browser: attacker })
    const before = tokenCalls(world)
    const answer = await comeBack(callback, world.browser)
    expect([answer.status, answer.location]).toEqual([302, world.url('/')])
    expect(answer.setCookies).toEqual([])
    expect(tokenCalls(world)).toBe(before)
    expect(await subjectOf(world)).toBe('alice')
  })

  test('CB02: whose cookie was dropped starts the login over once, then leads to an explanation', async () => {
    const callback = await toCallback(world)
    world.browser.cookies.clear(({ name }) => name.includes('.tx.'))
    const again = await comeBack(callback, world.browser)
    expect(again.status).toBe(302)
    const second = await throughProvider(world, again)
    expect(second.searchParams.get('state')).not.toBe(callback.searchParams.get('state'))
    world.browser.cookies.clear(({ name }) => name.includes('.tx.'))
    const answer = await comeBack(second, world.browser)
    expect([answer.status, codeOf(answer)]).toEqual([400, 'transaction_missing'])
    expect(answer.setCookies).toEqual([])
    expect(tokenCalls(world)).toBe(0)
  })

  test('CB02: works at the second attempt when its cookie is kept', async () => {
    const callback = await toCallback(world)
    world.browser.cookies.clear(({ name }) => name.includes('.tx.'))
    const page = await comeBack(callback, world.browser, true)
    expect(page).toMatchObject({ status: 200, url: world.url('/') })
    expect(await subjectOf(world)).toBe('alice')
  })

  test('CB03: of a login older than ten minutes starts it over, though its cookie is still sent', async () => {
    const callback = await toCallback(world, { login: '/private?tab=1' })
    world.clock.advance(601)
    const again = await comeBack(callback, world.browser)
    expect(again.status).toBe(302)
    expect(tokenCalls(world)).toBe(0)
    const second = await throughProvider(world, again)
    world.clock.advance(601)
    const answer = await comeBack(second, world.browser)
    expect([answer.status, codeOf(answer)]).toEqual([410, 'transaction_expired'])
    expect(tokenCalls(world)).toBe(0)
    expect(transactionCookies(world.browser).size).toBe(0)
  })

  test('CB03: that is too old starts a login over, which still leads to the requested page', async () => {
    const callback = await toCallback(world, { login: '/private?tab=1' })
    world.clock.advance(601)
    const page = await comeBack(callback, world.browser, true)
    expect(page).toMatchObject({ status: 200, url: world.url('/private?tab=1') })
  })

  test('CB03: is still valid a second before ten minutes are over', async () => {
    world.clock.stop()
    const callback = await toCallback(world)
    world.clock.advance(599)
    await comeBack(callback, world.browser)
    expect(tokenCalls(world)).toBe(1)
  })

  test('CB04: that is replayed leads a person whom it has signed in to their page, without another exchange', async () => {
    const callback = await toCallback(world, { login: '/private?tab=2' })
    const first = await comeBack(callback, world.browser)
    const replay = await comeBack(callback, world.browser)
    expect([first.location, replay.location]).toEqual([world.url('/private?tab=2'), world.url('/private?tab=2')])
    expect(tokenCalls(world)).toBe(1)
    expect(replay.setCookies).toEqual([])
  })

  test('CB04: that is replayed elsewhere is refused, with the old cookies of the browser too', async () => {
    const callback = await toCallback(world)
    const stolen = world.browser.cookies.header({ url: callback, crossSite: false, safeNavigation: true }) ?? ''
    await comeBack(callback, world.browser)
    const headers = { cookie: stolen }
    for (const options of [{}, { headers }]) {
      const answer = await new Browser().navigate(callback.href, options)
      expect([answer.status, codeOf(answer)]).toEqual([400, 'transaction_used'])
      expect(answer.setCookies.filter((line) => !line.includes('.tx.'))).toEqual([])
    }
    expect(tokenCalls(world)).toBe(1)
  })

  test('CB04: that is replayed after another person signed in does not reveal the first', async () => {
    const callback = await toCallback(world)
    await comeBack(callback, world.browser)
    forgetAtProvider(world.browser)
    await world.signIn('/bob')
    const answer = await comeBack(callback, world.browser)
    expect([answer.status, answer.location, answer.setCookies]).toEqual([302, world.url('/'), []])
    expect(await subjectOf(world)).toBe('bob')
  })

  test('CB04: that comes again with its old cookie leads a person whom it has signed in to their page', async () => {
    const callback = await toCallback(world, { login: '/private?tab=2' })
    const old = world.browser.cookies.header({ url: callback, crossSite: false, safeNavigation: true }) ?? ''
    await comeBack(callback, world.browser)
    const session = world.browser.cookies.header({ url: callback, crossSite: false, safeNavigation: true }) ?? ''
    const replay = await new Browser().navigate(callback.href, { headers: { cookie: `${old}; ${session}` } })
    expect([replay.status, replay.location]).toEqual([302, world.url('/private?tab=2')])
    expect(tokenCalls(world)).toBe(1)
  })

  test('CB05: that comes twice at once exchanges the code once, and both get the session', async () => {
    const callback = await toCallback(world, { login: '/private' })
    const cookie = world.browser.cookies.header({ url: callback, crossSite: false, safeNavigation: true }) ?? ''
    const tabs = [new Browser(), new Browser()]
    const answers = await Promise.all(tabs.map((tab) => tab.navigate(callback.href, { headers: { cookie } })))
    expect(answers.map(({ location }) => location)).toEqual([world.url('/private'), world.url('/private')])
    expect(tokenCalls(world)).toBe(1)
    expect(await Promise.all(tabs.map((tab) => subjectOf(world, tab)))).toEqual(['alice', 'alice'])
  })

  test('CB06: lets two tabs that sign in side by side both finish', async () => {
    const first = await toCallback(world, { login: '/private?tab=1' })
    const second = await toCallback(world, { login: '/private?tab=2' })
    expect((await comeBack(second, world.browser)).location).toBe(world.url('/private?tab=2'))
    expect((await comeBack(first, world.browser)).location).toBe(world.url('/private?tab=1'))
    expect(tokenCalls(world)).toBe(2)
  })

  test('CB11: is 43 characters of base64url, as nonce and challenge are, and new for every login', async () => {
    const seen = new Set<string>()
    for (let logins = 0; logins < 4; logins += 1) {
      const { location = '' } = await new Browser().navigate(world.url('/login'))
      for (const name of ['state', 'nonce', 'code_challenge']) {
        const value = new URL(location).searchParams.get(name) ?? ''
        expect(value).toMatch(/^[\w-]{43}$/)
        seen.add(value)
      }
    }
    expect(seen.size).toBe(12)
  })
})

function flipped(letter: string): string {
  return letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase()
}
