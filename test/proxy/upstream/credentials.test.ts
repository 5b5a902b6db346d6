import { afterEach, describe, expect, test } from '@jest/globals'
import { createServer } from 'node:http'
import { csrf } from '../../../lib/index.js'
import { apiProxy } from '../../../lib/proxy/index.js'
import { type Api, type ApiAnswer, echo, startApi } from '../../kit/api/api.js'
import { type Proxied, type ProxiedOptions, startProxied } from '../../kit/api/proxied.js'
import { holderPem } from '../../kit/provider/proofs.js'
import { type BoundApi, resource, startBoundApi, strictProvider } from '../../kit/world/bound.js'
import { refusedConnection } from '../../kit/world/refreshing.js'
import { listen } from '../../kit/listen.js'
import { codeOf } from '../../kit/world/steps.js'
import { type World, startWorld } from '../../kit/world/world.js'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})

async function start(options?: ProxiedOptions): Promise<Proxied> {
  const proxied = await startProxied(options)
  cleanUp.push(() => proxied.close())
  return proxied
}

const tokensOf = ({ calls }: Api) => calls.map(({ headers }) => headers.authorization)

/** Refuses the first token that comes, and takes every other. */
function refusingFirst(status = 401): ApiAnswer {
  let refused: string | undefined
  return (req, res, call) => {
    refused ??= call.headers.authorization
    if (call.headers.authorization !== refused) return echo(req, res, call)
    res.writeHead(status, { 'www-authenticate': 'Bearer error="invalid_token"' }).end('refused')
  }
}

