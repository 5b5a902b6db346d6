import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import express from 'express'
import request from 'supertest'
import {
  all,
  any,
  decision,
  type DecisionAnswer,
  type DecisionOptions,
  type NamedRequirement,
  not,
  oidc,
  policyDecisionPoint,
  type PolicyDecisionPoint,
  requireAuth,
  scope,
  signInAgain,
} from '../../lib/index.js'
import { signedIn } from '../../lib/testing/index.js'
import { type Pdp, sendJson, startPdp } from '../kit/decision/pdp.js'
import { startApi } from '../kit/resource-server/server.js'

let server: Pdp
let pdp: PolicyDecisionPoint
beforeEach(async () => {
  server = await startPdp()
  pdp = policyDecisionPoint({ url: server.url })
})
afterEach(async () => {
  pdp.close()
  await server.close()
})

const record1 = { type: 'record', id: 'record-1' }
const record2 = { type: 'record', id: 'record-2', properties: { status: 'archived' } }
const asking = (options: Partial<DecisionOptions> = {}) =>
  decision({ pdp, action: 'write', resource: record1, ...options })
const down = () => server.answer((res) => res.writeHead(500).end())
const questions = () => server.calls.map(({ body }) => JSON.parse(body) as Record<string, unknown>)

describe('decision() behind bearer()', () => {
  const start = (...requirements: readonly NamedRequirement[]) => startApi({ requirements })

  test('lets pass what the policy allows, and answers 403 to what it denies, without its reasons', async () => {
    const api = await start(asking())
    expect((await api.present(api.issuer.accessToken({ sub: 'alice' }))).status).toBe(200)
    const answer = await api.present(api.issuer.accessToken({ sub: 'bob' }))
    expect(answer).toMatchObject({ status: 403, json: { code: 'not_allowed' } })
    expect(answer.text).toContain('(decision)')
    expect(answer.text).not.toContain('C076E82F')
  })

  test('asks about the subject of the token: a person, or a client', async () => {
    const api = await start(asking())
    await api.present(api.issuer.accessToken({ sub: 'alice' }))
    await api.present(api.issuer.accessToken({ sub: 'web', client_id: 'web' }))
    const [person, machine] = questions()
    expect(person).toEqual({ subject: { type: 'user', id: 'alice' }, action: { name: 'write' }, resource: record1 })
    expect(machine).toMatchObject({ subject: { type: 'client', id: 'web' } })
  })

  test('makes each part of the question of the request', async () => {
    const api = await start(
      asking({
        subject: (_req, { subject, issuer }) => ({ type: 'user', id: subject, properties: { issuer } }),
        action: async ({ method }) => ({ name: 'read', properties: { method } }),
        resource: ({ url }) => ({ type: 'page', id: url }),
        context: () => ({ time: 'noon' }),
      }),
    )
    expect((await api.present(api.issuer.accessToken())).status).toBe(200)
    expect(questions()).toEqual([
      {
        subject: { type: 'user', id: 'alice', properties: { issuer: api.issuer.issuer } },
        action: { name: 'read', properties: { method: 'GET' } },
        resource: { type: 'page', id: expect.stringContaining('/') },
        context: { time: 'noon' },
      },
    ])
  })

  test('asks about a list in one request, and requires that each is allowed', async () => {
    const api = await start(asking({ resource: async () => [record1, record2] }))
    expect((await api.present(api.issuer.accessToken())).status).toBe(403)
    expect(server.calls.map(({ path }) => path)).toEqual(['/access/v1/evaluations'])
    const both = await start(asking({ action: 'read', resource: [record1, record2] }))
    expect((await both.present(both.issuer.accessToken())).status).toBe(200)
  })

  test('PD05: takes an empty list for a denial, since nobody has decided', async () => {
    const api = await start(asking({ resource: () => [] }))
    expect((await api.present(api.issuer.accessToken())).status).toBe(403)
    expect(server.calls).toEqual([])
  })

  test('guards of one request ask the same question once, and other requests ask again', async () => {
    const api = await start(asking({ action: 'read' }), any(asking(), asking({ action: 'read' })), asking())
    await api.present(api.issuer.accessToken())
    expect(questions().map(({ action }) => action)).toEqual([{ name: 'read' }, { name: 'write' }])
    await api.present(api.issuer.accessToken())
    expect(server.calls).toHaveLength(4)
  })

  test('hands each answer on, with what the policy decision point says beside', async () => {
    const answers: DecisionAnswer[] = []
    const api = await start(asking({ onAnswer: (answer) => answers.push(answer) }))
    await api.present(api.issuer.accessToken({ sub: 'bob' }))
    expect(answers).toEqual([{ decision: false, context: { reason_admin: { en: 'Request failed policy C076E82F' } } }])
  })

  test.each<[string, () => void]>([
    ['that is down', () => down()],
    ['whose answer cannot be read', () => server.answer((res) => sendJson(res, { decision: 'true' }))],
    ['that refuses the credentials', () => server.answer((res) => res.writeHead(401).end())],
  ])('PD06: a policy decision point %s is 503, never allowed and never 401 or 403', async (_what, fail) => {
    fail()
    for (const guard of [asking(), all(scope('orders:read'), asking()), any(scope('x'), asking()), not(asking())]) {
      const api = await start(guard)
      const answer = await api.present(api.issuer.accessToken())
      expect(answer).toMatchObject({ status: 503, json: { code: 'decision_unavailable' } })
      expect(answer.headers['retry-after']).toMatch(/^[1-5]$/)
      expect(answer.headers['www-authenticate']).toBeUndefined()
      expect(answer.json).not.toHaveProperty('detail')
    }
  })

  test('one that is down does not hold up whom another requirement lets in, nor is it asked for whom one refuses', async () => {
    down()
    const other = await start(any(asking(), scope('orders:read')))
    expect((await other.present(other.issuer.accessToken())).status).toBe(200)
    const refused = await start(scope('x'), asking())
    const before = server.calls.length
    expect((await refused.present(refused.issuer.accessToken())).status).toBe(403)
    expect(server.calls).toHaveLength(before)
  })

  test('not() turns a denial into a permit', async () => {
    const api = await start(not(asking()))
    expect((await api.present(api.issuer.accessToken({ sub: 'bob' }))).status).toBe(200)
    expect((await api.present(api.issuer.accessToken({ sub: 'alice' }))).status).toBe(403)
  })

  const inBatch = (...answers: readonly object[]) => server.answer((res) => sendJson(res, { evaluations: answers }))
  const failed = { decision: false, context: { error: { status: 500, message: 'no data' } } }

  test.each<[string, readonly object[], number]>([
    ['an error in each', [failed, failed], 403],
    ['an error beside a permit', [failed, { decision: true }], 403],
    ['an error beside a denial', [failed, { decision: false }], 200],
    ['permits', [{ decision: true }, { decision: true }], 403],
  ])('not() takes no error of one question for a denial: %s', async (_what, answers, status) => {
    inBatch(...answers)
    const api = await start(not(asking({ resource: [record1, record2] })))
    expect((await api.present(api.issuer.accessToken())).status).toBe(status)
  })

  test('an error of the only question is refused, and not() refuses it as well', async () => {
    server.answer((res) => sendJson(res, failed))
    for (const guard of [asking(), not(asking())]) {
      const api = await start(guard)
      expect((await api.present(api.issuer.accessToken())).status).toBe(403)
    }
  })

  test('nobody has decided on an empty list, so not() refuses it as well', async () => {
    const api = await start(not(asking({ resource: () => [] })))
    expect((await api.present(api.issuer.accessToken())).status).toBe(403)
  })

  test.each<[string, unknown]>([
    ['"deny"', [{ decision: 'deny' }, { decision: 'deny' }]],
    ['1', [{ decision: 1 }, { decision: 1 }]],
    ['fewer answers', [{ decision: true }]],
    ['no answer', []],
  ])('a policy decision point of the application that answers %s has decided nothing', async (_what, answers) => {
    const own = { evaluate: async () => ({ decision: true }), evaluateAll: async () => answers as DecisionAnswer[] }
    for (const guard of [asking, (options: Partial<DecisionOptions>) => not(asking(options))]) {
      const api = await start(guard({ pdp: own, resource: [record1, record2] }))
      expect((await api.present(api.issuer.accessToken())).status).toBe(403)
    }
  })

  test.each<[string, Partial<DecisionOptions>]>([
    ['a part throws', { resource: () => Promise.reject(new Error('database')) }],
    ['a part is invalid', { resource: () => ({ type: 'record', id: '' }) }],
    ['onAnswer throws', { onAnswer: () => Promise.reject(new Error('log')) }],
  ])('is an error of the application, which lets nobody in, where %s', async (_what, options) => {
    const api = await start(asking(options))
    expect((await api.present(api.issuer.accessToken())).status).toBe(500)
  })
})

