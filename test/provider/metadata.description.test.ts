import { describe, expect, test } from '@jest/globals'
import { createMetadata, endpointOf, loginNeeds } from '../../lib/provider/metadata.js'
import { createHttpClient } from '../../lib/provider/transport/http-client.js'
import type { ProviderSettings } from '../../lib/provider/types.js'
import { failureOf } from '../kit/failure.js'
import { json } from '../kit/provider/answers.js'
import { FakeProvider } from '../kit/provider/provider.js'

const oidcPath = '/.well-known/openid-configuration'

const metadataOf = (op: FakeProvider, changes: Partial<ProviderSettings>) => {
  const settings = { ...op.settings, ...changes }
  return createMetadata(settings, createHttpClient(settings), loginNeeds)
}

describe('discoveryUrl', () => {
  const elsewhere = 'https://policies.example/b2c/metadata?p=b2c_1_signin'

  test('is requested instead of the well-known URLs', async () => {
    const op = new FakeProvider()
    op.answers['/b2c/metadata'] = () => json(op.metadata)
    await expect(metadataOf(op, { discoveryUrl: elsewhere }).get()).resolves.toMatchObject({ issuer: op.issuer })
    expect(op.requests).toEqual([elsewhere])
  })

  test('must lead to the metadata of the configured issuer', async () => {
    const op = new FakeProvider()
    op.answers['/b2c/metadata'] = () => json({ ...op.metadata, issuer: 'https://policies.example' })
    expect(await failureOf(metadataOf(op, { discoveryUrl: elsewhere }).get())).toMatchObject({
      code: 'provider_issuer_mismatch',
    })
  })

  test('leads to an error, and to no other request, if it is answered with 404', async () => {
    const op = new FakeProvider()
    expect(await failureOf(metadataOf(op, { discoveryUrl: elsewhere }).get())).toMatchObject({
      code: 'provider_response_invalid',
    })
    expect(op.requests).toEqual([elsewhere])
  })

  test('may be false: the metadata is the configured one, and nothing is fetched', async () => {
    const op = new FakeProvider()
    const { issuer, ...metadata } = op.metadata
    const cached = metadataOf(op, { discoveryUrl: false, metadata })
    await expect(cached.get()).resolves.toEqual({ issuer, ...metadata })
    expect(op.seen).toEqual([])
  })
})

describe('metadata', () => {
  test('completes and replaces members of the provider’s metadata', async () => {
    const op = new FakeProvider()
    op.metadata['revocation_endpoint'] = `${op.issuer}/revoke`
    const metadata = {
      introspection_endpoint: 'https://admin.example/introspect',
      revocation_endpoint: `${op.issuer}/revoke-2`,
    }
    await expect(metadataOf(op, { metadata }).get()).resolves.toEqual({ ...op.metadata, ...metadata })
  })

  test('replaces a member that is empty or unusable', async () => {
    const op = new FakeProvider()
    Object.assign(op.metadata, { revocation_endpoint: '', introspection_endpoint: 'http://issuer.example/x' })
    const metadata = {
      introspection_endpoint: `${op.issuer}/introspect`,
      revocation_endpoint: `${op.issuer}/revoke`,
    }
    const cached = metadataOf(op, { metadata })
    expect(await endpointOf(cached, 'introspection_endpoint')).toBe(`${op.issuer}/introspect`)
    expect(await endpointOf(cached, 'revocation_endpoint')).toBe(`${op.issuer}/revoke`)
  })

  test('does not replace discovery: a provider that is unavailable stays so', async () => {
    const op = new FakeProvider()
    op.answers[oidcPath] = new Response('', { status: 503 })
    const metadata = { introspection_endpoint: `${op.issuer}/introspect` }
    expect(await failureOf(metadataOf(op, { metadata }).get())).toMatchObject({ code: 'provider_unavailable' })
  })

  test('is named by the error for a missing endpoint', async () => {
    const op = new FakeProvider()
    const { message } = await failureOf(endpointOf(metadataOf(op, {}), 'introspection_endpoint'))
    expect(message).toContain('introspection_endpoint is missing (the option "metadata" can give it)')
  })
})

describe('internalOrigin', () => {
  const internalOrigin = 'http://keycloak:8080'

  test('gets the requests to the issuer, over plain http', async () => {
    const op = new FakeProvider()
    await metadataOf(op, { internalOrigin }).get()
    expect(op.requests).toEqual([`${internalOrigin}${oidcPath}`])
  })

  test('is allowed in the metadata for endpoints that only this server requests', async () => {
    const op = new FakeProvider()
    op.metadata['token_endpoint'] = `${internalOrigin}/token`
    op.metadata['userinfo_endpoint'] = 'http://keycloak:8081/userinfo'
    const known = await metadataOf(op, { internalOrigin }).get()
    expect(known.token_endpoint).toBe(`${internalOrigin}/token`)
    expect(known).not.toHaveProperty('userinfo_endpoint')
  })

  test('is never where browsers are sent: pages that the metadata names there are at the issuer', async () => {
    const op = new FakeProvider()
    op.metadata['authorization_endpoint'] = `${internalOrigin}/authorize?a=1`
    op.metadata['end_session_endpoint'] = `${internalOrigin}/logout`
    await expect(metadataOf(op, { internalOrigin }).get()).resolves.toMatchObject({
      authorization_endpoint: `${op.issuer}/authorize?a=1`,
      end_session_endpoint: `${op.issuer}/logout`,
    })
  })

  test('gets no requests for a third origin', async () => {
    const op = new FakeProvider()
    const settings = { ...op.settings, internalOrigin }
    await createHttpClient(settings).request('https://keys.example/jwks')
    expect(op.requests).toEqual(['https://keys.example/jwks'])
  })

  test('allows plain http to no other host', async () => {
    const op = new FakeProvider()
    const { allows } = createHttpClient({ ...op.settings, internalOrigin })
    const urls = [`${internalOrigin}/x`, 'http://keycloak:8081/x', 'http://keycloak/x', 'http://u:p@keycloak:8080/x']
    expect(urls.map((url) => allows(url))).toEqual([true, false, false, false])
  })
})
