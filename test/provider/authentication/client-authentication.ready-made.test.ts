import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { parseBearerOptions } from '../../../lib/options/bearer/schema.js'
import { parseClientCredentialsOptions } from '../../../lib/options/client/schema.js'
import { parseOidcOptions } from '../../../lib/options/oidc/schema.js'
import { createCurrentAuthentication } from '../../../lib/provider/authentication/client-authentication.js'
import { clientIdentity } from '../../../lib/provider/authentication/credentials.js'
import { Clock } from '../../kit/clock.js'
import { failureOf } from '../../kit/failure.js'
import { introspectingApi } from '../../kit/resource-server/introspecting.js'
import { signingKey } from '../../kit/provider/keys.js'

const folder = mkdtempSync(join(tmpdir(), 'assertion-'))
const file = join(folder, 'token')
afterAll(() => rmSync(folder, { recursive: true }))

const issuer = 'https://issuer.example'
const clientAssertionKey = signingKey('ES256').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string

async function bodyOf(options: Record<string, unknown>) {
  const configuration = parseClientCredentialsOptions({ issuer, clientId: 'machine', ...options })
  const authenticate = createCurrentAuthentication(clientIdentity(configuration), new Clock())
  const body = new URLSearchParams()
  await authenticate({ issuer }, { client_id: 'machine' }, body, new Headers())
  return Object.fromEntries(body)
}

describe('a ready-made client assertion', () => {
  test('is sent as it is, from a function', async () => {
    expect(await bodyOf({ clientAssertion: async () => 'header.claims.signature\n' })).toEqual({
      client_id: 'machine',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: 'header.claims.signature',
    })
  })

  test('is read from its file for every request, since the platform replaces it', async () => {
    const clientAssertion = { file }
    writeFileSync(file, 'first.of.two\n')
    expect(await bodyOf({ clientAssertion })).toMatchObject({ client_assertion: 'first.of.two' })
    writeFileSync(file, 'second.of.two\n')
    expect(await bodyOf({ clientAssertion })).toMatchObject({ client_assertion: 'second.of.two' })
  })

  test('has the type of JWT-SVIDs where that is named', async () => {
    const options = { clientAssertion: () => 'a.jwt.svid', clientAssertionType: 'jwt-spiffe' }
    expect(await bodyOf(options)).toMatchObject({
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe',
    })
  })

  test('is used rather than a secret that is for ID Tokens only', async () => {
    const clientSecret = 'a secret of at least 32 characters'
    const options = { clientSecret, clientAssertion: () => 'a.b.c', clientAuthentication: 'private_key_jwt' }
    expect(await bodyOf(options)).toMatchObject({ client_assertion: 'a.b.c' })
  })

  test('whose file cannot be read is an outage that names the file', async () => {
    const missing = join(folder, 'missing')
    const error = await failureOf(bodyOf({ clientAssertion: { file: missing } }))
    expect(error).toMatchObject({ code: 'provider_unavailable', status: 503, cause: { code: 'ENOENT' } })
    expect(error.message).toBe(`the file "${missing}" in "clientAssertion" cannot be read`)
  })

  test.each(['', '\n', '-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----', 'a.b', 'a.b.c d.e.f'])(
    'is not sent where its file holds %j instead',
    async (content) => {
      writeFileSync(file, content)
      const error = await failureOf(bodyOf({ clientAssertion: { file } }))
      expect(error).toMatchObject({ code: 'provider_unavailable', status: 503 })
      expect(error.message).toBe(`the file "${file}" in "clientAssertion" does not contain a JWT`)
    },
  )

  test.each([undefined, '', 'not a JWT', 7])('that a function returns as %p is an outage', async (value) => {
    const error = await failureOf(bodyOf({ clientAssertion: () => value }))
    expect(error).toMatchObject({ code: 'provider_unavailable', status: 503 })
    expect(error.message).toContain('the function in "clientAssertion" returned an invalid value')
  })

  test('that a function fails to get is an outage', async () => {
    const clientAssertion = () => Promise.reject(new Error('no agent'))
    expect(await failureOf(bodyOf({ clientAssertion }))).toMatchObject({ code: 'provider_unavailable', status: 503 })
  })

  test('authenticates introspection too', async () => {
    writeFileSync(file, 'of.this.api')
    const api = introspectingApi({ clientSecret: undefined, clientAssertion: { file } })
    await api.accept('opaque-token')
    expect(api.questions[0]?.form.get('client_assertion')).toBe('of.this.api')
    expect(api.questions[0]?.headers.get('authorization')).toBeNull()
  })
})

