import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Browser } from './client.js'
import { CookieJar } from './cookie-jar.js'
import { type RunningHost, hosts } from './hosts.js'
import type { Handler } from './layers.js'

const home = new URL('http://127.0.0.1:4000/app/page')
const https = new URL('https://example.com/app/page')

function jarWith(line: string, url = home, options = {}) {
  const jar = new CookieJar(options)
  return { jar, stored: jar.store(line, url) }
}

const names = (jar: CookieJar, url: string) => jar.cookiesFor(url).map(({ name }) => name)

describe('the cookie jar', () => {
  test('keeps a cookie for its path and below, and only there', () => {
    const { jar } = jarWith('a=1; Path=/app')
    expect(names(jar, 'http://127.0.0.1:4000/app')).toEqual(['a'])
    expect(names(jar, 'http://127.0.0.1:9/app/x')).toEqual(['a'])
    expect(names(jar, 'http://127.0.0.1:4000/apple')).toEqual([])
    expect(names(jar, 'http://localhost:4000/app')).toEqual([])
  })

  test('uses the folder of the URL for a path that is not given', () => {
    expect(jarWith('a=1').jar.all()[0]?.path).toBe('/app')
    expect(jarWith('a=1', new URL('http://127.0.0.1/top')).jar.all()[0]?.path).toBe('/')
  })

  test('replaces a cookie of the same name, host and path', () => {
    const { jar } = jarWith('a=1; Path=/')
    jar.store('a=2; Path=/', home)
    expect(jar.header({ url: home, crossSite: false, safeNavigation: true })).toBe('a=2')
  })

  test('sends longer paths first', () => {
    const { jar } = jarWith('a=1; Path=/')
    jar.store('a=2; Path=/app', home)
    expect(jar.header({ url: home, crossSite: false, safeNavigation: true })).toBe('a=2; a=1')
  })

  test.each([
    ['Max-Age=10', 9_999, 10_000],
    ['Expires=Thu, 01 Jan 1970 00:00:20 GMT', 19_999, 20_000],
    ['Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:20 GMT', 9_999, 10_000],
  ])('forgets a cookie with %s when its time is over', (attributes, before, after) => {
    let time = 0
    const { jar } = jarWith(`a=1; ${attributes}`, home, { now: () => time })
    time = before
    expect(jar.all()).toHaveLength(1)
    time = after
    expect(jar.all()).toEqual([])
  })

  test.each(['Max-Age=0', 'Expires=Thu, 01 Jan 1970 00:00:00 GMT'])('deletes a cookie at once by %s', (attribute) => {
    const { jar } = jarWith('a=1; Path=/')
    jar.store(`a=; Path=/; ${attribute}`, home)
    expect(jar.all()).toEqual([])
  })

  test('keeps Secure cookies of http on loopback only where the browser makes that exception', () => {
    expect(jarWith('a=1; Secure').stored).toBe(true)
    expect(jarWith('a=1; Secure', home, { secureOnLoopback: false }).stored).toBe(false)
    expect(jarWith('a=1; Secure', new URL('http://example.com/')).stored).toBe(false)
  })

  test('sends a Secure cookie to https only', () => {
    const { jar } = jarWith('a=1; Secure; Path=/', https)
    expect(names(jar, 'https://example.com/')).toEqual(['a'])
    expect(names(jar, 'http://example.com/')).toEqual([])
  })

  test.each([
    ['__Host-a=1; Secure; Path=/', true],
    ['__host-a=1; Secure; Path=/app', false],
    ['__Host-a=1; Path=/', false],
    ['__Host-a=1; Secure; Path=/; Domain=example.com', false],
    ['__Host-a=1; Secure', false],
    ['__Secure-a=1; Secure', true],
    ['__Secure-a=1', false],
    ['a=1; SameSite=None', false],
    ['a=1; SameSite=None; Secure', true],
    [`a=${'x'.repeat(4095)}`, true],
    [`a=${'x'.repeat(4096)}`, false],
    ['=1', false],
  ])('judges %.60s as browsers do', (line, stored) => {
    expect(jarWith(line, https).stored).toBe(stored)
  })

  test('sends a cookie with a Domain to subdomains, and refuses one for a foreign domain', () => {
    const { jar } = jarWith('a=1; Domain=.example.com; Path=/', https)
    expect(names(jar, 'https://app.example.com/')).toEqual(['a'])
    expect(names(jar, 'https://badexample.com/')).toEqual([])
    expect(jar.store('a=1; Domain=other.com', https)).toBe(false)
  })

  test.each([
    ['Strict', true, false],
    ['Strict', false, false],
    ['Lax', true, true],
    ['Lax', false, false],
    ['None; Secure', false, true],
  ])('SameSite=%s from another site, safe navigation %s: sent %s', (policy, safeNavigation, sent) => {
    const { jar } = jarWith(`a=1; SameSite=${policy}`)
    expect(jar.header({ url: home, crossSite: true, safeNavigation })).toBe(sent ? 'a=1' : undefined)
  })

  test('forgets the cookies that it is told to forget', () => {
    const { jar } = jarWith('a=1')
    jar.store('b=1', home)
    jar.clear(({ name }) => name === 'a')
    expect(jar.all().map(({ name }) => name)).toEqual(['b'])
    jar.clear()
    expect(jar.all()).toEqual([])
  })
})

const echo: Handler = (req, res) => {
  const chunks: Buffer[] = []
  req.on('data', (chunk: Buffer) => chunks.push(chunk))
  req.on('end', () => {
    res.setHeader('content-type', 'application/json')
    res.end(JSON.stringify({ method: req.method, headers: req.headers, body: Buffer.concat(chunks).toString() }))
  })
}

