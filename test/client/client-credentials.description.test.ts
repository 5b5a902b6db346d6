import { describe, expect, test } from '@jest/globals'
import { createTokens } from '../kit/client/source.js'

describe('clientCredentials() at a provider that is described', () => {
  test('requests only the token endpoint without discovery', async () => {
    const metadata = { token_endpoint: 'https://issuer.example/token' }
    const { op, source } = createTokens({ discoveryUrl: false, metadata })
    expect(await source.getToken()).toBe('token-1')
    expect(op.requests).toEqual(['https://issuer.example/token'])
  })

  test('requests metadata and tokens at the internal address', async () => {
    const { op, source } = createTokens({ internalOrigin: 'http://keycloak:8080' })
    expect(await source.getToken()).toBe('token-1')
    expect(op.requests).toEqual(['http://keycloak:8080/.well-known/openid-configuration', 'http://keycloak:8080/token'])
  })

  test('uses a configured endpoint that the metadata leaves out', async () => {
    const metadata = { revocation_endpoint: 'https://issuer.example/revoke-here' }
    const { op, source } = createTokens({ metadata })
    op.answers['/revoke-here'] = new Response('')
    expect(await source.revoke('token-1')).toBe(true)
    expect(op.requests.at(-1)).toBe('https://issuer.example/revoke-here')
  })
})
