import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { acr, requireAuth } from '../../../lib/index.js'
import { Browser } from '../../hosts/client.js'
import { AuditWatch } from '../../kit/watching/audit.js'
import { guarded } from '../../kit/world/applications.js'
import { toCallback } from '../../kit/world/steps.js'
import { startWorld, type World } from '../../kit/world/world.js'

describe('the audit events of logins', () => {
  const audited = new AuditWatch()
  let world: World
  let isRefused = false
  beforeAll(async () => {
    world = await startWorld({
      oidc: { onLogin: () => (isRefused ? false : {}) },
      layers: [guarded('/strict', requireAuth(acr('urn:example:mfa')))],
    })
  })
  afterEach(() => {
    isRefused = false
    audited.take()
  })
  afterAll(async () => {
    audited.stop()
    await world.close()
  })

  test('say it once of a callback that comes twice at once', async () => {
    const browser = new Browser()
    const callback = await toCallback(world, { browser })
    const cookie = browser.cookies.header({ url: callback, crossSite: false, safeNavigation: true }) ?? ''
    await Promise.all([1, 2].map(() => new Browser().navigate(callback.href, { headers: { cookie } })))
    expect(audited.take().map(({ name }) => name)).toEqual(['login_succeeded'])
  })

  test('say who has signed in, where, from where, and which session it is', async () => {
    await world.signIn()
    expect(audited.take()).toEqual([
      {
        name: 'login_succeeded',
        time: expect.any(String),
        outcome: 'success',
        issuer: world.provider.issuer,
        clientId: 'web',
        subject: 'alice',
        session: expect.stringMatching(/^[\w-]{43}$/),
        ip: expect.stringMatching(/127\.0\.0\.1$/),
        method: 'GET',
        path: '/callback',
      },
    ])
  })

  test('tell a step-up that a guard has asked for, and its success, from other logins', async () => {
    await world.signIn()
    const [login] = audited.take()
    await world.browser.request('navigate', world.url('/strict'))
    expect(audited.take()).toMatchObject([
      {
        name: 'step_up_requested',
        outcome: 'unknown',
        requirement: 'acr',
        subject: 'alice',
        clientId: 'web',
        session: login?.session,
        path: '/strict',
      },
    ])
    await world.browser.request('navigate', world.url('/strict'), { follow: true })
    expect(audited.take()).toMatchObject([
      { name: 'step_up_requested' },
      { name: 'step_up_succeeded', outcome: 'success', subject: 'alice', acr: 'urn:example:mfa' },
    ])
  })

  test('have the reason of a login that failed, and nobody as its subject', async () => {
    const browser = new Browser()
    await browser.navigate(world.url('/login'))
    await browser.navigate(world.url('/callback?code=x&state=another'))
    const [failed] = audited.take()
    expect(failed).toMatchObject({
      name: 'login_failed',
      outcome: 'failure',
      reason: 'state_mismatch',
      clientId: 'web',
    })
    expect(failed).not.toHaveProperty('subject')
    expect(failed).not.toHaveProperty('session')
  })

  test('have the reason of a response that comes twice', async () => {
    const browser = new Browser()
    let url = world.url('/login')
    for (let step = 0; step < 9 && !url.startsWith(world.url('/callback')); step++)
      url = (await browser.navigate(url)).location ?? ''
    await browser.navigate(url)
    await new Browser().navigate(url)
    expect(audited.take().map((event) => [event.name, 'reason' in event ? event.reason : undefined])).toEqual([
      ['login_succeeded', undefined],
      ['login_failed', 'transaction_used'],
    ])
  })

  test('name the person whom the application refused', async () => {
    isRefused = true
    await new Browser().navigate(world.url('/login'), { follow: true })
    expect(audited.take()).toMatchObject([{ name: 'login_failed', reason: 'login_refused', subject: 'alice' }])
  })
})
