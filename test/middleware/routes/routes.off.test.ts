import { afterEach, describe, expect, test } from '@jest/globals'
import { get, post } from '../../kit/world/applications.js'
import { onwardUrl } from '../../kit/world/onward.js'
import { subjectOf } from '../../kit/world/steps.js'
import { startWorld, type World } from '../../kit/world/world.js'

let world: World
afterEach(() => world.close())

const paths = ['/login', '/logout', '/backchannel-logout', '/frontchannel-logout']
const layers = [
  ...paths.flatMap((path) => [get(path, (_req, res) => res.end('mine')), post(path, (_req, res) => res.end('mine'))]),
  post('/leave', ({ oidc }) => oidc.logout()),
]
const off = { login: false, logout: false, backchannelLogout: false, frontchannelLogout: false } as const

describe('a route that is switched off', () => {
  test.each(paths)('leaves %s to the application', async (path) => {
    world = await startWorld({ layers, oidc: { routes: off } })
    const posted = await world.browser.navigate(world.url(path), { method: 'POST', site: 'same-origin' })
    expect([(await world.browser.navigate(world.url(path))).text, posted.text]).toEqual(['mine', 'mine'])
  })

  test('leaves the others as they are', async () => {
    world = await startWorld({ layers, oidc: { routes: { logout: false } } })
    await world.signIn()
    expect(await subjectOf(world)).toBe('alice')
    expect((await world.browser.navigate(world.url('/logout'), { site: 'same-origin' })).text).toBe('mine')
    expect(await subjectOf(world)).toBe('alice')
  })
})

describe('without routes for login and logout', () => {
  test('guards sign people in, and programs get the URL of the page', async () => {
    world = await startWorld({ layers, oidc: { routes: off } })
    const answer = await world.browser.fetch(world.url('/private'), { headers: { referer: world.url('/private') } })
    expect(answer.json()).toMatchObject({ login_url: world.url('/private') })
    await world.browser.navigate(world.url('/private'), { follow: true })
    expect(await subjectOf(world)).toBe('alice')
  })

  test('logout() signs a form out at the provider, by a URL that works once, and no page holds the ID Token', async () => {
    world = await startWorld({ layers, oidc: { routes: off } })
    await world.signIn('/private')
    const page = await world.browser.navigate(world.url('/leave'), { method: 'POST', site: 'same-origin' })
    expect(page.text).not.toContain('id_token_hint')
    const onward = onwardUrl(page)
    const { location } = await world.browser.navigate(onward, { site: 'same-origin' })
    expect(location).toMatch(/\/session\/end\?.*id_token_hint=/)
    expect((await world.browser.navigate(onward, { site: 'same-origin' })).location).toBe(world.url('/'))
    expect(await subjectOf(world)).toBeNull()
  })
})
