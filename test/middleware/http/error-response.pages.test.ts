import { afterEach, describe, expect, test } from '@jest/globals'
import type { ServerResponse } from 'node:http'
import { claim, csrf, provider, requireAuth } from '../../../lib/index.js'
import type { Answer } from '../../hosts/client.js'
import { hosts } from '../../hosts/hosts.js'
import { guarded } from '../../kit/world/applications.js'
import { codeOf, comeBack, toCallback, withParameters } from '../../kit/world/steps.js'
import { startWorld, type World, type WorldOptions } from '../../kit/world/world.js'

let world: World
afterEach(() => world.close())

const layers = [
  guarded('/hr', requireAuth(claim('dept', 'elsewhere'))),
  guarded('/elsewhere', requireAuth(provider('wrok'))),
  { method: 'POST', path: '/orders', handlers: [requireAuth(), csrf(), () => undefined] },
]

const start = (oidc: WorldOptions['oidc'] = {}, host = hosts[0]) =>
  startWorld({ ...(host === undefined ? {} : { host }), layers, oidc: { pages: {}, ...oidc } })

const html = 'text/html; charset=utf-8'
const titleOf = ({ text }: Answer): string | undefined => /<title>(.*)<\/title>/.exec(text)?.[1]

/** Cancels at the provider. */
async function cancelled(): Promise<URL> {
  const callback = await toCallback(world, { login: '/login?returnTo=/private' })
  return withParameters(callback, {
    code: undefined,
    error: 'access_denied',
    error_description: 'Mallory <b>said</b> no',
  })
}

describe.each(hosts)('an error of our own routes and guards on $name', (host) => {
  test('is a page for a browser that loads one, and no error handler sees it', async () => {
    world = await start({}, host)
    const answer = await comeBack(await cancelled(), world.browser)
    expect([answer.status, answer.headers['content-type'], titleOf(answer)]).toEqual([
      403,
      html,
      'You are not signed in',
    ])
    expect(answer.text).toContain(`href="${world.url('/login?returnTo=%2Fprivate')}"`)
    expect(answer.text).toContain('<code translate="no" dir="ltr">access_denied</code>')
    expect(answer.text).not.toMatch(/Mallory|said|\n\s+at |node_modules|[?&](state|code)=/)
    expect(world.host.journal.errors).toEqual([])
  })

  test('is a page where a guard refuses, for a form too, and problem+json for a program', async () => {
    world = await start({}, host)
    await world.signIn()
    const page = await world.browser.navigate(world.url('/hr'))
    expect([page.status, page.headers['content-type'], titleOf(page)]).toEqual([403, html, 'You have no access'])
    const data = await world.browser.fetch(world.url('/hr'))
    expect([data.status, data.headers['content-type'], codeOf(data)]).toEqual([
      ...[403, 'application/problem+json', 'not_allowed'],
    ])
    world.browser.cookies.clear(() => true)
    const form = await world.browser.navigate(world.url('/orders'), { method: 'POST' })
    expect([form.status, titleOf(form)]).toEqual([401, 'Please sign in'])
    expect(form.text).toContain('>Sign in</a>')
    expect(world.host.journal.errors).toEqual([])
  })

  test('is in the language that a function of the application chooses for the request', async () => {
    const texts = { cancelledTitle: 'Nicht angemeldet', signOutTitle: 'Abmelden?' }
    const pages: WorldOptions['oidc'] = {
      pages: ({ headers }) => (headers['accept-language']?.startsWith('de') === true ? { language: 'de', texts } : {}),
    }
    world = await start(pages, host)
    const german = { headers: { 'accept-language': 'de-AT' }, site: 'cross-site' } as const
    const callback = String(await cancelled())
    const answer = await world.browser.navigate(callback, german)
    expect([titleOf(answer), answer.text.includes('<html lang="de"')]).toEqual(['Nicht angemeldet', true])
    const confirmations = [german, { site: 'cross-site' } as const].map((options) =>
      world.browser.navigate(world.url('/logout'), options),
    )
    expect((await Promise.all(confirmations)).map(titleOf)).toEqual(['Abmelden?', 'Sign out?'])
  })

  test('goes to the error handlers if it is a mistake in the set-up', async () => {
    world = await start({}, host)
    await world.browser.navigate(world.url('/elsewhere'))
    expect(world.host.journal.errors).toEqual([
      expect.objectContaining({ code: 'invalid_options', message: expect.stringContaining('no provider of oidc(') }),
    ])
  })

  test('goes to the error handlers with pages: false', async () => {
    world = await start({ pages: false }, host)
    const answer = await comeBack(await cancelled(), world.browser)
    expect([answer.status, codeOf(answer)]).toEqual([403, 'access_denied'])
    expect(world.host.journal.errors).toEqual([expect.objectContaining({ code: 'access_denied' })])
  })
})

describe('an error page', () => {
  test('says with 503 and Retry-After that the provider is unavailable', async () => {
    world = await start({ fetch: () => Promise.reject(new TypeError('fetch failed')) })
    const answer = await world.browser.navigate(world.url('/private'))
    expect([answer.status, titleOf(answer)]).toEqual([503, 'Not possible at the moment'])
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
    expect(answer.text).toContain('provider_unreachable')
  })

  test('has no body for HEAD', async () => {
    world = await start({ fetch: () => Promise.reject(new TypeError('fetch failed')) })
    const answer = await world.browser.navigate(world.url('/login'), { method: 'HEAD' })
    expect([answer.status, answer.headers['content-type'], answer.text]).toEqual([405, html, ''])
  })

  test('is in the language of the application, as the page that confirms a logout is', async () => {
    const texts = { cancelledTitle: 'Nicht angemeldet', home: 'Start', signOutTitle: 'Abmelden?' }
    world = await start({ pages: { language: 'de', texts } })
    const answer = await comeBack(await cancelled(), world.browser)
    expect([titleOf(answer), answer.text.includes('<html lang="de" dir="ltr">')]).toEqual(['Nicht angemeldet', true])
    const confirmation = await world.browser.navigate(world.url('/logout'), { site: 'cross-site' })
    expect(titleOf(confirmation)).toBe('Abmelden?')
  })

  test('is none where the function for its texts fails: the error handlers get what that threw', async () => {
    const broken = new Error('broken')
    world = await start({
      pages: () => {
        throw broken
      },
    })
    await comeBack(await cancelled(), world.browser)
    await world.browser.navigate(world.url('/logout'), { site: 'cross-site' })
    expect(world.host.journal.errors).toEqual([broken, broken])
  })

  test('is not shown where onError answers, and is where onError only calls next() at a guard', async () => {
    world = await start({ onError: (_error, { res }) => void (res as ServerResponse).end('mine') })
    expect((await comeBack(await cancelled(), world.browser)).text).toBe('mine')
    await world.close()
    world = await start({ onError: (_error, { next }) => next() })
    await world.signIn()
    const answer = await world.browser.navigate(world.url('/hr'))
    expect([answer.status, titleOf(answer)]).toEqual([403, 'You have no access'])
  })

  test('gives way to the error handlers where onError passes the error on', async () => {
    world = await start({ onError: (error, { next }) => next(error) })
    await comeBack(await cancelled(), world.browser)
    expect(world.host.journal.errors).toEqual([expect.objectContaining({ code: 'access_denied' })])
  })

  test('is not for programs at our own routes: these get problem+json', async () => {
    world = await start()
    const answer = await world.browser.fetch(String(await cancelled()))
    expect([answer.headers['content-type'], codeOf(answer)]).toEqual(['application/problem+json', 'access_denied'])
  })
})
