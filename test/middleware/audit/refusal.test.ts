import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { bearer, type BearerMiddleware, csrf, requireAuth, scope } from '../../../lib/index.js'
import { Browser } from '../../hosts/client.js'
import { apiProvider, audience } from '../../kit/provider/provider.js'
import { AuditWatch } from '../../kit/watching/audit.js'
import { guarded, post } from '../../kit/world/applications.js'
import { startWorld, type World } from '../../kit/world/world.js'

describe('the audit events of refusals', () => {
  const audited = new AuditWatch()
  const issuer = apiProvider()
  let api: BearerMiddleware
  let world: World
  beforeAll(async () => {
    api = bearer({ issuer: issuer.issuer, audience, fetch: issuer.fetch })
    world = await startWorld({
      before: [
        { mount: '/api', handlers: [api, requireAuth(scope('orders:write')), (_req, res) => void res.end('ok')] },
      ],
      layers: [
        csrf(),
        guarded('/admin', requireAuth(scope('admin'))),
        post('/transfer', (_req, res) => res.end('done')),
      ],
    })
    await world.signIn()
    audited.take()
  })
  afterAll(async () => {
    audited.stop()
    api.close()
    await world.close()
  })

  test('name the requirement that a signed-in person does not meet', async () => {
    await world.browser.request('fetch', world.url('/admin'))
    expect(audited.take()).toMatchObject([
      {
        name: 'access_denied',
        outcome: 'failure',
        reason: 'not_allowed',
        requirement: 'scope',
        subject: 'alice',
        issuer: world.provider.issuer,
        clientId: 'web',
        session: expect.any(String),
        path: '/admin',
      },
    ])
  })

  test('are none for somebody who is not signed in', async () => {
    await new Browser().fetch(world.url('/private'))
    await new Browser().fetch(world.url('/api'))
    expect(audited.take()).toEqual([])
  })

  test('say whose session a page of another site wanted to use', async () => {
    const url = world.url('/transfer')
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }
    await world.browser.request('none', url, { method: 'POST', headers })
    expect(audited.take()).toMatchObject([
      { name: 'cross_site_refused', reason: 'cross_site_request', subject: 'alice', method: 'POST', path: '/transfer' },
    ])
  })

  test('say why an access token is refused, as the response does not', async () => {
    const token = issuer.accessToken({ exp: 1 })
    const answer = await new Browser().fetch(world.url('/api'), { headers: { authorization: `Bearer ${token}` } })
    expect(answer.status).toBe(401)
    expect(audited.take()).toMatchObject([
      { name: 'token_refused', reason: 'token_expired', ip: expect.any(String), path: '/api' },
    ])
  })

  test('name subject and client of a token that lacks what a guard needs', async () => {
    const now = Math.floor(Date.now() / 1000)
    const dates = { iat: now, exp: now + 300 }
    const token = issuer.accessToken({ sub: 'bob', client_id: 'phone', scope: 'orders:read', ...dates })
    await new Browser().fetch(world.url('/api'), { headers: { authorization: `Bearer ${token}` } })
    expect(audited.take()).toMatchObject([
      { name: 'access_denied', requirement: 'scope', subject: 'bob', clientId: 'phone', issuer: issuer.issuer },
    ])
  })
})
