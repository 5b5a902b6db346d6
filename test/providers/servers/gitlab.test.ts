import { describe, expect, test } from '@jest/globals'
import { gitlab } from '../../../lib/providers/servers/gitlab.js'
import { loginContract } from '../../kit/stand-in/contract.js'
import type { Deviations } from '../../kit/stand-in/deviations.js'
import { startWalk } from '../../kit/stand-in/walk.js'
import { refusesWrongInput } from '../../kit/stand-in/wrong-input.js'

const url = 'https://gitlab.com'
const sub = '4711'
let signIns = 0

// GitLab's "OpenID Connect identity provider"; auth_time is the latest sign-in, in refreshed ID Tokens too
// (config/initializers/doorkeeper_openid_connect.rb).
const row: Deviations = {
  issuer: url,
  metadata: {
    authorization_endpoint: `${url}/oauth/authorize`,
    token_endpoint: `${url}/oauth/token`,
    jwks_uri: `${url}/oauth/discovery/keys`,
    revocation_endpoint: `${url}/oauth/revoke`,
    end_session_endpoint: undefined,
  },
  sub,
  idToken: ({ at }) => ({ auth_time: at + signIns, sub_legacy: 'f00', nickname: 'alice', groups_direct: ['shop'] }),
}

describe('gitlab()', () => {
  const preset = gitlab()
  loginContract({ row, preset, refreshing: preset, user: { sub, groups_direct: ['shop'] }, logout: 'nowhere' })

  test('keeps the session when the person has signed in on another device since', async () => {
    const walk = await startWalk(row, preset)
    await walk.signIn()
    signIns = 60
    expect(await walk.accessTokenAfter(8000)).not.toMatch(/session|token_/)
    expect(await walk.user()).toMatchObject({ sub })
  })

  test('accepts the URL of a self-hosted instance', () => {
    expect(gitlab({ url: 'https://gitlab.example.com/' })).toEqual({ issuer: 'https://gitlab.example.com' })
  })

  refusesWrongInput([['a host without https://', () => gitlab({ url: 'gitlab.example.com' }), '"url" must be a URL']])
})
