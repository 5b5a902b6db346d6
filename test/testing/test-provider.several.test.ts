import { beforeEach, describe, expect, jest, test } from '@jest/globals'
import express from 'express'
import request from 'supertest'
import { bearer, createBearerValidator, oidc, provider as signedInAt, requireAuth } from '../../lib/index.js'
import { type TestProvider, signedIn, testProvider } from '../../lib/testing/index.js'

const audience = 'https://api.test'
const baseUrl = 'http://localhost:3000'
const secret = 'a-secret-of-the-session-for-tests-32'

let work: TestProvider
let home: TestProvider

beforeEach(async () => {
  work = await testProvider({ issuer: 'https://work.test' })
  home = await testProvider({ issuer: 'https://home.test' })
})

/** An application where people sign in at `work` or `home`; `GET /payroll` is for people of `work`. */
function web() {
  const auth = oidc({ providers: { work: work.options.provider, home: home.options.provider }, baseUrl, secret })
  const app = express().use(auth)
  app.get('/', requireAuth(), (req, res) => void res.json(req.auth))
  app.get('/payroll', requireAuth(signedInAt('work')), (_req, res) => void res.json('payroll'))
  return { app, auth }
}

function api() {
  const app = express()
  app.use(bearer({ providers: { work: work.options.provider, home: home.options.provider }, audience }))
  app.get('/', (req, res) => void res.json(req.auth))
  return (token: string) => request(app).get('/').set('Authorization', `Bearer ${token}`)
}

describe('oidc({ providers }) with test providers', () => {
  test('signs people in at each of them', async () => {
    const { app } = web()
    for (const [name, provider] of Object.entries({ work, home })) {
      const agent = request.agent(app)
      await provider.signIn(agent, 'alice', { path: `/login/${name}` })
      expect((await agent.get('/')).body).toMatchObject({ provider: name, issuer: provider.issuer })
    }
  })

  test('say at which of them a login arrived, if that is another', async () => {
    const { app } = web()
    for (const pushedAuthorizationRequests of [false, true]) {
      const providers = { work: { ...work.options.provider, pushedAuthorizationRequests } }
      const one = express().use(oidc({ providers, baseUrl, secret }))
      await expect(home.signIn(request(one), 'alice', { path: '/login/work' })).rejects.toThrow(
        'GET /login/work led to https://work.test, and this provider is https://home.test',
      )
    }
    await expect(home.signIn(request(app), 'alice')).rejects.toThrow("give signIn() { path: '/login/work' }")
  })

  test('ends a session when the clock of any of them is moved', async () => {
    for (const moved of [work, home]) {
      const agent = request.agent(web().app)
      await home.signIn(agent, 'alice', { path: '/login/home' })
      moved.advance(7 * 86_400 + 1)
      expect((await agent.get('/')).status).toBe(401)
    }
  })

  test('gives them one clock, so that each can sign people in after it was moved', async () => {
    const { app } = web()
    home.freeze()
    work.advance(86_400)
    expect(home.now()).toBe(work.now())
    const agent = request.agent(app)
    await home.signIn(agent, 'alice', { path: '/login/home' })
    expect((await agent.get('/')).status).toBe(200)
  })

  test('ends the session of a person at a logout token of the provider where they signed in', async () => {
    const agent = request.agent(web().app)
    await work.signIn(agent, 'alice', { path: '/login/work' })
    expect(await work.backchannelLogout('alice')).toEqual([200])
    expect((await agent.get('/')).status).toBe(401)
  })

  test('ends only the sessions at one client, if backchannelLogout() names it', async () => {
    const provider = await testProvider({ clients: { shop: {}, blog: {} }, users: { alice: {} } })
    const agents = await Promise.all(
      ['shop', 'blog'].map(async (clientId) => {
        const agent = request.agent(
          express()
            .use(oidc({ ...provider.options.oidc, clientId }))
            .use(requireAuth()),
        )
        await provider.signIn(agent, 'alice')
        return agent
      }),
    )
    expect(await provider.backchannelLogout('alice', { clientId: 'blog' })).toEqual([200])
    const statuses = await Promise.all(agents.map(async (agent) => (await agent.get('/')).status))
    expect(statuses).toEqual([404, 401])
    await expect(provider.backchannelLogout('alice', { clientId: 'none' })).rejects.toThrow('at the client "none"')
  })

  test('has sessions of signedIn() at the provider of that name', async () => {
    const { app, auth } = web()
    const statuses = Object.entries({ work: 200, home: 401 })
    for (const [name, status] of statuses) {
      const cookie = await signedIn(auth, { sub: 'alice' }, { provider: name })
      expect((await request(app).get('/').set('Cookie', cookie)).body).toMatchObject({ provider: name })
      expect((await request(app).get('/payroll').set('Cookie', cookie)).status).toBe(status)
    }
  })
})

test('a clock that is frozen stays so when others join it, at the time of the one that is ahead', () => {
  home.freeze()
  work.advance(3600)
  const machine = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 60_000)
  try {
    web()
    const joinedAt = work.now()
    machine.mockReturnValue(Date.now() + 60_000)
    expect([work.now(), home.now()]).toEqual([joinedAt, joinedAt])
    expect(joinedAt).toBeGreaterThan(Date.now() / 1000 + 3500)
  } finally {
    machine.mockRestore()
  }
})

describe('bearer({ providers }) with test providers', () => {
  test('takes tokens of each, which its own fetch reaches', async () => {
    const get = api()
    expect((await get(work.accessToken())).body).toMatchObject({ provider: 'work' })
    expect((await get(home.accessToken())).body).toMatchObject({ provider: 'home' })
  })

  test('expires tokens when the clock of any of them is moved', async () => {
    for (const moved of [work, home]) {
      const get = api()
      const token = home.accessToken()
      expect((await get(token)).status).toBe(200)
      moved.advance(331)
      expect((await get(token)).status).toBe(401)
      expect((await get(work.accessToken())).status).toBe(200)
    }
  })

  test('is the same without HTTP', async () => {
    const validator = createBearerValidator({ providers: { work: work.options.provider }, audience })
    const token = work.accessToken()
    expect(await validator.validate(`Bearer ${token}`)).toMatchObject({ provider: 'work' })
    work.advance(331)
    await expect(validator.validate(`Bearer ${token}`)).rejects.toMatchObject({ status: 401 })
  })
})
