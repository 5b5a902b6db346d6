import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { createServer } from 'node:http'
import express from 'express'
import request from 'supertest'
import {
  type BearerOptions,
  type OidcOptions,
  all,
  any,
  bearer,
  clientCredentials,
  maxAge,
  not,
  oidc,
  requireAuth,
  scope,
} from '../../lib/index.js'
import { type TestProvider, testProvider } from '../../lib/testing/index.js'
import { stopMachine } from '../kit/clock.js'
import { listen } from '../kit/listen.js'
import { signingKey } from '../kit/provider/keys.js'

const users = { alice: { dept: 'hr', email: 'alice@example.com' }, bob: {} }

let provider: TestProvider

beforeEach(async () => {
  provider = await testProvider({ users })
})

/** An application of this provider: `GET /` says who is signed in, `GET /token` what the access token is. */
function web(changes: Partial<OidcOptions> = {}) {
  const app = express().use(oidc({ ...provider.options.oidc, ...changes }))
  app.get('/', requireAuth(), (req, res) => void res.json(req.oidc.user))
  app.get('/token', requireAuth(), async (req, res) => {
    try {
      res.json(await req.oidc.accessToken())
    } catch (error) {
      res.status(503).json((error as { code: string }).code)
    }
  })
  app.get('/userinfo', requireAuth(), async (req, res) => void res.json(await req.oidc.userinfo()))
  return app
}

/** An API of this provider that says why it refuses. */
function api(changes: Partial<BearerOptions> = {}) {
  const codes: unknown[] = []
  const onError: BearerOptions['onError'] = (error, { next }) => {
    codes.push((error as { cause?: { code?: string } }).cause?.code)
    next(error)
  }
  const app = express().use(bearer({ ...provider.options.bearer, onError, ...changes } as BearerOptions))
  app.get('/', (req, res) => void res.json(req.auth))
  app.get('/orders', requireAuth(scope('orders')), (_req, res) => void res.json([]))
  const get = (token: string, path = '/') => request(app).get(path).set('Authorization', `Bearer ${token}`)
  return { app, codes, get }
}

