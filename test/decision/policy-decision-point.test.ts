import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import {
  type DecisionQuestion,
  policyDecisionPoint,
  type PolicyDecisionPoint,
  type PolicyDecisionPointOptions,
} from '../../lib/index.js'
import { createPolicyDecisionPoint } from '../../lib/decision/policy-decision-point.js'
import { parsePolicyDecisionPoint } from '../../lib/options/decision/schema.js'
import { Clock } from '../kit/clock.js'
import { type Pdp, type PdpAnswer, sendJson, startPdp } from '../kit/decision/pdp.js'
import { failureOf } from '../kit/failure.js'

let server: Pdp
let clock: Clock
const open: PolicyDecisionPoint[] = []
beforeEach(async () => {
  server = await startPdp()
  clock = new Clock()
})
afterEach(async () => {
  for (const each of open.splice(0)) each.close()
  await server.close()
})

function pdpWith(options: Partial<PolicyDecisionPointOptions> = {}): PolicyDecisionPoint {
  const pdp = createPolicyDecisionPoint(parsePolicyDecisionPoint({ url: server.url, ...options }), clock)
  open.push(pdp)
  return pdp
}

const alice = { type: 'user', id: 'alice' }
const bob = { type: 'user', id: 'bob' }
const record1 = { type: 'record', id: 'record-1' }
const archived = { type: 'record', id: 'record-2', properties: { status: 'archived' } }
const readIt: DecisionQuestion = { subject: alice, action: 'read', resource: record1 }

describe('the fixture of the AuthZEN certification scenario', () => {
  test.each<[string, DecisionQuestion, boolean]>([
    ['rule 1, Basic Core', readIt, true],
    ['rule 2', { subject: alice, action: 'write', resource: record1 }, true],
    ['rule 3', { subject: bob, action: 'read', resource: record1 }, true],
    ['rule 4', { subject: bob, action: { name: 'write' }, resource: record1 }, false],
    ['with context', { ...readIt, context: { time: '2025-06-27T18:03-07:00', ip: '192.168.1.1' } }, true],
    ['rule 5, Basic Properties', { subject: alice, action: 'write', resource: archived }, false],
    ['rule 6', { subject: { ...bob, properties: { role: 'admin' } }, action: 'write', resource: archived }, true],
    ['rule 7', { subject: alice, action: { name: 'delete', properties: { soft: true } }, resource: record1 }, true],
    ['rule 8', { subject: alice, action: { name: 'delete', properties: { soft: false } }, resource: record1 }, false],
  ])('%s: the decision is that of the policy', async (_rule, question, decision) => {
    expect(await pdpWith().evaluate(question)).toMatchObject({ decision })
  })

  test('Batch Core: several questions in one request have their answers in order', async () => {
    const questions = [readIt, { subject: bob, action: 'write', resource: record1 }]
    expect(await pdpWith().evaluateAll(questions)).toMatchObject([{ decision: true }, { decision: false }])
    expect(server.calls.map(({ path }) => path)).toEqual(['/access/v1/evaluations'])
  })

  test('the request is the one of the specification, with an ID of its own', async () => {
    const pdp = pdpWith({ authorization: () => 'Bearer token-1' })
    await pdp.evaluate(readIt)
    await pdp.evaluate(readIt)
    const [first, second] = server.calls
    expect(first).toMatchObject({ method: 'POST', path: '/access/v1/evaluation' })
    expect(JSON.parse(first?.body ?? '')).toEqual({ subject: alice, action: { name: 'read' }, resource: record1 })
    expect(first?.headers).toMatchObject({ 'content-type': 'application/json', authorization: 'Bearer token-1' })
    expect(first?.headers['x-request-id']).toMatch(/^[0-9a-f]{32}$/)
    expect(second?.headers['x-request-id']).not.toBe(first?.headers['x-request-id'])
  })

  test('what it says beside the decision can be read, frozen', async () => {
    const { context } = await pdpWith().evaluate({ subject: bob, action: 'write', resource: record1 })
    expect(context).toEqual({ reason_admin: { en: 'Request failed policy C076E82F' } })
    expect(Object.isFrozen(context?.['reason_admin'])).toBe(true)
  })
})

