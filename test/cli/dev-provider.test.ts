import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createServer } from 'node:http'
import express from 'express'
import { type DevProvider, devProvider } from '../../lib/cli/dev-provider.js'
import { bearer, createBearerValidator, oidc, requireAuth } from '../../lib/index.js'
import { Browser } from '../hosts/client.js'
import { listen } from '../kit/listen.js'
import { recordingTerminal } from '../kit/terminal.js'

const terminal = recordingTerminal()
const { printed } = terminal

let provider: DevProvider
let app: { origin: string; close: () => Promise<void> }

beforeAll(async () => {
  const started = await devProvider(['--port', '0', '--user', 'alice,dept=hr', '--user', 'bob'], terminal)
  if (started === undefined) throw new Error('the provider has not started')
  provider = started

  const handler = express()
  const server = createServer(handler)
  app = await listen(server)
  const secret = 'a-secret-of-the-session-for-tests-32'
  handler.use(oidc({ issuer: provider.issuer, clientId: 'my-app', baseUrl: app.origin, secret }))
  handler.get('/me', requireAuth(), (req, res) => void res.json(req.oidc.user))
})

afterAll(async () => {
  await app.close()
  provider.server.close()
  provider.server.closeAllConnections()
})

const authorizeUrl = (parameters: Record<string, string>) =>
  `${provider.issuer}/authorize?${new URLSearchParams({
    client_id: 'my-app',
    response_type: 'code',
    scope: 'openid',
    code_challenge: 'x'.repeat(43),
    code_challenge_method: 'S256',
    state: 's-1',
    ...parameters,
  }).toString()}`