function redirectTo(status: number, location: () => string): Handler {
  return (_req, res) => void res.writeHead(status, { location: location(), 'set-cookie': 'hop=1; Path=/' }).end()
}

describe('the browser', () => {
  let host: RunningHost
  let other: RunningHost
  const seen = async (answer: Promise<{ json(): unknown }>) =>
    (await answer).json() as { method: string; headers: Record<string, string>; body: string }

  beforeAll(async () => {
    const node = hosts[3]
    if (node === undefined) throw new Error('The host matrix has shrunk.')
    other = await node.start(() => [{ mount: '/back', handlers: [redirectTo(302, () => `${host.url}/echo`)] }, echo])
    const foreign = () => other.url.replace('127.0.0.1', 'localhost')
    host = await node.start(() => [
      { mount: '/302', handlers: [redirectTo(302, () => '/echo')] },
      { mount: '/303', handlers: [redirectTo(303, () => '/echo')] },
      { mount: '/307', handlers: [redirectTo(307, () => '/echo')] },
      { mount: '/loop', handlers: [redirectTo(302, () => '/loop')] },
      { mount: '/port', handlers: [redirectTo(302, () => `${other.url}/echo`)] },
      { mount: '/away-and-back', handlers: [redirectTo(302, () => `${foreign()}/back`)] },
      { mount: '/set', handlers: [(_req, res) => void res.writeHead(200, { 'set-cookie': ['a=1', 'b=2'] }).end()] },
      echo,
    ])
  })

  afterAll(async () => {
    await host.close()
    await other.close()
  })

  test.each([
    ['navigate', { mode: 'navigate', dest: 'document', site: 'none' }],
    ['iframe', { mode: 'navigate', dest: 'iframe', site: 'same-origin' }],
    ['fetch', { mode: 'cors', dest: 'empty', site: 'same-origin' }],
    ['image', { mode: 'no-cors', dest: 'image', site: 'same-origin' }],
    ['none', { mode: undefined, dest: undefined, site: undefined }],
  ] as const)('sends the Sec-Fetch headers of %s', async (kind, expected) => {
    const { headers } = await seen(new Browser().request(kind, host.url))
    const [mode, dest, site] = ['mode', 'dest', 'site'].map((name) => headers[`sec-fetch-${name}`])
    expect({ mode, dest, site }).toEqual(expected)
  })

  test('asks for HTML when it navigates only', async () => {
    expect((await seen(new Browser().navigate(host.url))).headers['accept']).toContain('text/html')
    expect((await seen(new Browser().fetch(host.url))).headers['accept']).toBe('*/*')
    expect((await seen(new Browser().image(host.url))).headers['accept']).toContain('image/*')
  })

  test('sends what it was given before, and lets a test override any header', async () => {
    const browser = new Browser()
    expect((await browser.navigate(`${host.url}/set`)).setCookies).toEqual(['a=1', 'b=2'])
    expect((await seen(browser.fetch(host.url))).headers['cookie']).toBe('a=1; b=2')
    expect((await seen(browser.fetch(host.url, { omitCookies: true }))).headers['cookie']).toBeUndefined()
    const headers = { cookie: 'forged=1', host: 'evil.example' }
    expect((await seen(browser.fetch(host.url, { headers }))).headers).toMatchObject(headers)
  })

  test('submits a form', async () => {
    const { method, headers, body } = await seen(
      new Browser().navigate(host.url, { body: new URLSearchParams({ code: 'a b' }) }),
    )
    expect([method, headers['content-type'], body]).toEqual(['POST', 'application/x-www-form-urlencoded', 'code=a+b'])
  })

  test('shows a redirect unless it is told to follow', async () => {
    const answer = await new Browser().navigate(`${host.url}/302`)
    expect([answer.status, answer.location]).toEqual([302, `${host.url}/echo`])
  })

  test.each([
    ['302', 'GET', ''],
    ['303', 'GET', ''],
    ['307', 'POST', 'a=1'],
  ])('after a POST follows %s with %s', async (status, method, body) => {
    const browser = new Browser()
    const options = { body: new URLSearchParams('a=1'), follow: true }
    const answer = await browser.navigate(`${host.url}/${status}`, options)
    expect(answer.json()).toMatchObject({ method, body, headers: { cookie: 'hop=1' } })
    expect(answer.via).toEqual([`${host.url}/${status}`])
  })

  test('gives up on a loop', async () => {
    await expect(new Browser().navigate(`${host.url}/loop`, { follow: 3 })).rejects.toThrow('More than 3 redirects')
  })

  test.each([
    ['/302', 'same-origin'],
    ['/port', 'same-site'],
    ['/away-and-back', 'cross-site'],
  ])('remembers over redirects how far a request has been: %s', async (path, site) => {
    const answer = new Browser().navigate(`${host.url}${path}`, { follow: true, site: 'same-origin' })
    expect((await seen(answer)).headers['sec-fetch-site']).toBe(site)
  })

  test('sends SameSite cookies from another site as their policy says', async () => {
    const browser = new Browser()
    for (const policy of ['Strict', 'Lax', 'None; Secure']) {
      browser.cookies.store(`${policy.slice(0, 4)}=1; Path=/; SameSite=${policy}`, new URL(host.url))
    }
    const cookie = async (method: string) =>
      (await seen(browser.navigate(host.url, { site: 'cross-site', method }))).headers['cookie']
    expect(await cookie('GET')).toBe('Lax=1; None=1')
    expect(await cookie('POST')).toBe('None=1')
  })
})
