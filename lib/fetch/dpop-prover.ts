import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { ConfigurationError } from '../errors.js'
import type { DpopProver } from './dpop.js'
import { dpopAlgorithms } from '../options/common/private-key.js'
import { nowSeconds, type Runtime } from '../base/runtime.js'
import { importSigningKey, signJws } from '../jose/signing-key.js'
import { jwkThumbprint } from '../jose/jwk-set.js'
import { publicJwkOf } from '../jose/public-jwk.js'
import type { DpopKeyOptions } from '../options/common/private-key.js'

const maxOrigins = 100
// NQCHAR, and short enough for a header (RFC 9449 section 8.1).
const nonceText = /^[\x21\x23-\x5b\x5d-\x7e]{1,1024}$/

/**
 * Creates a prover with one key for all proofs. It remembers the last nonce of each origin.
 *
 * @throws {ConfigurationError} `invalid_options` for a key that cannot sign proofs
 */
export function createDpopProver({ privateKey, alg }: DpopKeyOptions, runtime: Runtime): DpopProver {
  const signingKey = importSigningKey({ option: 'dpop.privateKey', key: privateKey, alg, allowed: dpopAlgorithms })
  // A server that lists EdDSA means Ed25519.
  if (signingKey.key.asymmetricKeyType === 'ed448') {
    throw new ConfigurationError('invalid_options', 'dpop.privateKey must be on the curve Ed25519 for EdDSA')
  }
  const jwk = { ...publicJwkOf(signingKey.key) }
  const header = { typ: 'dpop+jwt', jwk }
  const nonces = new LRUCache<string, string>({ max: maxOrigins })
  const nonceOf = ({ origin }: URL) => nonces.get(origin)
  return {
    thumbprint: jwkThumbprint(jwk),
    alg: signingKey.alg,
    nonceOf,
    prove: ({ method, url, accessToken, nonce = nonceOf(url) }) =>
      signJws(signingKey, header, {
        jti: runtime.randomBytes(16).toString('base64url'),
        htm: method,
        htu: url.origin + url.pathname,
        iat: nowSeconds(runtime),
        ...(accessToken === undefined ? {} : { ath: hash('sha256', accessToken, 'base64url') }),
        ...(nonce === undefined ? {} : { nonce }),
      }),
    rememberNonce: ({ origin }, nonce) => {
      if (typeof nonce === 'string' && nonceText.test(nonce)) nonces.set(origin, nonce)
    },
  }
}