const choose = (request: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(`${provider.issuer}/authorize`, {
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin', ...headers },
    body: new URLSearchParams({ request, ...fields }),
    redirect: 'manual',
  })

describe('dev-provider', () => {
  test('listens on the loopback interface, and prints options to paste', () => {
    expect(provider.issuer).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(printed.join('\n')).toContain(`ISSUER=${provider.issuer}`)
    expect(printed.join('\n')).toMatch(/SESSION_SECRET=\S{32,}/)
  })

  test('names the base URL that it is given, for an application on another port', async () => {
    const own = recordingTerminal()
    const other = await devProvider(['--port', '0', '--base-url', 'http://localhost:8080'], own)
    other?.server.close()
    other?.server.closeAllConnections()
    expect(own.printed.join('\n')).toContain('BASE_URL=http://localhost:8080\n')
    expect(own.printed.join('\n')).toContain("baseUrl: 'http://localhost:8080'")
  })

  test('is bound to the loopback interface, and has new keys at each start', async () => {
    expect(provider.server.address()).toMatchObject({ address: '127.0.0.1' })
    const other = await devProvider(['--port', '0'], terminal)
    const keysOf = async (issuer = '') =>
      ((await (await fetch(`${issuer}/jwks`)).json()) as { keys: { n: string }[] }).keys
    const [before, after] = [await keysOf(provider.issuer), await keysOf(other?.issuer)]
    other?.server.close()
    other?.server.closeAllConnections()
    expect([before.length, after.length]).toEqual([1, 1])
    expect(after[0]?.n).not.toBe(before[0]?.n)
  })

  test('prints a command for an access token that the printed API takes', async () => {
    const [, user = '', one = '', two = '', url = ''] =
      /curl -u (\S+) -d (\S+) -d (\S+) (\S+)/.exec(printed.join('\n')) ?? []
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(user).toString('base64')}` },
      body: new URLSearchParams(`${one}&${two}`),
    })
    const { access_token: token } = (await response.json()) as { access_token: string }
    const api = createBearerValidator({ issuer: provider.issuer, audience: 'https://api.test' })
    const { scopes } = await api.validate(`Bearer ${token}`)
    api.close()
    expect([...scopes]).toEqual(['orders:read'])
  })

  test('shows a page with the people, and signs in who is chosen, with their claims', async () => {
    const browser = new Browser()
    const page = await browser.request('navigate', `${app.origin}/me`, { follow: true })
    expect(page.text).toMatch(/<h1>Who signs in\?<\/h1>/)
    expect(page.text).toMatch(/name="user" value="alice"/)
    const [, request = ''] = /name="request" value="([^"]+)"/.exec(page.text) ?? []
    const { headers } = await choose(request.replaceAll('&amp;', '&'), { user: 'alice' })
    const me = await browser.request('navigate', headers.get('location') ?? '', { follow: true })
    expect(me.json()).toMatchObject({ sub: 'alice', dept: 'hr', iss: provider.issuer })
  })

  test('goes back with access_denied when the person cancels, and with login_required when nobody may be asked', async () => {
    const redirect = 'http://localhost:3000/callback'
    const { searchParams } = new URL(authorizeUrl({ redirect_uri: redirect }))
    const cancelled = await choose(searchParams.toString(), { cancel: '1' })
    expect(cancelled.headers.get('location')).toContain('error=access_denied')
    const silent = await fetch(authorizeUrl({ redirect_uri: redirect, prompt: 'none' }), { redirect: 'manual' })
    expect(silent.headers.get('location')).toContain('error=login_required')
  })

  test('posts the response where the application wants that', async () => {
    const { searchParams } = new URL(
      authorizeUrl({ redirect_uri: 'http://localhost:3000/callback', response_mode: 'form_post' }),
    )
    const page = await choose(searchParams.toString(), { user: 'bob' })
    expect(await page.text()).toMatch(/<form method="post" action="http:\/\/localhost:3000\/callback">.*name="code"/)
  })

  test.each([
    'https://app.example.com/callback',
    'http://127.0.0.1.example.com/callback',
    'http://localhost:3000@example.com/callback',
    'javascript:alert(1)',
    'http://192.168.0.7/callback',
  ])('sends nobody to %s', async (redirect_uri) => {
    const shown = await fetch(authorizeUrl({ redirect_uri }), { redirect: 'manual' })
    expect([shown.status, shown.headers.get('location')]).toEqual([400, null])
    const chosen = await choose(new URL(authorizeUrl({ redirect_uri })).searchParams.toString(), { user: 'alice' })
    expect([chosen.status, chosen.headers.get('location')]).toEqual([400, null])
  })

  test('takes forms of its own pages only, and requests to its own name only', async () => {
    const { searchParams } = new URL(authorizeUrl({ redirect_uri: 'http://localhost:3000/callback' }))
    const foreign = await choose(searchParams.toString(), { user: 'alice' }, { origin: 'https://evil.example' })
    expect(foreign.status).toBe(403)
    const rebound = await new Browser().request('navigate', `${provider.issuer}/authorize`, {
      headers: { host: 'evil.example' },
    })
    expect(rebound.status).toBe(403)
  })

  test('escapes what it shows, and runs no script of others', async () => {
    const shown = await fetch(
      authorizeUrl({ redirect_uri: 'http://localhost:3000/callback', client_id: '<script>alert(1)</script>' }),
    )
    expect(await shown.text()).not.toContain('<script>alert')
    expect(shown.headers.get('content-security-policy')).toMatch(/^default-src 'none';.*frame-ancestors 'none'/)
  })

  test('sends people back after a logout, to this machine only', async () => {
    const at = (target: string) =>
      fetch(`${provider.issuer}/end-session?client_id=my-app&state=1&post_logout_redirect_uri=${target}`, {
        redirect: 'manual',
      })
    expect((await at('http://localhost:3000/')).headers.get('location')).toBe('http://localhost:3000/?state=1')
    expect((await at('https://example.com/')).status).toBe(400)
    expect(await (await fetch(`${provider.issuer}/end-session`)).text()).toContain('You are signed out')
  })

  test('serves metadata and keys that an API can use', async () => {
    await bearer({ issuer: provider.issuer, audience: 'https://api.test' }).ready()
  })

  test('refuses NODE_ENV=production', async () => {
    const before = process.env['NODE_ENV']
    process.env['NODE_ENV'] = 'production'
    await expect(devProvider(['--port', '0'], terminal)).rejects.toMatchObject({ code: 'invalid_options' })
    if (before === undefined) delete process.env['NODE_ENV']
    else process.env['NODE_ENV'] = before
  })
})
