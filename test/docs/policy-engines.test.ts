import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import express from 'express'
import request from 'supertest'
import * as library from '../../lib/index.js'
import { signedIn, testProvider, type TestProvider } from '../../lib/testing/index.js'
import { type Pdp, sendJson, startPdp } from '../kit/decision/pdp.js'
import { runSnippet } from '../snippets/run.js'

const page = 'docs/policy-engines.md'

let server: Pdp
let provider: TestProvider
let auth: library.OidcMiddleware
let app: express.Express
let pdps: library.PolicyDecisionPoint[]
let decisions: library.NamedRequirement[]
beforeEach(async () => {
  server = await startPdp()
  provider = await testProvider()
  auth = library.oidc(provider.options.oidc)
  app = express().use(auth)
  pdps = []
  decisions = []
})
afterEach(async () => {
  for (const pdp of pdps) pdp.close()
  await server.close()
})

/** The package, whose policy decision points are the one of the test. */
const surrounding = () => ({
  ...library,
  policyDecisionPoint: (options: library.PolicyDecisionPointOptions) => {
    expect(options.url).toBe('https://pdp.example.com')
    const pdp = library.policyDecisionPoint({ ...options, url: server.url })
    pdps.push(pdp)
    return pdp
  },
  decision: (options: library.DecisionOptions) => {
    const made = library.decision(options)
    decisions.push(made)
    return made
  },
  clientCredentials: (options: library.ClientCredentialsOptions) =>
    library.clientCredentials({ ...options, fetch: provider.options.clientCredentials.fetch }),
})

const answer = (_req: express.Request, res: express.Response) => void res.json('done')

const run = (words: string, globals: Readonly<Record<string, unknown>> = {}) =>
  runSnippet(page, words, {
    modules: { 'express-oidc': surrounding() },
    globals: { app, listOrders: answer, removeOrder: answer, transfer: answer, ...globals },
  })

async function statusOf(user: string, method: 'get' | 'post' | 'delete', path: string): Promise<number> {
  const cookie = await signedIn(auth, { sub: user, roles: ['clerk'] })
  return (await request(app)[method](path).set('cookie', cookie)).status
}

const questions = () => server.calls.map(({ body }) => JSON.parse(body) as unknown)

describe('the snippets about policy engines', () => {
  test('ask whether the person may do this to the order of the path', async () => {
    await run("'/orders/:id'")
    expect(await statusOf('alice', 'get', '/orders/7')).toBe(200)
    expect(await statusOf('alice', 'delete', '/orders/7')).toBe(403)
    const shared = { subject: { type: 'user', id: 'alice' }, resource: { type: 'order', id: '7' } }
    expect(questions()).toEqual(['read', 'delete'].map((name) => ({ ...shared, action: { name } })))
  })

  test('make each part of the question of the request', async () => {
    await run('const transferIt')
    server.answer((res) => sendJson(res, { decision: true }))
    expect(await statusOf('bob', 'post', '/accounts/9/transfers')).toBe(200)
    const { issuer } = provider.options.oidc
    expect(questions()).toEqual([
      {
        subject: { type: 'user', id: 'bob', properties: { issuer, roles: ['clerk'] } },
        action: { name: 'transfer', properties: { channel: 'web' } },
        resource: { type: 'account', id: '9' },
        context: { time: expect.stringMatching(/^\d{4}-.*Z$/) },
      },
    ])
  })

  test('send an access token of the application along', async () => {
    const { issuer, clientId, clientSecret } = provider.options.clientCredentials
    await run('clientCredentials({', { issuer, clientId, clientSecret })
    const [alice, action, resource] = [{ type: 'user', id: 'alice' }, { name: 'read' }, { type: 'record', id: '1' }]
    expect(await pdps[0]?.evaluate({ subject: alice, action, resource })).toMatchObject({ decision: true })
    expect(server.calls[0]?.headers.authorization).toMatch(/^Bearer [\w-]+\./)
  })

  test('write down why somebody was denied, and do not tell them', async () => {
    const info = jest.fn()
    await run('onAnswer', { console: { info } })
    app.get('/budget', library.requireAuth(...decisions), answer)
    const cookie = await signedIn(auth, { sub: 'bob' })
    const { status, text } = await request(app).get('/budget').set('cookie', cookie)
    expect(status).toBe(403)
    expect(text).not.toContain('C076E82F')
    expect(info.mock.calls).toEqual([['denied', { en: 'Request failed policy C076E82F' }]])
  })
})
