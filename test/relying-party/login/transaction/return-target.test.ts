import { afterEach, describe, expect, test } from '@jest/globals'
import expressSession from 'express-session'
import { randomBytes } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { acr, maxAge, requireAuth, type TraceEvent } from '../../../../lib/index.js'
import { type Answer, Browser } from '../../../hosts/client.js'
import { get } from '../../../kit/world/applications.js'
import { comeBack, throughProvider, transactionCookies } from '../../../kit/world/steps.js'
import { startWorld, type World, type WorldOptions } from '../../../kit/world/world.js'

let world: World
afterEach(() => world.close())

/** A page of so many characters, which hardly compress. */
const pageOf = (length: number, page = '/private'): string =>
  `${page}?q=${randomBytes(length).toString('base64url')}`.slice(0, length)

const values = ['urn:example:assurance:level:substantial', 'urn:example:assurance:level:high']
const loginHere = get('/login-here', ({ oidc }) => oidc.login())
const strong = {
  mount: '/strong',
  handlers: [requireAuth(acr(...values), maxAge(300)), (_req: unknown, res: { end(): void }) => res.end()],
}

const modes: readonly (readonly [string, () => NonNullable<WorldOptions['oidc']>])[] = [
  ['in the cookie', () => ({})],
  ['in a session store', () => ({ session: { store: new expressSession.MemoryStore() } })],
  ['under https', () => ({ baseUrl: 'https://app.example' })],
  ['with form_post', () => ({ baseUrl: 'https://app.example', authorizationParams: { response_mode: 'form_post' } })],
  ['with a name of 40 letters', () => ({ session: { cookie: { name: 'n'.repeat(40) } } })],
]

/** How long the cookies of logins are in a request, and which there are. */
function cookiesOfLogins(browser: Browser): { readonly bytes: number; readonly names: readonly string[] } {
  const cookies = browser.cookies.all().filter(({ name }) => /\.(?:tx\.\d|to)$/.test(name))
  const bytes = cookies.map(({ name, value }) => `${name}=${value}`).join('; ').length
  return { bytes, names: cookies.map(({ name }) => name) }
}

async function finish(start: Answer, browser: Browser): Promise<string | undefined> {
  return (await comeBack(await throughProvider(world, start, browser), browser)).location
}

/** What is said at a step while something is done. */
async function remarksAt(step: 'login' | 'callback', work: () => Promise<unknown>): Promise<readonly unknown[]> {
  const said: unknown[] = []
  const listen = (event: unknown) => void said.push(...((event as TraceEvent).remarks ?? []))
  subscribe(`tracing:express-oidc:${step}:asyncEnd`, listen)
  await work()
  unsubscribe(`tracing:express-oidc:${step}:asyncEnd`, listen)
  return said
}

describe('a return target of 2,000 characters', () => {
  test.each(modes.filter(([name]) => !name.includes('https') && !name.includes('form')))(
    'is found again %s, by a guard, by the login route and by login()',
    async (_name, oidc) => {
      world = await startWorld({ oidc: oidc(), layers: [loginHere] })
      const [guarded, wanted, here] = [pageOf(2_000), pageOf(2_000), pageOf(2_000, '/login-here')]
      for (const [start, target] of [
        [guarded, guarded],
        [`/login?returnTo=${encodeURIComponent(wanted)}`, wanted],
        [here, here],
      ] as const) {
        const browser = new Browser()
        const answer = await browser.navigate(world.url(start))
        expect(await finish(answer, browser)).toBe(world.url(target))
        expect(cookiesOfLogins(browser).names).toEqual([])
      }
    },
  )

  test.each(modes)(
    'is stored %s, with all cookies of logins under 4 KB, however many there are',
    async (_name, oidc) => {
      const authorizationParams = { acr_values: values.join(' '), max_age: '300' }
      const given = oidc()
      world = await startWorld({
        oidc: { ...given, authorizationParams: { ...given.authorizationParams, ...authorizationParams } },
        layers: [strong],
      })
      const browser = new Browser()
      for (let tab = 0; tab < 8; tab += 1) {
        await browser.navigate(world.url(pageOf(tab % 2 === 0 ? 2_000 : 200, '/strong/page')))
        expect(cookiesOfLogins(browser).bytes).toBeLessThan(4_096)
      }
    },
  )
})

