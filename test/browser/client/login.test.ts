import { expect, test } from '@jest/globals'
import { describeWith } from '../../setup/describe-with.js'
import { json } from './application.js'
import { createClient, setTabs, type Tab } from './tab.js'

describeWith('chromium', 'a 401 for apiFetch()', (path) => {
  // The cache for Back, which Playwright switches off.
  const tabs = setTabs(path, ['--disable-back-forward-cache'])
  const here = () => tabs.application().origin
  const loginNeeded = (loginUrl: unknown = `${here()}/login`) =>
    tabs
      .application()
      .at('/api', (_req, res) => json(res, 401, { status: 401, code: 'login_needed', login_url: loginUrl }))
  const status = (call: string) => `${call}.then(({ status }) => status)`
  const loginOf = (page: string, login = '/login') => `${here()}${login}?returnTo=${encodeURIComponent(here() + page)}`
  const logins = () => tabs.application().lines('GET /login')
  /** Starts a call without waiting for it: the page may go away. */
  const begin = ({ run }: Tab, call: string) => run(`void ${call}`)

  test('goes to the login, which returns to the page with its query and fragment', async () => {
    loginNeeded()
    const tab = await tabs.open('/orders?page=2#third')
    await begin(tab, `client.apiFetch('/api')`)
    await tab.page.waitForURL(loginOf('/orders?page=2#third'))
  })

  test('keeps what the login URL says of providers', async () => {
    loginNeeded(`${here()}/login?provider=google&returnTo=%2F`)
    const tab = await tabs.open('/orders')
    await begin(tab, `client.apiFetch('/api')`)
    await tab.page.waitForURL(`${here()}/login?provider=google&returnTo=${encodeURIComponent(`${here()}/orders`)}`)
  })

  test('goes to the login once, however many requests are refused at the same time', async () => {
    loginNeeded()
    const tab = await tabs.open()
    await begin(tab, `Array.from({ length: 20 }, () => client.apiFetch('/api'))`)
    await tab.page.waitForURL(loginOf('/'))
    expect(logins()).toHaveLength(1)
  })

  test('SP13: goes to the login once a minute at most, so that a login that does not help ends', async () => {
    loginNeeded()
    const tab = await tabs.open()
    await begin(tab, `client.apiFetch('/api')`)
    await tab.page.waitForURL(loginOf('/'))
    const { page, run } = tab
    await page.goto(`${here()}/`)
    await createClient(tab)
    expect(await run(status(`client.apiFetch('/api')`))).toBe(401)
    expect(logins()).toHaveLength(1)

    await run(`sessionStorage.setItem('express-oidc login', Date.now() - 60_001)`)
    await begin(tab, `client.apiFetch('/api')`)
    await page.waitForURL(loginOf('/'))
    expect(logins()).toHaveLength(2)
  })

  test('returns the response where the browser keeps nothing, since no login would help', async () => {
    loginNeeded()
    const { run } = await tabs.open()
    await run(`Object.defineProperty(globalThis, 'sessionStorage', { get() { throw new Error('denied') } })`)
    expect(await run(status(`client.apiFetch('/api')`))).toBe(401)
    expect(logins()).toEqual([])
  })

  test('returns the response in a frame, where no login starts', async () => {
    loginNeeded()
    tabs
      .application()
      .at('/portal', (_req, res) =>
        res.writeHead(200, { 'Content-Type': 'text/html' }).end('<iframe src="/framed"></iframe>'),
      )
    const { page } = await tabs.visit('/portal')
    const [, frame] = page.frames()
    await frame?.waitForLoadState()
    const call = `import('/client.js').then(({ createOidcClient }) => createOidcClient().apiFetch('/api'))`
    expect(await frame?.evaluate(status(call))).toBe(401)
    expect(logins()).toEqual([])
  })

  test.each([
    ['the call says so', '{}', `{ on401: 'return' }`],
    ['the client says so', `{ on401: 'return' }`, '{}'],
    ['it is a poll', '{}', '{ poll: true }'],
  ])('returns the response where %s, which has the login URL', async (_why, options, init) => {
    loginNeeded()
    const { run } = await tabs.open('/form', options)
    expect(await run(`client.apiFetch('/api', ${init}).then((response) => response.json())`)).toMatchObject({
      code: 'login_needed',
      login_url: `${here()}/login`,
    })
    expect(logins()).toEqual([])
  })

  test('returned to the caller ends the session for the page, once the session route agrees', async () => {
    loginNeeded()
    tabs.application().signIn({ sub: 'alice' })
    const { run } = await tabs.open('/form', `{ on401: 'return' }`)
    await run('client.session().then(() => true)')
    tabs.application().signIn(null)
    await run(`client.apiFetch('/api').then(() => true)`)
    expect(await run('client.sessionEnded')).toMatchObject({ isAuthenticated: false })
  })

  test.each([
    ['without a login URL', { status: 401, code: 'token_inactive' }, undefined],
    ['of another kind', { login_url: '/login' }, 'application/json'],
    ['that is not JSON', '<h1>Unauthorized</h1>', 'application/problem+json'],
    ['that is null', null, undefined],
    ['with a login elsewhere', { login_url: 'https://evil.example/login' }, undefined],
    ['with a login by two slashes', { login_url: '//evil.example/login' }, undefined],
    ['with a script as login', { login_url: 'javascript:document.title="evil"' }, undefined],
    ['with a login that is a number', { login_url: 7 }, undefined],
    ['with the logout as login', () => ({ login_url: `${here()}/logout` }), undefined],
    ['with a page as login whose path begins so', () => ({ login_url: `${here()}/login-as?person=1` }), undefined],
  ])(
    'SP12: %s is not from the application, and is returned',
    async (_what, body, type = 'application/problem+json') => {
      const text = typeof body === 'string' ? body : JSON.stringify(typeof body === 'function' ? body() : body)
      tabs.application().at('/api', (_req, res) => res.writeHead(401, { 'Content-Type': type }).end(text))
      const { page, run } = await tabs.open()
      expect(await run(`client.apiFetch('/api').then((response) => response.text())`)).toBe(text)
      expect([page.url(), await page.title()]).toEqual([`${here()}/`, '/'])
    },
  )

  test.each([
    ['403 cross_site_request', 403, { code: 'cross_site_request' }],
    ['503 of an outage', 503, { code: 'session_store_unavailable', login_url: 'ignored' }],
  ])('%s is returned as it is, and ends no session', async (_what, code, body) => {
    tabs.application().at('/api', (_req, res) => json(res, code, body))
    const { run } = await tabs.open()
    expect(await run(status(`client.apiFetch('/api')`))).toBe(code)
    expect(logins()).toEqual([])
  })

  test('returns the response if the person comes back from the login by Back, and can go there again', async () => {
    loginNeeded()
    const tab = await tabs.open('/form')
    await begin(tab, `client.apiFetch('/api').then(({ status }) => { document.title = status })`)
    await tab.page.waitForURL(loginOf('/form'))
    await tab.page.goBack({ waitUntil: 'commit' })
    await tab.page.waitForFunction(`document.title === '401'`)
    expect(tab.page.url()).toBe(`${here()}/form`)
  })

  test('returns the response if the page stays, because the person cancelled the navigation', async () => {
    loginNeeded()
    const tab = await tabs.open('/form')
    await tab.page.clock.install()
    await tab.page.click('main')
    await tab.run(`void addEventListener('beforeunload', (event) => event.preventDefault())`)
    const asked = new Promise<void>((resolve) => {
      tab.page.on('dialog', (dialog) => void dialog.dismiss().then(resolve))
    })
    await begin(tab, `client.apiFetch('/api').then(({ status }) => { document.title = status })`)
    await asked
    await tab.page.clock.fastForward(10_000)
    await tab.page.waitForFunction(`document.title === '401'`)
  })
})

