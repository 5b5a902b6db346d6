import { afterEach, describe, expect, test } from '@jest/globals'
import type { IncomingMessage } from 'node:http'
import onHeaders from 'on-headers'
import { type ErrorContext, type OidcError, requireAuth } from '../../../lib/index.js'
import { createHttpRequest } from '../../../lib/middleware/http/request.js'
import { readCallback } from '../../../lib/relying-party/login/callback-parameters.js'
import { hosts } from '../../hosts/hosts.js'
import type { Handler } from '../../hosts/layers.js'
import { codeOf, comeBack, subjectOf, toCallback, tokenCalls } from '../../kit/world/steps.js'
import { type AppRequest, json } from '../../kit/app.js'
import { type World, startWorld } from '../../kit/world/world.js'

let world: World

describe('an error of a login', () => {
  afterEach(() => world.close())

  test('reaches onError with the request, the response, next and the URL to try again', async () => {
    const contexts: [Error, ErrorContext<unknown, unknown>][] = []
    const onError = (error: Error, context: ErrorContext<unknown, unknown>) => {
      contexts.push([error, context])
      const res = context.res as Parameters<typeof json>[0]
      res.statusCode = (error as OidcError).status
      json(res, { mine: (error as OidcError).code, retry: context.retryUrl })
    }
    world = await startWorld({ oidc: { onError } })
    const callback = await comeBack(world.url('/callback?error=access_denied&state=x'), world.browser)
    expect([callback.status, callback.json()]).toEqual([
      400,
      { mine: 'transaction_missing', retry: world.url('/login') },
    ])
    const guard = await world.browser.fetch(world.url('/private'))
    expect([guard.status, guard.json()]).toEqual([401, { mine: 'login_needed', retry: world.url('/login') }])
    const login = await world.browser.image(world.url('/login'))
    expect(login.json()).toMatchObject({ mine: 'login_needed' })
    const [, context] = contexts[0] ?? []
    expect(context?.req).toMatchObject({ method: 'GET' })
    expect(typeof context?.next).toBe('function')
    expect(world.host.journal.errors).toEqual([])
  })

  test('that onError passes on, or throws itself, reaches the application once', async () => {
    const broken = new Error('the error page is broken')
    world = await startWorld({
      oidc: {
        onError: async (error, { next }) => {
          if (error.code === 'state_missing') next(error)
          else throw broken
        },
      },
    })
    expect((await comeBack(world.url('/callback?code=a&state[]=b'), world.browser)).status).toBe(400)
    expect((await comeBack(world.url('/callback?code=a&error=b'), world.browser)).status).toBe(500)
    expect(world.host.journal.errors).toMatchObject([{ code: 'state_missing' }, { message: broken.message }])
    expect(world.host.journal.passages.filter(({ nexts }) => nexts > 1)).toEqual([])
  })

  test('reaches the application as an error, whatever onError rejects with', async () => {
    world = await startWorld({ oidc: { onError: async () => Promise.reject(undefined) } })
    expect((await comeBack(world.url('/callback?code=a&state[]=b'), world.browser)).status).toBe(500)
    expect(world.host.journal.errors).toMatchObject([
      { message: expect.stringContaining('threw a value that is not an error') },
    ])
  })

  test('reaches the application as an error, whatever onLogin rejects with', async () => {
    world = await startWorld({ oidc: { onLogin: async () => Promise.reject(undefined) } })
    expect((await world.signIn()).status).toBe(500)
    expect(world.host.journal.errors).toMatchObject([
      { message: expect.stringContaining('threw a value that is not an error') },
    ])
  })

  test('reaches the application once, even if onError calls next and then fails', async () => {
    world = await startWorld({
      oidc: {
        onError: (error, { next }) => {
          next(error)
          throw new Error('too late')
        },
      },
    })
    expect((await comeBack(world.url('/callback?code=a&state[]=b'), world.browser)).status).toBe(400)
    expect(world.host.journal.errors).toMatchObject([{ code: 'state_missing' }])
    expect(world.host.journal.passages.filter(({ nexts }) => nexts > 1)).toEqual([])
  })

  test.each(hosts)('that comes from writing the response reaches the application on $name', async (host) => {
    const broken = new Error('a header of the application is broken')
    const breaking: Handler = (_req, res, next) => {
      let isBroken = false
      onHeaders(res, () => {
        if (isBroken) return
        isBroken = true
        throw broken
      })
      next()
    }
    world = await startWorld({ host, before: [breaking] })
    const login = await world.browser.navigate(world.url('/login'))
    const guard = await world.browser.fetch(world.url('/private'))
    const refusal = await world.browser.image(world.url('/login'))
    expect([login.status, guard.status, refusal.status]).toEqual([500, 500, 500])
    expect(world.host.journal.errors).toEqual([broken, broken, broken])
  })

  test('shows a page that can be neither framed nor stored where the library writes it', async () => {
    world = await startWorld()
    const { headers } = await world.browser.fetch(world.url('/private'))
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
  })
})

