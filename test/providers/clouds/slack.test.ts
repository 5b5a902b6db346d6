import { describe, expect, test } from '@jest/globals'
import { slack } from '../../../lib/providers/clouds/slack.js'
import { loginContract } from '../../kit/stand-in/contract.js'
import type { Deviations } from '../../kit/stand-in/deviations.js'
import { startWalk } from '../../kit/stand-in/walk.js'

const base = 'https://slack.com'
const sub = 'U0R7MFMJM'

// Slack's "Sign in with Slack" and openid.connect.token: `ok` in answers, ID Tokens of five minutes, no refresh token.
const row: Deviations = {
  issuer: base,
  metadata: {
    authorization_endpoint: `${base}/openid/connect/authorize`,
    token_endpoint: `${base}/api/openid.connect.token`,
    userinfo_endpoint: `${base}/api/openid.connect.userInfo`,
    jwks_uri: `${base}/openid/connect/keys`,
    revocation_endpoint: undefined,
    end_session_endpoint: undefined,
    code_challenge_methods_supported: undefined,
  },
  scopes: ['openid', 'email', 'profile'],
  sub,
  idToken: ({ at }) => ({ exp: at + 300, auth_time: at, 'https://slack.com/team_id': 'T0RR' }),
  refreshes: () => false,
  tokenResponse: { ok: true, expires_in: undefined, scope: undefined },
}

describe('slack()', () => {
  loginContract({ row, preset: slack(), user: { sub, 'https://slack.com/team_id': 'T0RR' }, logout: 'nowhere' })

  test('keeps the session when the ID Token has expired, and the access token, which does not expire', async () => {
    const walk = await startWalk(row, slack())
    await walk.signIn()
    const token = await walk.accessTokenAfter(0)
    expect([await walk.accessTokenAfter(4000), await walk.user()]).toEqual([token, expect.objectContaining({ sub })])
  })
})
