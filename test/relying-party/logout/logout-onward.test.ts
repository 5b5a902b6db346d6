import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type Answer, Browser, type RequestOptions } from '../../hosts/client.js'
import { hosts } from '../../hosts/hosts.js'
import { post } from '../../kit/world/applications.js'
import { onwardUrl } from '../../kit/world/onward.js'
import { codeOf, subjectOf } from '../../kit/world/steps.js'
import { watchAll } from '../../kit/watching/watching.js'
import { startWorld, type World, type WorldOptions } from '../../kit/world/world.js'

let world: World
let browser: Browser

const ownForm = { method: 'POST', site: 'same-origin' } as const
const submit = (path = '/logout', options: RequestOptions = {}): Promise<Answer> =>
  browser.navigate(world.url(path), { ...ownForm, ...options })
const script = (path = '/logout', options: RequestOptions = {}): Promise<Answer> =>
  browser.fetch(world.url(path), { method: 'POST', ...options })
const follow = (url: string): Promise<Answer> => browser.navigate(url, { site: 'same-origin' })
const logoutUrlOf = (answer: Answer): string => (answer.json() as { logout_url: string }).logout_url
/** Signs in once more, as somebody who has just signed out. */
const signIn = (): Promise<Answer> => browser.navigate(world.url('/private'), { follow: true })
const isAtProvider = (answer: Answer): boolean => {
  const { origin, pathname, searchParams } = new URL(answer.location ?? '')
  expect(searchParams.get('id_token_hint')).toMatch(/^ey/)
  return `${origin}${pathname}` === `${world.provider.issuer}/session/end`
}

async function start(options: WorldOptions = {}): Promise<void> {
  world = await startWorld(options)
  browser = new Browser()
  await signIn()
}

describe.each(hosts)('after a logout on $name', (host) => {
  beforeAll(async () => {
    const out = (path: string, returnTo?: string) =>
      post(path, ({ oidc }) => oidc.logout(returnTo === undefined ? {} : { local: true, returnTo }))
    await start({ host, layers: [out('/out'), out('/out-here', '/me')] })
  })
  afterAll(() => world.close())
  beforeEach(async () => {
    browser = new Browser()
    await signIn()
  })

  test.each(['/logout', '/out'])(
    'by a form (%s), a page goes on to the provider by itself, and names no token',
    async (path) => {
      const page = await submit(path)
      expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
      expect(page.headers).toMatchObject({
        'cache-control': 'no-store',
        'content-security-policy': expect.stringMatching(/default-src 'none'.*frame-ancestors 'none'/),
      })
      expect(page.text).not.toMatch(/eyJ[\w-]+\.|id_token_hint|session\/end/)
      expect(await subjectOf(world, browser)).toBeNull()
      const onward = onwardUrl(page)
      expect(onward).toMatch(new RegExp(`^${world.url('/logout')}\\?continue=[\\w-]{43}$`))
      const answer = await follow(onward)
      expect([answer.status, isAtProvider(answer), answer.headers['referrer-policy']]).toEqual([
        302,
        true,
        'no-referrer',
      ])
      const end = await browser.navigate(answer.location ?? '', { site: 'same-site', follow: true })
      expect(end.url).toBe(world.url('/'))
    },
  )

  test.each(['/logout', '/out'])(
    'by a script (%s), its window goes to logout_url, which names no token',
    async (path) => {
      const answer = await script(path)
      expect([answer.status, answer.headers['content-type'], answer.headers['cache-control']]).toEqual([
        200,
        'application/json',
        'no-store',
      ])
      expect(answer.json()).toEqual({ logout_url: expect.stringMatching(/^http:[^?]*\/logout\?continue=[\w-]{43}$/) })
      expect(await subjectOf(world, browser)).toBeNull()
      expect(isAtProvider(await follow(logoutUrlOf(answer)))).toBe(true)
    },
  )

  test('tracing tells the logout from the page that asks first, and from the way on of its window', async () => {
    const ended: unknown[] = []
    const watch = watchAll(({ step, remarks }, phase) => {
      if (step === 'logout' && phase === 'asyncEnd') ended.push(remarks)
    })
    await browser.navigate(world.url('/logout'), { site: 'cross-site' })
    await follow(onwardUrl(await submit()))
    watch.stop()
    expect(ended).toEqual([['confirmation_shown'], undefined, ['logout_continued']])
  })

  test('that stays here, a form is redirected, and a script gets the target', async () => {
    const form = await submit('/out-here')
    expect([form.status, form.headers.location]).toEqual([303, '/me'])
    expect((await script('/out-here')).json()).toEqual({ logout_url: world.url('/me') })
  })

  test('the onward URL works once: used again it leads home, and ends no later session', async () => {
    const onward = logoutUrlOf(await script())
    await follow(onward)
    await signIn()
    const again = await follow(onward)
    expect([again.status, again.headers.location]).toEqual([302, '/'])
    expect(await subjectOf(world, browser)).toBe('alice')
  })
})

