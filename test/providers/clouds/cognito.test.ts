import { describe, expect, test } from '@jest/globals'
import { cognito } from '../../../lib/providers/clouds/cognito.js'
import { apiContract, loginContract } from '../../kit/stand-in/contract.js'
import type { Deviations } from '../../kit/stand-in/deviations.js'
import { presentedTo, startWalk } from '../../kit/stand-in/walk.js'
import { refusesWrongInput } from '../../kit/stand-in/wrong-input.js'

const userPoolId = 'eu-west-1_AbCdEf123'
const domain = 'shop.auth.eu-west-1.amazoncognito.com'
const issuer = `https://cognito-idp.eu-west-1.amazonaws.com/${userPoolId}`
const sub = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee'

// Amazon Cognito's Developer Guide: "Understanding the access token", "/logout", "Refresh tokens".
const row: Deviations = {
  issuer,
  metadata: {
    authorization_endpoint: `https://${domain}/oauth2/authorize`,
    token_endpoint: `https://${domain}/oauth2/token`,
    userinfo_endpoint: `https://${domain}/oauth2/userInfo`,
    revocation_endpoint: `https://${domain}/oauth2/revoke`,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    end_session_endpoint: undefined,
    code_challenge_methods_supported: undefined,
  },
  sub,
  idToken: ({ at }) => ({ token_use: 'id', auth_time: at, 'cognito:username': 'alice', 'cognito:groups': ['staff'] }),
  accessTokenHeader: { typ: undefined },
  apiToken: { sub, token_use: 'access', client_id: 'client-1', username: 'alice', scope: 'openid', jti: '1' },
  logoutRedirect: 'logout_uri',
  logout: `https://${domain}/logout`,
}

describe('cognito()', () => {
  const preset = cognito({ userPoolId, domain })
  const user = { sub, 'cognito:groups': ['staff'] }
  loginContract({ row, preset, refreshing: preset, user, logout: `https://${domain}/logout` })

  test('logs out with the parameters that Cognito has instead of the standard ones', async () => {
    const walk = await startWalk(row, preset)
    await walk.signIn()
    const { searchParams } = new URL((await walk.logOut()).sentTo)
    expect([...searchParams.keys()].sort()).toEqual(['client_id', 'logout_uri'])
  })

  test('has the issuer of China for a pool in China', () => {
    const china = cognito({ userPoolId: 'cn-north-1_AbCdEf123', domain })
    expect(china.issuer).toBe('https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_AbCdEf123')
  })

  refusesWrongInput([
    [
      'a pool without its region',
      () => cognito({ userPoolId: 'AbCdEf123', domain }),
      '"userPoolId" must be the ID of a',
    ],
    ['an ARN', () => cognito({ userPoolId: `arn:aws:cognito-idp:x:1:userpool/${userPoolId}`, domain }), 'nor its ARN'],
    ['a URL for a domain', () => cognito({ userPoolId, domain: `https://${domain}` }), '"domain" must be a host name'],
  ])
})

describe('cognito.api()', () => {
  const preset = cognito.api({ userPoolId, clients: ['client-1'] })
  apiContract({
    row,
    preset,
    principal: { subject: sub, clientId: 'client-1', isMachine: false },
    foreign: { client_id: 'client-2' },
    reason: /client/,
    idToken: { sub, token_use: 'id', aud: 'client-1' },
  })

  test('recognizes the token of an application as a machine’s', async () => {
    const machine = { sub: 'client-1', username: undefined, scope: 'orders/read' }
    expect(await presentedTo(row, preset, machine)).toMatchObject({ subject: 'client-1', isMachine: true })
  })

  refusesWrongInput([
    ['no clients', () => cognito.api({ userPoolId, clients: [] }), '"clients" must name at least one'],
  ])
})
