import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type Answer, Browser } from '../hosts/client.js'
import { comeBack, subjectOf, throughProvider, tokenCalls } from '../kit/world/steps.js'
import { startWorld, type World } from '../kit/world/world.js'

let world: World
beforeEach(async () => {
  world = await startWorld({ oidc: { session: { cookie: { sameSite: 'Strict' } } } })
})
afterEach(() => world.close())

/** Where a page takes the browser by itself. */
function onwards({ status, text }: Answer): string {
  const target = /http-equiv="refresh" content="0;url=([^"]+)"/.exec(text)?.[1]
  if (status !== 200 || target === undefined) throw new Error(`no page that goes on: ${status} ${text}`)
  return world.url(target.replaceAll(/&(amp|#38);/g, '&'))
}

const fromElsewhere = (path: string, browser = world.browser) => comeBack(world.url(path), browser)
const fromHere = (url: string) => world.browser.navigate(url, { site: 'same-origin' })

describe('with SameSite=Strict cookies,', () => {
  test('a login that the provider’s site leads back from ends at the page, by a page that goes on by itself', async () => {
    const start = await world.browser.navigate(world.url('/private?tab=1&x=2'))
    const page = await comeBack(await throughProvider(world, start), world.browser)
    expect(onwards(page)).toBe(world.url('/private?tab=1&x=2'))
    expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'")
    expect((await fromHere(onwards(page))).json()).toEqual({ sub: 'alice' })
    expect(await subjectOf(world)).toBe('alice')
  })

  test('a link on another site leads to a guarded page without another login', async () => {
    const start = await world.browser.navigate(world.url('/private'))
    await comeBack(await throughProvider(world, start), world.browser)
    const page = await fromElsewhere('/private?q=%22%3E%3Cscript%3E')
    expect(page.setCookies).toEqual([])
    expect((await fromHere(onwards(page))).json()).toEqual({ sub: 'alice' })
    expect(tokenCalls(world)).toBe(1)
  })

  test('an anonymous visitor who follows such a link signs in after it', async () => {
    const page = await fromElsewhere('/private')
    const start = await fromHere(onwards(page))
    expect(start.status).toBe(302)
    expect(onwards(await comeBack(await throughProvider(world, start), world.browser))).toBe(world.url('/private'))
  })

  test('a link to the callback leads a signed-in person home, and an anonymous visitor through one login', async () => {
    const start = await world.browser.navigate(world.url('/private'))
    await comeBack(await throughProvider(world, start), world.browser)
    const home = await fromHere(onwards(await fromElsewhere('/callback?success=true&code=success')))
    expect([home.status, home.location, home.setCookies]).toEqual([302, world.url('/'), []])
    const stranger = new Browser()
    const page = await fromElsewhere('/callback?success=true&code=success', stranger)
    const login = await stranger.navigate(onwards(page), { site: 'same-origin' })
    expect([login.status, new URL(login.location ?? '').origin]).toEqual([302, world.provider.issuer])
  })
})
