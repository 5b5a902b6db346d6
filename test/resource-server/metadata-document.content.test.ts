import { describe, expect, test } from '@jest/globals'
import { parseResourceMetadataOptions } from '../../lib/options/bearer/resource-metadata.js'
import { createMetadataMirror, metadataDocument, mirrorPath } from '../../lib/resource-server/metadata-document.js'
import { failureOf } from '../kit/failure.js'
import { apiProvider } from '../kit/provider/provider.js'

const authorizationServers = ['https://issuer.example.com']
const documentOf = (resource: string, more: Record<string, unknown> = {}) =>
  metadataDocument(parseResourceMetadataOptions({ resource, authorizationServers, ...more }))

describe('the metadata of a protected resource (RFC 9728)', () => {
  const root = '/.well-known/oauth-protected-resource'

  test.each([
    ['https://api.example.com', root],
    ['https://api.example.com/', root],
    ['https://api.example.com/orders', `${root}/orders`],
    ['https://api.example.com/a/b', `${root}/a/b`],
    ['https://api.example.com:8443/a/b', `${root}/a/b`],
  ])('are published at the well-known path before the resource’s own: %s', (resource, path) => {
    expect(documentOf(resource)).toMatchObject({ url: new URL(resource).origin + path, paths: [path] })
  })

  test('are published at the root too where that is wanted, and once where the resource is the root', () => {
    const below = documentOf('https://api.example.com/orders', { atRoot: true })
    expect(below).toMatchObject({ url: `https://api.example.com${root}/orders`, paths: [`${root}/orders`, root] })
    expect(documentOf('https://api.example.com', { atRoot: true }).paths).toEqual([root])
  })

  test('name the resource, where to get tokens, and nothing that is not said', () => {
    const resource = 'https://api.example.com/orders/'
    expect(JSON.parse(documentOf(resource).body)).toEqual({
      resource,
      authorization_servers: authorizationServers,
      bearer_methods_supported: ['header'],
    })
  })

  test('say all that the options say, over what members say', () => {
    const { body } = documentOf('https://api.example.com', {
      scopes: ['orders:read', 'orders:write'],
      name: 'Orders',
      documentation: 'https://docs.example.com/orders',
      dpopRequired: true,
      dpopAlgorithms: ['ES256', 'EdDSA'],
      certificateBound: false,
      members: { resource: 'https://evil.example', resource_policy_uri: 'https://docs.example.com/policy' },
    })
    expect(JSON.parse(body)).toEqual({
      resource: 'https://api.example.com',
      authorization_servers: authorizationServers,
      scopes_supported: ['orders:read', 'orders:write'],
      bearer_methods_supported: ['header'],
      resource_name: 'Orders',
      resource_documentation: 'https://docs.example.com/orders',
      resource_policy_uri: 'https://docs.example.com/policy',
      dpop_signing_alg_values_supported: ['ES256', 'EdDSA'],
      dpop_bound_access_tokens_required: true,
      tls_client_certificate_bound_access_tokens: false,
    })
  })
})

describe('the metadata of an authorization server, published by its resource', () => {
  const mirrorOf = (issuer: ReturnType<typeof apiProvider>, more: readonly string[] = []) => {
    const options = {
      resource: 'https://api.example.com',
      authorizationServers: [issuer.issuer, ...more],
      fetch: issuer.fetch,
    }
    return createMetadataMirror(parseResourceMetadataOptions(options), issuer.clock)
  }

  test('have the path of RFC 8414', () => {
    expect(mirrorPath).toBe('/.well-known/oauth-authorization-server')
  })

  test('are those of the first one, whatever they lack, and fetched when they are asked for', async () => {
    const issuer = apiProvider()
    issuer.metadata = { issuer: issuer.issuer, code_challenge_methods_supported: ['plain'], note: 'nothing else' }
    const mirror = mirrorOf(issuer, ['https://second.example.com'])
    expect(issuer.requests).toEqual([])
    expect(JSON.parse(await mirror.body())).toEqual(issuer.metadata)
    await mirror.body()
    expect(issuer.requests).toEqual([`${issuer.issuer}/.well-known/openid-configuration`])
    mirror.close()
  })

  test('are not asked for any more once the resource is closed', async () => {
    const issuer = apiProvider()
    const mirror = mirrorOf(issuer)
    mirror.close()
    expect(await failureOf(mirror.body())).toMatchObject({ status: 503 })
    expect(issuer.requests).toEqual([])
  })

  test('that are under way when the resource is closed are given up', async () => {
    const issuer = apiProvider()
    let signal: AbortSignal | null | undefined
    const fetch: typeof globalThis.fetch = (_url, init) => {
      signal = init?.signal
      return new Promise(() => undefined)
    }
    const mirror = mirrorOf(Object.assign(issuer, { fetch }))
    const waiting = failureOf(mirror.body())
    await new Promise((resolve) => setImmediate(resolve))
    mirror.close()
    expect(await waiting).toMatchObject({ status: 503, code: 'provider_unreachable' })
    expect(signal?.aborted).toBe(true)
  })
})
