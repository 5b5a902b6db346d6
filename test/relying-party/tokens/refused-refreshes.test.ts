import { describe, expect, test } from '@jest/globals'
import type { Deviations } from '../../kit/stand-in/deviations.js'
import { startWalk } from '../../kit/stand-in/walk.js'

const template = 'https://login.example.com/{tenantid}/v2.0'
const tenant = '11111111-1111-1111-1111-111111111111'
const discoveryUrl = 'https://login.example.com/discovery'

/** A provider of several tenants, as Entra is. */
const row: Deviations = {
  issuer: template,
  tokenIssuer: template.replace('{tenantid}', tenant),
  discovery: discoveryUrl,
  endpoints: 'https://login.example.com',
  sub: 'alice',
  idToken: () => ({ tid: tenant }),
}

/** Signs in where the tenant is accepted, and is not any more from then on. */
async function enter(session: { readonly revalidateSeconds?: number } = {}) {
  let isAccepted = true
  const walk = await startWalk(row, { issuer: template, discoveryUrl, tenants: () => isAccepted, session })
  expect(await walk.signIn()).toMatchObject({ sub: 'alice' })
  isAccepted = false
  return walk
}

describe('a session of a tenant that is no longer accepted', () => {
  test('ends when it is revalidated', async () => {
    const walk = await enter({ revalidateSeconds: 300 })
    expect([await walk.accessTokenAfter(300), await walk.user()]).toEqual(['session_missing', null])
    expect(walk.standIn.tokenRequests).toHaveLength(2)
  })

  test('ends when its tokens are renewed, and the refusal names the reason', async () => {
    const walk = await enter()
    expect([await walk.accessTokenAfter(4000), await walk.user()]).toEqual(['access_denied', null])
    expect(await walk.accessTokenAfter(0)).toBe('session_missing')
    expect(walk.standIn.tokenRequests).toHaveLength(2)
  })
})
