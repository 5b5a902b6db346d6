import { describe, expect, test } from '@jest/globals'
import { parseResourceMetadataOptions } from '../../lib/options/bearer/resource-metadata.js'
import { metadataDocument } from '../../lib/resource-server/metadata-document.js'

const authorizationServers = ['https://issuer.example.com']
const documentOf = (options: Record<string, unknown>) =>
  metadataDocument(parseResourceMetadataOptions({ authorizationServers, ...options }))
const root = '/.well-known/oauth-protected-resource'

test('members may be those that have options, which count where they are given', () => {
  const members = {
    scopes_supported: ['from members'],
    resource_name: 'from members',
    resource_documentation: 'https://docs.example.com',
    dpop_bound_access_tokens_required: true,
    tls_client_certificate_bound_access_tokens: true,
    dpop_signing_alg_values_supported: ['ES256'],
    resource: 'https://evil.example.com',
    authorization_servers: ['https://evil.example.com'],
  }
  const { body } = documentOf({ resource: 'https://api.example.com', name: 'from the option', members })
  expect(JSON.parse(body)).toEqual({
    ...members,
    resource: 'https://api.example.com',
    authorization_servers: authorizationServers,
    bearer_methods_supported: ['header'],
    resource_name: 'from the option',
  })
})

describe('the place of the document (RFC 9728 section 3.1)', () => {
  test.each([
    ['https://api.example.com', '', ['']],
    ['https://api.example.com/', '', ['']],
    ['https://api.example.com/v1', '/v1', ['/v1']],
    ['https://api.example.com/v1/', '/v1/', ['/v1/', '/v1']],
    ['https://api.example.com/a/b/', '/a/b/', ['/a/b/', '/a/b']],
  ])('keeps the path of %s, and is found without its last slash, too', (resource, path, paths) => {
    const { url, paths: found } = documentOf({ resource })
    expect(url).toBe(`https://api.example.com${root}${path}`)
    expect(found).toEqual(paths.map((one) => root + one))
    expect(documentOf({ resource, atRoot: true }).paths).toEqual([...new Set([...found, root])])
  })
})
