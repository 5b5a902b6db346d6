import { describe, expect, test } from '@jest/globals'
import { createProvider } from '../../lib/provider/provider.js'
import { readinessOf } from '../../lib/provider/readiness.js'
import { fixedTls } from '../../lib/provider/tls/tls-source.js'
import { FakeProvider } from '../kit/provider/provider.js'
import { selfSigned } from '../kit/resource-server/certificate.js'

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

  test.each([
    [['ES256'], { authorizationResponseAlg: 'PS256' }, 'with ES256, not with PS256: "authorizationResponseAlg"'],
    [['ES256'], {}, 'signs authorization responses with ES256, not with RS256'],
  ])('warns where the metadata lists %j for signed authorization responses, and %j is configured', (...given) => {
    const [listed, own, expected] = given
    const document = { ...metadata, authorization_signing_alg_values_supported: listed }
    const client = { idTokenSigningAlg: 'RS256', ...own }
    const { warnings } = readinessOf(document, { ...client, hasSignedResponses: true })
    expect(warnings).toEqual([expect.stringContaining(expected)])
    expect(readinessOf(document, client)).toEqual({ warnings: [] })
  })

  test('does not warn of signed authorization responses with a listed algorithm, or where nothing is listed', () => {
    const client = { idTokenSigningAlg: 'RS256', authorizationResponseAlg: 'PS256', hasSignedResponses: true }
    const listed = { ...metadata, authorization_signing_alg_values_supported: ['PS256'] }
    for (const document of [listed, metadata]) expect(readinessOf(document, client)).toEqual({ warnings: [] })
  })

  test.each([
    [[2020, 2021], 'the certificate in "tls" expired on 2021-01-01'],
    [[2048, 2049], 'the certificate in "tls" is not valid before 2048-01-01'],
  ] as const)('warns of a certificate of the years %j', async (years, expected) => {
    const { pem: cert, keyPem: key } = selfSigned('client', { years })
    const op = new FakeProvider()
    const provider = createProvider({ ...op.settings, tls: fixedTls({ cert, key }) }, op.client)
    const { warnings } = await provider.ready()
    expect(warnings).toEqual([expect.stringContaining(expected)])
    provider.close()
  })

  test('does not warn of a certificate that is valid', async () => {
    const { pem: cert, keyPem: key } = selfSigned('client', { years: [2020, 2049] })
    const op = new FakeProvider()
    const provider = createProvider({ ...op.settings, tls: fixedTls({ cert, key }) }, op.client)
    expect(await provider.ready()).toEqual({ warnings: [] })
    provider.close()
  })

  test('does not fail for LINE, whose list is incorrect, since logins work', async () => {
    const op = new FakeProvider()
    op.metadata['id_token_signing_alg_values_supported'] = ['ES256']
    const client = { ...op.client, idTokenSigningAlg: 'HS256', clientSecret: 'x'.repeat(32) }
    const { warnings } = await createProvider(op.settings, client).ready()
    expect(warnings).toEqual([expect.stringContaining('ES256, not with HS256')])
  })
})
