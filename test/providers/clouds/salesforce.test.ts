import { describe } from '@jest/globals'
import { salesforce } from '../../../lib/providers/clouds/salesforce.js'
import { loginContract, noRefreshTokenUnasked } from '../../kit/stand-in/contract.js'
import { type Deviations, byScope } from '../../kit/stand-in/deviations.js'
import { refusesWrongInput } from '../../kit/stand-in/wrong-input.js'

const domain = 'example.my.salesforce.com'
const base = `https://${domain}`
const sub = 'https://login.salesforce.com/id/00D50000000IZ3ZEAW/00550000001fg5OAAQ'

// Salesforce's "Query for the OpenID Connect Configuration" and "OAuth Tokens and Scopes": no expires_in, sub is a URL.
const row: Deviations = {
  issuer: base,
  endpoints: `${base}/services/oauth2`,
  metadata: { jwks_uri: `${base}/id/keys`, end_session_endpoint: `${base}/services/auth/idp/oidc/logout` },
  sub,
  idToken: () => ({ preferred_username: 'alice@example.com', zoneinfo: 'Europe/Paris' }),
  refreshes: byScope('refresh_token'),
  tokenResponse: { instance_url: base, id: sub, issued_at: '1278448832702', signature: 'x' },
}

describe('salesforce()', () => {
  const preset = salesforce({ domain })
  loginContract({
    row,
    preset,
    refreshing: salesforce({ domain, refreshTokens: true }),
    user: { sub },
    logout: `${base}/services/auth/idp/oidc/logout`,
  })
  noRefreshTokenUnasked(row, preset)

  refusesWrongInput([
    ['a URL for a domain', () => salesforce({ domain: base }), '"domain" must be a host name such as'],
  ])
})