describe('onLogin', () => {
  afterEach(() => world.close())
  const data: Handler = (req, res) => json(res, (req as AppRequest).oidc.data)

  test('gets the validated login, and adds data to the session', async () => {
    const seen: unknown[] = []
    world = await startWorld({
      oidc: {
        onLogin: async ({ claims, idToken, accessToken, scope }, req) => {
          seen.push(claims.sub, claims.iss, typeof idToken, typeof accessToken, scope, (req as AppRequest).method)
          return { data: { tenant: 'acme', roles: ['a'] } }
        },
      },
      layers: [{ mount: '/data', handlers: [data] }],
    })
    await world.signIn('/private')
    expect(seen).toEqual(['alice', world.provider.issuer, 'string', 'string', 'openid profile email', 'GET'])
    expect((await world.browser.fetch(world.url('/data'))).json()).toEqual({ tenant: 'acme', roles: ['a'] })
  })

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['an empty object', {}],
    ['true', true],
  ])('that returns %s adds nothing', async (_what, value) => {
    world = await startWorld({
      oidc: { onLogin: () => value as undefined },
      layers: [{ mount: '/data', handlers: [data] }],
    })
    await world.signIn('/private')
    expect(await subjectOf(world)).toBe('alice')
    expect((await world.browser.fetch(world.url('/data'))).json()).toEqual({})
  })

  test('that returns false refuses the login with 403, and keeps the session that was there', async () => {
    let refuse = false
    world = await startWorld({ oidc: { onLogin: () => (refuse ? false : undefined) } })
    await world.signIn('/private')
    refuse = true
    const callback = await toCallback(world)
    const answer = await comeBack(callback, world.browser)
    expect([answer.status, codeOf(answer)]).toEqual([403, 'login_refused'])
    expect(await subjectOf(world)).toBe('alice')
    const again = await comeBack(callback, world.browser)
    expect([again.status, again.location]).toEqual([302, world.url('/')])
  })

  test.each(hosts)(
    'that throws starts no session, and its error reaches the application as it is on $name',
    async (host) => {
      const broken = new Error('the directory is away')
      world = await startWorld({ host, oidc: { onLogin: () => Promise.reject(broken) } })
      const answer = await comeBack(await toCallback(world), world.browser)
      expect(answer.status).toBe(500)
      expect(world.host.journal.errors).toEqual([broken])
      expect(answer.setCookies.filter((line) => !line.includes('.tx.'))).toEqual([])
      expect(await subjectOf(world)).toBeNull()
    },
  )

  test.each([
    ['a string', 'acme'],
    ['a list', ['acme']],
    ['a number', 1],
    ['a bigint', { id: 1n }],
    ['a circle', circle()],
    ['a prototype', JSON.parse('{"__proto__":{"admin":true}}') as object],
  ])('that returns %s is a mistake of the application, and starts no session', async (_what, value) => {
    world = await startWorld({ oidc: { onLogin: () => value as never } })
    const answer = await comeBack(await toCallback(world), world.browser)
    expect([answer.status, codeOf(answer)]).toEqual([500, 'invalid_options'])
    expect(await subjectOf(world)).toBeNull()
  })

  test('runs once for two identical callbacks', async () => {
    let runs = 0
    world = await startWorld({
      oidc: {
        onLogin: () => {
          runs += 1
        },
      },
    })
    const callback = await toCallback(world)
    await Promise.all([world.browser.navigate(callback.href), world.browser.navigate(callback.href)])
    expect([runs, tokenCalls(world)]).toEqual([1, 1])
  })
})

describe.each(hosts)('oidc() mounted below a path on $name', (host) => {
  const page: Handler = (req, res) => res.end((req as AppRequest).auth?.subject ?? 'home')
  afterEach(() => world.close())

  test('handles the whole login and logout there', async () => {
    const layers = [
      { mount: '/sub/private', handlers: [requireAuth(), page] },
      { mount: '/sub', handlers: [page] },
    ]
    world = await startWorld({
      host,
      below: '/sub',
      client: { post_logout_redirect_uris: [] },
      layers,
    })
    const landed = await world.browser.navigate(world.url('/sub/private?tab=1'), { follow: true })
    expect(landed).toMatchObject({ status: 200, url: world.url('/sub/private?tab=1'), text: 'alice' })
    expect((await world.browser.navigate(world.url('/sub/login'), { follow: true })).url).toBe(world.url('/sub/'))
    for (const path of ['/login', '/sub/sub/login', '/logout']) {
      const outside = await world.browser.navigate(world.url(path), { site: 'same-origin' })
      expect([outside.location, outside.setCookies]).toEqual([undefined, []])
    }
    const logout = await world.browser.navigate(world.url('/sub/logout'), { site: 'same-origin' })
    expect(new URL(logout.location ?? '').searchParams.get('post_logout_redirect_uri')).toBe(world.url('/sub/'))
  })
})

test('CB18: a query of more than 16 KB is refused, even where Node lets it through', async () => {
  const url = `/callback?code=a&state=b&x=${'a'.repeat(20_000)}`
  const exchange = createHttpRequest({ method: 'GET', url, headers: {} } as unknown as IncomingMessage)
  await expect(readCallback(exchange, false)).rejects.toMatchObject({ code: 'invalid_response', status: 400 })
})

function circle(): object {
  const made: Record<string, unknown> = {}
  made['self'] = made
  return made
}
