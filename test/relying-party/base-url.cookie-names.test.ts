import { describe, expect, test } from '@jest/globals'
import { Browser } from '../hosts/client.js'
import { cookieNameAt } from '../hosts/cookie-names.js'
import { startWorld, type WorldOptions } from '../kit/world/world.js'

/** How the names of an application's cookies begin, by the cookie of a logout at a host. */
async function cookieNameOf(oidc: NonNullable<WorldOptions['oidc']>, host?: string): Promise<string> {
  const world = await startWorld({ oidc })
  const headers = host === undefined ? {} : { host }
  const { setCookies } = await new Browser().navigate(world.url('/logout'), { headers, site: 'same-origin' })
  await world.close()
  return setCookies[0]?.split('.', 1)[0] ?? ''
}

const [shop, admin] = ['https://example.com/shop', 'https://example.com/admin']

describe('the default name of cookies', () => {
  test('is oidc_ and a hash of baseUrl, without a slash at its end', async () => {
    const names = [cookieNameAt(shop), cookieNameAt(`${shop}/`), cookieNameAt('https://EXAMPLE.com:443/shop')]
    expect(new Set(names).size).toBe(1)
    expect(names[0]).toMatch(/^__Host-oidc_[0-9a-f]{8}$/)
    expect(await cookieNameOf({ baseUrl: 'http://127.0.0.1:3000' })).toBe(cookieNameAt('http://127.0.0.1:3000'))
  })

  test('differs between ports and paths of one host, and not between clients', async () => {
    expect(
      new Set([shop, admin, 'https://example.com', 'https://example.com:8443'].map((url) => cookieNameAt(url))).size,
    ).toBe(4)
    const names = ['web', 'other'].map((clientId) => cookieNameOf({ baseUrl: 'http://127.0.0.1:3000', clientId }))
    expect(new Set(await Promise.all(names)).size).toBe(1)
  })

  test('is a separate one per base URL, so that a further base URL changes nothing', async () => {
    const baseUrls = ['http://a.localhost:3000', 'http://b.localhost:3000']
    const oidc = { baseUrls, baseUrl: undefined, dangerouslyAllowHttp: true }
    for (const url of baseUrls) expect(await cookieNameOf(oidc, new URL(url).host)).toBe(cookieNameAt(url))
  })

  test('is shared by all base URLs that share cookies by a domain, in whatever order they are listed', async () => {
    const baseUrls = ['http://a.example.com', 'http://b.example.com']
    const oidc = { baseUrl: undefined, dangerouslyAllowHttp: true, session: { cookie: { domain: 'example.com' } } }
    const shared = cookieNameAt(baseUrls)
    for (const order of [baseUrls, baseUrls.toReversed()])
      for (const url of order) expect(await cookieNameOf({ ...oidc, baseUrls: order }, new URL(url).host)).toBe(shared)
  })

  test('is replaced by a name that is configured, which is used as it is', async () => {
    const oidc = { baseUrl: 'https://example.com', session: { cookie: { name: 'app' } } }
    expect(await cookieNameOf(oidc)).toBe('__Host-app')
  })
})
