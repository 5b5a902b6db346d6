import { describe, expect, test } from '@jest/globals'
import { createProvider } from '../../lib/provider/provider.js'
import { readinessOf } from '../../lib/provider/readiness.js'
import { TestProvider } from '../kit/provider/provider.js'

const metadata = { issuer: 'https://issuer.example' }

describe('ready()', () => {
  test.each([
    [['RS512', 'ES256'], 'RS256', 'signs ID Tokens with RS512, ES256, not with RS256: "idTokenSigningAlg"'],
    [['ES256'], ['RS256', 'PS256'], 'signs ID Tokens with ES256, not with RS256 or PS256'],
    [[], 'RS256', 'signs ID Tokens with nothing, not with RS256'],
    [['<b>'], 'RS256', 'signs ID Tokens with nothing'],
  ])('warns where the metadata lists %j, and %j is accepted', (listed, idTokenSigningAlg, expected) => {
    const { warnings } = readinessOf(
      { ...metadata, id_token_signing_alg_values_supported: listed },
      { idTokenSigningAlg },
    )
    expect(warnings).toEqual([expect.stringContaining(expected)])
  })

  test.each([
    [['RS256', 'ES256'], 'RS256'],
    [['RS256'], ['ES256', 'RS256']],
    [['EdDSA'], 'Ed25519'],
    [['Ed25519'], ['ES256', 'EdDSA']],
    [undefined, 'RS256'],
    ['RS256', 'ES256'],
  ])('does not warn where the metadata lists %j, and %j is accepted', (listed, idTokenSigningAlg) => {
    const given = { ...metadata, ...(listed === undefined ? {} : { id_token_signing_alg_values_supported: listed }) }
    expect(readinessOf(given, { idTokenSigningAlg })).toEqual({ warnings: [] })
  })

  test('does not fail for LINE, whose list is incorrect, since logins work', async () => {
    const op = new TestProvider()
    op.metadata['id_token_signing_alg_values_supported'] = ['ES256']
    const client = { ...op.client, idTokenSigningAlg: 'HS256', clientSecret: 'x'.repeat(32) }
    const { warnings } = await createProvider(op.settings, client).ready()
    expect(warnings).toEqual([expect.stringContaining('ES256, not with HS256')])
  })
})
