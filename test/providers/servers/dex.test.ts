import { describe, expect, test } from '@jest/globals'
import { dex } from '../../../lib/providers/servers/dex.js'
import { loginContract, noRefreshTokenUnasked } from '../../kit/stand-in/contract.js'
import { type Deviations, byScope } from '../../kit/stand-in/deviations.js'
import { presentedTo } from '../../kit/stand-in/walk.js'
import { refusesWrongInput } from '../../kit/stand-in/wrong-input.js'

const url = 'https://dex.example.com/dex'
const sub = 'CgVhbGljZRIFbG9jYWw'

// dexidp/dex server/oauth2.go and server/handlers.go: scopes, refresh errors, access tokens signed as ID Tokens are.
const row: Deviations = {
  issuer: url,
  metadata: { authorization_endpoint: `${url}/auth`, end_session_endpoint: undefined, revocation_endpoint: undefined },
  scopes: ['openid', 'email', 'profile', 'groups', 'federated:id', 'offline_access'],
  sub,
  idToken: () => ({ email: 'alice@example.com', email_verified: true, name: 'alice' }),
  accessToken: ({ clientId }) => ({ sub, aud: clientId, at_hash: 'of something else' }),
  refreshes: byScope('offline_access'),
  deadRefreshToken: { status: 400, body: { error: 'invalid_request', error_description: 'Refresh token is invalid' } },
}

describe('dex()', () => {
  const preset = dex({ url })
  loginContract({
    row,
    preset,
    refreshing: dex({ url, refreshTokens: true }),
    user: { sub, name: 'alice' },
    logout: 'nowhere',
  })
  noRefreshTokenUnasked(row, preset)

  test('does not offer api(), since its access tokens cannot be told from ID Tokens', async () => {
    expect(dex).not.toHaveProperty('api')
    const apiToken = { sub, aud: 'orders', at_hash: 'of something else' }
    const said = await presentedTo({ ...row, apiToken }, { issuer: url, audience: 'orders', profile: 'jwt' })
    expect(said).toEqual({ refused: expect.stringContaining('is an ID Token') })
  })

  refusesWrongInput([
    ['the URL of the metadata', () => dex({ url: `${url}?x=1` }), '"url" must be a URL such as'],
    ['no URL', () => dex({} as never), '"url" is missing'],
  ])
})
