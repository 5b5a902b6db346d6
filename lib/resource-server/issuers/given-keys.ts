import { type KeyObject, createPublicKey } from 'node:crypto'
import { ConfigurationError } from '../../errors.js'
import { secretVerificationKey } from '../../jose/algorithms.js'
import type { SecretBytes } from '../../options/bearer/keys.js'
import { type KeySelector, noMatchingKey } from '../../provider/key-lookup.js'
import { type Keys, createStaticKeys } from '../../provider/keys.js'

/** Keys given in the options. */
interface GivenKeys {
  readonly jwks?: unknown
  /** SPKI PEM. */
  readonly publicKey?: string | undefined
  readonly secret?: readonly SecretBytes[] | undefined
  /** The algorithms that the secret is for. */
  readonly algorithms?: readonly string[] | undefined
}

/**
 * Imports the keys given in the options; `undefined` if there are none and they have to be fetched from the issuer.
 *
 * @throws {ConfigurationError} `invalid_options` for keys that cannot verify anything
 */
export function givenKeys({ jwks, publicKey, secret, algorithms = [] }: GivenKeys): Keys | undefined {
  if (jwks !== undefined) return createStaticKeys(jwks)
  if (publicKey !== undefined) return unnamedKey(pemKeys(publicKey))
  return secret === undefined ? undefined : secretKeys(secret, algorithms)
}

// A PEM key has no key ID, so it applies to every token, whatever `kid` the token names.
function unnamedKey(keys: Keys): Keys {
  const find = ({ alg }: KeySelector) => keys.find({ alg })
  return { ...keys, find, load: async ({ alg }, lookup) => keys.load({ alg }, lookup) }
}

function pemKeys(pem: string): Keys {
  const key = publicKeyOf(pem)
  try {
    const { kty, crv, n, e, x, y } = key.export({ format: 'jwk' })
    return createStaticKeys({ keys: [{ kty, crv, n, e, x, y }] })
  } catch {
    // Keys of other kinds have no form as JWK, or none that verifies signatures.
    throw unusable('must be of RSA with 2048 to 8192 bits, of EC with P-256, P-384 or P-521, or Ed25519 or Ed448')
  }
}

function publicKeyOf(pem: string): KeyObject {
  try {
    return createPublicKey(pem)
  } catch {
    throw unusable('must be a public key as PEM')
  }
}

function unusable(why: string): ConfigurationError {
  return new ConfigurationError('invalid_options', `"publicKey" ${why}`)
}

function secretKeys(secrets: readonly SecretBytes[], algorithms: readonly string[]): Keys {
  const keys = new Map(
    algorithms.map((alg) => {
      const suitable = secrets.filter((secret) => secret.alg === undefined || secret.alg === alg)
      return [alg, suitable.map(({ bytes }) => secretVerificationKey(bytes, alg))]
    }),
  )
  const find = ({ alg }: KeySelector) => keys.get(alg) ?? []
  return {
    generation: 1,
    find,
    // Configured secrets are never fetched.
    load: async (selector) => {
      throw noMatchingKey(find(selector))
    },
    encryptionKeys: async () => [],
    ready: async () => undefined,
    freshness: () => ({ state: 'fresh' }),
    close: () => undefined,
  }
}
