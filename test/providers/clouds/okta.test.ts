import { describe, expect, test } from '@jest/globals'
import { okta } from '../../../lib/providers/clouds/okta.js'
import { apiContract, loginContract, noRefreshTokenUnasked } from '../../kit/stand-in/contract.js'
import { type Deviations, byScope } from '../../kit/stand-in/deviations.js'
import { presentedTo } from '../../kit/stand-in/walk.js'
import { refusesWrongInput } from '../../kit/stand-in/wrong-input.js'

const domain = 'example.okta.com'
const issuer = `https://${domain}/oauth2/default`
const sub = '00ujmkLgagxeRrAg20g3'

// Okta's "OpenID Connect & OAuth 2.0 API": no typ in the header, cid, uid, scp as a list, sub is the login name.
const row: Deviations = {
  issuer,
  endpoints: `${issuer}/v1`,
  sub,
  idToken: () => ({ ver: 1, amr: ['pwd'], idp: '00o1', preferred_username: 'alice@example.com' }),
  refreshes: byScope('offline_access'),
  accessTokenHeader: { typ: undefined },
  apiToken: {
    ver: 1,
    jti: 'AT.1',
    sub: 'alice@example.com',
    uid: sub,
    cid: 'client-1',
    aud: 'api://default',
    scp: ['orders'],
  },
}

describe('okta()', () => {
  const place = { domain, authorizationServer: 'default' }
  const refreshing = okta({ ...place, refreshTokens: true })
  loginContract({ row, preset: okta(place), refreshing, user: { sub }, logout: `${issuer}/v1/logout` })
  noRefreshTokenUnasked(row, okta(place))

  test('signs in at the org authorization server by default', () => {
    expect(okta({ domain: 'Example.okta.com' })).toEqual({ issuer: 'https://example.okta.com' })
  })

  refusesWrongInput([
    ['the Admin Console', () => okta({ domain: 'example-admin.okta.com' }), 'must be the domain without "-admin"'],
    ['a URL for a domain', () => okta({ domain: issuer }), '"domain" must be a host name such as "example.okta.com"'],
    ['a URL for a server', () => okta({ domain, authorizationServer: issuer }), '"authorizationServer" must be the ID'],
  ])
})

describe('okta.api()', () => {
  const preset = okta.api({ domain, audience: 'api://default' })
  apiContract({
    row,
    preset,
    principal: { subject: sub, clientId: 'client-1', isMachine: false },
    foreign: { aud: 'api://other' },
    reason: 'for another audience',
    idToken: { sub, aud: 'api://default', at_hash: 'x' },
  })

  test('accepts tokens of service applications, whose subject is their client', async () => {
    const changes = { sub: 'client-9', cid: 'client-9', uid: undefined }
    expect(await presentedTo(row, preset, changes)).toMatchObject({ subject: 'client:client-9', isMachine: true })
  })
})
