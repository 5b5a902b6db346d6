import { describe, expect, test } from '@jest/globals'
import { json } from '../../kit/provider/answers.js'
import { apiProvider } from '../../kit/provider/provider.js'
import { active } from '../../kit/resource-server/introspecting.js'
import { testApi } from '../../kit/resource-server/api.js'

describe('the description of an issuer in bearer()', () => {
  test('metadata names an introspection endpoint that the provider does not publish', async () => {
    const issuer = apiProvider()
    issuer.answers['/admin/introspect'] = () => json(active(issuer))
    const { accept } = testApi(
      {
        introspection: { clientId: 'api', clientSecret: 'secret-1' },
        metadata: { introspection_endpoint: 'https://admin.example/admin/introspect' },
      },
      issuer,
    )
    expect(await accept('an-opaque-token')).toMatchObject({ subject: 'alice', issuer: issuer.issuer })
    expect(issuer.requests.at(-1)).toBe('https://admin.example/admin/introspect')
  })

  test('discoveryUrl leads to the metadata of an issuer that has none at the usual URLs', async () => {
    const issuer = apiProvider()
    issuer.answers['/policy/metadata'] = () => json(issuer.metadata)
    const discoveryUrl = 'https://issuer.example.com/policy/metadata?p=signin'
    const { accept } = testApi({ discoveryUrl }, issuer)
    expect(await accept(issuer.accessToken())).toMatchObject({ subject: 'alice' })
    expect(issuer.requests).toEqual([discoveryUrl, `${issuer.issuer}/jwks`])
  })

  test('discoveryUrl false leaves the keys to jwks_uri of metadata', async () => {
    const issuer = apiProvider()
    const metadata = { jwks_uri: `${issuer.issuer}/jwks` }
    const { accept } = testApi({ discoveryUrl: false, metadata }, issuer)
    expect(await accept(issuer.accessToken())).toMatchObject({ subject: 'alice' })
    expect(issuer.requests).toEqual([`${issuer.issuer}/jwks`])
  })

  test('internalOrigin is where metadata and keys are fetched, for that issuer of a map alone', async () => {
    const issuer = apiProvider()
    const other = apiProvider({ issuer: 'https://other.example.com' })
    const fetch: typeof globalThis.fetch = (url, init) =>
      (String(url).startsWith('https://other.example.com') ? other : issuer).fetch(url, init)
    const { audience } = { audience: 'https://api.example.com' }
    const map = {
      [issuer.issuer]: { audience, internalOrigin: 'http://keycloak:8080' },
      [other.issuer]: { audience },
    }
    const { accept } = testApi({ issuer: map, audience: undefined, fetch }, issuer)
    expect(await accept(issuer.accessToken())).toMatchObject({ issuer: issuer.issuer })
    expect(await accept(other.accessToken())).toMatchObject({ issuer: other.issuer })
    expect(issuer.requests).toEqual([
      'http://keycloak:8080/.well-known/openid-configuration',
      'http://keycloak:8080/jwks',
    ])
    expect(new Set(other.requests.map((url) => new URL(url).origin))).toEqual(new Set([other.issuer]))
  })

  test('a resolver may describe the issuer that it knows', async () => {
    const issuer = apiProvider()
    const resolve = () => ({ internalOrigin: 'http://keycloak:8080' })
    const { accept } = testApi({ issuer: resolve }, issuer)
    expect(await accept(issuer.accessToken())).toMatchObject({ issuer: issuer.issuer })
    expect(issuer.requests.every((url) => url.startsWith('http://keycloak:8080/'))).toBe(true)
  })
})
