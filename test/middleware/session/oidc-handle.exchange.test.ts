import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { decodeJwt } from 'jose'
import type { IncomingMessage } from 'node:http'
import { type Principal, type TokenSource, bearer, clientCredentials, requireAuth, scope } from '../../../lib/index.js'
import { addTokenExchange, tokenExchangeGrant } from '../../kit/client/token-exchange-grant.js'
import { Browser } from '../../hosts/client.js'
import { type Host, type RunningHost, hosts } from '../../hosts/hosts.js'
import { type RefreshWorld, answerWith, startRefreshWorld, told } from '../../kit/world/refreshing.js'
import { bobsDoor, subjectOf } from '../../kit/world/steps.js'
import { json } from '../../kit/app.js'
import { answering, handler } from '../../kit/world/applications.js'

const orders = 'https://orders.example.com'
const billing = 'https://billing.example.com'
const scopes = { [orders]: 'orders:read', [billing]: 'bills:read' }
const [firstHost] = hosts as readonly [Host]

let world: RefreshWorld
const places = { orders: '', billing: '' }

async function start(): Promise<Browser> {
  const exchanged = answering('/exchange', async ({ oidc, url }) => {
    const resource = new URL(url ?? '', 'http://x').searchParams.get('resource') ?? billing
    return { token: await oidc.exchange({ resource, scope: 'bills:read' }) }
  })
  const call = answering('/call', async ({ oidc }) => {
    const response = await oidc.fetch(`${places.orders}/orders`, {}, { resource: orders })
    return response.json()
  })
  const gateway = {
    client_id: 'orders-service',
    client_secret: 'secret-of-orders-service',
    redirect_uris: [],
    response_types: [],
    grant_types: ['client_credentials', tokenExchangeGrant],
  }
  world = await startRefreshWorld({
    oidc: {
      scope: 'openid orders:read',
      resource: [orders],
      allowedOrigins: places.orders === '' ? [] : [places.orders],
    },
    client: { grant_types: ['authorization_code', 'refresh_token', tokenExchangeGrant] },
    provider: { resources: scopes, clients: [gateway] },
    layers: [exchanged, call, bobsDoor],
  })
  addTokenExchange(world.provider.provider, { [billing]: 'bills:read' })
  return world.enter()
}

const exchange = async (browser: Browser, query = '') => told(await browser.fetch(world.url(`/exchange${query}`)))
const exchanges = () =>
  world.httpClient.urls.filter((url) => new URL(url).pathname === '/token').length - 1 - world.refreshes.length

describe('req.oidc.exchange()', () => {
  afterEach(() => world.close())

  test('gets a token for another service, about the person, once per access token', async () => {
    const browser = await start()
    const tokens = await Promise.all(Array.from({ length: 10 }, () => exchange(browser)))
    expect(new Set(tokens).size).toBe(1)
    expect(decodeJwt(String(tokens[0]))).toMatchObject({ aud: billing, sub: 'alice', scope: 'bills:read' })
    expect(exchanges()).toBe(1)
    world.clock.advance(700)
    expect(await exchange(browser)).not.toBe(tokens[0])
    expect([exchanges(), world.refreshes.length]).toEqual([2, 1])
  })

  test('CC01: never gives one session a token that was exchanged for another', async () => {
    const browser = await start()
    const bob = new Browser()
    await bob.navigate(world.url('/bob'), { follow: true })
    const tokens = [await exchange(browser), await exchange(bob)].map((token) => decodeJwt(String(token)).sub)
    expect(tokens).toEqual(['alice', 'bob'])
  })

  test('tells a refusal and an outage apart, and ends no session', async () => {
    const browser = await start()
    expect(await exchange(browser, '?resource=https://unknown.example')).toEqual([502, 'token_request_failed'])
    world.spoilTokens(answerWith(503, {}))
    expect(await exchange(browser)).toEqual([503, 'provider_unavailable'])
    expect(await subjectOf(world, browser)).toBe('alice')
  })

  test('needs someone to be signed in, and a valid target', async () => {
    const browser = await start()
    expect(await exchange(new Browser())).toEqual([401, 'session_missing'])
    expect(await exchange(browser, '?resource=relative')).toEqual([500, 'invalid_options'])
    expect(exchanges()).toBe(0)
  })
})

describe('a chain of two services behind a web application', () => {
  let services: RunningHost[]
  let machine: TokenSource
  const seen: (string | undefined)[] = []

  beforeAll(async () => {
    const later: { orders?: ReturnType<typeof bearer>; billing?: ReturnType<typeof bearer> } = {}
    const guard = (name: keyof typeof later) =>
      ((req, res, next) => later[name]?.(req, res, next)) as ReturnType<typeof bearer>
    const principal = (req: IncomingMessage) => (req as { auth?: Principal }).auth
    const billingService = await firstHost.start(() => [
      { mount: '/bills', handlers: [guard('billing'), requireAuth(scope('bills:read')), showPrincipal] },
    ])
    const ordersService = await firstHost.start(() => [
      { mount: '/orders', handlers: [guard('orders'), requireAuth(scope('orders:read')), handler(passOn)] },
    ])
    async function passOn(req: IncomingMessage, res: Parameters<typeof json>[0]) {
      const subject = principal(req)
      const token = await machine.exchange({
        subjectToken: subject?.token ?? '',
        subjectTokenExpiresAt: subject?.expiresAt,
        resource: billing,
        scope: 'bills:read',
      })
      const authorization = `Bearer ${token}`
      const bills = await fetch(`${billingService.url}/bills`, { headers: { authorization } })
      const presented = await fetch(`${billingService.url}/bills`, {
        headers: { authorization: `Bearer ${subject?.token}` },
      })
      json(res, { orders: subject, bills: await bills.json(), presentedAsIs: presented.status })
    }
    function showPrincipal(req: IncomingMessage, res: Parameters<typeof json>[0]) {
      seen.push(req.headers.authorization)
      json(res, principal(req))
    }
    services = [billingService, ordersService]
    places.orders = ordersService.url
    await start()
    const { issuer } = world.provider
    later.orders = bearer({ issuer, audience: orders })
    later.billing = bearer({ issuer, audience: billing })
    machine = clientCredentials({ issuer, clientId: 'orders-service', clientSecret: 'secret-of-orders-service' })
  })
  afterAll(async () => {
    machine.close()
    places.orders = ''
    await Promise.all([world.close(), ...services.map((service) => service.close())])
  })

  test('passes the person on from service to service, each with a token that only the next one accepts', async () => {
    const browser = await world.enter()
    const answer = (await browser.fetch(world.url('/call'))).json()
    expect(answer).toMatchObject({
      orders: { scheme: 'bearer', subject: 'alice', scopes: ['orders:read'], claims: { aud: orders } },
      bills: {
        scheme: 'bearer',
        subject: 'alice',
        clientId: 'orders-service',
        scopes: ['bills:read'],
        claims: { aud: billing },
      },
      presentedAsIs: 401,
    })
  })

  test('exchanges once for many calls of one person, and shows no token where a principal is printed', async () => {
    const browser = await world.enter()
    seen.length = 0
    const answers = await Promise.all(Array.from({ length: 5 }, () => browser.fetch(world.url('/call'))))
    expect(new Set(seen).size).toBe(1)
    expect(answers.map(({ text }) => text).join()).not.toContain(String(seen[0]).slice('Bearer '.length))
  })
})