test('a function that returns no assertion is an outage, for introspection too', async () => {
  const api = introspectingApi({ clientSecret: undefined, clientAssertion: () => 'a secret, and no JWT' })
  const error = await failureOf(api.accept('opaque-token'))
  expect(error).toMatchObject({ code: 'provider_unavailable', status: 503 })
  expect(error.message).toBe('the function in "clientAssertion" returned an invalid value')
})

describe('options that contradict a ready-made client assertion are refused', () => {
  const web = {
    issuer,
    clientId: 'web',
    baseUrl: 'https://app.example.com',
    secret: 'a secret for tests only, 32 characters at least',
  }
  const calls: Record<string, (options: Record<string, unknown>) => unknown> = {
    'oidc()': (options) => parseOidcOptions({ ...web, ...options }),
    'clientCredentials()': (options) => parseClientCredentialsOptions({ issuer, clientId: 'machine', ...options }),
    'bearer()': (options) =>
      parseBearerOptions({
        issuer,
        audience: 'https://api.example.com',
        introspection: { clientId: 'api', ...options },
      }),
  }
  const clientAssertion = { file: '/var/run/token' }

  describe.each(Object.entries(calls))('by %s', (_call, parse) => {
    test.each<[Record<string, unknown>, string]>([
      [{ clientAssertionKey }, 'must have at most one of "clientAssertion" and "clientAssertionKey"'],
      [{ clientAssertionAlg: 'ES256' }, 'must not have "clientAssertionAlg" with "clientAssertion"'],
      [{ clientAssertionKid: '1' }, 'must not have "clientAssertionKid" with "clientAssertion"'],
      [{ clientAssertionAudience: 'issuer' }, 'must not have "clientAssertionAudience" with "clientAssertion"'],
      [
        { clientSecret: 's', clientAuthentication: 'client_secret_basic' },
        'must not have "clientAssertion" with client_secret_basic: it is for private_key_jwt',
      ],
      [{ clientSecret: 's' }, 'must give "clientAuthentication" where both "clientSecret" and "clientAssertion"'],
    ])('%j', async (options, message) => {
      const error = await failureOf(() => parse({ clientAssertion, ...options }))
      expect(error).toMatchObject({ code: 'invalid_options' })
      expect(error.message).toContain(message)
    })

    test.each<[unknown, string]>([
      ['a.b.c', 'clientAssertion" must be a function that returns an assertion, or { file }'],
      [{}, 'file" is missing: expected the path of a file with an assertion'],
      [{ file: '' }, 'file" is empty'],
      [{ path: '/x' }, 'path" is not an option'],
    ])('as %j', async (value, message) => {
      const error = await failureOf(() => parse({ clientAssertion: value }))
      expect(error.message).toContain(message)
    })

    test('a type without an assertion', async () => {
      const options = { clientAssertionKey, clientAssertionType: 'jwt-spiffe' }
      expect((await failureOf(() => parse(options))).message).toContain(
        'must give "clientAssertion" for "clientAssertionType"',
      )
    })

    test('a type that is unknown', async () => {
      const options = { clientAssertion, clientAssertionType: 'saml2-bearer' }
      expect((await failureOf(() => parse(options))).message).toContain(
        'clientAssertionType" must be jwt-bearer or jwt-spiffe',
      )
    })

    test('a clientAssertion of a file alone is accepted', () => {
      expect(() => parse({ clientAssertion })).not.toThrow()
    })
  })
})
