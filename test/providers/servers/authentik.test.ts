import { describe, expect, test } from '@jest/globals'
import { authentik } from '../../../lib/providers/servers/authentik.js'
import { apiContract, loginContract, noRefreshTokenUnasked } from '../../kit/stand-in/contract.js'
import { type Deviations, byScope } from '../../kit/stand-in/deviations.js'
import { refusesWrongInput } from '../../kit/stand-in/wrong-input.js'

const place = { url: 'https://login.example.com', application: 'shop' }
const own = 'https://login.example.com/application/o/shop'
const shared = 'https://login.example.com/application/o'
const preset = authentik(place)
const sub = '5f0ce2b0d3f5f6b1f1a7b43ed7a0ac0cf7d1c8f3b1f5a0e4f9d0b6e1c2a3f4d5'

// authentik's "OAuth 2.0 provider": endpoints of all applications beside those of one, and offline_access since 2024.2.
const row: Deviations = {
  issuer: `${own}/`,
  metadata: {
    authorization_endpoint: `${shared}/authorize/`,
    token_endpoint: `${shared}/token/`,
    userinfo_endpoint: `${shared}/userinfo/`,
    revocation_endpoint: `${shared}/revoke/`,
    jwks_uri: `${own}/jwks/`,
    end_session_endpoint: `${own}/end-session/`,
  },
  sub,
  idToken: () => ({ acr: 'goauthentik.io/providers/oauth2/default', preferred_username: 'alice', groups: ['staff'] }),
  refreshes: byScope('offline_access'),
  apiToken: { sub, aud: 'client-1', azp: 'client-1', uid: 'x', scope: 'openid orders', preferred_username: 'alice' },
}

describe('authentik()', () => {
  const refreshing = authentik({ ...place, refreshTokens: true })
  loginContract({ row, preset, refreshing, user: { sub, groups: ['staff'] }, logout: `${own}/end-session/` })
  noRefreshTokenUnasked(row, preset)

  test('spells the issuer with a slash', () => {
    expect(preset).toEqual({ issuer: `${own}/` })
  })

  refusesWrongInput([
    ['a path for a slug', () => authentik({ ...place, application: 'application/o/shop' }), "an application's slug"],
    ['no application', () => authentik({ url: place.url } as never), '"application" is missing'],
  ])
})

describe('authentik.api()', () => {
  apiContract({
    row,
    preset: authentik.api({ ...place, audience: 'client-1' }),
    principal: { subject: sub },
    foreign: { aud: 'client-2' },
    reason: 'for another audience',
    idToken: { sub, aud: 'client-1', nonce: 'n', at_hash: 'x' },
  })
})
