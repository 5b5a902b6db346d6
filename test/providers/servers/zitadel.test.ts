import { describe, expect, test } from '@jest/globals'
import { zitadel } from '../../../lib/providers/servers/zitadel.js'
import { apiContract, loginContract, noRefreshTokenUnasked } from '../../kit/stand-in/contract.js'
import { type Deviations, byScope } from '../../kit/stand-in/deviations.js'
import { startWalk } from '../../kit/stand-in/walk.js'
import { refusesWrongInput } from '../../kit/stand-in/wrong-input.js'

const url = 'https://example.eu1.zitadel.cloud'
const sub = '163840776835432705'
const project = '163840776835432345'

// ZITADEL's "OpenID Connect endpoints", "Scopes" and "Claims": audiences are client IDs and the project's ID.
const row: Deviations = {
  issuer: url,
  metadata: {
    authorization_endpoint: `${url}/oauth/v2/authorize`,
    token_endpoint: `${url}/oauth/v2/token`,
    jwks_uri: `${url}/oauth/v2/keys`,
    userinfo_endpoint: `${url}/oidc/v1/userinfo`,
    revocation_endpoint: `${url}/oauth/v2/revoke`,
    end_session_endpoint: `${url}/oidc/v1/end_session`,
  },
  sub,
  idToken: ({ clientId }) => ({
    aud: [clientId, 'client-2', project],
    azp: clientId,
    client_id: clientId,
    amr: ['pwd'],
    sid: 'V1_1',
  }),
  refreshes: byScope('offline_access'),
  apiToken: { sub, aud: ['client-1', project], client_id: 'client-1', jti: 'V2_1', scope: 'openid' },
}

describe('zitadel()', () => {
  const preset = zitadel({ url })
  const refreshing = zitadel({ url, refreshTokens: true })
  loginContract({ row, preset, refreshing, user: { sub }, logout: `${url}/oidc/v1/end_session` })
  noRefreshTokenUnasked(row, preset)

  test('refuses an ID Token that was issued to another application of the project', async () => {
    const walk = await startWalk(
      { ...row, idToken: () => ({ aud: ['client-1', 'client-2'], azp: 'client-2' }) },
      preset,
    )
    await expect(walk.signIn()).rejects.toThrow('token_')
  })

  refusesWrongInput([
    ['a host without https://', () => zitadel({ url: 'example.zitadel.cloud' }), '"url" must be a URL'],
  ])
})

describe('zitadel.api()', () => {
  apiContract({
    row,
    preset: zitadel.api({ url, audience: project }),
    principal: { subject: sub, clientId: 'client-1' },
    foreign: { aud: ['client-1', '1'] },
    reason: 'for another audience',
    idToken: { sub, aud: ['client-1', project], azp: 'client-1', client_id: 'client-1', at_hash: 'x' },
  })
})