describe('signIn()', () => {
  test('signs a person in through the routes of the application, with an agent of supertest', async () => {
    const agent = request.agent(web())
    const { status, location } = await provider.signIn(agent, 'alice')
    expect({ status, location }).toEqual({ status: 302, location: '/' })
    expect((await agent.get('/')).body).toMatchObject({ sub: 'alice', dept: 'hr', iss: provider.issuer })
  })

  test('gives the cookies for requests without an agent', async () => {
    const app = web({ baseUrl: 'https://app.example.com' })
    const { cookie } = await provider.signIn(request(app), 'bob')
    expect(cookie).toMatch(/^__Host-/)
    expect((await request(app).get('/').set('Cookie', cookie)).body).toMatchObject({ sub: 'bob' })
  })

  test('signs in at the URL where an application listens, and by a function like fetch', async () => {
    const running = await listen(createServer(web()))
    const { cookie } = await provider.signIn(running.origin, 'alice')
    expect((await fetch(`${running.origin}/`, { headers: { cookie } })).status).toBe(200)
    const seen: string[] = []
    const agent = request(running.origin)
    const again = await provider.signIn(async (url, { headers }) => {
      seen.push(url)
      const answer = await agent.get(url.slice('http://localhost:3000'.length)).set(headers)
      return new Response(answer.text, { status: answer.status, headers: new Headers(pairs(answer.headers)) })
    }, 'bob')
    expect(seen[0]).toBe('http://localhost:3000/login')
    expect((await fetch(`${running.origin}/`, { headers: { cookie: again.cookie } })).status).toBe(200)
    await running.close()
  })

  test('begins at a page that needs a login, and ends there', async () => {
    const agent = request.agent(web())
    expect(await provider.signIn(agent, 'alice', { path: '/userinfo' })).toMatchObject({ location: '/userinfo' })
    expect((await agent.get('/userinfo')).body).toEqual({ sub: 'alice', ...users.alice })
  })

  test.each([
    ['a posted response', { authorizationParams: { response_mode: 'form_post' }, baseUrl: 'https://app.example.com' }],
    ['a pushed request', { pushedAuthorizationRequests: true }],
    [
      'tokens bound to a key',
      { dpop: { privateKey: signingKey('ES256').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() } },
    ],
    ['claims of the userinfo endpoint', { userinfo: true }],
  ] as [string, Partial<OidcOptions>][])('signs in with %s', async (_what, changes) => {
    const app = web(changes)
    const { cookie } = await provider.signIn(request(app), 'alice')
    const { body } = await request(app).get('/').set('Cookie', cookie)
    expect(body).toMatchObject({ sub: 'alice', dept: 'hr' })
    expect((await request(app).get('/token').set('Cookie', cookie)).status).toBe(200)
    expect((await request(app).get('/userinfo').set('Cookie', cookie)).body).toMatchObject({ dept: 'hr' })
  })

  test('has the claims of the person in the ID Token, acr too, unless the login says another', async () => {
    provider = await testProvider({ users: { carol: { acr: 'urn:mfa' } } })
    const agent = request.agent(web())
    await provider.signIn(agent, 'carol')
    expect((await agent.get('/')).body).toMatchObject({ acr: 'urn:mfa' })
    await provider.signIn(agent, 'carol', { acr: 'urn:pin' })
    expect((await agent.get('/')).body).toMatchObject({ acr: 'urn:pin' })
  })

  test('brings back an error of the provider', async () => {
    const { status } = await provider.signIn(request(web()), 'alice', { error: 'access_denied' })
    expect(status).toBe(403)
  })

  test('fails with the answer of an application that signs nobody in', async () => {
    const refusing = web({ onLogin: () => false })
    await expect(provider.signIn(request(refusing), 'alice')).rejects.toThrow(/callback answered 403/)
    await expect(provider.signIn(request(express()), 'alice')).rejects.toThrow(
      /GET \/login did not lead to the provider.* 404/,
    )
  })

  test('has the code of an error page in its message, and no markup', async () => {
    const stop = provider.fail('token', 503)
    const message = await provider.signIn(request(web()), 'alice').catch((error: Error) => error.message)
    stop()
    expect(message).toMatch(/^\/callback answered 503 and signed nobody in: .*Code: provider_unavailable/)
    expect(message).not.toMatch(/[<>{}]/)
  })

  test('names the people that it knows, and the ways to an application', async () => {
    await expect(provider.signIn(request(web()), 'carol')).rejects.toThrow(/users are alice, bob/)
    await expect(provider.signIn(web() as never, 'alice')).rejects.toThrow(/request\.agent\(app\)/)
  })

  test('signs out at the provider too', async () => {
    const agent = request.agent(web())
    await provider.signIn(agent, 'alice')
    await provider.signOut(agent)
    expect((await agent.get('/')).status).toBe(401)
  })
})

describe('the cookies of a browser', () => {
  const baseUrl = 'https://app.example.com'

  /** Signs in a second time in the same browser. @returns whether the application saw the session before */
  async function seenAgain(changes: Partial<OidcOptions>): Promise<boolean> {
    const seen: unknown[] = []
    const app = web({ baseUrl, onLogin: ({ current }) => void seen.push(current?.claims.sub), ...changes })
    const { cookie } = await provider.signIn(request(app), 'alice')
    await provider.signIn(request(app), 'alice', { cookie })
    expect(seen[0]).toBeUndefined()
    return seen[1] === 'alice'
  }

  test('come back from the provider with its redirect, and not with a form that it posts', async () => {
    expect(await seenAgain({})).toBe(true)
    expect(await seenAgain({ authorizationParams: { response_mode: 'form_post' } })).toBe(false)
  })
})

