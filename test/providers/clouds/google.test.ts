import { describe, expect, test } from '@jest/globals'
import { google } from '../../../lib/providers/clouds/google.js'
import { loginContract, noRefreshTokenUnasked } from '../../kit/stand-in/contract.js'
import type { Deviations } from '../../kit/stand-in/deviations.js'
import { refusesWrongInput } from '../../kit/stand-in/wrong-input.js'

const issuer = 'https://accounts.google.com'
const sub = '110169484474386276334'

// Google's "OpenID Connect" and its API reference: access_type, opaque access tokens, no end_session_endpoint, scopes.
const row: Deviations = {
  issuer,
  metadata: {
    authorization_endpoint: `${issuer}/o/oauth2/v2/auth`,
    token_endpoint: 'https://oauth2.googleapis.com/token',
    jwks_uri: 'https://www.googleapis.com/oauth2/v3/certs',
    userinfo_endpoint: 'https://openidconnect.googleapis.com/v1/userinfo',
    revocation_endpoint: 'https://oauth2.googleapis.com/revoke',
    end_session_endpoint: undefined,
  },
  scopes: ['openid', 'email', 'profile'],
  sub,
  idToken: ({ clientId, request }) => ({ azp: clientId, email: 'alice@example.com', hd: request.get('hd') }),
  refreshes: ({ request }) => request.get('access_type') === 'offline' && request.get('prompt') === 'consent',
  tokenResponse: { scope: 'openid https://www.googleapis.com/auth/userinfo.email' },
}

describe('google()', () => {
  const preset = google({ hostedDomain: 'example.com' })
  loginContract({
    row,
    preset,
    refreshing: google({ hostedDomain: 'example.com', refreshTokens: true }),
    user: { sub, hd: 'example.com' },
    logout: 'nowhere',
  })
  noRefreshTokenUnasked(row, preset)

  test('requests nothing special by default', () => {
    expect(google()).toEqual({ issuer, authorizationParams: {} })
  })

  refusesWrongInput([
    ['a misspelt option', () => google({ refreshToken: true } as never), 'did you mean "refreshTokens"?'],
    ['an empty domain', () => google({ hostedDomain: '' }), '"hostedDomain" is empty'],
  ])
})
