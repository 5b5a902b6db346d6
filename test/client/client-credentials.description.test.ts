import { describe, expect, test } from '@jest/globals'
import { createTokens } from '../kit/client/source.js'

describe('clientCredentials() at a provider that is described', () => {
  test('without discovery: the token endpoint is all that is asked', async () => {
    const metadata = { token_endpoint: 'https://issuer.example/token' }
    const { op, source } = createTokens({ discoveryUrl: false, metadata })
    expect(await source.getToken()).toBe('token-1')
    expect(op.requests).toEqual(['https://issuer.example/token'])
  })

  test('at an internal address: metadata and tokens are asked for there', async () => {
    const { op, source } = createTokens({ internalOrigin: 'http://keycloak:8080' })
    expect(await source.getToken()).toBe('token-1')
    expect(op.requests).toEqual(['http://keycloak:8080/.well-known/openid-configuration', 'http://keycloak:8080/token'])
  })

  test('with an endpoint that the metadata leaves out', async () => {
    const metadata = { revocation_endpoint: 'https://issuer.example/revoke-here' }
    const { op, source } = createTokens({ metadata })
    op.answers['/revoke-here'] = new Response('')
    expect(await source.revoke('token-1')).toBe(true)
    expect(op.requests.at(-1)).toBe('https://issuer.example/revoke-here')
  })
})