describe('the onward URL after a logout', () => {
  afterEach(() => world.close())

  test.each<[string, (path?: string) => Promise<Answer>, (answer: Answer) => string]>([
    ['script', script, logoutUrlOf],
    ['form', submit, onwardUrl],
  ])('of a second click by a %s is that of the first, which knows the session', async (_by, send, urlOf) => {
    await start()
    const [one, two] = [await send('/logout?returnTo=/me'), await send()]
    expect(urlOf(two)).toBe(urlOf(one))
    const answer = await follow(urlOf(one))
    expect(isAtProvider(answer)).toBe(true)
    const end = await browser.navigate(answer.location ?? '', { site: 'same-site', follow: true })
    expect(end.url).toBe(world.url('/me'))
    expect((await follow(urlOf(two))).headers.location).toBe('/')
  })

  test('works by either response where two clicks were under way at once', async () => {
    await start()
    const [one, two] = await Promise.all([script(), script()])
    expect(logoutUrlOf(one)).toBe(logoutUrlOf(two))
    expect(new URL((await follow(logoutUrlOf(one))).location ?? '').pathname).toBe('/session/end')
  })

  test('that a window has received also works for a window that signs out once more', async () => {
    await start()
    await script()
    expect(isAtProvider(await follow(world.url('/logout')))).toBe(true)
  })

  test('is another one after a minute, and for a person who has signed in again', async () => {
    await start()
    const ways = [logoutUrlOf(await script())]
    world.clock.advance(61)
    ways.push(logoutUrlOf(await script()))
    await signIn()
    ways.push(logoutUrlOf(await script()))
    expect(new Set(ways).size).toBe(3)
    expect(isAtProvider(await follow(ways[2] ?? ''))).toBe(true)
  })

  test('belongs to the browser that has signed out', async () => {
    await start()
    const onward = logoutUrlOf(await script())
    const stranger = await new Browser().navigate(onward, { site: 'cross-site' })
    expect([stranger.status, stranger.headers.location]).toEqual([302, '/'])
    expect(isAtProvider(await follow(onward))).toBe(true)
  })

  test.each(['continue=x', 'continue=', 'continue=a&continue=b'])('is refused with %s', async (query) => {
    await start()
    await script()
    const answer = await follow(world.url(`/logout?${query}`))
    expect([answer.status, answer.headers.location]).toEqual([302, '/'])
  })

  test('expires after a minute', async () => {
    await start()
    const onward = logoutUrlOf(await script())
    world.clock.advance(61)
    expect((await follow(onward)).headers.location).toBe('/')
  })

  test('is not used up by a prefetch, a script or a frame', async () => {
    await start()
    const onward = logoutUrlOf(await script())
    const ahead = await browser.navigate(onward, { site: 'same-origin', headers: { 'sec-purpose': 'prefetch' } })
    const fetched = await browser.fetch(onward)
    const framed = await browser.request('iframe', onward, { site: 'same-origin' })
    expect([ahead, fetched, framed].map(({ status, location }) => [status, location])).toEqual(
      Array.from({ length: 3 }, () => [403, undefined]),
    )
    expect(isAtProvider(await follow(onward))).toBe(true)
  })

  test('is given to a script of an old browser too, which asks for JSON', async () => {
    await start()
    const headers = { accept: 'application/json', origin: world.url('') }
    const answer = await browser.request('none', world.url('/logout'), { method: 'POST', headers })
    expect([answer.status, typeof logoutUrlOf(answer)]).toEqual([200, 'string'])
  })

  test('is shown by the page, too, that answers the form of an old browser', async () => {
    await start()
    const headers = { accept: 'text/html', origin: world.url('') }
    const answer = await browser.request('none', world.url('/logout'), { method: 'POST', headers })
    expect(isAtProvider(await follow(onwardUrl(answer)))).toBe(true)
  })

  test('also leads out of this site by a page where the provider takes no part', async () => {
    const origin = 'https://www.example.com'
    await start({ oidc: { logout: { atProvider: false }, returnTo: { origins: [origin] } } })
    const page = await submit(`/logout?returnTo=${origin}/bye`)
    expect([page.status, onwardUrl(page)]).toEqual([200, `${origin}/bye`])
  })
})

describe('a logout by GET from a script', () => {
  afterEach(() => world.close())

  test('explains what would work, and ends nothing', async () => {
    await start()
    const answer = await browser.fetch(world.url('/logout'))
    expect([answer.status, codeOf(answer)]).toEqual([403, 'not_allowed'])
    expect(answer.json()).toMatchObject({ detail: expect.stringMatching(/by POST .*logout_url/) })
    expect(await subjectOf(world, browser)).toBe('alice')
  })
})
