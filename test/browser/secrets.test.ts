import { expect, test } from '@jest/globals'
import { describeWith } from '../setup/describe-with.js'
import { setStage } from './stage.js'
import { answer, openStop, reachProvider } from './steps.js'
import { withoutHash } from '../hosts/cookie-names.js'

/** Three parts in base64url with dots, as JWTs are, or five, as sealed cookies are. */
const compactToken = /[\w-]{16,}\.[\w-]*\.[\w-]{16,}/

describeWith('chromium', 'what scripts of the page can reach', (path) => {
  const stage = setStage(path)

  test('is neither a cookie, nor storage, nor a token', async () => {
    const { page, complaints } = await stage.member('alice')
    expect(await page.evaluate('document.cookie')).toBe('')
    expect(await page.evaluate('localStorage.length + sessionStorage.length')).toBe(0)
    expect(await page.evaluate('indexedDB.databases()')).toEqual([])
    expect(await page.evaluate('caches.keys()')).toEqual([])
    expect(await page.content()).not.toMatch(compactToken)
    expect(complaints).toEqual([])
  })

  test('is of every secret of the login the first six characters', async () => {
    const { page } = await stage.member('alice')
    await openStop(page, stage.demo().app, 'sign-in')
    const row = '({ children: [name, value] }) => [name.textContent, value.textContent.trim()]'
    const rows: [string, string][] = await page.evaluate(
      `[...document.querySelectorAll('#timeline dl > div')].map(${row})`,
    )
    for (const name of ['code', 'state', 'nonce', 'code_verifier', 'access_token', 'refresh_token', 'id_token']) {
      const values = rows.filter(([key]) => key === name).map(([, value]) => value)
      expect([name, values.length > 0]).toEqual([name, true])
      for (const value of values) expect([name, value]).toEqual([name, expect.stringMatching(/^[\w.-]{1,6}…$/)])
    }
  })

  test('is not the session: its cookies go along with navigations only, and to the server only', async () => {
    const { context, page } = await stage.visitor()
    const { app } = stage.demo()
    await reachProvider(page, app)
    const during = await context.cookies(app)
    await answer(page, 'alice')
    const after = await context.cookies(app)
    expect(during.filter(({ name }) => withoutHash(name).startsWith('oidc.tx.'))).toHaveLength(1)
    expect(after.map(({ name }) => withoutHash(name))).toContain('oidc')
    for (const cookie of [...during, ...after]) {
      expect(cookie).toMatchObject({ domain: 'localhost', path: '/', httpOnly: true, sameSite: 'Lax' })
    }
  })

  test('is a 401 problem where they fetch a page that needs a login, never a redirect', async () => {
    // The demo's own policy allows scripts no request at all.
    const { page } = await stage.visitor({ bypassCSP: true })
    const { app, provider } = stage.demo()
    await page.goto(app)
    const asked: string[] = []
    page.on('request', (request) => asked.push(new URL(request.url()).origin))
    const answer = await page.evaluate(`fetch('/hr').then(async (response) => ({
      status: response.status,
      redirected: response.redirected,
      type: response.headers.get('content-type'),
      problem: await response.json(),
    }))`)
    expect(answer).toEqual({
      status: 401,
      redirected: false,
      type: expect.stringMatching(/^application\/problem\+json\b/),
      problem: expect.objectContaining({ status: 401, code: 'login_needed', login_url: `${app}/login` }),
    })
    expect(asked).not.toContain(provider)
  })
})
