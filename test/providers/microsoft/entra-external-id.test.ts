import { describe } from '@jest/globals'
import { entraExternalId } from '../../../lib/providers/microsoft/entra-external-id.js'
import { apiContract, loginContract, noRefreshTokenUnasked } from '../../kit/stand-in/contract.js'
import { type Deviations, byScope } from '../../kit/stand-in/deviations.js'
import { refusesWrongInput } from '../../kit/stand-in/wrong-input.js'

const tenant = '8eaef023-2b34-4da1-9baa-8bc8c9d6a490'
const api = '535fb089-9ff3-47b6-9bfb-4f1264799865'
const issuer = `https://${tenant}.ciamlogin.com/${tenant}/v2.0`
const sub = 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ'

// Pull request 8595 of microsoft-authentication-library-for-js: the host is the tenant's ID. Endpoints are at its name.
const named = 'https://contoso.ciamlogin.com/8eaef023-2b34-4da1-9baa-8bc8c9d6a490/oauth2/v2.0'
const row: Deviations = {
  issuer,
  metadata: {
    authorization_endpoint: `${named}/authorize`,
    token_endpoint: `${named}/token`,
    end_session_endpoint: `${named}/logout`,
    revocation_endpoint: undefined,
  },
  sub,
  idToken: () => ({ ver: '2.0', tid: tenant, oid: 'o' }),
  refreshes: byScope('offline_access'),
  apiToken: { ver: '2.0', tid: tenant, sub, oid: 'o', aud: api, azp: 'client-1', azpacr: '1', scp: 'Orders.Read' },
}

describe('entraExternalId()', () => {
  const preset = entraExternalId({ tenant })
  loginContract({
    row,
    preset,
    refreshing: entraExternalId({ tenant, refreshTokens: true }),
    user: { sub, tid: tenant },
    logout: `${named}/logout`,
  })
  noRefreshTokenUnasked(row, preset)

  refusesWrongInput([
    ['a name for a tenant', () => entraExternalId({ tenant: 'contoso' }), '"tenant" must be the external tenant\'s ID'],
  ])
})

describe('entraExternalId.api()', () => {
  apiContract({
    row,
    preset: entraExternalId.api({ tenant, audience: api }),
    principal: { subject: sub, clientId: 'client-1', isMachine: false },
    foreign: { aud: 'other' },
    reason: 'for another audience',
    idToken: { sub, tid: tenant, aud: api, nonce: 'n' },
  })
})
