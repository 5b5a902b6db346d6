import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { clientCredentials, createBearerValidator } from '../../../lib/index.js'
import { type RealProvider, startRealProvider, webClient } from '../../provider-real/provider.js'

const api = webClient('https://api.example.com', { client_id: 'api' })

let provider: RealProvider
beforeAll(async () => {
  provider = await startRealProvider({
    clients: [{ ...api, introspection_signed_response_alg: 'ES256' }],
    overrides: { features: { jwtIntrospection: { enabled: true } } },
  })
})
afterAll(() => provider.close())

function createValidator() {
  const { client_id: clientId, client_secret: clientSecret } = api
  const introspection = { clientId, clientSecret, signedResponseAlg: 'ES256', audience: null } as const
  return createBearerValidator({
    issuer: provider.issuer,
    audience: 'https://api.example.com',
    introspection,
    subject: { client: true },
  })
}

describe('signed introspection (RFC 9701) at a real provider', () => {
  test('accepts what the authorization server signs', async () => {
    const { issuer, machine } = provider
    const source = clientCredentials({ issuer, ...machine })
    const token = await source.getToken()
    const validator = createValidator()
    const principal = await validator.validate(`Bearer ${token}`)
    expect(principal).toMatchObject({ clientId: 'machine', issuer })
    for (const part of [source, validator]) part.close()
  })
})