const body = (text: string, status = 200, type = 'application/json'): PdpAnswer => {
  return (res) => res.writeHead(status, { 'content-type': type }).end(text)
}

describe('PD01: an answer that is not a decision', () => {
  test.each<[string, PdpAnswer]>([
    ['"true"', body('{"decision":"true"}')],
    ['1', body('{"decision":1}')],
    ['a list with true', body('{"decision":[true]}')],
    ['an object', body('{"decision":{"decision":true}}')],
    ['null', body('{"decision":null}')],
    ['another spelling', body('{"Decision":true}')],
    ['true alone', body('true')],
    ['a list', body('[{"decision":true}]')],
    ['nothing', body('')],
    ['no decision', body('{}')],
    ['an error with status 200', body('{"error":{"status":404}}')],
    ['HTML', body('<html>decision: true</html>', 200, 'text/html')],
    ['both', body('{"decision":false,"decision":true}')],
    ['a prototype', body('{"__proto__":{"decision":true}}')],
    ['cut JSON', body('{"decision":true')],
    ['true with status 201', body('{"decision":true}', 201)],
    ['true with status 400', body('{"decision":true}', 400)],
    ['true with status 401', body('{"decision":true}', 401)],
    ['true with status 403', body('{"decision":true}', 403)],
    ['true with status 500', body('{"decision":true}', 500)],
    ['a redirect', (res) => res.writeHead(307, { location: '/access/v1/evaluation' }).end()],
    ['more than 64 kB', body(`{"decision":true,"context":{"x":"${'x'.repeat(70_000)}"}}`)],
    ['a cut connection', (res) => res.destroy()],
    [
      'a connection that is cut within the answer',
      (res) => {
        res.writeHead(200, { 'content-length': '100' })
        res.write('{"decision":true}')
        res.destroy()
      },
    ],
  ])('an answer with %s is refused as decision_unavailable (503)', async (_what, answer) => {
    server.answer(answer)
    const error = await failureOf(pdpWith().evaluate(readIt))
    expect(error).toMatchObject({ name: 'AccessError', code: 'decision_unavailable', status: 503, expose: false })
    expect(error).toMatchObject({ headers: { 'Retry-After': '5' }, details: { subject: 'decision' } })
  })

  test.each<[string, unknown]>([
    ['too few', { evaluations: [{ decision: true }] }],
    ['too many', { evaluations: [{ decision: true }, { decision: true }, { decision: true }] }],
    ['one that is not a decision', { evaluations: [{ decision: true }, 'true'] }],
    ['no list', { evaluations: { decision: true } }],
    ['one decision for all', { decision: true }],
  ])('of several, %s is 503', async (_what, answer) => {
    server.answer((res) => sendJson(res, answer))
    const error = await failureOf(pdpWith().evaluateAll([readIt, readIt]))
    expect(error).toMatchObject({ code: 'decision_unavailable', status: 503 })
  })
})

