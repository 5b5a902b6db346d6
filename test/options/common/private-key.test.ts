import { describe, expect, test } from '@jest/globals'
import { pemLines } from '../../../lib/options/common/private-key.js'
import { importDecryptionKeys } from '../../../lib/jose/decryption-key.js'
import { importSigningKey } from '../../../lib/jose/signing-key.js'
import { parseBearerOptions } from '../../../lib/options/bearer/schema.js'
import { parseClientCredentialsOptions } from '../../../lib/options/client/schema.js'
import { signingKey } from '../../kit/provider/keys.js'
import { selfSigned } from '../../kit/resource-server/certificate.js'

const { pem, keyPem } = selfSigned('client')
const literal = (text: string) => text.replaceAll('\n', '\\n')

test('a literal \\n counts as a line break', () => {
  expect(pemLines(literal(pem))).toBe(pem)
})

describe('PEM from an environment variable, with literal \\n,', () => {
  test('is the certificate of the connection, its key and its authorities', () => {
    const tls = { cert: literal(pem), key: literal(keyPem), ca: literal(pem) }
    const given = { issuer: 'https://issuer.example', clientId: 'machine' }
    expect(parseClientCredentialsOptions({ ...given, tls }).tls).toEqual({ cert: pem, key: keyPem, ca: [pem] })
  })

  test('is the certificate of the key for client assertions', () => {
    const given = { issuer: 'https://issuer.example', clientId: 'machine', clientAssertionKey: keyPem }
    const parsed = parseClientCredentialsOptions({ ...given, clientAssertionCertificate: literal(pem) })
    expect(parsed.clientAssertionCertificate).toBe(pem)
  })

  test('is a key that signs, one that decrypts, and one that verifies', () => {
    const { privateKey, publicKey } = signingKey('ES256')
    const secret = literal(String(privateKey.export({ type: 'pkcs8', format: 'pem' })))
    expect(importSigningKey({ option: 'clientAssertionKey', key: secret }).alg).toBe('ES256')
    expect(importDecryptionKeys('decryptionKeys', [secret])).toHaveLength(1)
    const given = { issuer: 'https://issuer.example', audience: 'api' }
    const verifies = literal(String(publicKey.export({ type: 'spki', format: 'pem' })))
    expect(() => parseBearerOptions({ ...given, publicKey: verifies })).not.toThrow()
  })
})
