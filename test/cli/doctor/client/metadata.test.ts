import { describe, expect, test } from '@jest/globals'
import { checkMetadata } from '../../../../lib/cli/doctor/client/metadata.js'
import { parseOidcOptions } from '../../../../lib/options/oidc/schema.js'
import { secret } from '../diagnosis.js'

const issuer = 'https://id.example.com'
const complete = {
  issuer,
  ...{ authorization_endpoint: `${issuer}/a`, token_endpoint: `${issuer}/t`, jwks_uri: `${issuer}/k` },
  ...{ end_session_endpoint: `${issuer}/logout`, code_challenge_methods_supported: ['S256'] },
  ...{ id_token_signing_alg_values_supported: ['RS256'], response_types_supported: ['code'] },
  ...{ scopes_supported: ['openid', 'profile', 'email'], response_modes_supported: ['query', 'form_post'] },
}

function check(metadata: object, options: object = {}) {
  const configuration = parseOidcOptions({
    issuer,
    clientId: 'web',
    baseUrl: 'https://app.example.com',
    secret,
    ...options,
  })
  const findings = checkMetadata({ ...complete, ...metadata }, configuration)
  return Object.fromEntries(findings.map(({ check: name, status, message }) => [name, `${status}: ${message}`]))
}

describe('doctor, about metadata', () => {
  test('complains of nothing that fits', () => {
    expect(Object.values(check({})).filter((text) => !text.startsWith('ok'))).toEqual([])
  })

  test.each([
    [{ token_endpoint: undefined }, {}, 'metadata', /^fail: .*lacks token_endpoint/],
    [{ jwks_uri: undefined }, {}, 'metadata', /^fail: .*lacks jwks_uri/],
    [{ jwks_uri: undefined }, { idTokenSigningAlg: 'HS256', clientSecret: 's'.repeat(32) }, 'metadata', /^ok: /],
    [{ response_types_supported: ['id_token'] }, {}, 'metadata', /^warn: .*response type "code"/],
    [{ code_challenge_methods_supported: undefined }, {}, 'pkce', /^unknown: /],
    [{ code_challenge_methods_supported: ['plain'] }, {}, 'pkce', /^fail: .*with plain/],
    [{ id_token_signing_alg_values_supported: undefined }, {}, 'algorithms', /^unknown: /],
    [{ id_token_signing_alg_values_supported: ['ES256'] }, {}, 'algorithms', /^warn: .*with ES256.*accepts RS256 only/],
    [{ scopes_supported: undefined }, {}, 'scopes', /^unknown: /],
    [{}, { scope: 'openid offline_access' }, 'scopes', /^warn: .*offline_access/],
    [{}, { authorizationParams: () => ({}) }, 'response-mode', /^unknown: /],
    [
      { response_modes_supported: undefined },
      { authorizationParams: { response_mode: 'form_post' } },
      ...(['response-mode', /^warn: .*"form_post"/] as const),
    ],
    [{ end_session_endpoint: undefined }, {}, 'logout', /^warn: .*no end_session_endpoint/],
    [{ end_session_endpoint: undefined }, { logout: { atProvider: false } }, 'logout', /^ok: .*here only/],
    [
      { backchannel_logout_supported: true, frontchannel_logout_supported: true },
      {},
      ...(['provider-logout', /^ok: .*back-channel, front-channel/] as const),
    ],
  ])('compares %j with %j', (metadata, options, name, finding) => {
    expect(check(metadata, options)[name]).toMatch(finding)
  })

  test('says nothing of channels whose routes are off', () => {
    const routes = { backchannelLogout: false as const, frontchannelLogout: false as const }
    expect(check({ backchannel_logout_supported: true }, { routes })).not.toHaveProperty('provider-logout')
  })
})