describe('PD02: a policy decision point that is slow or unavailable', () => {
  test('is given up after the deadline', async () => {
    server.answer(() => undefined)
    const error = await failureOf(pdpWith({ timeoutSeconds: 0.1 }).evaluate(readIt))
    expect(error).toMatchObject({ code: 'decision_unavailable', details: { seen: 'provider_timeout' } })
  })

  test('is not asked again until the next try is due, and is then asked once', async () => {
    const pdp = pdpWith()
    server.answer(body('', 500))
    await failureOf(pdp.evaluate(readIt))
    expect(await failureOf(pdp.evaluate(readIt))).toMatchObject({ code: 'decision_unavailable', status: 503 })
    expect(server.calls).toHaveLength(1)
    server.answer()
    clock.advance(3600)
    expect(await pdp.evaluate(readIt)).toMatchObject({ decision: true })
  })

  test('says when to come back: as it asks, and less while that passes', async () => {
    const pdp = pdpWith()
    server.answer((res) => res.writeHead(503, { 'retry-after': '30' }).end())
    expect(await failureOf(pdp.evaluate(readIt))).toMatchObject({ headers: { 'Retry-After': '30' } })
    clock.advance(10)
    expect(await failureOf(pdp.evaluate(readIt))).toMatchObject({ headers: { 'Retry-After': '20' } })
  })

  test('names its request in the error, for its logs', async () => {
    server.answer(body('', 401))
    const error = await failureOf(pdpWith().evaluate(readIt))
    expect(error).toMatchObject({ message: expect.stringContaining('did not accept the credentials') })
    expect(error).toMatchObject({ message: expect.stringContaining(String(server.calls[0]?.headers['x-request-id'])) })
  })

  test('does not name a request that was never sent, while it is left alone', async () => {
    const pdp = pdpWith()
    server.answer(body('', 500))
    expect(await failureOf(pdp.evaluate(readIt))).toMatchObject({ message: expect.stringContaining('X-Request-ID') })
    expect(await failureOf(pdp.evaluate(readIt))).toMatchObject({
      message: 'the policy decision point was not asked: it failed before, so it gets no requests for a while',
      details: { seen: 'provider_unavailable' },
    })
  })

  test('cannot be asked once it is closed', async () => {
    const pdp = pdpWith()
    pdp.close()
    expect(await failureOf(pdp.evaluate(readIt))).toMatchObject({ code: 'decision_unavailable' })
  })

  test.each<[string, PolicyDecisionPointOptions['authorization']]>([
    ['fails', () => Promise.reject(new Error('vault'))],
    ['returns no text', (() => undefined) as never],
    ['does not return', () => new Promise<string>(() => undefined)],
  ])('is not asked if the function for credentials %s', async (_what, authorization) => {
    const pdp = pdpWith({ authorization, timeoutSeconds: 0.1 })
    expect(await failureOf(pdp.evaluate(readIt))).toMatchObject({ code: 'decision_unavailable', status: 503 })
    expect(server.calls).toEqual([])
  })
})

describe('the cache of answers', () => {
  test('is off by default', async () => {
    const pdp = pdpWith()
    await pdp.evaluate(readIt)
    await pdp.evaluate(readIt)
    expect(server.calls).toHaveLength(2)
  })

  test('answers the same question for as long as it is told, and no other', async () => {
    const pdp = pdpWith({ cacheSeconds: 10 })
    for (let times = 0; times < 3; times += 1) await pdp.evaluate(readIt)
    expect(server.calls).toHaveLength(1)
    expect(await pdp.evaluate({ ...readIt, subject: { type: 'user', id: 'eve' } })).toMatchObject({ decision: false })
    await pdp.evaluate({ ...readIt, context: { time: 'now' } })
    expect(server.calls).toHaveLength(3)
    clock.advance(11)
    await pdp.evaluate(readIt)
    expect(server.calls).toHaveLength(4)
  })

  test('forgets what it holds when the clock is set back: the time left is unknown', async () => {
    const pdp = pdpWith({ cacheSeconds: 10 })
    await pdp.evaluate(readIt)
    clock.advance(-3600)
    await pdp.evaluate(readIt)
    expect(server.calls).toHaveLength(2)
  })

  test.each([1 / 3, 1.005])('may be for %d seconds', async (cacheSeconds) => {
    const pdp = pdpWith({ cacheSeconds })
    await pdp.evaluate(readIt)
    clock.advance(cacheSeconds / 2)
    await pdp.evaluate(readIt)
    expect(server.calls).toHaveLength(1)
    clock.advance(cacheSeconds)
    await pdp.evaluate(readIt)
    expect(server.calls).toHaveLength(2)
  })

  test('holds no errors that come in place of a decision', async () => {
    const pdp = pdpWith({ cacheSeconds: 10 })
    server.answer(body('{"decision":false,"context":{"error":{"status":500}}}'))
    expect(await pdp.evaluate(readIt)).toMatchObject({ decision: false })
    server.answer()
    expect(await pdp.evaluate(readIt)).toMatchObject({ decision: true })
  })

  test('holds no failures, and no more answers than it may', async () => {
    const pdp = pdpWith({ cacheSeconds: 10, cacheMaxEntries: 1 })
    server.answer(body('{}'))
    await failureOf(pdp.evaluate(readIt))
    server.answer()
    expect(await pdp.evaluate(readIt)).toMatchObject({ decision: true })
    await pdp.evaluate({ ...readIt, subject: bob })
    await pdp.evaluate(readIt)
    expect(server.calls).toHaveLength(4)
  })
})

