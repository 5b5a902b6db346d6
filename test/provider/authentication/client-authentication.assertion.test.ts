import { X509Certificate, createHash } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { parseClientCredentialsOptions } from '../../../lib/options/client/schema.js'
import { parseOidcOptions } from '../../../lib/options/oidc/schema.js'
import {
  createClientAuthentication,
  createCurrentAuthentication,
} from '../../../lib/provider/authentication/client-authentication.js'
import { clientSettings } from '../../../lib/provider/settings.js'
import type { ClientIdentity } from '../../../lib/provider/types.js'
import { Clock } from '../../kit/clock.js'
import { failureOf } from '../../kit/failure.js'
import { signingKey } from '../../kit/provider/keys.js'
import { selfSigned } from '../../kit/resource-server/certificate.js'

const clock = new Clock()
const issuer = 'https://issuer.example'
const clientAssertionKey = signingKey('ES256').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string

async function assertionOf(identity: Partial<ClientIdentity>, metadata: Record<string, unknown> = {}) {
  const authenticate = createClientAuthentication({ clientId: 'web', clientAssertionKey, ...identity }, clock)
  const body = new URLSearchParams()
  await authenticate(
    { issuer, token_endpoint: `${issuer}/token`, ...metadata },
    { client_id: 'web' },
    body,
    new Headers(),
  )
  const assertion = String(body.get('client_assertion'))
  return { header: decodeProtectedHeader(assertion), claims: decodeJwt(assertion) }
}

describe('the client assertion', () => {
  test('has the hashes of the certificate in its header', async () => {
    const { pem } = selfSigned('web')
    const raw = new X509Certificate(pem).raw
    const thumbprint = (name: string) => createHash(name).update(raw).digest('base64url')
    const { header } = await assertionOf({ clientAssertionCertificate: pem })
    expect(header).toMatchObject({ x5t: thumbprint('sha1'), 'x5t#S256': thumbprint('sha256') })
  })

  test('has the configured kid', async () => {
    expect((await assertionOf({ clientAssertionKid: 'key-1' })).header.kid).toBe('key-1')
  })

  test.each<[string | undefined, string, string]>([
    [undefined, issuer, issuer],
    ['issuer', issuer, issuer],
    ['token_endpoint', issuer, `${issuer}/token`],
    ['urn:example', issuer, 'urn:example'],
    [undefined, 'https://login.example/{tenantid}/v2.0', `${issuer}/token`],
  ])(
    'with audience %p at %p is for %p, whether a key or a secret signs it',
    async (clientAssertionAudience, name, aud) => {
      const secret = { clientSecret: 'secret-1', clientAuthentication: 'client_secret_jwt' } as const
      for (const signer of [{}, secret]) {
        const { claims } = await assertionOf({ clientAssertionAudience, ...signer }, { issuer: name })
        expect(claims.aud).toBe(aud)
      }
    },
  )
})

describe('credentials in options', () => {
  const web = {
    issuer,
    clientId: 'web',
    baseUrl: 'https://app.example.com',
    secret: 'a secret for tests only, 32 characters at least',
  }

  test('clientSecret of oidc() may be a function, which is called for every request', async () => {
    let count = 0
    const clientSecret = () => `secret-${++count}`
    const authenticate = createCurrentAuthentication(clientSettings(parseOidcOptions({ ...web, clientSecret })), clock)
    const headers = new Headers()
    await authenticate({ issuer }, { client_id: 'web' }, new URLSearchParams(), headers)
    await authenticate({ issuer }, { client_id: 'web' }, new URLSearchParams(), headers)
    expect(headers.get('authorization')).toBe(`Basic ${Buffer.from('web:secret-2').toString('base64')}`)
  })

  test('client_secret_jwt is accepted by oidc() and clientCredentials()', () => {
    const given = { clientSecret: 'secret-1', clientAuthentication: 'client_secret_jwt' }
    expect(parseOidcOptions({ ...web, ...given })).toMatchObject(given)
    expect(parseClientCredentialsOptions({ issuer, clientId: 'machine', ...given })).toMatchObject(given)
  })

  test.each([
    ['clientAssertionAlg', 'HS512'],
    ['clientAssertionKid', 'key-1'],
    ['clientAssertionCertificate', selfSigned('web').pem],
  ])('%s is refused without a key, where it would do nothing', async (name, value) => {
    const given = { clientSecret: 'secret-1', clientAuthentication: 'client_secret_jwt', [name]: value }
    const { message } = await failureOf(() => parseOidcOptions({ ...web, ...given }))
    expect(message).toContain(`must give "clientAssertionKey" for "${name}"`)
    expect(() => parseOidcOptions({ ...web, ...given, clientAssertionKey })).not.toThrow()
  })

  test('a clientAssertionCertificate that is not a certificate is refused', async () => {
    const { message } = await failureOf(() => parseOidcOptions({ ...web, clientAssertionCertificate: 'x' }))
    expect(message).toContain('"clientAssertionCertificate" must be a certificate as PEM')
  })
})