describe('signOut()', () => {
  test('ends with the answer of an application whose logout leaves the provider alone', async () => {
    const agent = request.agent(web({ logout: { atProvider: false } }))
    await provider.signIn(agent, 'alice')
    expect(await provider.signOut(agent)).toMatchObject({ status: 303, location: 'http://localhost:3000/' })
    expect((await agent.get('/')).status).toBe(401)
  })

  test('fails with the answer of an application that has no logout', async () => {
    await expect(provider.signOut(request(express()))).rejects.toThrow(
      /POST \/logout did not lead to the provider.* 404/,
    )
  })

  test.each<[string, () => unknown, string]>([
    ['answers with an error', () => provider.fail('endSession', 503), 'the provider answers 503'],
    ['is down', () => provider.down(), 'the provider is down'],
  ])('does not come back from a provider that %s, and the session here has ended', async (_what, break_, message) => {
    const agent = request.agent(web())
    await provider.signIn(agent, 'alice')
    break_()
    await expect(provider.signOut(agent)).rejects.toMatchObject({ code: 'provider_unavailable', message })
    expect((await agent.get('/')).status).toBe(401)
  })
})

test('signOut() ends at the provider where the application names no page to come back to', async () => {
  const app = express().post('/logout', (_req, res) => res.redirect(303, `${provider.issuer}/end-session?state=1`))
  const walked = await provider.signOut(request(app), { cookie: 'theme=dark' })
  expect(walked).toEqual({ status: 200, location: undefined, cookie: 'theme=dark' })
})

describe('time', () => {
  test('advance() ends sessions, and renews access tokens before', async () => {
    const agent = request.agent(web({ session: { idleSeconds: 3600 } }))
    await provider.signIn(agent, 'alice')
    const { body: first } = await agent.get('/token')
    provider.advance(301)
    const { body: second } = await agent.get('/token')
    expect(second).not.toBe(first)
    provider.advance(3601)
    expect((await agent.get('/')).status).toBe(401)
  })

  test('advance() expires access tokens at an API', async () => {
    const { get, codes } = api()
    const token = provider.accessToken()
    expect((await get(token)).status).toBe(200)
    provider.advance(300 + 31)
    expect((await get(token)).status).toBe(401)
    expect(codes).toEqual(['token_expired'])
    expect((await get(provider.accessToken())).status).toBe(200)
    expect(() => provider.advance(-1)).toThrow(/never goes back/)
  })

  test('advance() makes logins too old for maxAge(), and one after it is recent', async () => {
    const app = web()
    app.get('/pay', requireAuth(all(maxAge(60), not(maxAge(1, () => 0)))), (_req, res) => void res.json('paid'))
    const agent = request.agent(app)
    await provider.signIn(agent, 'alice')
    expect((await agent.get('/pay')).status).toBe(200)
    provider.advance(3600)
    expect((await agent.get('/pay')).status).toBe(401)
    await provider.signIn(agent, 'alice', { path: '/pay' })
    expect((await agent.get('/pay')).status).toBe(200)
  })

  test('advance() makes the login of an access token too old for maxAge()', async () => {
    const auth_time = provider.now()
    const { app, get } = api()
    app.get('/pay', requireAuth(any(maxAge(60))), (_req, res) => void res.json('paid'))
    const token = provider.accessToken({ expiresIn: 7200, claims: { auth_time } })
    expect((await get(token, '/pay')).status).toBe(200)
    provider.advance(3600)
    expect((await get(token, '/pay')).status).toBe(401)
  })

  test('freeze() stops the clock, so that only advance() moves it', async () => {
    const { get } = api()
    provider.freeze()
    const [token, frozenAt] = [provider.accessToken(), provider.now()]
    const machine = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_600_000)
    try {
      provider.freeze()
      provider.advance(300 + 29)
      expect(provider.now()).toBe(frozenAt + 329)
      expect((await get(token)).status).toBe(200)
      provider.advance(1)
      expect((await get(token)).status).toBe(401)
    } finally {
      machine.mockRestore()
    }
  })

  test('advance() moves no clock of another provider', async () => {
    const other = await testProvider()
    const { get } = api()
    const token = provider.accessToken()
    other.advance(3600)
    expect((await get(token)).status).toBe(200)
    const goOn = stopMachine()
    const apart = other.now() - provider.now()
    goOn()
    expect(apart).toBe(3600)
  })
})

