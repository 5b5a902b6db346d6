import { describe, expect, test } from '@jest/globals'
import { entra } from '../../../lib/providers/microsoft/entra.js'
import { apiContract, loginContract, noRefreshTokenUnasked } from '../../kit/stand-in/contract.js'
import { type Deviations, byScope } from '../../kit/stand-in/deviations.js'
import { presentedTo, startWalk } from '../../kit/stand-in/walk.js'
import { refusesWrongInput } from '../../kit/stand-in/wrong-input.js'

const tenant = '8eaef023-2b34-4da1-9baa-8bc8c9d6a490'
const api = '535fb089-9ff3-47b6-9bfb-4f1264799865'
const base = `https://login.microsoftonline.com/${tenant}`
const issuer = `${base}/v2.0`
const sub = 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ'

// Microsoft's "OpenID Connect on the Microsoft identity platform" and its claims references.
const row: Deviations = {
  issuer,
  metadata: {
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    token_endpoint: `${base}/oauth2/v2.0/token`,
    jwks_uri: `${base}/discovery/v2.0/keys`,
    userinfo_endpoint: 'https://graph.microsoft.com/oidc/userinfo',
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
    revocation_endpoint: undefined,
    code_challenge_methods_supported: undefined,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
  },
  key: { issuer, x5t: 'key-1' },
  sub,
  idToken: () => ({ ver: '2.0', tid: tenant, oid: '00000000-0000-0000-66f3-3332eca7ea81', nbf: 0 }),
  refreshes: byScope('offline_access'),
  deadRefreshToken: {
    status: 400,
    body: {
      error: 'interaction_required',
      error_description: 'AADSTS50076',
      error_codes: [50076],
      suberror: 'basic_action',
    },
  },
  apiToken: { ver: '2.0', tid: tenant, sub, oid: 'o', aud: api, azp: 'client-1', azpacr: '1', scp: 'Orders.Read' },
}

describe('entra()', () => {
  const preset = entra({ tenant })
  loginContract({
    row,
    preset,
    refreshing: entra({ tenant, refreshTokens: true }),
    user: { sub, tid: tenant },
    logout: `${base}/oauth2/v2.0/logout`,
  })
  noRefreshTokenUnasked(row, preset)

  test('signs in at a national cloud', () => {
    expect(entra({ tenant, host: 'login.microsoftonline.us' })).toEqual({
      issuer: `https://login.microsoftonline.us/${tenant}/v2.0`,
    })
  })

  refusesWrongInput([
    ['a domain for a tenant', () => entra({ tenant: 'contoso.onmicrosoft.com' }), '"tenant" must be the tenant\'s ID'],
    ['a URL for a host', () => entra({ tenant, host: base }), '"host" must be a host name such as'],
  ])
})

describe('entra() for several tenants', () => {
  const template = 'https://login.microsoftonline.com/{tenantid}/v2.0'
  const shared: Deviations = {
    ...row,
    issuer: template,
    tokenIssuer: issuer,
    discovery: 'https://login.microsoftonline.com/organizations/v2.0/.well-known/openid-configuration',
    key: { issuer: template },
  }
  const user = { sub, iss: issuer, tid: tenant }
  const preset = entra({ tenant: 'organizations', tenants: [tenant] })
  const refreshing = entra({ tenant: 'organizations', tenants: (id) => id === tenant, refreshTokens: true })
  loginContract({ row: shared, preset, refreshing, user, logout: `${base}/oauth2/v2.0/logout` })

  test('refuses people of other tenants', async () => {
    const walk = await startWalk(shared, entra({ tenant: 'organizations', tenants: [api] }))
    await expect(walk.signIn()).rejects.toThrow('access_denied')
  })

  refusesWrongInput([
    ['"common" without tenants', () => entra({ tenant: 'common' }), 'must have "tenants" with "common"'],
    ['tenants beside one tenant', () => entra({ tenant, tenants: [tenant] }), 'must have "tenants" with "common"'],
  ])
})

describe('entra.api()', () => {
  const preset = entra.api({ tenant, audience: api })
  apiContract({
    row,
    preset,
    principal: { subject: sub, clientId: 'client-1', isMachine: false },
    foreign: { aud: '00000003-0000-0000-c000-000000000000' },
    reason: 'for another audience',
    idToken: { sub, tid: tenant, aud: 'client-1', nonce: 'n' },
  })

  test('recognizes an application’s own token as a machine’s', async () => {
    const changes = { sub: 'o', scp: undefined, roles: ['Orders.Read.All'] }
    expect(await presentedTo(row, preset, changes)).toMatchObject({ subject: 'o', isMachine: true })
  })

  test('accepts tokens of several tenants, and of version 1 where the options say so', async () => {
    const other = '9188040d-6c67-4c5b-b112-36a304b66dad'
    const several = entra.api({ tenant: [other, tenant], audience: api })
    expect(await presentedTo(row, several)).toMatchObject({ issuer, subject: sub })
    const old = `https://sts.windows.net/${tenant}/`
    const first = entra.api({ tenant, audience: 'api://orders', version: 1 })
    const apiToken = { ver: '1.0', sub, aud: 'api://orders', appid: 'client-1', appidacr: '1', scp: 'Orders.Read' }
    // The keys of version 1 name no issuer.
    const rowOfOld = { ...row, issuer: old, key: { x5t: 'key-1' }, apiToken }
    expect(await presentedTo(rowOfOld, first)).toMatchObject({ issuer: old, subject: sub })
  })

  test('refuses tokens of another tenant', async () => {
    const iss = 'https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0'
    expect(await presentedTo(row, preset, { iss })).toEqual({ refused: expect.stringContaining('issuer') })
  })
})
