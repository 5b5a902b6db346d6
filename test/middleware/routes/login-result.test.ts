import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { LoginResult, OnLoginResult, SessionOptions } from '../../../lib/index.js'
import { type Answer, Browser } from '../../hosts/client.js'
import { stopMachine } from '../../kit/clock.js'
import { answering } from '../../kit/world/applications.js'
import { type SeveralWorld, startSeveral } from '../../kit/world/several.js'
import { bobsDoor, comeBack, subjectOf, toCallback } from '../../kit/world/steps.js'
import { type Place, type StorageKind, storageKinds, worldIn } from '../../kit/stores/storage-kinds.js'
import { startWorld, type World, type WorldOptions } from '../../kit/world/world.js'
import { describeWith } from '../../setup/describe-with.js'

let world: World
const layers = [
  bobsDoor,
  answering('/data', ({ oidc }) => oidc.data),
  answering('/count', async ({ oidc }) => {
    await oidc.update({ count: Number(oidc.data['count'] ?? 0) + 1 })
    return oidc.data
  }),
  answering('/welcome', () => 'welcome'),
]

/** Starts an application whose `onLogin` returns this, whatever its type. */
async function start(result: unknown, options: WorldOptions = {}): Promise<void> {
  const onLogin = (): OnLoginResult => result as OnLoginResult
  world = await startWorld({ layers, ...options, oidc: { onLogin, ...options.oidc } })
}

describe('data that onLogin returns', () => {
  afterEach(() => world.close())

  test('is kept for the session', async () => {
    await start({ data: { tenant: 'acme', roles: ['a'] } })
    await world.signIn()
    expect((await world.browser.fetch(world.url('/data'))).json()).toEqual({ tenant: 'acme', roles: ['a'] })
  })

  test.each<[string, unknown, string]>([
    ['data without the member "data"', { tenant: 'canary' }, 'as in return { data: { … } }'],
    ['data beside the member "data"', { data: {}, tenant: 'canary' }, 'as in return { data: { … } }'],
    ['data that is a list', { data: ['canary'] }, 'data" that is not an object'],
    ['data that is text', { data: 'canary' }, 'data" that is not an object'],
    ['data that JSON does not have', { data: { at: new Date(0) } }, 'an object of class Date'],
    ['a list', ['canary'], 'an object { data, returnTo, remember }'],
    ['text', '/canary', 'an object { data, returnTo, remember }'],
    ['a Map', new Map([['data', 'canary']]), 'an object { data, returnTo, remember }'],
    ['a returnTo that is not text', { returnTo: ['/canary'] }, '"returnTo"'],
    ['a remember that is not a boolean', { remember: 'yes' }, '"remember"'],
  ])(
    'is a mistake of the application where it returns %s: the error says what to return',
    async (_what, result, says) => {
      await start(result)
      const answer = await comeBack(await toCallback(world), world.browser)
      expect([answer.status, world.host.journal.errors]).toEqual([
        500,
        [expect.objectContaining({ code: 'invalid_options', message: expect.stringContaining(says) })],
      ])
      expect(String(world.host.journal.errors[0])).not.toContain('canary')
      expect(await subjectOf(world)).toBeNull()
    },
  )
})

describe('returnTo that onLogin returns', () => {
  afterEach(() => world.close())
  const returnTo = { origins: ['https://www.example.com'] }

  test.each<[string, string]>([
    ['/welcome', '/welcome'],
    ['/welcome?to=alice#top', '/welcome?to=alice#top'],
    ['https://www.example.com/hello', 'https://www.example.com/hello'],
  ])('leads to %s instead of the page that the login began at', async (given, target) => {
    await start({ returnTo: given }, { oidc: { returnTo } })
    const answer = await comeBack(await toCallback(world, { login: '/login?returnTo=/private' }), world.browser)
    expect(answer.location).toBe(new URL(target, world.url('/')).href)
    expect(await subjectOf(world)).toBe('alice')
  })

  test.each([
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    'javascript:alert(1)',
    'welcome',
    '',
    '/login',
    '/logout',
    '/wel come',
  ])('OR12: may not be %j: the login fails with an error that says so, and nobody is signed in', async (given) => {
    await start({ returnTo: given }, { oidc: { returnTo } })
    const answer = await comeBack(await toCallback(world), world.browser)
    expect([answer.status, answer.location]).toEqual([500, undefined])
    expect(world.host.journal.errors).toEqual([expect.objectContaining({ code: 'invalid_options' })])
    expect(String(world.host.journal.errors[0])).toContain('onLogin() returned a "returnTo"')
    if (given.includes('evil')) expect(String(world.host.journal.errors[0])).not.toContain('evil')
    expect(await subjectOf(world)).toBeNull()
  })

  test('may depend on who signs in, and on where the login would lead', async () => {
    const seen: unknown[] = []
    await start(undefined, {
      oidc: {
        onLogin: ({ claims, returnTo: wanted }) => {
          seen.push(wanted)
          return { returnTo: claims.sub === 'bob' ? '/welcome' : undefined }
        },
      },
    })
    expect((await world.signIn('/private?a=b')).url).toBe(world.url('/private?a=b'))
    const bob = new Browser()
    expect((await bob.navigate(world.url('/bob'), { follow: true })).url).toBe(world.url('/welcome'))
    expect(seen).toEqual(['/private?a=b', '/'])
  })

  test('leads there again when the callback is opened again', async () => {
    await start({ returnTo: '/welcome' })
    const callback = await toCallback(world)
    for (let time = 0; time < 2; time += 1) {
      expect((await comeBack(callback, world.browser)).location).toBe(world.url('/welcome'))
    }
  })

  test('is below the base URL, also where a proxy has removed its path', async () => {
    world = await startWorld({ below: '/shop', oidc: { onLogin: () => ({ returnTo: '/shop/welcome' }) } })
    const { browser } = world
    let { location } = await browser.navigate(world.url('/shop/login'))
    while (location !== undefined && !location.startsWith(world.url('/shop/callback'))) {
      location = (await browser.navigate(location)).location
    }
    expect((await browser.navigate(location ?? '')).location).toBe(world.url('/shop/welcome'))
  })

  test('leads there by a page of ours with Strict cookies', async () => {
    await start({ returnTo: '/welcome' }, { oidc: { session: { cookie: { sameSite: 'Strict' } } } })
    const answer = await comeBack(await toCallback(world), world.browser)
    expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('url=/welcome')])
  })
})

