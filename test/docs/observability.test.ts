import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals'
import * as telemetry from '@opentelemetry/api'
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node'
import * as asyncHooks from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'
import { bearer, type BearerMiddleware, clientCredentials, type OidcMiddleware } from '../../lib/index.js'
import { type MeterLike, recordMetrics } from '../../lib/telemetry/index.js'
import { textOf } from '../setup/tree.js'
import { answering, handler } from '../kit/world/applications.js'
import { faces, Marks } from '../kit/watching/marks.js'
import { Browser } from '../hosts/client.js'
import { startWorld, type World } from '../kit/world/world.js'
import { runSnippet } from '../snippets/run.js'

const audience = 'https://api.example.com'
const modules: Readonly<Record<string, unknown>> = {
  '@opentelemetry/api': telemetry,
  'node:async_hooks': asyncHooks,
  'node:diagnostics_channel': { tracingChannel: passingChannel },
}
const ends: (() => void)[] = []

/** A channel whose subscriptions end with the test: other files of the same process have channels of the same names. */
function passingChannel(name: string): unknown {
  const channel = tracingChannel<unknown, object>(name)
  const bindStore: typeof channel.start.bindStore = (store, transform) => {
    channel.start.bindStore(store, transform)
    ends.push(() => channel.start.unbindStore(store))
  }
  const subscribe: typeof channel.subscribe = (subscribers) => {
    channel.subscribe(subscribers)
    ends.push(() => channel.unsubscribe(subscribers))
  }
  return { subscribe, start: { bindStore } }
}

afterAll(() => {
  for (const end of ends) end()
})

type Names = Readonly<Record<string, unknown>>
const run = (words: string, globals: Names = {}, more: Names = {}) =>
  runSnippet('docs/observability.md', words, { modules: { ...modules, ...more }, globals })

describe('the OpenTelemetry recipe', () => {
  const exporter = new InMemorySpanExporter()
  const marks = new Marks()
  const secret = marks.plant('session')
  const sub = marks.plant('sub')
  const person = { name: marks.plant('name'), email: `${marks.plant('mail')}@example.com` }
  let world: World
  let api: BearerMiddleware | undefined

  beforeAll(async () => {
    new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register()
    await run('// tracing.ts')
    const tracer = telemetry.trace.getTracer('server')
    world = await startWorld({
      oidc: { secret },
      provider: { accounts: { [sub]: person }, defaultAccount: sub, accessTokenTtl: 60 },
      // What the HTTP instrumentation does.
      before: [
        (req, res, next) => {
          const span = tracer.startSpan(`${req.method} ${req.url?.split('?')[0]}`)
          res.on('finish', () => span.end())
          telemetry.context.with(telemetry.trace.setSpan(telemetry.context.active(), span), () => next())
        },
      ],
      layers: [
        answering('/token', async ({ oidc: session }) => {
          marks.add(await session.accessToken())
        }),
        {
          mount: '/api',
          handlers: [(req, res, next) => api?.(req, res, next), handler((_req, res) => void res.end('ok'))],
        },
      ],
    })
    api = bearer({ issuer: world.provider.issuer, audience })
  })
  afterEach(() => exporter.reset())
  afterAll(async () => {
    api?.close()
    await world.close()
    telemetry.trace.disable()
    telemetry.context.disable()
  })

  /** The finished spans as lines, each with the names that it stands below. */
  function lines(): string[] {
    const spans = exporter.getFinishedSpans()
    const byId = new Map(spans.map((span) => [span.spanContext().spanId, span]))
    const line = (span: ReadableSpan): string => {
      const parent = span.parentSpanContext === undefined ? undefined : byId.get(span.parentSpanContext.spanId)
      const path = span.attributes['url.full']
      const name = path === undefined ? span.name : `${span.name} ${new URL(String(path)).pathname}`
      return `${parent === undefined ? '' : `${line(parent)} > `}${name.replace('express-oidc ', '')}`
    }
    return spans.map(line)
  }

  function expectNothingSeen(): void {
    const leaks = exporter.getFinishedSpans().flatMap(({ name, attributes, events, status }) => {
      return marks.leaksIn(faces({ name, attributes, events, status }))
    })
    expect(leaks).toEqual([])
  }

  test('shows a login with all requests to the provider, each below the step that sent it', async () => {
    await world.signIn()
    for (const { value } of world.browser.cookies.all()) marks.add(value.split('.').at(-1))
    expect(lines()).toEqual(
      expect.arrayContaining([
        'GET /login > login > discovery > request /.well-known/openid-configuration',
        'GET /login > login > discovery',
        'GET /login > login',
        'GET /callback > callback > request /token',
        'GET /callback > callback > keys > request /jwks',
        'GET /callback > callback > keys',
        'GET /callback > callback',
      ]),
    )
    const token = exporter
      .getFinishedSpans()
      .find(({ attributes }) => String(attributes['url.full']).endsWith('/token'))
    expect(token).toMatchObject({ kind: telemetry.SpanKind.CLIENT, status: { code: telemetry.SpanStatusCode.UNSET } })
    expect(token?.attributes).toEqual({
      'oidc.issuer': world.provider.issuer,
      'http.request.method': 'POST',
      'url.full': `${world.provider.issuer}/token`,
      'http.response.status_code': 200,
    })
    expectNothingSeen()
  })

  test('shows a refresh', async () => {
    world.clock.advance(45)
    await world.browser.request('fetch', world.url('/token'))
    expect(lines()).toEqual(['GET /token > refresh > request /token', 'GET /token > refresh', 'GET /token'])
    expectNothingSeen()
  })

  test('shows a machine that calls an API, and a token that the API has seen before', async () => {
    const { issuer, machine } = world.provider
    const source = clientCredentials({ issuer, ...machine, resource: audience, scope: 'orders:read' })
    const token = await source.getToken()
    marks.add(token.split('.').slice(1).join('.'), machine.clientSecret)
    expect(lines()).toEqual(expect.arrayContaining(['client_credentials > request /token', 'client_credentials']))
    exporter.reset()
    for (let time = 0; time < 2; time++) {
      const headers = { authorization: `Bearer ${token}` }
      expect((await new Browser().fetch(world.url('/api'), { headers })).text).toBe('ok')
    }
    const validations = lines().filter((line) => line.endsWith('validation'))
    expect(validations).toEqual(['GET /api > validation', 'GET /api > validation'])
    expect(lines()).toContain('GET /api > validation > keys > request /jwks')
    expectNothingSeen()
    source.close()
  })

  test('shows what failed, and why', async () => {
    const browser = new Browser()
    await browser.fetch(world.url('/api'), { headers: { authorization: `Bearer ${marks.plant('bad')}` } })
    await browser.navigate(world.url(`/callback?code=${marks.plant('code')}&state=${marks.plant('state')}.r`))
    const failed = exporter.getFinishedSpans().filter(({ attributes }) => attributes['error.type'] !== undefined)
    expect(failed.map(({ name, attributes }) => [name, attributes['error.type']])).toEqual([
      ['express-oidc validation', 'invalid_token'],
      ['express-oidc callback', 'login_loop'],
    ])
    for (const { status } of failed) {
      expect(status).toEqual({ code: telemetry.SpanStatusCode.ERROR, message: expect.stringMatching(/./) })
    }
    expectNothingSeen()
  })

  test('leaves spans of the application where they are', async () => {
    const tracer = telemetry.trace.getTracer('application')
    const { issuer, machine } = world.provider
    const source = clientCredentials({ issuer, ...machine })
    await tracer.startActiveSpan('job', async (span) => {
      await source.getToken()
      span.end()
    })
    expect(lines()).toContain('job > client_credentials > request /token')
    source.close()
  })
})

