import { afterEach, describe, expect, test } from '@jest/globals'
import express from 'express'
import request from 'supertest'
import { type OidcOptions, authorizationDetails, maxAge, oidc, requireAuth } from '../../lib/index.js'
import { signedIn } from '../../lib/testing/index.js'
import { signingKey } from '../kit/provider/keys.js'
import { FakeStore } from '../kit/stores/memory.js'

const options: OidcOptions = {
  issuer: 'https://id.example.com',
  clientId: 'web',
  clientSecret: 'a-secret-of-the-client-for-tests',
  baseUrl: 'http://localhost:3000',
  secret: 'a-secret-of-the-session-for-tests-32',
  fetch: () => Promise.reject(new TypeError('nothing may be fetched')),
}

function appWith(changes: Partial<OidcOptions> = {}) {
  const auth = oidc({ ...options, ...changes })
  const app = express()
  app.use(auth)
  app.get('/', requireAuth(), async (req, res) => {
    const { user, data, session } = req.oidc
    const token = await req.oidc.accessToken().catch((error: { code: string }) => error.code)
    res.json({ user, data, session, token, scopes: req.auth?.scopes })
  })
  app.get('/fresh', requireAuth(maxAge(60)), (_req, res) => void res.json('fresh'))
  return { app, auth }
}

const before = process.env['NODE_ENV']
afterEach(() => {
  if (before === undefined) delete process.env['NODE_ENV']
  else process.env['NODE_ENV'] = before
})

