import { expect, test } from '@jest/globals'
import { describeWith } from '../../setup/describe-with.js'
import { until } from '../../kit/until.js'
import { json } from './application.js'
import { createClient, setTabs, type Tab } from './tab.js'

describeWith('chromium', 'the session of a page', (path) => {
  // The cache for Back, which Playwright switches off.
  const tabs = setTabs(path, ['--disable-back-forward-cache'])
  const asked = () => tabs.application().lines('GET /session').length
  const ended = ({ run }: Tab) => run<{ user: unknown }>('client.sessionEnded')
  const hasEnded = ({ run }: Tab) => run(`Promise.race([client.sessionEnded.then(() => true), false])`)
  /** Has the page ask the session route, as when the person comes back to its window. */
  const focus = async ({ run }: Tab) => {
    await run(`void dispatchEvent(new Event('focus'))`)
    // Shares the request of the event.
    await run(`client.session().catch(() => undefined)`)
  }
  /** A tab of somebody who is signed in. */
  const signedIn = async (user: object = { sub: 'alice' }, times: object = {}) => {
    tabs.application().signIn(user, times)
    const tab = await tabs.open('/')
    await tab.run('client.session()')
    return tab
  }

  test('is what the session route says, by one request that the header for csrf() goes along with', async () => {
    tabs.application().signIn({ sub: 'alice', name: 'Alice' })
    const { run } = await tabs.open()
    expect(await run('client.session()')).toMatchObject({
      isAuthenticated: true,
      user: { sub: 'alice', name: 'Alice' },
      session: { expires_in: 3600 },
    })
    const requests = tabs.application().seen.filter(({ line }) => line === 'GET /session')
    expect(requests.map(({ headers }) => headers['x-csrf'])).toContain('1')
  })

  test('can end once more, after somebody has signed in again in another tab', async () => {
    const tab = await signedIn()
    tabs.application().signIn(null)
    await focus(tab)
    expect(await ended(tab)).toMatchObject({ isAuthenticated: false })
    tabs.application().signIn({ sub: 'alice' })
    await focus(tab)
    expect(await hasEnded(tab)).toBe(false)
    tabs.application().signIn(null)
    await focus(tab)
    expect(await ended(tab)).toMatchObject({ isAuthenticated: false })
  })

  test('is another person’s for as long as the page stays, and no new promise hides that', async () => {
    const tab = await signedIn()
    tabs.application().signIn({ sub: 'bob' })
    await focus(tab)
    await focus(tab)
    expect(await ended(tab)).toMatchObject({ user: { sub: 'bob' } })
  })

  test('is asked for once by calls at the same time', async () => {
    const { run } = await tabs.open()
    await run('client.session()')
    const before = asked()
    await run('Promise.all([client.session(), client.session(), client.session()])')
    expect(asked()).toBe(before + 1)
  })

  test('is prolonged where the page says so', async () => {
    const { run } = await tabs.open()
    await run('client.session({ prolong: true })')
    expect(tabs.application().lines('GET /session?')).toEqual(['GET /session?prolong=true'])
  })

  test('has a route of another name, which may be relative to the page', async () => {
    const state = { isAuthenticated: false, user: null }
    tabs.application().at('/shop/who', (_req, res) => json(res, 200, state))
    const { run } = await tabs.open('/shop/basket', `{ sessionUrl: 'who' }`)
    await run(`void history.pushState(null, '', '/shop/deep/down')`)
    expect(await run('client.session()')).toEqual(state)
  })

  test.each([
    ['an outage', 503, 'application/problem+json', '{"code":"session_store_unavailable"}'],
    ['a route that is not there', 404, 'text/html', '<h1>Not Found</h1>'],
    ['a page of the application in its place', 200, 'text/html', '<h1>Welcome</h1>'],
    ['JSON of something else', 200, 'application/json', '{"status":"ok"}'],
  ])('is unknown after %s: session() rejects, and says what was answered', async (_what, status, type, body) => {
    tabs.application().at('/session', (_req, res) => res.writeHead(status, { 'Content-Type': type }).end(body))
    const { run } = await tabs.open()
    const message = await run('client.session().catch(({ message, cause }) => [message, cause.status])')
    expect(message).toEqual([
      `express-oidc: ${tabs.application().origin}/session answered ${status} and no session (is oidc({ routes: { session } }) set?)`,
      status,
    ])
  })

  test('ends for every other tab when one tab signs out', async () => {
    const one = await signedIn()
    const other = await signedIn()
    tabs.application().at('/logout', (_req, res) => {
      tabs.application().signIn(null)
      json(res, 200, { logout_url: `${tabs.application().origin}/signed-out` })
    })
    await one.run('void client.logout()')
    expect(await ended(other)).toMatchObject({ isAuthenticated: false, user: null })
    await one.page.waitForURL('**/signed-out')
  })

  test('ends when the window is looked at again after a logout in another browser', async () => {
    const tab = await signedIn()
    tabs.application().signIn(null)
    expect(await hasEnded(tab)).toBe(false)
    await focus(tab)
    expect(await ended(tab)).toMatchObject({ user: null })
  })

  test('SP14: ends when another person has signed in, which the value tells', async () => {
    const tab = await signedIn({ sub: 'alice' })
    tabs.application().signIn({ sub: 'bob' })
    await focus(tab)
    expect(await ended(tab)).toMatchObject({ isAuthenticated: true, user: { sub: 'bob' } })
  })

  test('is asked for again when the page becomes visible, and not when it is hidden', async () => {
    const tab = await signedIn()
    const becomes = (state: string) =>
      tab.run(
        `void (Object.defineProperty(document, 'visibilityState', { configurable: true, value: '${state}' }),
          document.dispatchEvent(new Event('visibilitychange')))`,
      )
    tabs.application().signIn(null)
    const before = asked()
    await becomes('hidden')
    await tab.run(`fetch('/anything')`)
    expect(asked()).toBe(before)
    await becomes('visible')
    expect(await ended(tab)).toMatchObject({ user: null })
  })

  test('ends when another person has signed in whose name alone the page may see', async () => {
    const tab = await signedIn({ name: 'Alice' })
    tabs.application().signIn({ name: 'Bob' })
    await focus(tab)
    expect(await ended(tab)).toMatchObject({ user: { name: 'Bob' } })
  })

  test('ends when the same sub has signed in at another provider', async () => {
    const tab = await signedIn({ sub: '7' }, { provider: 'google' })
    tabs.application().signIn({ sub: '7' }, { provider: 'entra' })
    await focus(tab)
    expect(await ended(tab)).toMatchObject({ session: { provider: 'entra' } })
  })

  test('ends for another tab when a page is opened by another person', async () => {
    const tab = await signedIn({ sub: 'alice' })
    await signedIn({ sub: 'bob' })
    expect(await ended(tab)).toMatchObject({ user: { sub: 'bob' } })
  })

  test('goes on when the same person signs in again, or has another name now', async () => {
    const tab = await signedIn({ sub: 'alice', name: 'Alice' })
    tabs.application().signIn({ sub: 'alice', name: 'Alice Archer' })
    await focus(tab)
    expect(await hasEnded(tab)).toBe(false)
  })

  test('never ends for a page on which nobody was signed in', async () => {
    const tab = await tabs.open()
    await tab.run('client.session()')
    tabs.application().signIn({ sub: 'alice' })
    await focus(tab)
    expect(await hasEnded(tab)).toBe(false)
    tabs.application().signIn(null)
    const anonymous = await tabs.open()
    await focus(anonymous)
    expect(await hasEnded(anonymous)).toBe(false)
  })

  test.each([
    ['an outage', async () => tabs.application().at('/session', (_req, res) => json(res, 503, {}))],
    ['a broken connection', async () => tabs.application().at('/session', (req) => req.socket.destroy())],
    ['no network', () => tabs.context().setOffline(true)],
  ])('goes on through %s', async (_what, happen) => {
    const tab = await signedIn()
    await happen()
    await focus(tab)
    expect(await hasEnded(tab)).toBe(false)
  })

  test('is asked for again when it would end, and goes on if it was used elsewhere', async () => {
    tabs.application().signIn({ sub: 'alice' }, { expires_in: 600, absolute_expires_in: 3000 })
    const tab = await tabs.visit()
    await tab.page.clock.install()
    await createClient(tab)
    await tab.run('client.session()')
    const before = asked()
    await tab.page.clock.fastForward(590_000)
    expect(asked()).toBe(before)
    await tab.page.clock.fastForward(20_000)
    await until(() => asked() > before)
    expect(await hasEnded(tab)).toBe(false)

    tabs.application().signIn(null)
    await tab.page.clock.fastForward(610_000)
    expect(await ended(tab)).toMatchObject({ isAuthenticated: false })
  })
  test('is asked for again a minute after an outage at its end', async () => {
    tabs.application().signIn({ sub: 'alice' }, { expires_in: 9000, absolute_expires_in: 600 })
    const tab = await tabs.visit()
    await tab.page.clock.install()
    await createClient(tab)
    await tab.run('client.session()')
    tabs.application().at('/session', (_req, res) => json(res, 503, {}))
    const before = asked()
    await tab.page.clock.fastForward(610_000)
    await until(() => asked() > before)
    expect(await hasEnded(tab)).toBe(false)

    tabs.application().reset()
    await until(async () => {
      await tab.page.clock.fastForward(61_000)
      return asked() > 0
    })
    expect(await ended(tab)).toMatchObject({ isAuthenticated: false })
  })

  test('of two months is not asked for all the time, though timers hold 24 days only', async () => {
    tabs.application().signIn({ sub: 'alice' }, { expires_in: 5_184_000, absolute_expires_in: 5_184_000 })
    const tab = await tabs.open()
    await tab.run('client.session()')
    const before = asked()
    await tab.run('new Promise((resolve) => setTimeout(resolve, 1))')
    await tab.run('client.session()')
    expect(asked()).toBe(before + 1)
  })

  test('is asked for again when the page comes back out of the cache for Back', async () => {
    const tab = await signedIn()
    await tab.run(`void (document.title = 'kept')`)
    await tab.page.goto(`${tabs.application().origin}/elsewhere`)
    tabs.application().signIn(null)
    await tab.page.goBack({ waitUntil: 'commit' })
    expect(await ended(tab)).toMatchObject({ isAuthenticated: false })
    expect(await tab.page.title()).toBe('kept')
  })

  test('of two clients for different routes of an origin does not end by the other one', async () => {
    const tab = await signedIn()
    tabs
      .application()
      .at('/other/session', (_req, res) => json(res, 200, { isAuthenticated: false, user: null, session: null }))
    const other = await tabs.open('/other', `{ sessionUrl: '/other/session' }`)
    await other.run('client.session()')
    const before = asked()
    expect(await hasEnded(tab)).toBe(false)
    expect(asked()).toBe(before)
  })
})