describe('other logins beside one with a long return target', () => {
  const tabsOf = async (targets: readonly string[]): Promise<readonly (readonly [Answer, string])[]> => {
    const tabs: (readonly [Answer, string])[] = []
    for (const target of targets) tabs.push([await world.browser.navigate(world.url(target)), target])
    return tabs
  }

  test('lose their own return targets first, and can still be finished: the newest keeps its target', async () => {
    world = await startWorld()
    const [older, newer, newest] = await tabsOf([pageOf(500), pageOf(600), `/private?q=${'ab'.repeat(1_000)}`])
    expect(transactionCookies(world.browser).size).toBe(3)
    const said = await remarksAt('callback', async () => {
      expect(await finish(newest?.[0] as Answer, world.browser)).toBe(world.url(newest?.[1] ?? ''))
      expect(await finish(newer?.[0] as Answer, world.browser)).toBe(world.url('/private'))
      expect(await finish(older?.[0] as Answer, world.browser)).toBe(world.url('/private'))
    })
    expect(said).toEqual(['return_target_lost', 'return_target_lost'])
  })

  test('make room for it altogether where they must, and start over then', async () => {
    world = await startWorld()
    const tabs = await tabsOf([pageOf(150), pageOf(150), pageOf(150), pageOf(150), pageOf(2_040)])
    expect(cookiesOfLogins(world.browser).bytes).toBeLessThan(4_096)
    const first = tabs[0]?.[0] as Answer
    expect(transactionCookies(world.browser).size).toBeLessThan(5)
    const again = await comeBack(await throughProvider(world, first), world.browser)
    expect([again.status, new URL(again.location ?? '').origin]).toEqual([302, world.provider.issuer])
    expect(await finish(again, world.browser)).toBe(world.url('/'))
  })

  test('keep theirs where processes share a store', async () => {
    world = await startWorld({ oidc: { session: { store: new expressSession.MemoryStore() } } })
    for (const [start, target] of await tabsOf([pageOf(2_000), pageOf(1_000), pageOf(2_000)]))
      expect(await finish(start, world.browser)).toBe(world.url(target))
  })

  test('that start at the same moment keep the head of requests small', async () => {
    world = await startWorld()
    const pages = Array.from({ length: 8 }, () => pageOf(2_000))
    const tabs = await Promise.all(pages.map((page) => world.browser.navigate(world.url(page))))
    const header = world.browser.cookies.header({
      url: new URL(world.url('/')),
      crossSite: false,
      safeNavigation: true,
    })
    expect(Buffer.byteLength(header ?? '')).toBeLessThan(8_192)
    expect(transactionCookies(world.browser).size).toBeGreaterThan(1)
    const end = await finish(tabs.at(-1) as Answer, world.browser)
    expect(end).toMatch(/^http/)
  })
})

describe('a return target that is too long to be kept', () => {
  test('is cut to its path, and that is reported', async () => {
    world = await startWorld()
    const said = await remarksAt('login', async () => {
      const start = await world.browser.navigate(world.url(pageOf(3_000)))
      expect(await finish(start, world.browser)).toBe(world.url('/private'))
    })
    expect(said).toEqual(['return_target_lost'])
  })

  test('is not reported as lost where nobody may return to it', async () => {
    world = await startWorld()
    const evil = encodeURIComponent(`https://evil.example/${'a'.repeat(3_000)}`)
    const said = await remarksAt('login', () => world.browser.navigate(world.url(`/login?returnTo=${evil}`)))
    expect(said).toEqual([])
  })
})