describe('accessToken()', () => {
  test('makes tokens that an API takes', async () => {
    const { get } = api()
    const { body } = await get(provider.accessToken({ sub: 'alice', scope: 'orders', claims: { tenant: 7 } }))
    expect(body).toMatchObject({ subject: 'alice', scopes: ['orders'], claims: { tenant: 7 } })
    expect((await get(provider.accessToken({ scope: 'orders' }), '/orders')).status).toBe(200)
    expect((await get(provider.accessToken(), '/orders')).status).toBe(403)
  })

  test.each([
    ['expired', 'token_expired'],
    ['forOtherAudience', 'token_audience_mismatch'],
    ['fromOtherIssuer', 'token_issuer_mismatch'],
    ['forged', 'token_signature_invalid'],
    ['idToken', 'token_type_refused'],
  ] as const)('makes a bad one, %s, that is refused for just that', async (kind, code) => {
    const { get, codes } = api()
    expect((await get(provider.accessToken[kind]({ sub: 'alice' }))).status).toBe(401)
    expect(codes).toEqual([code])
  })

  test('makes opaque ones, which are introspected', async () => {
    provider = await testProvider({ users, tokenFormat: 'opaque' })
    const { get } = api()
    const { body } = await get(provider.accessToken({ sub: 'alice' }))
    expect(body).toMatchObject({ subject: 'alice' })
    expect((await get('unknown')).status).toBe(401)
  })
})

describe('what goes wrong at a provider', () => {
  test('fail() has one endpoint fail, until it is called off', async () => {
    const agent = request.agent(web())
    await provider.signIn(agent, 'alice')
    provider.advance(301)
    const stop = provider.fail('token', 503)
    expect((await agent.get('/token')).body).toBe('provider_unavailable')
    stop()
    provider.advance(60)
    expect((await agent.get('/token')).status).toBe(200)
    expect(() => provider.fail('tokens' as never, 503)).toThrow(/one of discovery, jwks/)
  })

  test('fail() keeps people from the page where they would sign in', async () => {
    const app = web()
    const stop = provider.fail('authorization', 503)
    await expect(provider.signIn(request(app), 'alice')).rejects.toMatchObject({
      code: 'provider_unavailable',
      message: 'the provider answers 503',
    })
    stop()
    expect((await provider.signIn(request(app), 'alice')).status).toBe(302)
  })

  test('down() and up() take all of it away and back', async () => {
    const app = web()
    provider.down()
    await expect(provider.signIn(request(app), 'alice')).rejects.toThrow(/ 50[23]/)
    provider.up()
    provider.advance(120)
    await provider.signIn(request(app), 'alice')
  })

  test('rotateKeys() makes tokens of the key before invalid', async () => {
    const { get } = api()
    const before = provider.accessToken()
    expect((await get(before)).status).toBe(200)
    provider.rotateKeys()
    expect((await get(provider.accessToken())).status).toBe(200)
    expect((await get(provider.accessToken.forged())).status).toBe(401)
  })

  test('revokeRefresh() ends a login at its next renewal', async () => {
    const agent = request.agent(web())
    await provider.signIn(agent, 'alice')
    provider.revokeRefresh('bob')
    provider.advance(301)
    expect((await agent.get('/token')).status).toBe(200)
    provider.revokeRefresh('alice')
    provider.advance(301)
    expect((await agent.get('/token')).status).not.toBe(200)
    expect((await agent.get('/')).status).toBe(401)
  })

  test('backchannelLogout() ends the sessions of a person wherever they signed in', async () => {
    const app = web()
    const agents = [request.agent(app), request.agent(app)] as const
    await provider.signIn(agents[0], 'alice')
    await provider.signIn(agents[1], 'bob')
    expect(await provider.backchannelLogout('alice')).toEqual([200])
    expect((await agents[0].get('/')).status).toBe(401)
    expect((await agents[1].get('/')).status).toBe(200)
    expect(await provider.backchannelLogout('bob', { app: request(app) })).toEqual([200])
    expect((await agents[1].get('/')).status).toBe(401)
  })

  test('backchannelLogout() needs an application where nobody has signed in', async () => {
    await expect(provider.backchannelLogout('alice')).rejects.toThrow(/\{ app \}/)
  })
})