describe('onLogin with several providers', () => {
  let several: SeveralWorld
  afterEach(() => several.close())

  test('returns data and where to land for each of them', async () => {
    several = await startSeveral({
      oidc: () => ({ onLogin: ({ provider }) => ({ data: { from: provider }, returnTo: `/${provider}` }) }),
      layers: [answering('/work', ({ oidc }) => oidc.data), answering('/google', ({ oidc }) => oidc.data)],
    })
    for (const name of ['work', 'google']) {
      const answer = await several.signIn(name, new Browser())
      expect([answer.url, answer.json()]).toEqual([several.url(`/${name}`), { from: name }])
    }
  })
})

const limits: SessionOptions = { idleSeconds: 600, absoluteSeconds: 900, rollingStepSeconds: 60 }

/** The Max-Age of the cookie that an answer writes, 0 for one that goes with the browser; `undefined` without a cookie. */
function cookieAge({ setCookies }: Answer): number | undefined {
  const line = setCookies.find(
    (each) => !/\.(?:tx|loop|to)\b|(?:^|\.)sig=/.test(each) && !/Max-Age=0|01 Jan 1970/i.test(each),
  )
  if (line === undefined) return undefined
  const [, age] = /Max-Age=(\d+)/i.exec(line) ?? []
  const [, date] = /Expires=([^;]+)/i.exec(line) ?? []
  if (age !== undefined) return Number(age)
  return date === undefined ? 0 : Math.round((Date.parse(date) - Date.now()) / 1000)
}

describeWith('redis-server', 'a session kept in', (program) => {
  describe.each(storageKinds)('$name', (kind: StorageKind) => {
    let place: Place
    let goOn: () => void
    beforeEach(async () => {
      goOn = stopMachine()
      place = await kind.open(program)
    })
    afterEach(async () => {
      goOn()
      await world.close()
      await place.close()
    })

    const enter = async (remember: boolean, transient: boolean): Promise<Answer> => {
      const onLogin = (): LoginResult => ({ remember, data: { count: 0 } })
      const session = kind.isRequest ? limits : { ...limits, cookie: { transient } }
      world = await startWorld(worldIn(kind, place, { layers, oidc: { onLogin, session } }))
      world.clock.stop()
      return comeBack(await toCallback(world), world.browser)
    }

    test.each([true, false])(
      'outlives the browser with remember: true, up to absoluteSeconds (transient: %p)',
      async (transient) => {
        expect(cookieAge(await enter(true, transient))).toBe(600)
        world.clock.advance(500)
        expect(cookieAge(await world.browser.fetch(world.url('/count')))).toBe(400)
        world.clock.advance(390)
        expect((await world.browser.fetch(world.url('/data'))).json()).toEqual({ count: 1 })
        world.clock.advance(11)
        expect(await subjectOf(world)).toBeNull()
      },
    )

    test.each([true, false])('goes with the browser with remember: false (transient: %p)', async (transient) => {
      expect(cookieAge(await enter(false, transient))).toBe(0)
      world.clock.advance(500)
      const answer = await world.browser.fetch(world.url('/count'))
      expect(answer.json()).toEqual({ count: 1 })
      // express-session writes such a cookie once only.
      expect(cookieAge(answer) ?? 0).toBe(0)
    })
  })
})
