import { describe, expect, test } from '@jest/globals'
import { auth0 } from '../../../lib/providers/clouds/auth0.js'
import { apiContract, loginContract, noRefreshTokenUnasked } from '../../kit/stand-in/contract.js'
import { type Deviations, byScope } from '../../kit/stand-in/deviations.js'
import { presentedTo } from '../../kit/stand-in/walk.js'
import { refusesWrongInput } from '../../kit/stand-in/wrong-input.js'

const domain = 'example.eu.auth0.com'
const base = `https://${domain}`
const sub = 'auth0|6553da60a54af58e29493993'
const api = 'https://api.example.com'

// Auth0's "Access Token Profiles", "Log Users Out of Auth0 with OIDC Endpoint" and "Refresh Tokens".
const row: Deviations = {
  issuer: `${base}/`,
  metadata: {
    token_endpoint: `${base}/oauth/token`,
    jwks_uri: `${base}/.well-known/jwks.json`,
    revocation_endpoint: `${base}/oauth/revoke`,
    end_session_endpoint: `${base}/oidc/logout`,
  },
  sub,
  idToken: () => ({ nickname: 'alice', sid: 'session-1' }),
  refreshes: byScope('offline_access'),
  apiToken: { sub, aud: [api, `${base}/userinfo`], azp: 'client-1', scope: 'openid orders:read' },
  deadRefreshToken: {
    status: 403,
    body: { error: 'invalid_grant', error_description: 'Unknown or invalid refresh token.' },
  },
}

describe('auth0()', () => {
  const preset = auth0({ domain })
  const refreshing = auth0({ domain, audience: api, refreshTokens: true })
  loginContract({ row, preset, refreshing, user: { sub }, logout: `${base}/oidc/logout` })
  noRefreshTokenUnasked(row, preset)

  test('asks for tokens for an API, and spells the issuer with a slash', () => {
    expect(refreshing).toEqual({
      issuer: `${base}/`,
      scope: 'openid profile email offline_access',
      authorizationParams: { audience: api },
    })
  })

  refusesWrongInput([
    ['a URL for a domain', () => auth0({ domain: `${base}/` }), '"domain" must be a host name such as'],
    ['no domain', () => auth0({} as never), '"domain" is missing'],
  ])
})

describe('auth0.api()', () => {
  const preset = auth0.api({ domain, audience: api })
  apiContract({
    row,
    preset,
    principal: { subject: sub, clientId: 'client-1', isMachine: false },
    foreign: { aud: `${base}/userinfo` },
    reason: 'for another audience',
    idToken: { sub, aud: 'client-1', nonce: 'n' },
  })

  test('accepts the dialect of RFC 9068 as well', async () => {
    const apiToken = { sub, aud: api, client_id: 'client-1', jti: '1', scope: 'orders:read' }
    const said = await presentedTo({ ...row, apiToken, accessTokenHeader: { typ: 'at+jwt' } }, preset)
    expect(said).toMatchObject({ subject: sub, clientId: 'client-1' })
  })

  test('recognizes the tokens of machines', async () => {
    const changes = { sub: 'client-1@clients', aud: api, gty: 'client-credentials', scope: undefined }
    expect(await presentedTo(row, preset, changes)).toMatchObject({ isMachine: true })
  })
})
