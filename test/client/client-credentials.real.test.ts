import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import type { AdapterPayload } from 'oidc-provider'
import { type ClientCredentialsOptions, clientCredentials } from '../../lib/index.js'
import { memoryAdapter } from '../provider-real/memory-adapter.js'
import { type RealProvider, startRealProvider } from '../provider-real/provider.js'
import { failureOf } from '../kit/failure.js'
import { keyPair } from '../kit/key-pair.js'

const api = 'https://api.example.com'
const keys = keyPair('ec', { namedCurve: 'P-256' })
const oldKeys = keyPair('ec', { namedCurve: 'P-256' })
let op: RealProvider

beforeAll(async () => {
  const machine = { redirect_uris: [], response_types: [], grant_types: ['client_credentials'] }
  const signer = {
    ...machine,
    client_id: 'signer',
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    jwks: { keys: [{ ...keys.publicKey.export({ format: 'jwk' }) }] },
  }
  // Not beside the other clients: those are copied into objects of another realm, which the provider then refuses as keys.
  const adapter = memoryAdapter()
  await adapter('Client').upsert('signer', signer as AdapterPayload, Infinity)
  op = await startRealProvider({
    resources: { [api]: 'orders:read orders:write' },
    overrides: { adapter },
  })
})
afterAll(() => op.close())

const sourceOf = (options: Partial<ClientCredentialsOptions> = {}) =>
  clientCredentials({ issuer: op.issuer, ...op.machine, ...options })

const claimsOf = async (token: string, audience: string) => {
  const jwks = createRemoteJWKSet(new URL(`${op.issuer}/jwks`))
  return (await jwtVerify(token, jwks, { issuer: op.issuer, audience, typ: 'at+jwt' })).payload
}

describe('at a real provider, a machine', () => {
  test('gets a token for an API, with the scopes it asked for', async () => {
    const source = sourceOf({ resource: api, scope: 'orders:write orders:read' })
    await source.ready()
    const claims = await claimsOf(await source.getToken(), api)
    expect(claims).toMatchObject({ client_id: 'machine', scope: 'orders:read orders:write', sub: 'machine' })
    const narrow = await claimsOf(await source.getToken({ scope: 'orders:read' }), api)
    expect(narrow['scope']).toBe('orders:read')
    expect(source.health()).toMatchObject({ metadata: 'fresh' })
  })

  test('is told apart from other machines by its secret', async () => {
    const error = await failureOf(sourceOf({ clientSecret: 'wrong' }).getToken())
    expect(error).toMatchObject({ name: 'ProviderError', code: 'provider_refused_client', status: 502 })
  })

  test('may send its secret in the body', async () => {
    const posted = sourceOf({ clientAuthentication: 'client_secret_post', resource: api })
    expect((await claimsOf(await posted.getToken(), api))['client_id']).toBe('machine')
  })

  test('may ask only for scopes and APIs that exist', async () => {
    expect(await failureOf(sourceOf({ resource: 'https://unknown.example' }).getToken())).toMatchObject({
      name: 'TokenEndpointError',
      code: 'token_request_failed',
    })
  })

  test('revokes an opaque token, which is then invalid', async () => {
    const source = sourceOf()
    const token = await source.getToken()
    const isActive = async () => {
      const [id, secret] = [op.machine.clientId, op.machine.clientSecret]
      const headers = { authorization: `Basic ${btoa(`${id}:${secret}`)}` }
      const body = new URLSearchParams({ token })
      const response = await fetch(`${op.issuer}/token/introspection`, { method: 'POST', headers, body })
      return ((await response.json()) as { active: boolean }).active
    }
    expect(await isActive()).toBe(true)
    expect(await source.revoke(token)).toBe(true)
    expect(await isActive()).toBe(false)
    expect(await source.getToken()).not.toBe(token)
  })

  test('signs in with a key, given or looked up, and the key may change', async () => {
    const signer = { clientId: 'signer', clientSecret: undefined, resource: api }
    const pem = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    let key = oldKeys.privateKey.export({ format: 'jwk' })
    const source = sourceOf({ ...signer, clientAssertionKey: async () => key })
    expect(await failureOf(source.getToken())).toMatchObject({ code: 'provider_refused_client' })
    key = keys.privateKey.export({ format: 'jwk' })
    expect((await claimsOf(await source.getToken(), api))['client_id']).toBe('signer')
    const given = sourceOf({
      ...signer,
      clientAssertionKey: pem,
      clientAuthentication: 'private_key_jwt',
      clientAssertionAlg: 'ES256',
    })
    expect((await claimsOf(await given.getToken(), api))['client_id']).toBe('signer')
    expect(await failureOf(sourceOf({ ...signer, clientAssertionKey: () => '' }).getToken())).toMatchObject({
      code: 'provider_unavailable',
    })
  })
})