describeWith('chromium', 'login() of a page', (path) => {
  const tabs = setTabs(path)
  const loginOf = (returnTo: string) =>
    `${tabs.application().origin}/login?returnTo=${encodeURIComponent(tabs.application().origin + returnTo)}`

  test.each([
    ['this page', '{}', '/orders?page=2#third'],
    ['another page', `{ returnTo: '/welcome' }`, '/welcome'],
    ['a page beside this one', `{ returnTo: 'basket' }`, '/basket'],
    ['a URL', `{ returnTo: new URL('/basket', location.href) }`, '/basket'],
  ])('goes to the login and returns to %s', async (_where, options, target) => {
    const { page, run } = await tabs.open('/orders?page=2#third')
    await run(`void client.login(${options})`)
    await page.waitForURL(loginOf(target))
  })

  test('in a new tab leaves the page as it is, and resolves once somebody has signed in there', async () => {
    const { page, run } = await tabs.open('/form')
    await run(`client.session().then(() => true)`)
    await run(
      `void document.querySelector('main').addEventListener('click', () => {
        globalThis.signedIn = client.login({ newTab: true, returnTo: '/signed-in' })
      })`,
    )
    const [opened] = await Promise.all([tabs.context().waitForEvent('page'), page.click('main')])
    await opened.waitForURL(loginOf('/signed-in'))
    expect(await opened.evaluate('opener')).toBe(null)
    tabs.application().signIn({ sub: 'alice' })
    await tabs.open('/signed-in')
    expect(await run('signedIn')).toMatchObject({ user: { sub: 'alice' } })
    expect(page.url()).toBe(`${tabs.application().origin}/form`)
  })

  test('in a new tab for a second time has one consequence, since the first was left', async () => {
    const { page, run } = await tabs.open('/form')
    await run(`client.session().then(() => true)`)
    await run(
      `void document.querySelector('main').addEventListener('click', async () => {
        await client.login({ newTab: true, returnTo: '/signed-in' })
        document.title += ' saved'
      })`,
    )
    for (let clicks = 1; clicks <= 2; clicks += 1) {
      const [opened] = await Promise.all([tabs.context().waitForEvent('page'), page.click('main')])
      await opened.waitForURL(loginOf('/signed-in'))
      await opened.close()
    }
    tabs.application().signIn({ sub: 'alice' })
    await tabs.open('/signed-in')
    await page.waitForFunction(`document.title.includes('saved')`)
    await run(`client.session().then(() => true)`)
    expect(await page.title()).toBe('/form saved')
  })

  test('rejects if the application is unavailable', async () => {
    tabs.application().at('/session', (_req, res) => json(res, 503, { code: 'session_store_unavailable' }))
    const { run } = await tabs.open()
    expect(await run(`client.login().catch(({ message }) => message)`)).toMatch(/\/session answered 503 and no session/)
  })
})
