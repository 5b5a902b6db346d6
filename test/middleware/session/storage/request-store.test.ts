import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { Browser } from '../../../hosts/client.js'
import { type RefreshWorld, startRefreshWorld, told, tokenOf } from '../../../kit/world/refreshing.js'
import { subjectOf } from '../../../kit/world/steps.js'
import { describeWith } from '../../../setup/describe-with.js'
import { cookieSessionLayer, storageKind } from '../../../kit/stores/storage-kinds.js'
import { askAs, copyOf, startTwo, type TwoProcesses } from '../../../kit/stores/processes.js'

describeWith('redis-server', 'a login in an express-session that two processes read', (program) => {
  let two: TwoProcesses
  let browser: Browser
  beforeEach(async () => {
    two = await startTwo(storageKind('express-session over connect-redis'), program)
    browser = await two.one.enter()
  })
  afterEach(() => two.close())

  const refreshes = (): number => two.one.refreshes.length + two.two.refreshes.length
  const ask = async (world: RefreshWorld): Promise<unknown> => told(await askAs(browser, two.one, '/token', world))
  const keys = async (pattern: string): Promise<readonly string[]> =>
    (await two.place.redis?.client.keys(pattern)) ?? []

  test('RF02: has its refresh token used once, though the processes share nothing else', async () => {
    const first = await ask(two.one)
    two.advance(700)
    const worlds = [two.one, two.two, two.one, two.two, two.one, two.two]
    const tokens = new Set(await Promise.all(worlds.map(ask)))
    expect([tokens.size, tokens.has(first), refreshes()]).toEqual([1, false, 1])
    two.advance(700)
    expect([typeof (await ask(two.two)), await ask(two.one), refreshes()]).toEqual(['string', await ask(two.two), 2])
  })

  test('RF02: leaves nothing in the store except what expires by itself, under names that no session has', async () => {
    const ahead = 700
    two.advance(ahead)
    await Promise.all([ask(two.one), ask(two.two)])
    expect(await keys('sess:refresh:*')).toEqual([])
    const [renewed = '', ...others] = await keys('sess:renewed:*')
    expect(others).toEqual([])
    // Redis has a clock of its own.
    expect(Number(await two.place.redis?.client.ttl(renewed)) - ahead).toBeLessThanOrEqual(600)
    expect(await two.place.redis?.client.ttl(renewed)).toBeGreaterThan(0)
    expect((await keys('*')).filter((key) => !/^sess:([\w-]{32}|renewed:1:[\w-]{43})$/.test(key))).toEqual([])
  })

  test.each(['/slow-basket', '/slow-update'])(
    'RF16: keeps its new tokens when a slower request in the other process stores its session: %s',
    async (path) => {
      two.advance(700)
      const slow = askAs(browser, two.one, path)
      await two.arrived(1)
      const renewed = await ask(two.two)
      two.release()
      expect((await slow).status).toBe(200)
      // No process remembers what came of the old token by now, and the provider ends a login whose old token comes again.
      two.advance(1_000)
      expect(await ask(two.one)).not.toBe(renewed)
      two.advance(1_000)
      expect([typeof (await ask(two.two)), refreshes()]).toEqual(['string', 3])
    },
  )

  test('RF16: keeps what the slower request has stored in it', async () => {
    const slow = askAs(browser, two.one, '/slow-basket')
    await two.arrived(1)
    two.advance(700)
    await ask(two.two)
    two.release()
    await slow
    expect(await two.place.dump()).toContain('basket')
  })

  test.each([
    ['/slow-basket', 200],
    ['/slow-update', 401],
  ])('SR03: is not restored by a slower request after a logout in the other process: %s', async (path, status) => {
    const copied = copyOf(browser)
    const slow = askAs(copied, two.one, path)
    await two.arrived(1)
    await browser.navigate(two.two.url('/logout'), { site: 'same-origin' })
    two.release()
    expect((await slow).status).toBe(status)
    for (const world of [two.one, two.two]) {
      expect((await askAs(copied, two.one, '/me', world)).json()).toMatchObject({ user: null })
    }
  })

  test('LO06, SR03: is not restored by a refresh under way at a logout in the other process', async () => {
    let letGo = (): void => undefined
    const held = new Promise<void>((resolve) => (letGo = resolve))
    const asked = new Promise<void>((resolve) => {
      two.one.spoilTokens(async (honest) => {
        resolve()
        await held
        return honest()
      })
    })
    two.advance(700)
    const copied = copyOf(browser)
    const renewing = askAs(copied, two.one, '/token')
    await asked
    await browser.navigate(two.two.url('/logout'), { site: 'same-origin' })
    letGo()
    expect((await renewing).status).toBe(401)
    expect(await subjectOf(two.one, copied)).toBeNull()
  })
})

describeWith('redis-server', 'one of several processes that asks for refresh tokens', (program) => {
  afterEach(() => {
    Reflect.deleteProperty(process.env, 'NODE_APP_INSTANCE')
    jest.restoreAllMocks()
  })

  test('is warned once where logins are in sessions from which no other process reads refreshes', async () => {
    process.env['NODE_APP_INSTANCE'] = '1'
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const two = await startTwo(storageKind('express-session over connect-redis'), program, { oidc: { scope } })
    await two.one.enter()
    await two.close()
    expect(warned).not.toHaveBeenCalled()
    const session = { use: 'request' } as const
    const world = await startRefreshWorld({ before: [cookieSessionLayer()], oidc: { session, scope } })
    const browser = await world.enter()
    await tokenOf(world, browser)
    await world.close()
    expect(warned.mock.calls).toEqual([
      [expect.stringContaining('sharedStore'), expect.objectContaining({ code: 'EXPRESS_OIDC_UNSHARED_REFRESHES' })],
    ])
  })
})

const scope = 'openid offline_access'
