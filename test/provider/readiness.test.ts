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

  test.each([
    ['some', ['payment', 'account'], ['payment'], 0],
    ['no', undefined, ['payment'], 0],
    ['an unreadable list of', 'payment', ['payment'], 0],
    ['other', ['account'], ['payment'], 1],
    ['none of the', [], ['payment', 'account'], 1],
  ])('knows %s types of authorization_details', (_how, listed, authorizationDetailTypes, warnings) => {
    const given = { ...metadata, ...(listed === undefined ? {} : { authorization_details_types_supported: listed }) }
    expect(readinessOf(given, { idTokenSigningAlg: 'RS256', authorizationDetailTypes }).warnings).toHaveLength(warnings)
  })

  test('does not fail for LINE, whose list is incorrect, since logins work', async () => {
    const op = new TestProvider()
    op.metadata['id_token_signing_alg_values_supported'] = ['ES256']
    const client = { ...op.client, idTokenSigningAlg: 'HS256', clientSecret: 'x'.repeat(32) }
    const { warnings } = await createProvider(op.settings, client).ready()
    expect(warnings).toEqual([expect.stringContaining('ES256, not with HS256')])
  })
})
