import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Browser } from '../../hosts/client.js'
import { hosts } from '../../hosts/hosts.js'
import { startWorld, type World } from '../../kit/world/world.js'

describe.each(hosts)('a response of our routes on $name', (host) => {
  let world: World
  beforeAll(async () => {
    world = await startWorld({ host })
  })
  afterAll(() => world.close())

  const browser = new Browser()

  test('CH01, CH02: is neither stored nor leaks its address: a login, its redirects, its callback and a logout', async () => {
    const login = await browser.navigate(world.url('/login'))
    let callback = login.location ?? ''
    while (!callback.startsWith(world.url('/callback'))) callback = (await browser.navigate(callback)).location ?? ''
    const answers = [
      login,
      await browser.navigate(callback),
      await browser.navigate(callback),
      await browser.navigate(world.url('/private'), { omitCookies: true }),
      await browser.fetch(world.url('/private'), { omitCookies: true }),
      await browser.navigate(world.url('/logout'), { site: 'cross-site' }),
      await browser.navigate(world.url('/logout'), { site: 'same-origin' }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([302, 302, 302, 302, 401, 200, 302])
    for (const { headers } of answers) {
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        // Our form on the page that asks before it signs out needs its own origin in `Origin`.
        'referrer-policy': expect.stringMatching(/^(no-referrer|same-origin)$/),
        'x-content-type-options': 'nosniff',
        'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
      })
    }
  })

  test.each([
    ['a state as a list', '/callback?code=a&state[]=x', 'GET', 400],
    ['an unknown state', '/callback?error=access_denied&state=x', 'GET', 400],
    ['a repeated state', '/callback?code=a&state=x&state=y', 'GET', 400],
    ['another method', '/callback', 'DELETE', 405],
    ['another method at login', '/login', 'PUT', 405],
    ['another method at logout', '/logout', 'PUT', 405],
  ])(
    'CH01, CH02: is not stored where it is an error page of the application: %s',
    async (_name, path, method, status) => {
      const answer = await new Browser().navigate(world.url(path), { method })
      expect([answer.status, answer.headers['cache-control'], answer.headers['referrer-policy']]).toEqual([
        status,
        'no-store',
        'no-referrer',
      ])
    },
  )

  test('CH02: with a page of ours loads nothing foreign, runs nothing and cannot be framed', async () => {
    const page = await browser.navigate(world.url('/logout'), { site: 'cross-site' })
    expect(page.headers['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
    expect(page.text).not.toMatch(/<script|\bsrc=|https?:|<link|style=/i)
  })
})
