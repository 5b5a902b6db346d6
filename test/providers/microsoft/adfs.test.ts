import { describe, expect, test } from '@jest/globals'
import { adfs } from '../../../lib/providers/microsoft/adfs.js'
import { apiContract, loginContract } from '../../kit/stand-in/contract.js'
import type { Deviations } from '../../kit/stand-in/deviations.js'
import { presentedTo } from '../../kit/stand-in/walk.js'
import { refusesWrongInput } from '../../kit/stand-in/wrong-input.js'

const host = 'fs.example.com'
const issuer = `https://${host}/adfs`
const audience = 'microsoft:identityserver:https://api.example.com'
const sub = 'eNqRzqWkHv5KZ4XyhcGVdwd9Cw0='

// [MS-OIDCE] (access_token_issuer) and a token in issue 812 of IdentityServer4: no kid and no sub, auth_time is a text.
const row: Deviations = {
  issuer,
  endpoints: `${issuer}/oauth2`,
  metadata: { access_token_issuer: `http://${host}/adfs/services/trust`, revocation_endpoint: undefined },
  sub,
  idToken: ({ at }) => ({ upn: 'alice@example.com', unique_name: 'EXAMPLE\\alice', sid: 'S-1-5-21', auth_time: at }),
  accessTokenHeader: { kid: undefined, x5t: 'key-1' },
  apiToken: {
    iss: `http://${host}/adfs/services/trust`,
    aud: audience,
    upn: 'alice@example.com',
    apptype: 'Confidential',
    appid: 'client-1',
    authmethod: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
    auth_time: '2017-02-13T08:27:46.918Z',
    ver: '1.0',
    scp: 'openid profile',
  },
}

describe('adfs()', () => {
  loginContract({
    row,
    preset: adfs({ host }),
    refreshing: adfs({ host }),
    user: { sub },
    logout: `${issuer}/oauth2/logout`,
  })

  refusesWrongInput([
    ['a URL for a host', () => adfs({ host: issuer }), '"host" must be a host name such as "fs.example.com"'],
  ])
})

describe('adfs.api()', () => {
  const preset = adfs.api({ host, audience })
  apiContract({
    row,
    preset,
    principal: { subject: 'alice@example.com', issuer, clientId: 'client-1', isMachine: false },
    foreign: { aud: 'microsoft:identityserver:other' },
    reason: 'for another audience',
    idToken: { iss: issuer, sub, aud: audience, upn: 'alice@example.com', nonce: 'n' },
  })

  test('recognizes the token of an application as a machine’s', async () => {
    const machine = { upn: undefined, authmethod: undefined, auth_time: undefined, scp: undefined }
    expect(await presentedTo(row, preset, machine)).toMatchObject({ subject: 'client:client-1' })
  })
})
