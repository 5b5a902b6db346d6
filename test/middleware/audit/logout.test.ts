import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { answering } from '../../kit/world/applications.js'
import { LogoutWorld } from '../../kit/world/logout-world.js'
import { AuditWatch } from '../../kit/watching/audit.js'

describe('the audit events of logouts', () => {
  const audited = new AuditWatch()
  let own: LogoutWorld
  beforeAll(async () => {
    own = await LogoutWorld.start({
      layers: [answering('/leave', ({ oidc }) => oidc.logout({ local: true }))],
    })
  })
  beforeEach(() => void audited.take())
  afterAll(async () => {
    audited.stop()
    await own.world.close()
  })

  test('say that somebody goes on to the logout of the provider, and which session has ended', async () => {
    const browser = await own.signedIn()
    const [login] = audited.take()
    await browser.navigate(own.world.url('/logout'))
    expect(audited.take()).toMatchObject([
      {
        name: 'logout',
        outcome: 'success',
        via: 'rp_initiated',
        subject: 'alice',
        clientId: 'web',
        session: login?.session,
        path: '/logout',
      },
    ])
  })

  test('say that a session has ended here alone', async () => {
    const browser = await own.signedIn()
    audited.take()
    await browser.navigate(own.world.url('/leave'))
    expect(audited.take()).toMatchObject([{ name: 'logout', via: 'local', subject: 'alice' }])
  })

  test('are none where nobody was signed in', async () => {
    const browser = await own.signedIn()
    await browser.navigate(own.world.url('/logout'))
    audited.take()
    await browser.navigate(own.world.url('/logout'))
    expect(audited.take()).toEqual([])
  })

  test('name the subject of a back-channel logout', async () => {
    await own.logout()
    expect(audited.take()).toMatchObject([
      { name: 'logout', via: 'backchannel', subject: 'alice', clientId: 'web', path: '/backchannel-logout' },
    ])
  })

  test('have the reason for the refusal of a logout token', async () => {
    await own.post(await own.mint({ aud: 'another' }))
    expect(audited.take()).toMatchObject([
      { name: 'logout_refused', outcome: 'failure', via: 'backchannel', reason: 'token_audience_mismatch' },
    ])
  })

  test('say that a frame of the provider has ended a session, and are none where it named another', async () => {
    const browser = await own.signedIn()
    audited.take()
    const iss = encodeURIComponent(own.world.provider.issuer)
    const frame = (sid: string) => browser.navigate(own.world.url(`/frontchannel-logout?iss=${iss}&sid=${sid}`))
    const sid = await own.sidOf(browser)
    await frame('another')
    expect(audited.take()).toEqual([])
    await frame(sid)
    expect(audited.take()).toMatchObject([{ name: 'logout', via: 'frontchannel', subject: 'alice' }])
  })

  test('say that another site has tried to sign somebody out', async () => {
    const browser = await own.signedIn()
    audited.take()
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }
    await browser.request('none', own.world.url('/logout'), { method: 'POST', headers })
    expect(audited.take()).toMatchObject([
      { name: 'cross_site_refused', reason: 'cross_site_request', subject: 'alice', path: '/logout' },
    ])
  })
})
