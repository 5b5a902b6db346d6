import { describe, expect, test } from '@jest/globals'
import { parseBearerOptions } from '../../../lib/options/bearer/schema.js'
import { parseClientCredentialsOptions } from '../../../lib/options/client/schema.js'
import { parseOidcOptions } from '../../../lib/options/oidc/schema.js'
import { failureOf } from '../../kit/failure.js'
import { revocationList, selfSigned } from '../../kit/resource-server/certificate.js'

const { pem: cert, keyPem: key, key: keyObject } = selfSigned('client')
const other = selfSigned('other')
const pair = { cert, key }
const list = revocationList({ name: 'client', key: keyObject }, [])
const encrypted = keyObject
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open sesame' })
  .toString()

const issuer = 'https://issuer.example'
const web = {
  issuer,
  clientId: 'web',
  baseUrl: 'https://app.example.com',
  secret: 'a secret for tests only, 32 characters at least',
}
type Options = Record<string, unknown>
const calls: Record<string, (options: Options, common?: Options) => unknown> = {
  'oidc()': (options, common) => parseOidcOptions({ ...web, ...options, ...common }),
  'clientCredentials()': (options, common) =>
    parseClientCredentialsOptions({ issuer, clientId: 'machine', ...options, ...common }),
  'bearer()': (options, common) => {
    const introspection = { clientId: 'api', ...options }
    return parseBearerOptions({ issuer, audience: 'https://api.example.com', introspection, ...common })
  },
}

describe.each(Object.entries(calls))('the option tls of %s', (call, parse) => {
  test.each(['tls_client_auth', 'self_signed_tls_client_auth'])('goes with %s, and needs no secret', (method) => {
    expect(() => parse({ clientAuthentication: method, tls: pair })).not.toThrow()
  })

  test('goes without a method, and with a secret, whose tokens are then bound to the certificate', () => {
    expect(() => parse({ tls: pair })).not.toThrow()
    expect(() => parse({ tls: pair, clientSecret: 'secret' })).not.toThrow()
  })

  test('takes Buffers, lists of authorities and encrypted keys', () => {
    const tls = { cert: Buffer.from(cert), key: Buffer.from(encrypted), passphrase: 'open sesame', ca: [other.pem] }
    expect(() => parse({ tls })).not.toThrow()
    expect(() => parse({ tls: { ...pair, ca: Buffer.from(other.pem) } })).not.toThrow()
  })

  test('takes revocation lists, and a function, which nobody calls yet', () => {
    for (const crl of [list, Buffer.from(list), [list, list]])
      expect(() => parse({ tls: { ...pair, crl } })).not.toThrow()
    const tls = () => {
      throw new Error('called')
    }
    expect(() => parse({ clientAuthentication: 'tls_client_auth', tls })).not.toThrow()
  })

  test.each<[unknown, string]>([
    ['x', 'tls'],
    [{ ...pair, crl: 'x' }, 'tls.crl" must be a revocation list as PEM'],
    [{ ...pair, crl: cert }, 'tls.crl" must be a revocation list as PEM'],
    [{ ...pair, crl: list.slice(0, 90) }, 'tls.crl" must be a revocation list as PEM'],
    [{ ...pair, crl: [] }, 'tls.crl" must be a revocation list as PEM'],
    [{ cert }, 'tls.key" is missing: expected a private key as PEM'],
    [{ key }, 'tls.cert" is missing: expected a certificate as PEM'],
    [{ ...pair, cert: 'x' }, 'tls.cert" must be a certificate as PEM'],
    [{ ...pair, cert: 7 }, 'tls.cert" must be a certificate as PEM: a string or a Buffer'],
    [{ ...pair, key: 'x' }, 'tls" must have a private key as PEM in "key", and its "passphrase" if it is encrypted'],
    [{ ...pair, key: encrypted }, 'tls" must have a private key as PEM in "key", and its "passphrase"'],
    [{ ...pair, key: encrypted, passphrase: 'wrong' }, 'tls" must have a private key as PEM in "key"'],
    [{ ...pair, key: other.keyPem }, 'tls" must have the "key" that belongs to "cert"'],
    [{ ...pair, ca: 'x' }, 'tls.ca" must be a certificate as PEM'],
    [{ ...pair, ca: [] }, 'tls.ca" must be a certificate as PEM'],
    [{ ...pair, pfx: 'x' }, 'tls.pfx" is not an option'],
  ])('is refused if it is unusable (%#)', async (tls, message) => {
    const error = await failureOf(() => parse({ tls }))
    expect(error).toMatchObject({ code: 'invalid_options' })
    expect(error.message).toContain(message)
    expect(error.message).not.toContain('PRIVATE KEY-----')
  })

  test.each(['tls_client_auth', 'self_signed_tls_client_auth'])('is missing for %s', async (clientAuthentication) => {
    const name = call === 'bearer()' ? 'introspection.tls' : 'tls'
    const error = await failureOf(() => parse({ clientAuthentication }))
    expect(error.message).toContain(
      `must give "${name}" for ${clientAuthentication}, or a "fetch" that presents the certificate`,
    )
    expect(() => parse({ clientAuthentication }, { fetch })).not.toThrow()
  })

  test('contradicts a fetch, which makes the connections', async () => {
    expect((await failureOf(() => parse({ tls: pair }, { fetch }))).message).toContain(
      'tls" with "fetch": that function makes the connections',
    )
  })

  test('contradicts an internal origin of plain http', async () => {
    expect((await failureOf(() => parse({ tls: pair }, { internalOrigin: 'http://keycloak:8080' }))).message).toContain(
      'tls" with an "internalOrigin" of plain http: nothing presents a certificate there',
    )
    expect(() => parse({ tls: pair }, { internalOrigin: 'https://keycloak:8443' })).not.toThrow()
  })
})
