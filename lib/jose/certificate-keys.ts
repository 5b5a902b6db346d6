import { X509Certificate } from 'node:crypto'
import { type JsonObject, isAbsent, isJsonObject } from '../base/json.js'

/**
 * Gives JWKs that hold their key only inside a certificate (`x5c`, RFC 7517 section 4.7) the members of the key itself. The
 * certificate is only where the key stands: neither its dates nor who issued it are looked at, since the set is trusted by
 * where it came from.
 */
export function withCertificateKeys(jwks: unknown): unknown {
  if (!isJsonObject(jwks) || !Array.isArray(jwks['keys'])) return jwks
  const members: readonly unknown[] = jwks['keys']
  return members.some(hasCertificateOnly) ? { ...jwks, keys: members.map(withKey) } : jwks
}

function hasCertificateOnly(jwk: unknown): jwk is JsonObject & { readonly x5c: readonly unknown[] } {
  return isJsonObject(jwk) && isAbsent(jwk['n']) && isAbsent(jwk['x']) && Array.isArray(jwk['x5c'])
}

function withKey(jwk: unknown): unknown {
  if (!hasCertificateOnly(jwk)) return jwk
  const [certificate] = jwk.x5c
  const key = typeof certificate === 'string' ? publicJwk(certificate) : undefined
  return key === undefined || (!isAbsent(jwk['kty']) && jwk['kty'] !== key['kty']) ? jwk : { ...jwk, ...key }
}

function publicJwk(certificate: string): JsonObject | undefined {
  try {
    return { ...new X509Certificate(Buffer.from(certificate, 'base64')).publicKey.export({ format: 'jwk' }) }
  } catch {
    return undefined
  }
}
