import { afterEach, describe, expect, test } from '@jest/globals'
import { Browser } from '../../hosts/client.js'
import { hosts } from '../../hosts/hosts.js'
import {
  codeOf,
  comeBack,
  subjectOf,
  throughProvider,
  toCallback,
  tokenCalls,
  withParameters,
} from '../../kit/world/steps.js'
import { startWorld, type World, type WorldOptions } from '../../kit/world/world.js'

let world: World
afterEach(() => world.close())

const links = [
  ['a verified e-mail', '?supportSignUp=true&success=true&code=success&message=Your%20email%20was%20verified'],
  ['a login that the provider began', '?code=abc'],
  ['a bookmark', ''],
  ['an empty state', '?code=abc&state='],
] as const

describe.each(hosts)('a link to the callback without a state, on $name,', (host) => {
  test.each(links)('such as that of %s, leads an anonymous visitor through one login', async (_what, query) => {
    world = await startWorld({ host })
    const landed = await comeBack(world.url(`/callback${query}`), world.browser, true)
    expect(landed).toMatchObject({ status: 200, url: world.url('/') })
    expect(await subjectOf(world)).toBe('alice')
    expect(tokenCalls(world)).toBe(1)
  })

  test.each([...links, ['an error', '?error=access_denied&error_description=blocked'] as const])(
    'such as that of %s, leads a signed-in person home, and changes nothing',
    async (_what, query) => {
      world = await startWorld({ host })
      await world.signIn()
      const before = world.browser.cookies.all()
      const answer = await comeBack(world.url(`/callback${query}`), world.browser)
      expect([answer.status, answer.location, answer.setCookies]).toEqual([302, world.url('/'), []])
      expect(world.browser.cookies.all()).toEqual(before)
      expect(tokenCalls(world)).toBe(1)
    },
  )

  test.each([
    ['access_denied', 403, 'access_denied'],
    ['interaction_required', 400, 'login_required'],
    ['temporarily_unavailable', 503, 'provider_unavailable'],
    ['invalid_scope', 400, 'authorization_failed'],
  ])('shows an anonymous visitor the error that it brings: %s', async (error, status, code) => {
    world = await startWorld({ host })
    const answer = await comeBack(world.url(`/callback?error=${error}&error_description=x`), world.browser)
    expect([answer.status, codeOf(answer), answer.setCookies]).toEqual([status, code, []])
  })

  test('starts no login in an image or a frame', async () => {
    world = await startWorld({ host })
    const headers = { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image', 'sec-fetch-site': 'cross-site' }
    const answer = await world.browser.request('none', world.url('/callback?code=abc'), { headers })
    expect([answer.status, codeOf(answer), answer.setCookies]).toEqual([400, 'state_missing', []])
  })
})

describe('the callback of a login that is over', () => {
  test.each(['?code=abc&state=of-another-process', '?error=access_denied&state=of-another-process'])(
    'leads a signed-in person home, on a process without knowledge of it, without touching code or session: %s',
    async (query) => {
      world = await startWorld()
      await world.signIn()
      const before = [world.browser.cookies.all(), tokenCalls(world)]
      const answer = await comeBack(world.url(`/callback${query}`), world.browser)
      expect([answer.status, answer.location, answer.setCookies]).toEqual([302, world.url('/'), []])
      expect([world.browser.cookies.all(), tokenCalls(world)]).toEqual(before)
    },
  )
})

describe('a login that ended at the provider because another tab was faster', () => {
  const expired = { error: 'temporarily_unavailable', error_description: 'authentication_expired', code: undefined }

  test.each([false, true])(
    'is started over once, with the same page to go back to (signed in: %s)',
    async (isSignedIn) => {
      world = await startWorld()
      const { browser } = world
      const start = await browser.navigate(world.url('/private?tab=1'))
      if (isSignedIn) await world.signIn()
      const callback = withParameters(await throughProvider(world, start), expired)
      const again = await comeBack(callback, browser)
      expect([again.status, new URL(again.location ?? '').origin]).toEqual([302, world.provider.issuer])
      const second = await throughProvider(world, again)
      expect((await comeBack(second, browser)).location).toBe(world.url('/private?tab=1'))
      expect(await subjectOf(world)).toBe('alice')
    },
  )

  test('asks again for what a stronger login asked for', async () => {
    world = await startWorld({ layers: [] })
    const start = await world.browser.navigate(world.url('/login?prompt=login'))
    const again = await comeBack(withParameters(await throughProvider(world, start), expired), world.browser)
    expect(again.status).toBe(302)
  })

  test('is an outage the second time, with another description, and without its state', async () => {
    world = await startWorld()
    const { browser } = world
    const again = await comeBack(withParameters(await toCallback(world), expired), browser)
    const second = await comeBack(withParameters(await throughProvider(world, again), expired), browser)
    expect([second.status, codeOf(second)]).toEqual([503, 'provider_unavailable'])
    const other = withParameters(await toCallback(world), { ...expired, error_description: 'maintenance' })
    const answer = await comeBack(other, browser)
    expect([answer.status, codeOf(answer)]).toEqual([503, 'provider_unavailable'])
    const foreign = withParameters(await toCallback(world), { ...expired, state: 'foreign' })
    expect((await comeBack(foreign, browser)).status).toBe(400)
  })
})

describe('an onLogin that writes the response itself', () => {
  const answering = (errors: unknown[]): WorldOptions => ({
    oidc: {
      onLogin: (_login, req) => void (req as { res: { redirect(to: string): void } }).res.redirect('/private'),
      onError: (error, { next }) => {
        errors.push([(error as { code?: string }).code, error.message])
        next(error)
      },
    },
  })

  test('gets an error that says so, starts no session, and ends in an error page instead of a circle', async () => {
    const errors: unknown[] = []
    world = await startWorld(answering(errors))
    const page = await world.browser.navigate(world.url('/private'), { follow: 60 })
    expect([page.status, codeOf(page)]).toEqual([400, 'login_loop'])
    expect(errors[0]).toEqual(['headers_already_sent', expect.stringContaining('onLogin() has sent a response')])
    expect(tokenCalls(world)).toBe(3)
    expect(await subjectOf(world)).toBeNull()
  })
})

describe('a browser that ignores the cookies of the callback', () => {
  /** Goes through logins as such a browser would: a proxy takes the cookies off the callback’s answers. */
  const goThrough = async (path: string, browser: Browser) => {
    for (let round = 0; round < 8; round += 1) {
      const start = await browser.navigate(world.url(path))
      if (start.status !== 302) return { round, start }
      const callback = await throughProvider(world, start, browser)
      const cookie = browser.cookies.header({ url: callback, crossSite: false, safeNavigation: true }) ?? ''
      await new Browser().navigate(callback.href, { headers: { cookie } })
    }
    throw new Error('it goes in circles')
  }

  test.each(['/private', '/login'])('meets an error at %s, after which it may try again', async (path) => {
    world = await startWorld()
    const { round, start } = await goThrough(path, world.browser)
    expect([round, start.status, codeOf(start)]).toEqual([3, 400, 'login_loop'])
    const again = await world.browser.navigate(world.url('/login'))
    expect(again.status).toBe(302)
    expect((await comeBack(await throughProvider(world, again), world.browser)).status).toBe(302)
    expect(await subjectOf(world)).toBe('alice')
  })

  test('meets it on other processes too, which know nothing of its logins', async () => {
    world = await startWorld()
    const answers: number[] = []
    for (let round = 0; round < 6; round += 1)
      answers.push((await world.browser.navigate(world.url('/private?tab=1'))).status)
    expect(answers).toEqual([302, 302, 302, 302, 302, 400])
  })

  test('differs from a person who opens many pages and signs in at none', async () => {
    world = await startWorld()
    for (let tab = 0; tab < 12; tab += 1)
      expect((await world.browser.navigate(world.url(`/private?tab=${tab}`))).status).toBe(302)
  })
})