describe('decision() behind oidc()', () => {
  const options = {
    issuer: 'https://id.example.com',
    clientId: 'web',
    clientSecret: 'a-secret-of-the-client-for-tests',
    baseUrl: 'http://localhost:3000',
    secret: 'a-secret-of-the-session-for-tests-32',
  }

  test('decides about the person of the session, and a page says that it cannot', async () => {
    const auth = oidc(options)
    const app = express().use(auth)
    app.get('/', requireAuth(asking()), (_req, res) => void res.json('written'))
    app.use(signInAgain())
    const get = async (sub: string) =>
      request(app)
        .get('/')
        .set('Cookie', await signedIn(auth, { sub }))
        .set('Accept', 'text/html')
    expect((await get('alice')).body).toBe('written')
    expect((await get('bob')).status).toBe(403)
    down()
    const page = await get('alice')
    expect([page.status, page.headers['retry-after']]).toEqual([503, '5'])
    expect(page.headers['location']).toBeUndefined()
  })
})

describe('the options of decision()', () => {
  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'decision()'],
    ['no policy decision point', { action: 'read', resource: record1 }, '"pdp"'],
    [
      'a URL as policy decision point',
      { pdp: 'https://pdp.example.com' },
      'must be what policyDecisionPoint() returns',
    ],
    ['no action', { resource: record1 }, '"action" is missing: expected the name of the action'],
    ['no resource', { action: 'read' }, '"resource" is missing: expected what is acted on'],
    ['a resource without ID', { action: 'read', resource: { type: 'record' } }, '"resource'],
    ['a list with another resource', { action: 'read', resource: [record1, {}] }, '"resource'],
    ['a context that is a list', { action: 'read', resource: record1, context: [] }, '"context'],
    ['an unknown one', { action: 'read', resource: record1, actor: 'x' }, '"actor'],
  ])('%s is refused when the guard is made', (_what, given, message) => {
    const make = decision as (options: unknown) => unknown
    const whole = given === undefined || (given as object as { pdp?: unknown }).pdp !== undefined
    expect(() => make(whole || message === '"pdp"' ? given : { pdp, ...(given as object) })).toThrow(message)
  })

  test.each<[string, (uncalled: never) => unknown]>([
    ['requireAuth', requireAuth],
    ['all', all],
    ['any', any],
    ['not', not],
  ])('decision itself, uncalled, is refused by %s() when the guard is made', (name, make) => {
    expect(() => make(decision as never)).toThrow(
      `${name}() got function as argument 1, decision itself (call it: decision(…))`,
    )
  })
})
