import { describe, expect, test } from '@jest/globals'
import { azureB2c } from '../../../lib/providers/microsoft/azure-b2c.js'
import { apiContract, loginContract } from '../../kit/stand-in/contract.js'
import { type Deviations, byScope } from '../../kit/stand-in/deviations.js'
import { startWalk } from '../../kit/stand-in/walk.js'
import { refusesWrongInput } from '../../kit/stand-in/wrong-input.js'

const place = { tenant: 'contoso', tenantId: '775527ff-9a37-4307-8b3d-cc311f58d925', policy: 'B2C_1_signin' }
const api = '90c0fe63-bcf2-44d5-8fb7-b8bbc0b29dc6'
const issuer = `https://contoso.b2clogin.com/${place.tenantId}/v2.0/`
const flow = 'https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_signin'
const sub = '884408e1-2918-4cd0-b12d-3aa027d7563b'

// Azure AD B2C's "Web sign-in with OpenID Connect" and "Overview of tokens"; issue 64582 of azure-docs: no access token.
const row: Deviations = {
  issuer,
  discovery: `${flow}/v2.0/.well-known/openid-configuration`,
  metadata: {
    authorization_endpoint: `${flow}/oauth2/v2.0/authorize`,
    token_endpoint: `${flow}/oauth2/v2.0/token`,
    jwks_uri: `${flow}/discovery/v2.0/keys`,
    end_session_endpoint: `${flow}/oauth2/v2.0/logout`,
    userinfo_endpoint: undefined,
    revocation_endpoint: undefined,
    code_challenge_methods_supported: undefined,
  },
  scopes: ['openid', 'offline_access', api],
  sub,
  idToken: ({ at }) => ({ ver: '1.0', tfp: 'B2C_1_signin', auth_time: at, nbf: at }),
  refreshes: byScope('offline_access'),
  tokenResponse: { access_token: undefined, id_token_expires_in: 3600, not_before: 1442340812 },
  apiToken: { ver: '1.0', sub, aud: api, azp: 'client-1', scp: 'Read', tfp: 'B2C_1_signin' },
}
const withApi = { ...row, tokenResponse: { expires_in: '3600' } }

describe('azureB2c()', () => {
  const preset = azureB2c(place)
  const user = { sub, tfp: 'B2C_1_signin' }
  loginContract({ row, preset, user, logout: `${flow}/oauth2/v2.0/logout` })

  test('renews access tokens where the login asked for an API, whose scope is the client ID', async () => {
    const scope = `openid offline_access ${api}`
    const walk = await startWalk(withApi, { ...preset, scope })
    await walk.signIn()
    const first = await walk.accessTokenAfter(0)
    expect(await walk.accessTokenAfter(4000)).not.toBe(first)
    walk.standIn.revoke()
    expect(await walk.accessTokenAfter(4000)).toBe('session_expired')
  })

  test('says that a login without an API has no access token', async () => {
    const walk = await startWalk(row, azureB2c({ ...place, refreshTokens: true }))
    await walk.signIn()
    expect([await walk.accessTokenAfter(0), await walk.user()]).toEqual([
      'no_access_token',
      expect.objectContaining(user),
    ])
  })

  refusesWrongInput([
    [
      'a domain for a tenant',
      () => azureB2c({ ...place, tenant: 'contoso.onmicrosoft.com' }),
      "the tenant's name alone",
    ],
    ['a name for its ID', () => azureB2c({ ...place, tenantId: 'contoso' }), '"tenantId" must be the tenant\'s ID'],
    ['a URL for a policy', () => azureB2c({ ...place, policy: flow }), '"policy" must be the name of a user flow'],
  ])
})

describe('azureB2c.api()', () => {
  apiContract({
    row,
    preset: azureB2c.api({ ...place, audience: api }),
    principal: { subject: sub, clientId: 'client-1' },
    foreign: { aud: 'other' },
    reason: 'for another audience',
    idToken: { sub, aud: api, nonce: 'n', tfp: 'B2C_1_signin' },
  })
})
