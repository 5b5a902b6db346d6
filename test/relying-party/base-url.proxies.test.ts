import { afterEach, describe, expect, test } from '@jest/globals'
import { requireAuth } from '../../lib/index.js'
import { Browser } from '../hosts/client.js'
import { hosts } from '../hosts/hosts.js'
import { codeOf, comeBack, subjectOf, throughProvider } from '../kit/world/steps.js'
import { startWorld, type World } from '../kit/world/world.js'

let world: World
afterEach(() => world.close())

/** How a proxy rewrites a URL of the application: it removes the first characters of the path. */
const stripped = (url: URL | string, prefix: string): string => {
  const { pathname, search } = new URL(url)
  return world.url((pathname.startsWith(prefix) ? pathname.slice(prefix.length) : pathname) + search)
}

describe.each(hosts)('behind a proxy that takes a prefix away, on $name,', (host) => {
  test.each([
    ['/shop', '/shop'],
    ['/tenants/shop', '/tenants/shop'],
    ['/tenants/shop', '/tenants'],
  ])('a login below %s, of which %s is removed, leads back to the page as browsers see it', async (prefix, gone) => {
    const origin = 'http://127.0.0.1:9'
    const baseUrl = origin + prefix
    world = await startWorld({
      host,
      oidc: { baseUrl },
      client: { redirect_uris: [`${baseUrl}/callback`] },
    })
    const { browser } = world
    const start = await browser.navigate(world.url('/private?tab=1'))
    const callback = await throughProvider(world, start)
    expect(callback.href).toMatch(`${baseUrl}/callback?`)
    const answer = await comeBack(stripped(callback, gone), browser)
    expect(answer.headers['location']).toBe(`${prefix}/private?tab=1`)
    expect(await subjectOf(world)).toBe('alice')
    const again = await browser.navigate(stripped(`${baseUrl}/login?returnTo=${prefix}/private`, gone))
    expect(again.status).toBe(302)
    const landed = await comeBack(stripped(await throughProvider(world, again), gone), browser)
    expect(landed.headers['location']).toBe(`${prefix}/private`)
    const out = await browser.navigate(stripped(`${baseUrl}/logout`, gone), { site: 'same-origin' })
    expect(new URL(out.location ?? '').searchParams.get('post_logout_redirect_uri')).toBe(`${baseUrl}/`)
    expect(await subjectOf(world)).toBeNull()
  })
})

test('the routes of a login are not a return target below a prefix either', async () => {
  const baseUrl = 'http://127.0.0.1:9/shop'
  world = await startWorld({ oidc: { baseUrl }, client: { redirect_uris: [`${baseUrl}/callback`] } })
  const start = await world.browser.navigate(world.url('/login?returnTo=/logout'))
  const answer = await comeBack(stripped(await throughProvider(world, start), '/shop'), world.browser)
  expect(answer.headers['location']).toBe('/shop/')
})

describe('several base URLs', () => {
  const origins = ['https://a.example', 'https://b.example', 'https://c.example:8443']
  const redirectOf = async (host: string): Promise<string | null> => {
    const answer = await new Browser().navigate(world.url('/login'), { headers: { host } })
    return new URL(answer.location ?? '').searchParams.get('redirect_uri')
  }

  test.each([
    ['b.example:443', 'https://b.example'],
    ['b.example.', 'https://b.example'],
    ['B.EXAMPLE.:443', 'https://b.example'],
    ['c.example.:8443', 'https://c.example:8443'],
    ['c.example', 'https://a.example'],
    ['b.example:80', 'https://a.example'],
    ['b.example..', 'https://a.example'],
    ['xb.example', 'https://a.example'],
  ])('are chosen by Host %s as %s', async (host, origin) => {
    world = await startWorld({ oidc: { baseUrl: undefined, baseUrls: origins } })
    expect(await redirectOf(host)).toBe(`${origin}/callback`)
  })
})

// node:http knows no mounts.
describe.each(hosts.slice(0, 3))('oidc() mounted at a path that baseUrl does not have, on $name,', (host) => {
  test.each(['/app/login', '/app/callback?code=a&state=b', '/app/guarded'])(
    'reports at %s an error that names both',
    async (path) => {
      const layers = [{ mount: '/app/guarded', handlers: [requireAuth()] }]
      world = await startWorld({
        host,
        layers,
        below: '/app',
        oidc: { baseUrl: 'http://127.0.0.1:9/other', pages: {} },
      })
      const program = await world.browser.fetch(world.url('/app/login'))
      expect([program.status, world.host.journal.errors.length]).toEqual([500, 1])
      const answer = await world.browser.navigate(world.url(path))
      expect([answer.status, codeOf(answer)]).toEqual([500, 'invalid_options'])
      const [error] = world.host.journal.errors as readonly Error[]
      expect(error?.message).toContain('"/app"')
      expect(error?.message).toContain('http://127.0.0.1:9/other')
    },
  )

  test('lets pages without a guard work', async () => {
    const layers = [
      { mount: '/app/open', handlers: [(_req: unknown, res: { end(text: string): void }) => res.end('open')] },
    ]
    world = await startWorld({ host, layers, below: '/app', oidc: { baseUrl: 'http://127.0.0.1:9' } })
    expect((await world.browser.navigate(world.url('/app/open'))).text).toBe('open')
  })
})