describe('testProvider()', () => {
  test('gives tokens to services', async () => {
    const service = clientCredentials({ ...provider.options.clientCredentials, scope: 'orders' })
    const { get } = api()
    expect((await get(await service.getToken(), '/orders')).status).toBe(200)
    const onBehalf = await service.exchange({ subjectToken: provider.accessToken({ sub: 'alice' }) })
    expect((await get(onBehalf)).body).toMatchObject({ subject: 'alice', claims: { act: { sub: 'test-client' } } })
  })

  test('knows clients with a secret, with a key and with neither', async () => {
    const key = signingKey('ES256')
    const clients = {
      secret: { clientSecret: 'a-secret-of-32-characters-or-more' },
      key: { publicKey: key.jwk },
      none: {},
    }
    provider = await testProvider({ clients })
    const pem = key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const { clientId: _, clientSecret: __, ...common } = provider.options.oidc
    const { secret } = clients
    await provider.signIn(request(express().use(oidc({ ...common, clientId: 'secret', ...secret }))), 'alice')
    await provider.signIn(request(express().use(oidc({ ...common, clientId: 'none' }))), 'alice')
    const byKey = oidc({ ...common, clientId: 'key', clientAssertionKey: pem, clientAuthentication: 'private_key_jwt' })
    await provider.signIn(request(express().use(byKey)), 'alice')
    const wrong = oidc({ ...common, clientId: 'secret', clientSecret: 'another-secret-of-32-characters!!' })
    await expect(provider.signIn(request(express().use(wrong)), 'alice')).rejects.toThrow(/ 50\d/)
  })

  test('says which host an application has asked instead', async () => {
    const issuer = 'https://other.example.com'
    const auth = oidc({ ...provider.options.oidc, issuer })
    const metadata = `GET ${issuer}/.well-known/openid-configuration is not at the test provider`
    await expect(auth.ready()).rejects.toThrow(metadata)
    await expect(provider.signIn(request(express().use(auth)), 'alice')).rejects.toThrow(metadata)
  })

  test('answers no other host, unless a function is given for that', async () => {
    await expect(provider.fetch('https://api.example.com/a?code=1', { method: 'POST' })).rejects.toThrow(
      'POST https://api.example.com/a is not at the test provider, https://provider.test.',
    )
    const other = await testProvider({ fetch: async () => Response.json('orders') })
    expect(await (await other.fetch('https://api.example.com/')).json()).toBe('orders')
  })
})

describe('in production', () => {
  const before = process.env['NODE_ENV']
  afterEach(() => {
    if (before === undefined) delete process.env['NODE_ENV']
    else process.env['NODE_ENV'] = before
  })

  test('testProvider() refuses to run', async () => {
    process.env['NODE_ENV'] = 'production'
    await expect(testProvider()).rejects.toMatchObject({ code: 'invalid_options' })
  })
})

function pairs(headers: Record<string, string | string[]>): [string, string][] {
  return Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((each): [string, string] => [name, each]),
  )
}

describe('authorization details', () => {
  const details = [{ type: 'payment' }, { type: 'refund' }]

  test('are granted as asked for, to logins and machines, and may be narrowed', async () => {
    const app = web({ scope: 'openid', authorizationParams: { authorization_details: details } })
    app.get('/details', (req, res) => void res.json(req.auth?.authorizationDetails))
    app.get('/narrow', async (req, res) => {
      const ask = (type: string) => req.oidc.accessToken({ authorizationDetails: [{ type }] })
      const [narrow, refused] = [
        await ask('refund'),
        await ask('credit').catch((error: { code: string }) => error.code),
      ]
      res.json([(await api().get(narrow)).body.authorizationDetails, refused])
    })
    const agent = request.agent(app)
    await provider.signIn(agent, 'alice')
    expect((await agent.get('/details')).body).toEqual(details)
    expect((await agent.get('/narrow')).body).toEqual([[{ type: 'refund' }], 'token_request_failed'])
    const source = clientCredentials({ ...provider.options.clientCredentials, authorizationDetails: details })
    expect((await api().get(await source.getToken())).body.authorizationDetails).toEqual(details)
  })
})
