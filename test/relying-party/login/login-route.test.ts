import { afterEach, describe, expect, test } from '@jest/globals'
import type { RequestOptions } from '../../hosts/client.js'
import { hosts } from '../../hosts/hosts.js'
import type { Layer } from '../../hosts/layers.js'
import { bobsDoor, codeOf, forgetAtProvider } from '../../kit/world/steps.js'
import { type AppRequest, json } from '../../kit/app.js'
import { startWorld, type World } from '../../kit/world/world.js'

let world: World
afterEach(() => world.close())

const basket: Layer = {
  method: 'GET',
  path: '/basket',
  handlers: [
    async (req, res) => {
      const { oidc } = req as AppRequest
      await oidc.update({ basket: 'full' })
      json(res, oidc.data)
    },
  ],
}
const seeData: Layer = {
  method: 'GET',
  path: '/data',
  handlers: [(req, res) => json(res, (req as AppRequest).oidc.data)],
}

test('IT30: a person who signs in after another gets a new session, without the data of the other', async () => {
  world = await startWorld({ layers: [basket, seeData, bobsDoor] })
  await world.signIn()
  expect((await world.browser.fetch(world.url('/basket'))).json()).toEqual({ basket: 'full' })
  const before = world.browser.cookies.all().find(({ name }) => name === world.cookie())?.value
  forgetAtProvider(world.browser)
  await world.signIn('/bob')
  expect((await world.me()).auth).toMatchObject({ subject: 'bob' })
  expect((await world.browser.fetch(world.url('/data'))).json()).toEqual({})
  expect(world.browser.cookies.all().find(({ name }) => name === world.cookie())?.value).not.toBe(before)
})

// Another site can start a login by a plain link anyway: what it may say besides is checked, so that nothing is gained by it.
describe.each(hosts)('CB32: a login that another site starts, on $name', (host) => {
  const start = (query: Record<string, string>, options: RequestOptions = {}) =>
    world.browser.navigate(world.url(`/login?${new URLSearchParams(query).toString()}`), {
      site: 'cross-site',
      ...options,
    })
  const post = (form: Record<string, string>) =>
    world.browser.navigate(world.url('/login'), { body: new URLSearchParams(form), site: 'cross-site' })

  test('CB32: may name our provider, and ends at the target that it names', async () => {
    world = await startWorld({ host })
    const iss = world.provider.issuer
    const begun = await start({ iss, target_link_uri: world.url('/private?tab=1'), login_hint: 'bob' })
    const request = new URL(begun.location ?? '')
    expect([request.origin, request.searchParams.get('login_hint')]).toEqual([iss, 'bob'])
    const page = await world.browser.navigate(request.href, { follow: true })
    expect([page.url, page.json()]).toEqual([world.url('/private?tab=1'), { sub: 'bob' }])
  })

  test('CB32: by POST goes on by GET, since a POST from another site brings no cookies', async () => {
    world = await startWorld({ host })
    const iss = world.provider.issuer
    const evil = { prompt: 'none', returnTo: '/me', redirect_uri: 'https://evil.example' }
    const posted = await post({ iss, target_link_uri: '/private', login_hint: 'b&b', ...evil })
    expect([posted.status, posted.setCookies]).toEqual([303, []])
    const query = 'login_hint=b%26b&target_link_uri=%2Fprivate'
    expect(posted.headers.location).toBe(`/login?iss=${encodeURIComponent(iss)}&${query}`)
    const body = new URLSearchParams({ iss, target_link_uri: '/private' })
    const page = await world.browser.navigate(world.url('/login'), { body, site: 'cross-site', follow: true })
    expect([page.url, page.json()]).toEqual([world.url('/private'), { sub: 'alice' }])
  })

  test.each(['https://evil.example', '', 'upper', 'slash'])(
    'CB32: at another provider (%s) is refused',
    async (kind) => {
      world = await startWorld({ host })
      const { issuer } = world.provider
      const others: Record<string, string> = { upper: issuer.toUpperCase(), slash: `${issuer}/` }
      const iss = others[kind] ?? kind
      for (const answer of [await start({ iss, login_hint: 'bob' }), await post({ iss })]) {
        expect([answer.status, codeOf(answer), answer.location]).toEqual([400, 'issuer_mismatch', undefined])
        expect(answer.setCookies).toEqual([])
      }
    },
  )

  test('CB32: is refused where it names two providers, or none by POST', async () => {
    world = await startWorld({ host })
    const { issuer } = world.provider
    const twice = `iss=${encodeURIComponent(issuer)}&iss=${encodeURIComponent(issuer)}`
    const answers = [await world.browser.navigate(world.url(`/login?${twice}`)), await post({ login_hint: 'bob' })]
    expect(answers.map(codeOf)).toEqual(['issuer_mismatch', 'issuer_mismatch'])
    const plain = await world.browser.navigate(world.url('/login'), { method: 'POST' })
    expect([plain.status, plain.setCookies]).toEqual([415, []])
  })

  test('CB32: ends at home where its target is on another site', async () => {
    world = await startWorld({ host })
    const iss = world.provider.issuer
    for (const target of ['https://evil.example/', '//evil.example', '/\\evil.example', '/logout']) {
      const { location = '' } = await start({ iss, target_link_uri: target })
      const page = await world.browser.navigate(location, { follow: true })
      expect(page.url).toBe(world.url('/'))
    }
  })

  test('CB32: sets nothing else, and no more of the person than a name', async () => {
    world = await startWorld({ host })
    const iss = world.provider.issuer
    const evil = { prompt: 'consent', returnTo: '/me', scope: 'admin', acr_values: 'x', max_age: '0', state: 's' }
    const { location = '' } = await start({ iss, login_hint: 'x'.repeat(1_025), ...evil })
    const names = ['login_hint', 'prompt', 'acr_values', 'max_age'].filter((name) =>
      new URL(location).searchParams.has(name),
    )
    expect(names).toEqual([])
    expect(new URL(location).searchParams.get('scope')).toBe('openid profile email')
    expect(location).not.toContain('evil')
  })

  test('CB32: is accepted in a window only', async () => {
    world = await startWorld({ host })
    const query = `iss=${encodeURIComponent(world.provider.issuer)}`
    for (const kind of ['iframe', 'fetch', 'image'] as const) {
      const answer = await world.browser.request(kind, world.url(`/login?${query}`), { site: 'cross-site' })
      expect([answer.status, codeOf(answer), answer.setCookies]).toEqual([401, 'login_needed', []])
    }
  })
})

test('CB32: without the provider’s name has its hint ignored', async () => {
  world = await startWorld()
  const { location = '' } = await world.browser.navigate(world.url('/login?login_hint=bob&target_link_uri=/private'))
  expect(location).not.toMatch(/login_hint|bob/)
  expect((await world.browser.navigate(location, { follow: true })).url).toBe(world.url('/'))
})