describe('the logging recipe', () => {
  test('writes a line of JSON for each step', async () => {
    const log = jest.fn<(line: string) => void>()
    await run('// logging.ts', { console: { log } })
    const world = await startWorld()
    await world.signIn()
    await new Browser().navigate(world.url('/callback?code=x&state=y.r'))
    const written = log.mock.calls.map(([line]) => JSON.parse(line) as Record<string, unknown>)
    expect(written).toContainEqual({
      step: 'callback',
      issuer: world.provider.issuer,
      outcome: 'succeeded',
      milliseconds: expect.any(Number),
    })
    expect(written.at(-1)).toMatchObject({ step: 'callback', outcome: 'failed', errorCode: 'login_loop' })
    expect(written.filter(({ step }) => step === 'request').map(({ status }) => status)).toContain(200)
    await world.close()
  })
})

describe('the readiness route', () => {
  /** Sets the route up for an application, and asks it. */
  async function probe(
    auth: Pick<OidcMiddleware, 'health' | 'ready'>,
  ): Promise<() => { status: number; body: unknown }> {
    let route: ((req: unknown, res: unknown) => void) | undefined
    const app = {
      use: () => undefined,
      get: (_path: string, handle: typeof route) => {
        route = handle
      },
    }
    await run("'/healthz'", { app, options: {} }, { 'express-oidc': { oidc: () => auth } })
    return () => {
      const answer = { status: 0, body: undefined as unknown }
      const res = {
        status: (status: number) => Object.assign(res, (answer.status = status) && {}),
        set: () => res,
        json: (body: unknown) => void (answer.body = body),
      }
      route?.({}, res)
      return answer
    }
  }

  test('answers 503 until the metadata is known, tries again by itself, and 200 from then on', async () => {
    let isDown = true
    const world = await startWorld({
      oidc: { fetch: async (url, init) => (isDown ? new Response('', { status: 503 }) : fetch(url, init)) },
    })
    const ask = await probe(world.app)
    await expect(world.app.ready()).rejects.toThrow()
    // The keys fail with the metadata, a few microtasks later.
    await new Promise(setImmediate)
    expect(ask()).toMatchObject({ status: 503, body: { metadata: 'unknown', lastFailure: 'provider_unavailable' } })
    isDown = false
    world.clock.advance(60)
    expect(ask().status).toBe(503)
    await world.app.ready()
    expect(ask()).toMatchObject({ status: 200, body: { metadata: 'fresh', keys: 'fresh' } })
    await world.close()
  })
})

test('the table of metrics has each instrument that is recorded, and no other', () => {
  const kinds = new Map<string, string>()
  const meter: MeterLike = {
    createCounter: (name) => {
      kinds.set(name, 'counter')
      return { add: () => undefined }
    },
    createHistogram: (name, { unit }) => {
      kinds.set(name, `histogram, ${unit}`)
      return { record: () => undefined }
    },
  }
  recordMetrics(meter)()
  const table = /^\| metric .*\n((?:\|.*\n)+)/m.exec(textOf('docs/observability.md'))?.[1] ?? ''
  const rows = [...table.matchAll(/^\| `([\w.]+)` +\| ([^|]*?) +\|/gm)].map(([, name, kind]) => [name, kind])
  expect(rows.length).toBeGreaterThan(5)
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(kinds))
})
