import { describe } from '@jest/globals'
import { hydra } from '../../../lib/providers/servers/hydra.js'
import { apiContract, loginContract, noRefreshTokenUnasked } from '../../kit/stand-in/contract.js'
import { type Deviations, byScope } from '../../kit/stand-in/deviations.js'
import { refusesWrongInput } from '../../kit/stand-in/wrong-input.js'

const url = 'https://auth.example.com'
const sub = 'alice'

// Ory's OAuth2 and OpenID Connect documents: opaque access tokens by default, scopes as a list (scp) in JWTs.
const row: Deviations = {
  issuer: url,
  metadata: {
    authorization_endpoint: `${url}/oauth2/auth`,
    token_endpoint: `${url}/oauth2/token`,
    jwks_uri: `${url}/.well-known/jwks.json`,
    revocation_endpoint: `${url}/oauth2/revoke`,
    end_session_endpoint: `${url}/oauth2/sessions/logout`,
  },
  sub,
  idToken: ({ at }) => ({ auth_time: at, rat: at, sid: 'session-1', jti: '1', amr: [] }),
  refreshes: byScope('offline_access'),
  apiToken: { sub, aud: ['orders'], client_id: 'client-1', ext: {}, jti: '2', scp: ['orders:read'] },
}

describe('hydra()', () => {
  const preset = hydra({ url })
  loginContract({
    row,
    preset,
    refreshing: hydra({ url, refreshTokens: true }),
    user: { sub },
    logout: `${url}/oauth2/sessions/logout`,
  })
  noRefreshTokenUnasked(row, preset)

  refusesWrongInput([['no URL', () => hydra({} as never), '"url" is missing']])
})

describe('hydra.api()', () => {
  apiContract({
    row,
    preset: hydra.api({ url, audience: 'orders' }),
    principal: { subject: sub, clientId: 'client-1' },
    foreign: { aud: [] },
    reason: 'aud is missing',
    idToken: { sub, aud: ['orders'], at_hash: 'x' },
  })
})
