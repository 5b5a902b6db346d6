import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { isAudited } from '../../lib/base/audit/audit.js'
import { isTraced } from '../../lib/base/diagnostics.js'
import { acr, bearer, type BearerMiddleware, requireAuth, scope } from '../../lib/index.js'
import { recordMetrics } from '../../lib/telemetry/index.js'
import { Browser } from '../hosts/client.js'
import { apiProvider, audience } from '../kit/provider/provider.js'
import { FakeStore } from '../kit/stores/memory.js'
import { answering, guarded } from '../kit/world/applications.js'
import { LogoutWorld } from '../kit/world/logout-world.js'

type Attributes = Readonly<Record<string, unknown>>

describe('the metrics of a login, and what follows', () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 30 })
  const meters = new MeterProvider({ readers: [reader] })
  const issuer = apiProvider()
  let end: () => void
  let api: BearerMiddleware
  let own: LogoutWorld
  const points = new Map<string, readonly Attributes[]>()
  const units = new Map<string, string>()

  beforeAll(async () => {
    end = recordMetrics(meters.getMeter('express-oidc'))
    api = bearer({ issuer: issuer.issuer, audience, fetch: issuer.fetch })
    own = await LogoutWorld.start({
      provider: { accessTokenTtl: 60 },
      oidc: { session: { store: new FakeStore({ now: () => Date.now() }) } },
      before: [{ mount: '/api', handlers: [api, (_req, res) => void res.end('ok')] }],
      layers: [
        guarded('/admin', requireAuth(scope('admin'))),
        guarded('/vault', requireAuth(acr('urn:example:mfa'))),
        answering('/token', async ({ oidc }) => void (await oidc.accessToken({ minTtl: 600 }))),
      ],
    })
    const alice = await own.signedIn()
    for (const path of ['/admin', '/vault']) await alice.fetch(own.world.url(path))
    own.world.clock.advance(45)
    await alice.fetch(own.world.url('/token'))
    await own.post(await own.mint({ aud: 'another' }))
    await alice.navigate(own.world.url('/logout'))
    await new Browser().navigate(own.world.url('/callback?code=x&state=y.r'))
    for (const token of [issuer.accessToken({ exp: 1 }), 'garbage'])
      await new Browser().fetch(own.world.url('/api'), { headers: { authorization: `Bearer ${token}` } })
    await reader.forceFlush()
    for (const { scopeMetrics } of exporter.getMetrics())
      for (const { metrics } of scopeMetrics)
        for (const { descriptor, dataPoints } of metrics) {
          units.set(descriptor.name, descriptor.unit)
          points.set(
            descriptor.name,
            dataPoints.map(({ attributes }) => attributes),
          )
        }
  })
  afterAll(async () => {
    end()
    api.close()
    await own.world.close()
    await meters.shutdown()
  })

  test('count logins, logouts, renewals, validations and refusals, by outcome and code', () => {
    expect(points.get('express_oidc.logins')).toEqual([
      { 'express_oidc.outcome': 'success' },
      { 'express_oidc.outcome': 'failure', 'error.type': 'login_loop' },
    ])
    expect(points.get('express_oidc.logouts')).toEqual([
      {
        'express_oidc.outcome': 'failure',
        'express_oidc.logout.via': 'backchannel',
        'error.type': 'token_audience_mismatch',
      },
      { 'express_oidc.outcome': 'success', 'express_oidc.logout.via': 'rp_initiated' },
    ])
    expect(points.get('express_oidc.refreshes')).toEqual([{ 'express_oidc.outcome': 'success' }])
    expect(points.get('express_oidc.token_validations')).toEqual([
      { 'express_oidc.outcome': 'failure', 'error.type': 'token_expired' },
      { 'express_oidc.outcome': 'failure', 'error.type': 'token_malformed' },
    ])
    expect(points.get('express_oidc.denials')).toEqual([
      { 'express_oidc.outcome': 'failure', 'express_oidc.requirement': 'scope', 'error.type': 'not_allowed' },
      { 'express_oidc.outcome': 'unknown', 'express_oidc.requirement': 'acr' },
    ])
  })

  test('measure requests to the provider by the name and attributes of the conventions, in seconds', () => {
    expect(units.get('http.client.request.duration')).toBe('s')
    expect(points.get('http.client.request.duration')).toEqual(
      expect.arrayContaining([
        { 'http.request.method': 'GET', 'http.response.status_code': 200 },
        { 'http.request.method': 'POST', 'http.response.status_code': 200 },
      ]),
    )
  })

  test('measure the steps, and the calls of the store by name', () => {
    expect(units.get('express_oidc.operation.duration')).toBe('s')
    const operations = points.get('express_oidc.operation.duration')?.map((each) => each['express_oidc.operation'])
    for (const name of [
      'login',
      'callback',
      'refresh',
      'logout',
      'discovery',
      'keys',
      'validation',
      'store.get',
      'store.set',
    ])
      expect(operations).toContain(name)
  })

  test('name no subject, issuer, tenant, session or host in any attribute', () => {
    const names = new Set([...points.values()].flat().flatMap((each) => Object.keys(each)))
    expect([...names].sort()).toEqual([
      'error.type',
      'express_oidc.logout.via',
      'express_oidc.operation',
      'express_oidc.outcome',
      'express_oidc.requirement',
      'http.request.method',
      'http.response.status_code',
    ])
    const written = JSON.stringify([...points])
    for (const personal of ['alice', 'web', '127.0.0.1', 'localhost']) expect(written).not.toContain(personal)
  })

  test('end when they are asked to, and cost nothing from then on', () => {
    end()
    expect([isAudited(), isTraced('validation'), isTraced('request'), isTraced('store')]).toEqual([
      false,
      false,
      false,
      false,
    ])
  })
})
