import { describe, expect, test } from '@jest/globals'
import { parseBearerOptions } from '../../../lib/options/bearer/schema.js'
import { parseClientCredentialsOptions } from '../../../lib/options/client/schema.js'
import { tenantsFlaw } from '../../../lib/options/common/tenants.js'

describe('an issuer of Microsoft Entra ID that stands for several tenants', () => {
  const shared = [
    'https://login.microsoftonline.com/common/v2.0',
    'https://login.microsoftonline.com/organizations/v2.0',
    'https://login.microsoftonline.com/consumers/v2.0',
    'https://login.microsoftonline.us/common/v2.0',
    'https://login.partner.microsoftonline.cn/common/v2.0',
    'https://login.sovcloud-identity.fr/common/v2.0',
    'https://login.windows.net/common',
    'https://sts.windows.net/common/',
    'https://STS.windows.net/common',
    'https://login.microsoftonline.com/Common/v2.0',
  ]

  test.each(shared)('is refused: %s', (issuer) => {
    expect(tenantsFlaw({ issuer })).toContain('must not have "common", "organizations" or "consumers" in "issuer"')
  })

  test.each(shared)('is refused for machines, which need one tenant: %s', (issuer) => {
    const parse = () => parseClientCredentialsOptions({ issuer, clientId: 'machine', clientSecret: 'secret-1' })
    expect(parse).toThrow('must name the tenant in "issuer" rather than "common"')
  })

  test('is fine for machines that fetch no metadata', () => {
    const metadata = { token_endpoint: 'https://login.microsoftonline.com/common/oauth2/v2.0/token' }
    const given = { issuer: shared[0], discoveryUrl: false, metadata, clientId: 'machine', clientSecret: 'secret-1' }
    expect(() => parseClientCredentialsOptions(given)).not.toThrow()
  })

  test.each(['https://login.microsoftonline.com/common/v2.0', ['https://a.example', 'https://sts.windows.net/common']])(
    'is refused for access tokens: %j',
    (issuer) => {
      const parse = () => parseBearerOptions({ issuer, audience: 'orders' })
      expect(parse).toThrow('must not have "common"')
    },
  )
})

test.each([
  'https://login.example.com/common',
  'https://login.example.com/common/v2.0',
  'https://shop.blob.core.windows.net/common',
  'https://login.microsoftonline.com.example.com/common/v2.0',
  'https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0',
  'https://login.microsoftonline.com/commons.example/v2.0',
  'https://login.microsoftonline.com/shop/common/v2.0',
])('an issuer that is one tenant or another provider is fine: %s', (issuer) => {
  expect(tenantsFlaw({ issuer })).toBeUndefined()
})

test.each([() => true, 'contoso', {}])('tenants of access tokens are a list, not %p', (tenants) => {
  const issuer = 'https://login.microsoftonline.com/{tenantid}/v2.0'
  const parse = () => parseBearerOptions({ issuer, audience: 'orders', tenants })
  expect(parse).toThrow('"tenants" must be a list of tenants')
})
