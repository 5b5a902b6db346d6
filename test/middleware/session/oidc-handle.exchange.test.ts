import { beforeEach, describe, expect, test } from '@jest/globals'
import express from 'express'
import { decodeJwt } from 'jose'
import request from 'supertest'
import {
  bearer,
  clientCredentials,
  errorPages,
  oidc,
  type OidcOptions,
  requireAuth,
  scope,
} from '../../../lib/index.js'
import { type TestProvider, testProvider } from '../../../lib/testing/index.js'

const orders = 'https://orders.example.com'
const billing = 'https://billing.example.com'
const clients = {
  web: { clientSecret: 'the-secret-of-the-web-application-here' },
  'orders-service': { clientSecret: 'the-secret-of-the-service-for-orders' },
}

let provider: TestProvider
let fetches: ReturnType<typeof express>

beforeEach(async () => {
  fetches = express()
  provider = await testProvider({ clients, users: { alice: {}, bob: {} }, fetch: (url, init) => reach(url, init) })
})

/** Reaches the services of a test, wherever they are said to be. */
async function reach(input: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> {
  const { url, headers } = new Request(input, init)
  const { pathname, host } = new URL(url)
  const answer = await request(fetches).get(pathname).set(Object.fromEntries(headers)).set('host', host)
  return new Response(answer.text, { status: answer.status })
}

/** A web application: `GET /exchange` is a token for billing, or for the query's resource. */
function web(changes: Partial<OidcOptions> = {}) {
  const app = express().use(oidc({ ...provider.options.oidc, ...changes }))
  app.get('/me', (req, res) => void res.json(req.oidc.user?.sub ?? null))
  app.get('/exchange', async (req, res) => {
    const { resource = billing } = req.query
    res.json(await req.oidc.exchange({ resource: String(resource), scope: 'bills:read' }))
  })
  app.get('/call', async (req, res) => {
    const response = await req.oidc.fetch(`${orders}/orders`, {}, { resource: orders })
    res.json(await response.json())
  })
  app.use(errorPages(), problems)
  return app
}

// Mistakes in the set-up pass errorPages().
const problems: express.ErrorRequestHandler = (error, _req, res, next) => {
  void next
  res.status(error.status).json({ code: error.code })
}

async function enter(app: ReturnType<typeof web>, user = 'alice') {
  const agent = request.agent(app)
  await provider.signIn(agent, user)
  return agent
}

const exchange = async (agent: Pick<Awaited<ReturnType<typeof enter>>, 'get'>, query = ''): Promise<unknown> => {
  const { status, body } = await agent.get(`/exchange${query}`)
  return status === 200 ? body : [status, body.code]
}

describe('req.oidc.exchange()', () => {
  test('gets a token for another service, about the person, once per access token', async () => {
    const agent = await enter(web())
    const tokens = await Promise.all(Array.from({ length: 10 }, () => exchange(agent)))
    expect(new Set(tokens).size).toBe(1)
    const claims = decodeJwt(String(tokens[0]))
    expect(claims).toMatchObject({ aud: billing, sub: 'alice', scope: 'bills:read', act: { sub: 'web' } })
    provider.advance(301)
    expect(decodeJwt(String(await exchange(agent)))).not.toMatchObject({ jti: claims.jti })
  })

  test('CC01: never gives one session a token that was exchanged for another', async () => {
    const app = web()
    const tokens = [await exchange(await enter(app)), await exchange(await enter(app, 'bob'))]
    expect(tokens.map((token) => decodeJwt(String(token)).sub)).toEqual(['alice', 'bob'])
  })

  test('tells a refusal and an outage apart, and ends no session', async () => {
    const agent = await enter(web())
    const stop = provider.fail('token', 400, { error: 'invalid_target' })
    expect(await exchange(agent)).toEqual([502, 'token_request_failed'])
    stop()
    provider.fail('token', 503)
    expect(await exchange(agent, `?resource=${orders}`)).toEqual([503, 'provider_unavailable'])
    expect((await agent.get('/me')).body).toBe('alice')
  })

  test('needs someone to be signed in, and a valid target', async () => {
    const app = web()
    expect(await exchange(request(app))).toEqual([401, 'session_missing'])
    const agent = await enter(app)
    provider.down()
    expect(await exchange(agent, '?resource=relative')).toEqual([500, 'invalid_options'])
  })
})

describe('a chain of two services behind a web application', () => {
  let app: ReturnType<typeof web>
  const seen: (string | undefined)[] = []

  beforeEach(() => {
    seen.length = 0
    app = web({ scope: 'openid orders:read bills:read', resource: [orders], allowedOrigins: [orders] })
    const { issuer, fetch } = provider.options.bearer
    const machine = clientCredentials({ issuer, fetch, clientId: 'orders-service', ...clients['orders-service'] })
    fetches.get(
      '/bills',
      bearer({ issuer, fetch, audience: billing }),
      requireAuth(scope('bills:read')),
      (req, res) => {
        seen.push(req.headers.authorization)
        res.json(req.auth)
      },
    )
    fetches.get('/orders', bearer({ issuer, fetch, audience: orders }), requireAuth(scope('orders:read')), passOn)
    async function passOn({ auth }: express.Request, res: express.Response) {
      const subjectToken = auth?.token ?? ''
      const exchanged = await machine.exchange({ subjectToken, resource: billing, scope: 'bills:read' })
      const billsFor = (token: string) => fetch(`${billing}/bills`, { headers: { authorization: `Bearer ${token}` } })
      const [bills, presented] = [await billsFor(exchanged), await billsFor(subjectToken)]
      res.json({ orders: auth, bills: await bills.json(), presentedAsIs: presented.status })
    }
  })

  test('passes the person on from service to service, each with a token that only the next one accepts', async () => {
    const { body } = await (await enter(app)).get('/call')
    expect(body).toMatchObject({
      orders: { scheme: 'bearer', subject: 'alice', clientId: 'web', claims: { aud: orders } },
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
    const agent = await enter(app)
    const answers = await Promise.all(Array.from({ length: 5 }, () => agent.get('/call')))
    expect(seen).toHaveLength(5)
    expect(new Set(seen).size).toBe(1)
    expect(answers.map(({ text }) => text).join()).not.toContain(String(seen[0]).slice('Bearer '.length))
  })
})
