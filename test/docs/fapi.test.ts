import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { decodeProtectedHeader } from 'jose'
import { signingKey } from '../kit/provider/keys.js'
import { comeBack, subjectOf, toCallback } from '../kit/world/steps.js'
import { startWorld, type World } from '../kit/world/world.js'

// The options of the guide, as a real provider that requires all of it sees them.
const options = {
  clientAuthentication: 'private_key_jwt',
  clientSecret: undefined,
  clientKeys: { current: { privateKey: signingKey('PS256').privateKey, alg: 'PS256' } },
  routes: { jwks: '/jwks.json' },
  dpop: { privateKey: signingKey('ES256').privateKey.export({ format: 'jwk' }) },
  pushedAuthorizationRequests: true,
  requestObject: true,
  idTokenSigningAlg: 'ES256',
  authorizationParams: { response_mode: 'jwt' },
} as const

let world: World
beforeAll(async () => {
  world = await startWorld({
    oidc: options,
    client: (baseUrl) => ({
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'PS256',
      jwks_uri: `${baseUrl}/jwks.json`,
      id_token_signed_response_alg: 'ES256',
      authorization_signed_response_alg: 'ES256',
      dpop_bound_access_tokens: true,
      require_pushed_authorization_requests: true,
      require_signed_request_object: true,
      request_object_signing_alg: 'PS256',
    }),
  })
})
afterAll(() => world.close())

describe('the options of the FAPI guide', () => {
  test('sign in at a real provider that requires all of them', async () => {
    const url = await toCallback(world)
    expect([...url.searchParams.keys()]).toEqual(['response'])
    expect(decodeProtectedHeader(url.searchParams.get('response') ?? '').alg).toBe('ES256')
    await comeBack(url, world.browser)
    expect(await subjectOf(world, world.browser)).toBe('alice')
    expect(world.provider.requests).toContain('POST /request')
  })
})