describeWith('chromium', 'logout() of a page', (path) => {
  const tabs = setTabs(path, ['--disable-back-forward-cache'])

  test.each([
    ['', 'POST /logout'],
    [`{ returnTo: '/bye' }`, 'POST /logout?returnTo='],
  ])('with options "%s" signs out by POST, and goes where the answer says', async (options, line) => {
    tabs.application().signIn({ sub: 'alice' })
    const { page, run } = await tabs.open()
    await run(`void client.logout(${options})`)
    await page.waitForURL('**/signed-out')
    const [request] = tabs.application().seen.filter((each) => each.line.startsWith('POST'))
    expect(request?.headers['x-csrf']).toBe('1')
    expect(decodeURIComponent(request?.line ?? '')).toBe(
      line + (options === '' ? '' : `${tabs.application().origin}/bye`),
    )
  })

  test('signs out at the provider though the session here has ended since', async () => {
    tabs.application().signIn({ sub: 'alice' })
    const { page, run } = await tabs.open()
    await run('client.session()')
    tabs.application().signIn(null)
    await run('client.session()')
    await run('void client.logout()')
    await page.waitForURL('**/signed-out')
  })

  test('rejects where nobody was signed in', async () => {
    const { run } = await tabs.open()
    expect(await run('client.logout().catch(({ message }) => message)')).toBe(
      'express-oidc: nobody is signed in, or there is no logout route',
    )
  })

  test.each([
    ['refused', 403],
    ['answered by an outage', 503],
  ])('rejects when it is %s: nobody is told that the session has ended', async (_how, status) => {
    tabs.application().signIn({ sub: 'alice' })
    tabs.application().at('/logout', (_req, res) => json(res, status, { code: 'x' }))
    const { page, run } = await tabs.open()
    const other = await tabs.open()
    await other.run('client.session()')
    expect(await run('client.logout().catch(({ cause }) => cause.status)')).toBe(status)
    expect(await other.run(`Promise.race([client.sessionEnded, 'goes on'])`)).toBe('goes on')
    expect(page.url()).toBe(`${tabs.application().origin}/`)
  })

  test('is not an end elsewhere for the page that signs out', async () => {
    tabs.application().signIn({ sub: 'alice' })
    const { page, run } = await tabs.open()
    await run('client.session()')
    await run(`void client.sessionEnded.then(() => { document.title = 'ended' })`)
    tabs.application().at('/logout', (_req, res) => {
      tabs.application().signIn(null)
      json(res, 200, { logout_url: `${tabs.application().origin}/#out` })
    })
    // Ends at a fragment, so that the page can still be looked at.
    await run('void client.logout()')
    await page.waitForURL('**/#out')
    await run(`void dispatchEvent(new Event('focus'))`)
    await run('client.session()')
    expect(await page.title()).toBe('/')
  })

  test('SP15: is followed by a fresh page, if the person goes back to it', async () => {
    tabs.application().signIn({ sub: 'alice' })
    const { page, run } = await tabs.open('/account')
    await run(`void (document.title = 'private')`)
    await run('void client.logout()')
    await page.waitForURL('**/signed-out')
    await page.goBack({ waitUntil: 'commit' })
    await page.waitForFunction(`document.title === '/account'`)
    expect(tabs.application().lines('GET /account')).toHaveLength(2)
  })
})
