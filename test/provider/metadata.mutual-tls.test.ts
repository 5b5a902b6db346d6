import { describe, expect, test } from '@jest/globals'
import { createMetadata, endpointOf, tokenNeeds } from '../../lib/provider/metadata.js'
import { createHttpClient } from '../../lib/provider/transport/http-client.js'
import type { ProviderSettings } from '../../lib/provider/types.js'
import { failureOf } from '../kit/failure.js'
import { apiProvider } from '../kit/provider/provider.js'

function metadataWith(aliases: unknown, changes: Partial<ProviderSettings> = {}) {
  const op = apiProvider()
  op.metadata = { ...op.metadata, token_endpoint: `${op.issuer}/token`, mtls_endpoint_aliases: aliases }
  const settings = { ...op.settings, usesMtlsEndpoints: true, ...changes }
  return createMetadata(settings, createHttpClient(settings), tokenNeeds)
}

const names = ['token', 'revocation', 'introspection', 'userinfo', 'pushed_authorization_request']
const aliases = Object.fromEntries(names.map((name) => [`${name}_endpoint`, `https://mtls.example/${name}`]))

describe('mtls_endpoint_aliases', () => {
  test('replace the endpoints that a client with a certificate calls', async () => {
    expect(await metadataWith(aliases).get()).toMatchObject(aliases)
  })

  test('replace neither keys nor pages', async () => {
    const bad = Object.fromEntries(
      ['issuer', 'jwks_uri', 'authorization_endpoint', 'end_session_endpoint'].map((name) => [
        name,
        'https://x.example',
      ]),
    )
    expect(Object.values(await metadataWith(bad).get())).not.toContain('https://x.example')
  })

  test('are left alone by clients without a certificate', async () => {
    const used = Object.values(await metadataWith(aliases, { usesMtlsEndpoints: false }).get())
    for (const alias of Object.values(aliases)) expect(used).not.toContain(alias)
  })

  test('may be part of the option metadata, and an endpoint there replaces one of the provider', async () => {
    const own = { token_endpoint: 'https://own.example/token' }
    expect(await metadataWith(aliases, { metadata: own }).get()).toMatchObject({ ...aliases, ...own })
    const metadata = { mtls_endpoint_aliases: own }
    expect(await metadataWith(undefined, { metadata }).get()).toMatchObject(own)
  })

  test.each(['not a url', 'http://mtls.example/token', 5, null, ''])(
    'that are %p are an error, and the plain endpoint does not stand in',
    async (alias) => {
      const error = await failureOf(endpointOf(metadataWith({ token_endpoint: alias }), 'token_endpoint'))
      expect(error).toMatchObject({ code: 'provider_metadata_invalid', status: 502 })
    },
  )

  test.each([undefined, null, 'x', [], 7])(
    'mtls_endpoint_aliases of %p leave every endpoint as it is',
    async (value) => {
      expect((await metadataWith(value).get()).token_endpoint).toBe('https://issuer.example.com/token')
    },
  )
})