describe('signedIn()', () => {
  test('makes a session with these claims, without asking the provider', async () => {
    const { app, auth } = appWith()
    const cookie = await signedIn(auth, { sub: 'alice', dept: 'hr' })
    const { status, body } = await request(app).get('/').set('Cookie', cookie)
    expect(status).toBe(200)
    expect(body).toMatchObject({ user: { sub: 'alice', dept: 'hr', iss: options.issuer }, data: {} })
    expect(body.scopes).toEqual(['openid', 'profile', 'email'])
  })

  test('puts data, scope and access token into it', async () => {
    const { app, auth } = appWith()
    const cookie = await signedIn(
      auth,
      { sub: 'alice' },
      { data: { cart: 7 }, scope: 'openid orders', accessToken: 'token-1' },
    )
    const { body } = await request(app).get('/').set('Cookie', cookie)
    expect(body).toMatchObject({ data: { cart: 7 }, scopes: ['openid', 'orders'], token: 'token-1' })
  })

  test('puts authorization details into it', async () => {
    const { app, auth } = appWith()
    app.get('/pay', requireAuth(authorizationDetails('payment')), (_req, res) => void res.json('paid'))
    const paying = await signedIn(auth, { sub: 'alice' }, { authorizationDetails: [{ type: 'payment' }] })
    expect((await request(app).get('/pay').set('Cookie', paying)).body).toBe('paid')
    expect(
      (
        await request(app)
          .get('/pay')
          .set('Cookie', await signedIn(auth, { sub: 'alice' }))
      ).status,
    ).toBe(403)
  })

  test('makes an access token that is sent with a proof where tokens are bound to a key', async () => {
    const privateKey = signingKey('ES256').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const sent: Headers[] = []
    const fetch: OidcOptions['fetch'] = async (input, init) => {
      sent.push(new Request(input, init).headers)
      return Response.json([])
    }
    const { app, auth } = appWith({ dpop: { privateKey }, allowedOrigins: ['https://api.example.com'], fetch })
    app.get('/orders', async (req, res) => {
      res.json(await (await req.oidc.fetch('https://api.example.com/orders')).json())
    })
    const cookie = await signedIn(auth, { sub: 'alice' }, { accessToken: 'token-1' })
    expect((await request(app).get('/orders').set('Cookie', cookie)).status).toBe(200)
    expect(sent.map((headers) => [headers.get('authorization'), headers.has('dpop')])).toEqual([['DPoP token-1', true]])
  })

  test('takes an access token that has expired', async () => {
    const { app, auth } = appWith()
    const cookie = await signedIn(auth, { sub: 'alice' }, { accessToken: 'token-1', expiresIn: -1 })
    const { body } = await request(app).get('/').set('Cookie', cookie)
    expect(body.token).toBe('access_token_expired')
  })

  test('says when and how the person proved who they are', async () => {
    const { app, auth } = appWith()
    const old = await signedIn(auth, { sub: 'alice' }, { authTime: Math.floor(Date.now() / 1000) - 3600, acr: 'gold' })
    expect((await request(app).get('/fresh').set('Cookie', old)).status).toBe(401)
    expect((await request(app).get('/').set('Cookie', old)).body.user).toMatchObject({ acr: 'gold' })
    const fresh = await signedIn(auth, { sub: 'alice' })
    expect((await request(app).get('/fresh').set('Cookie', fresh)).status).toBe(200)
  })

  test('makes a session in a store, which a logout ends', async () => {
    const store = new FakeStore(Date)
    const { app, auth } = appWith({ session: { store } })
    app.get('/out', async (req) => req.oidc.logout({ local: true }))
    const cookie = await signedIn(auth, { sub: 'alice' })
    expect((await request(app).get('/').set('Cookie', cookie)).status).toBe(200)
    await request(app).get('/out').set('Cookie', cookie)
    expect((await request(app).get('/').set('Cookie', cookie)).status).toBe(401)
  })

  test('makes a session for each base URL of the application', async () => {
    const { baseUrl: _, ...others } = options
    const auth = oidc({ ...others, baseUrls: ['https://one.example.com', 'https://two.example.com'] })
    const app = express().use(auth)
    app.get('/', requireAuth(), (req, res) => void res.json(req.oidc.user))
    const cookie = await signedIn(auth, { sub: 'alice' })
    for (const host of ['one.example.com', 'two.example.com']) {
      expect((await request(app).get('/').set('Host', host).set('Cookie', cookie)).status).toBe(200)
    }
  })

  test('makes a session for one of several base URLs that have one cookie name, or for one of a pattern', async () => {
    const { baseUrl: _, ...others } = options
    const [first, second] = ['https://one.example.com', 'https://two.example.com'] as const
    const session = { cookie: { name: 'session' } }
    for (const baseUrls of [[first, second], [first, 'https://*.example.com'], ['https://*.example.com']]) {
      const auth = oidc({ ...others, baseUrls, session })
      const app = express().use(auth)
      app.get('/', requireAuth(), (req, res) => void res.json(req.oidc.user))
      const cookie = await signedIn(auth, { sub: 'alice' }, { baseUrl: second })
      const statusAt = async (host: string) =>
        (await request(app).get('/').set('Host', host).set('Cookie', cookie)).status
      expect([await statusAt('two.example.com'), await statusAt('one.example.com')]).toEqual([200, 401])
    }
  })

  test('names the base URLs that there are, where it is given another', async () => {
    const { auth } = appWith()
    for (const baseUrl of ['https://other.example.com', 'other'])
      await expect(signedIn(auth, { sub: 'alice' }, { baseUrl })).rejects.toThrow(
        `takes no { baseUrl: '${baseUrl}' } here: oidc() has http://localhost:3000`,
      )
    const { baseUrl: _, ...others } = options
    const ofPattern = oidc({ ...others, baseUrls: ['https://*.example.com'] })
    await expect(signedIn(ofPattern, { sub: 'alice' })).rejects.toThrow("{ baseUrl: 'https://…' }")
    await expect(signedIn(ofPattern, { sub: 'alice' }, { baseUrl: 'https://a.example.org' })).rejects.toThrow(
      'oidc() has https://*.example.com',
    )
  })

  test('makes a session that no other middleware takes', async () => {
    const { auth } = appWith()
    const cookie = await signedIn(auth, { sub: 'alice' })
    const others: Partial<OidcOptions>[] = [
      { secret: 'another-secret-of-the-session-for-tests' },
      { clientId: 'another' },
      { issuer: 'https://another.example.com' },
    ]
    for (const other of others) {
      const { app } = appWith(other)
      expect((await request(app).get('/').set('Cookie', cookie)).status).toBe(401)
    }
  })

  test('refuses what is not a middleware of oidc()', async () => {
    const isNoMiddleware = { code: 'invalid_options', message: expect.stringContaining('that oidc() returned') }
    const { app } = appWith()
    await expect(signedIn(app as never, { sub: 'alice' })).rejects.toMatchObject(isNoMiddleware)
    await expect(signedIn(options as never, { sub: 'alice' })).rejects.toMatchObject(isNoMiddleware)
    await expect(signedIn(undefined as never, { sub: 'alice' })).rejects.toMatchObject(isNoMiddleware)
  })

  test('refuses data that JSON does not have', async () => {
    const { auth } = appWith()
    await expect(signedIn(auth, { sub: 'a' }, { data: { at: new Date() } })).rejects.toMatchObject({
      code: 'invalid_options',
    })
  })

  test('says that a session in req.session needs a login by the real routes', async () => {
    const { auth } = appWith({ session: { use: 'request' } })
    await expect(signedIn(auth, { sub: 'alice' })).rejects.toMatchObject({
      message: expect.stringContaining('signIn()'),
    })
  })

  test('names the providers that there are, where it is given another name or none', async () => {
    const { issuer, clientId, clientSecret, ...others } = options
    const one = { issuer, clientId, clientSecret }
    const auth = oidc({ ...others, providers: { work: one, home: { ...one, clientId: 'home' } } } as never)
    await expect(signedIn(auth, { sub: 'alice' }, { provider: 'wrok' })).rejects.toThrow(
      'knows no provider "wrok": oidc() has work, home',
    )
    await expect(signedIn(auth, { sub: 'alice' })).rejects.toThrow("as { provider: 'work' }: oidc() has work, home")
  })

  test('cannot name the providers that a function finds', async () => {
    const { issuer, clientId, clientSecret, ...others } = options
    const providers = (name: string) => (name === 'work' ? { issuer, clientId, clientSecret } : undefined)
    const auth = oidc({ ...others, providers, allowPrivateAddresses: true } as never)
    const found = 'a function "providers" finds them'
    await expect(signedIn(auth, { sub: 'alice' }, { provider: 'wrok' })).rejects.toThrow(`no provider "wrok": ${found}`)
    await expect(signedIn(auth, { sub: 'alice' })).rejects.toThrow(`as { provider: 'name' }: ${found}`)
    expect(await signedIn(auth, { sub: 'alice' }, { provider: 'work' })).toMatch(/^\S+=[^;\s]+$/)
  })

  test('takes the name of a provider only where there are several', async () => {
    const { auth } = appWith()
    await expect(signedIn(auth, { sub: 'alice' }, { provider: 'work' })).rejects.toThrow(/takes no \{ provider \} here/)
  })

  test('cannot know the base URL that a function returns', async () => {
    const { auth } = appWith({ baseUrl: () => 'http://localhost:3000', baseUrls: ['http://localhost:3000'] } as never)
    await expect(signedIn(auth, { sub: 'alice' })).rejects.toThrow('"baseUrl" is a function')
  })

  test('needs a base URL where all are patterns, and takes none that fits no pattern', async () => {
    const { auth } = appWith({ baseUrl: undefined, baseUrls: ['https://*.example.com'] } as never)
    await expect(signedIn(auth, { sub: 'alice' })).rejects.toThrow('all "baseUrls" are patterns')
    for (const baseUrl of ['https://evil.test', 'not a URL']) {
      await expect(signedIn(auth, { sub: 'alice' }, { baseUrl })).rejects.toThrow(`takes no { baseUrl: '${baseUrl}' }`)
    }
    expect(await signedIn(auth, { sub: 'alice' }, { baseUrl: 'https://a.example.com' })).toMatch(/^\S+=/)
  })

  test('makes one cookie for base URLs that share it', async () => {
    const baseUrls = ['https://a.example.com', 'https://b.example.com']
    const { auth } = appWith({ baseUrl: undefined, baseUrls, session: { cookie: { domain: 'example.com' } } } as never)
    expect((await signedIn(auth, { sub: 'alice' })).split('; ')).toHaveLength(1)
  })

  test('refuses NODE_ENV=production', async () => {
    const { auth } = appWith()
    process.env['NODE_ENV'] = 'production'
    await expect(signedIn(auth, { sub: 'alice' })).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringContaining('NODE_ENV=production'),
    })
  })

  test('is reached through no member of the middleware', () => {
    const { auth } = appWith()
    expect(Reflect.ownKeys(auth).sort()).toEqual(
      [...Reflect.ownKeys(function oidc() {}), 'authenticate', 'close', 'health', 'ready', 'sessions'].sort(),
    )
    expect(Object.keys(globalThis).join()).not.toMatch(/oidc/)
  })
})
