import { afterEach, describe, expect, test } from '@jest/globals'
import { signingKey } from '../../kit/provider/keys.js'
import { startWorld, type World } from '../../kit/world/world.js'

const { privateKey } = signingKey('PS256')
const clientKeys = { current: { privateKey, alg: 'PS256', kid: 'current' } }
const own = (alg: string, use: string) => ({ ...signingKey(alg).privateKey.export({ format: 'jwk' }), use })

let world: World
afterEach(() => world?.close())

describe('a real provider that requires signed requests', () => {
  test.each([
    ['by value', {}],
    ['pushed', { pushedAuthorizationRequests: true }],
    ['encrypted', { requestObject: { encryption: { alg: 'ECDH-ES', enc: 'A128CBC-HS256' } } }],
    ['encrypted and pushed', { pushedAuthorizationRequests: true, requestObject: { encryption: { alg: 'ECDH-ES' } } }],
  ] as const)('takes them %s', async (_how, options) => {
    world = await startWorld({
      oidc: { clientKeys, clientAuthentication: 'client_secret_basic', routes: { jwks: '/jwks.json' }, ...options },
      client: (baseUrl) => ({
        require_signed_request_object: true,
        request_object_signing_alg: 'PS256',
        jwks_uri: `${baseUrl}/jwks.json`,
      }),
      provider: {
        overrides: {
          jwks: { keys: [{ ...own('RS256', 'sig'), alg: 'RS256' }, own('ES256', 'enc')] },
          features: {
            encryption: { enabled: true },
            requestObjects: { enabled: true, requireSignedRequestObject: true },
          },
        },
      },
    })
    const page = await world.signIn()
    expect([page.status, page.text]).toEqual([200, 'home'])
    expect(await world.me()).toMatchObject({ user: { sub: 'alice' } })
  })
})