describe('a 401 of the API', () => {
  test.each(['GET', 'HEAD', 'DELETE', 'POST'])(
    'has the token renewed, and %s without a body sent again',
    async (method) => {
      const { api, call, world } = await start({ answer: refusingFirst() })
      const answer = await call('/api/x', { method })
      expect([answer.status, world.refreshes.length]).toEqual([200, 1])
      const [first, second] = tokensOf(api)
      expect(api.calls.map((each) => each.method)).toEqual([method, method])
      expect(second).not.toBe(first)
      expect((await call('/api/x')).status).toBe(200)
      expect(tokensOf(api)[2]).toBe(second)
    },
  )

  test('goes to the browser as it is after a body, and the next request has a new token', async () => {
    const { api, call, world } = await start({ answer: refusingFirst() })
    const answer = await call('/api/x', { method: 'POST', body: 'a' })
    expect([answer.status, answer.text, answer.headers['www-authenticate']]).toEqual([401, 'refused', undefined])
    expect([api.calls.length, world.refreshes.length]).toEqual([1, 0])
    expect((await call('/api/x')).status).toBe(200)
  })

  test('goes to the browser once a new token does not help, without further tries', async () => {
    const { api, call, world } = await start({ answer: (_req, res) => res.writeHead(401).end('no') })
    const answer = await call('/api/x')
    expect([answer.status, answer.text]).toEqual([401, 'no'])
    expect([api.calls.length, world.refreshes.length]).toEqual([2, 1])
  })

  test('is not a reason to renew for 403', async () => {
    const { api, call, world } = await start({ answer: refusingFirst(403) })
    expect((await call('/api/x')).status).toBe(403)
    expect([api.calls.length, world.refreshes.length]).toEqual([1, 0])
  })

  test('is asked about once by requests at the same time', async () => {
    const { call, world } = await start({ answer: refusingFirst() })
    const answers = await Promise.all(['a', 'b', 'c'].map((name) => call(`/api/${name}`)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(world.refreshes).toHaveLength(1)
  })
})

describe('a token', () => {
  test('is renewed before it expires, and its cookie is in the response', async () => {
    const { api, call, world } = await start()
    await call('/api/x')
    world.clock.advance(700)
    const answer = await call('/api/x')
    expect(answer.setCookies).toHaveLength(1)
    expect(new Set(tokensOf(api)).size).toBe(2)
  })

  test('that cannot be renewed while the token endpoint is down gives 503 with Retry-After, and ends no session', async () => {
    const { api, call, world } = await start()
    world.clock.advance(700)
    world.spoilTokens(refusedConnection)
    const answer = await call('/api/x')
    expect([answer.status, codeOf(answer)]).toEqual([503, 'provider_unreachable'])
    expect(answer.headers['retry-after']).toBeDefined()
    expect(answer.headers['content-type']).toBe('application/problem+json')
    expect(api.calls).toEqual([])
    world.spoilTokens()
    expect((await world.me()).user).toMatchObject({ sub: 'alice' })
  })

  test('of a login that has ended at the provider gives 401 with login_url', async () => {
    const { api, call, world } = await start()
    world.clock.advance(700)
    world.spoilTokens(async () => Response.json({ error: 'invalid_grant' }, { status: 400 }))
    const answer = await call('/api/x')
    expect([answer.status, codeOf(answer)]).toEqual([401, 'session_expired'])
    expect(answer.json()).toHaveProperty('login_url')
    expect(api.calls).toEqual([])
  })

  test('that the login was not granted gives 401 without login_url: signing in again would change nothing', async () => {
    const { api, call } = await start({
      proxy: { scope: 'orders:read' },
      world: { oidc: { scope: 'openid orders:read' } },
    })
    const answer = await call('/api/x')
    expect([answer.status, codeOf(answer)]).toEqual([401, 'access_token_missing'])
    expect(answer.json()).not.toHaveProperty('login_url')
    expect(api.calls).toEqual([])
  })

  test('for a resource that no login asks for is a mistake in the set-up', async () => {
    const { call } = await start({ proxy: { resource: 'https://other.example.com' } })
    const answer = await call('/api/x')
    expect([answer.status, codeOf(answer)]).toEqual([500, 'invalid_options'])
  })

  test('AP07: is sent to the target only, however the API answers', async () => {
    const elsewhere = await startApi()
    cleanUp.push(() => elsewhere.close())
    const { api, call } = await start({
      answer: (_req, res) =>
        res
          .writeHead(307, {
            location: `${elsewhere.origin}/v1`,
            'www-authenticate': `Bearer resource_metadata="${elsewhere.origin}"`,
          })
          .end(),
    })
    expect((await call('/api/x', { follow: false })).status).toBe(307)
    expect([api.calls.length, elsewhere.calls]).toEqual([1, []])
  })
})

describe('a bound token', () => {
  let api: BoundApi
  let world: World

  async function signedIn(): Promise<void> {
    api = await startBoundApi()
    const proxy = apiProxy(api.origin)
    world = await startWorld({
      provider: strictProvider,
      client: { dpop_bound_access_tokens: true },
      oidc: {
        dpop: { privateKey: holderPem },
        scope: 'openid offline_access orders:read',
        authorizationParams: { resource },
      },
      layers: [csrf(), { mount: '/proxied', handlers: [proxy] }],
    })
    cleanUp.push(
      () => proxy.close(),
      () => world.close(),
      () => api.close(),
    )
    api.protect(world.provider.issuer)
    await world.signIn()
  }
  const call = (method = 'GET', body?: string) =>
    world.browser.fetch(world.url('/proxied/api/orders?status=open'), {
      method,
      headers: { 'x-csrf': '1' },
      ...(body === undefined ? {} : { body }),
    })

  test('is sent with a proof for the API, again with its nonce, and again after it is renewed', async () => {
    await signedIn()
    const answer = await call()
    expect([answer.status, answer.json()]).toEqual([200, { scheme: 'dpop', subject: 'alice' }])
    expect(answer.headers).not.toHaveProperty('dpop-nonce')
    api.refused.add(api.calls.at(-1)?.headers.get('authorization')?.split(' ')[1] ?? '')
    expect((await call()).status).toBe(200)
    expect(api.calls.map(({ status }) => status)).toEqual([401, 200, 401, 200])
    expect(new Set(api.calls.map(({ headers }) => headers.get('dpop'))).size).toBe(4)
  })

  test('of a request with a body is refused until the nonce is known', async () => {
    await signedIn()
    expect((await call('POST', 'a')).status).toBe(401)
    expect((await call('POST', 'a')).status).toBe(200)
    expect(api.calls.map(({ status }) => status)).toEqual([401, 200])
  })
})

describe('a connection that the API has closed meanwhile', () => {
  test.each([
    ['GET', 200, 3],
    ['POST', 502, 2],
  ])('is taken for lost once, and %s answered with %i', async (method, status, times) => {
    let requests = 0
    const server = createServer((req, res) => (++requests === 2 ? req.socket.destroy() : res.end('ok')))
    const { origin, close } = await listen(server)
    cleanUp.push(close)
    const { call } = await start({ origin })
    expect((await call('/api/x')).status).toBe(200)
    expect([(await call('/api/x', { method })).status, requests]).toEqual([status, times])
  })
})
