import { describe, expect, test } from '@jest/globals'
import { keycloak } from '../../../lib/providers/servers/keycloak.js'
import { apiContract, loginContract } from '../../kit/stand-in/contract.js'
import type { Deviations } from '../../kit/stand-in/deviations.js'
import { refusesWrongInput } from '../../kit/stand-in/wrong-input.js'

const place = { url: 'https://login.example.com', realm: 'shop' }
const issuer = 'https://login.example.com/realms/shop'
const preset = keycloak(place)
const sub = 'f2c1b6b1-6a3e-4b0a-9d3e-0a1b2c3d4e5f'

// Keycloak's "Securing applications and services with OpenID Connect", and its tokens: payload `typ`, azp, sid, realm_access.
const row: Deviations = {
  issuer,
  endpoints: `${issuer}/protocol/openid-connect`,
  sub,
  idToken: () => ({ typ: 'ID', azp: 'client-1', sid: 'session-1', acr: '1', preferred_username: 'alice' }),
  accessToken: () => ({ typ: 'Bearer', sub, azp: 'client-1', aud: 'account', scope: 'openid profile email' }),
  apiToken: {
    typ: 'Bearer',
    sub,
    azp: 'client-1',
    aud: ['orders', 'account'],
    sid: 'session-1',
    realm_access: { roles: ['clerk'] },
    scope: 'openid profile',
  },
  deadRefreshToken: { status: 400, body: { error: 'invalid_grant', error_description: 'Token is not active' } },
}

describe('keycloak()', () => {
  loginContract({ row, preset, refreshing: preset, user: { sub, preferred_username: 'alice' }, logout: `${issuer}/` })

  test('accepts a path before the realm, a slash at the end, and names with a space', () => {
    expect(keycloak({ url: 'https://example.com/auth/', realm: 'My Shop' })).toEqual({
      issuer: 'https://example.com/auth/realms/My%20Shop',
    })
  })

  refusesWrongInput([
    ['a URL with the realm in it', () => keycloak({ ...place, url: issuer }), '"url" must end before "/realms"'],
    ['a path for a realm', () => keycloak({ ...place, realm: 'realms/shop' }), '"realm" must be the name of a realm'],
    ['a host without https://', () => keycloak({ ...place, url: 'login.example.com' }), '"url" must be a URL such as'],
    ['a misspelt option', () => keycloak({ url: 'https://a.example', relm: 'shop' } as never), 'did you mean "realm"?'],
  ])
})

describe('keycloak.api()', () => {
  apiContract({
    row,
    preset: keycloak.api({ ...place, audience: 'orders' }),
    principal: { subject: sub, clientId: 'client-1', isMachine: false },
    foreign: { aud: 'account' },
    reason: 'for another audience',
    idToken: { typ: 'ID', sub, aud: 'orders', azp: 'client-1', at_hash: 'x' },
  })

  refusesWrongInput([['no audience', () => keycloak.api(place as never), '"audience" is missing']])
})
