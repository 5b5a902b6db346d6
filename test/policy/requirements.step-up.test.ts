import { describe, expect, test } from '@jest/globals'
import { acr, maxAge, scope } from '../../lib/policy/requirements.js'
import { any } from '../../lib/policy/combinators.js'
import { proofClient } from '../kit/resource-server/proof.js'
import { type ApiOptions, startApi } from '../kit/resource-server/server.js'

const start = (requirements: ApiOptions['requirements'], options: Record<string, unknown> = {}) =>
  startApi({ options, ...(requirements === undefined ? {} : { requirements }) })
const description = 'this needs a stronger or more recent authentication'

describe('SU01: a step-up requirement', () => {
  test.each([
    ['too weak', 'pwd'],
    ['absent', undefined],
    ['a list', ['mfa']],
    ['of other case', 'MFA'],
  ])('SU01: leads to 401 with acr_values for an acr that is %s', async (_what, value) => {
    const api = await start([acr('mfa', 'hwk')])
    const answer = await api.present(api.issuer.accessToken({ acr: value }))
    expect(answer).toMatchObject({ status: 401, json: { code: 'insufficient_user_authentication' } })
    expect(answer.headers['www-authenticate']).toBe(
      `Bearer error="insufficient_user_authentication", error_description="${description}", acr_values="mfa hwk"`,
    )
    expect((await api.present(api.issuer.accessToken({ acr: 'hwk' }))).status).toBe(200)
  })

  test.each([
    ['too old', (now: number) => now - 301],
    ['absent', () => undefined],
    ['in the future', (now: number) => now + 3600],
  ])('SU01: leads to 401 with max_age for an auth_time that is %s', async (_what, authTime) => {
    const api = await start(undefined)
    const { clock } = api.issuer
    const guarded = await startApi({ issuer: api.issuer, requirements: [maxAge(300, () => clock.now())] })
    const answer = await guarded.present(api.issuer.accessToken({ auth_time: authTime(clock.seconds) }))
    expect(answer).toMatchObject({ status: 401, json: { code: 'insufficient_user_authentication' } })
    expect(answer.headers['www-authenticate']).toBe(
      `Bearer error="insufficient_user_authentication", error_description="${description}", max_age="300"`,
    )
    expect((await guarded.present(api.issuer.accessToken({ auth_time: clock.seconds - 300 }))).status).toBe(200)
  })

  test('SU01: takes an auth_time that is not a number as missing: the token stays valid, but the login is not recent', async () => {
    const api = await start(undefined)
    const { issuer } = api
    const recent = await startApi({ issuer, requirements: [maxAge(300, () => issuer.clock.now())] })
    for (const value of [
      'now',
      String(issuer.clock.seconds),
      '2026-11-28T10:21:15.733Z',
      true,
      [issuer.clock.seconds],
      {},
    ]) {
      const token = issuer.accessToken({ auth_time: value })
      expect((await api.present(token)).status).toBe(200)
      expect(await recent.present(token)).toMatchObject({
        status: 401,
        json: { code: 'insufficient_user_authentication' },
      })
    }
  })

  test('SU01: tells a missing scope apart from a weak sign-in', async () => {
    const api = await start([scope('orders:write'), acr('mfa')])
    expect((await api.present(api.issuer.accessToken())).json).toMatchObject({ code: 'insufficient_scope' })
    expect((await api.present(api.issuer.accessToken({ scope: 'orders:write' }))).json).toMatchObject({
      code: 'insufficient_user_authentication',
    })
  })

  test('SU01: reports, where one of several would do, the one that more can be done about', async () => {
    const api = await start([any(() => false, acr('mfa'))])
    expect((await api.present(api.issuer.accessToken())).status).toBe(401)
  })

  test('SU01: challenges a DPoP-bound token under its own scheme', async () => {
    const api = await start([acr('mfa')], { dpop: 'allowed' })
    const client = proofClient(api.issuer)
    const token = client.token()
    const dpop = client.proof(token, { claims: { htu: `${api.host.url}/api/orders` } })
    const answer = await api.send({ headers: { authorization: `DPoP ${token}`, dpop } })
    expect(answer.headers['www-authenticate']).toMatch(/^DPoP error="insufficient_user_authentication".*, Bearer$/)
  })
})