describe('discovery', () => {
  test('finds the endpoints, once', async () => {
    server.metadata = { ...server.metadata, access_evaluation_endpoint: `${server.url}/access/v1/evaluation?tenant=1` }
    server.answer((res, { path }) => sendJson(res, path.startsWith('/access') ? { decision: true } : server.metadata))
    const pdp = pdpWith({ discovery: true })
    await pdp.evaluate(readIt)
    await pdp.evaluate(readIt)
    expect(server.calls.map(({ path }) => path)).toEqual([
      '/.well-known/authzen-configuration',
      '/access/v1/evaluation?tenant=1',
      '/access/v1/evaluation?tenant=1',
    ])
  })

  test('without an endpoint for several questions refuses several', async () => {
    server.metadata = { ...server.metadata, access_evaluations_endpoint: undefined }
    const pdp = pdpWith({ discovery: true })
    expect(await pdp.evaluate(readIt)).toMatchObject({ decision: true })
    expect(await failureOf(pdp.evaluateAll([readIt]))).toMatchObject({ code: 'decision_unavailable' })
  })

  test.each<[string, (url: string) => object | undefined]>([
    ['none', () => undefined],
    ['that of another policy decision point', () => ({ policy_decision_point: 'https://pdp.example.com' })],
    ['with a name that has a slash more', (url) => ({ policy_decision_point: `${url}/` })],
    ['without the endpoint', (url) => ({ policy_decision_point: url, access_evaluation_endpoint: undefined })],
    ['with an endpoint on plain http', () => ({ access_evaluation_endpoint: 'http://pdp.example.com/' })],
  ])('PD03: metadata that are %s are 503, and nothing is asked', async (_what, changes) => {
    const changed = changes(server.url)
    server.metadata = changed === undefined ? undefined : { ...server.metadata, ...changed }
    const error = await failureOf(pdpWith({ discovery: true }).evaluate(readIt))
    expect(error).toMatchObject({ code: 'decision_unavailable', status: 503 })
    expect(server.calls.every(({ method }) => method === 'GET')).toBe(true)
  })
})

describe('policyDecisionPoint()', () => {
  test.each([
    [{}, 'url'],
    [{ url: 'pdp.example.com' }, 'url'],
    [{ url: 'http://pdp.example.com' }, 'must use https in "url"'],
    [{ url: 'https://pdp.example.com?x=1' }, 'without query'],
    [{ url: 'https://pdp.example.com', cacheSeconds: 4000 }, 'cacheSeconds'],
    [{ url: 'https://pdp.example.com', token: 'x' }, 'token'],
    [{ url: 'https://pdp.example.com', authorization: '' }, 'authorization'],
  ])('refuses %j', (options, message) => {
    expect(() => policyDecisionPoint(options as never)).toThrow(message)
  })

  test.each<[string, unknown]>([
    ['no subject', { action: 'read', resource: record1 }],
    ['an empty ID', { ...readIt, resource: { type: 'record', id: '' } }],
    ['an ID that is a number', { ...readIt, resource: { type: 'record', id: 5 } }],
    ['no action', { ...readIt, action: {} }],
    ['a context that is a list', { ...readIt, context: [] }],
    ['a BigInt', { ...readIt, context: { amount: 5n } }],
  ])('PD04: refuses a question with %s, and asks nothing', async (_what, question) => {
    const pdp = pdpWith()
    expect(await failureOf(pdp.evaluate(question as DecisionQuestion))).toMatchObject({ code: 'invalid_options' })
    expect(await failureOf(pdp.evaluateAll([question as DecisionQuestion]))).toMatchObject({ code: 'invalid_options' })
    expect(server.calls).toEqual([])
  })

  test('asks 1 to 100 questions at once', async () => {
    const pdp = pdpWith()
    expect(await failureOf(pdp.evaluateAll([]))).toMatchObject({ code: 'invalid_options' })
    expect(await failureOf(pdp.evaluateAll(Array(101).fill(readIt)))).toMatchObject({ code: 'invalid_options' })
    expect(await pdp.evaluateAll(Array(100).fill(readIt))).toHaveLength(100)
  })
})
