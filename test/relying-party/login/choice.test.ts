import { afterEach, expect, test } from '@jest/globals'
import type { LoginChoice, ProvidersOptions } from '../../../lib/index.js'
import { json } from '../../kit/app.js'
import { type SeveralWorld, startSeveral } from '../../kit/world/several.js'

let world: SeveralWorld
afterEach(() => world.close())

interface Shown {
  readonly choices: readonly LoginChoice[]
  readonly returnTo: string | null
}

const loginPage: ProvidersOptions['loginPage'] = (choices, { res, returnTo }) =>
  json(res, { choices, returnTo: returnTo ?? null })

test('loginPage writes the page, and gets the choices and the checked return target', async () => {
  world = await startSeveral({ oidc: () => ({ loginPage }) })
  const page = await world.browser.navigate(world.url('/login?returnTo=/me&login_hint=a%26b'))
  const shown = page.json() as Shown
  expect(shown).toEqual({
    choices: [
      { name: 'google', label: 'Google & friends', url: '/login/google?login_hint=a%26b&returnTo=%2Fme' },
      { name: 'work', label: 'work', url: '/login/work?login_hint=a%26b&returnTo=%2Fme' },
    ],
    returnTo: '/me',
  })
  expect(page.headers['cache-control']).toBe('no-store')
  const [, work] = shown.choices
  expect((await world.browser.navigate(world.url(work?.url ?? ''), { follow: true })).json()).toMatchObject({
    by: 'work',
  })
})

test.each(['https://evil.example', '//evil.example', '/\\evil.example', '/login/work', '/callback/work?code=1'])(
  'a return target that is not allowed reaches neither loginPage nor its links: %s',
  async (returnTo) => {
    world = await startSeveral({ oidc: () => ({ loginPage }) })
    const page = await world.browser.navigate(world.url(`/login?${new URLSearchParams({ returnTo })}`))
    expect(page.json()).toMatchObject({ choices: [{ url: '/login/google' }, { url: '/login/work' }], returnTo: null })
  },
)

test('loginPage is where a function finds providers too, with nothing to list', async () => {
  world = await startSeveral({ oidc: () => ({ providers: () => undefined, loginPage }) })
  const page = await world.browser.navigate(world.url('/login?returnTo=/me'))
  expect(page.json()).toEqual({ choices: [], returnTo: '/me' })
})

test('an error of loginPage goes to the error handlers of the application', async () => {
  world = await startSeveral({ oidc: () => ({ loginPage: () => Promise.reject(new Error('no template')) }) })
  const page = await world.browser.navigate(world.url('/login'))
  expect([page.status, page.text.includes('no template')]).toEqual([500, true])
})

test('only the providers that the query names are shown; of one, the login begins', async () => {
  world = await startSeveral({ oidc: () => ({ loginPage }) })
  const one = await world.browser.navigate(world.url('/login?provider=work&provider=nobody&returnTo=/me'))
  expect(one.location).toBe(world.url('/login/work?returnTo=%2Fme'))
  const all = (await world.browser.navigate(world.url('/login?provider=__proto__'))).json() as Shown
  expect(all.choices.map(({ name }) => name)).toEqual(['google', 'work'])
})

test('a form leads to the choice among the same', async () => {
  world = await startSeveral()
  const options = { method: 'POST', site: 'same-origin', body: new URLSearchParams({ returnTo: '/me' }) } as const
  const { status, location } = await world.browser.navigate(world.url('/login?provider=work&provider=x'), options)
  expect([status, location]).toEqual([303, world.url('/login?provider=work&returnTo=%2Fme')])
})

test('labels are text on the page, whatever is in them', async () => {
  world = await startSeveral({
    oidc: ({ work, google }) => ({
      providers: { google, work: { ...work, label: '<img src=x onerror="alert(1)">\'&' } },
    }),
  })
  const { text } = await world.browser.navigate(world.url('/login?x="><script>alert(1)</script>'))
  expect(text).toContain('&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&#39;&amp;</a>')
  expect(text).not.toMatch(/<img|<script/)
})
