import { type KeyObject, createPublicKey } from 'node:crypto'
import { ConfigurationError } from '../../errors.js'
import { type VerificationKey, secretVerificationKey } from '../../jose/algorithms.js'
import { type KeySelector, refusal } from '../../provider/key-lookup.js'
import { type Keys, createStaticKeys } from '../../provider/keys.js'

/** Keys given in the options. */
export interface GivenKeys {
  readonly jwks?: unknown
  /** SPKI PEM. */
  readonly publicKey?: string | undefined
  readonly secret?: string | undefined
}

/**
 * Imports the keys given in the options; `undefined` if there are none and they have to be fetched from the issuer.
 *
 * @throws {ConfigurationError} `invalid_options` for keys that cannot verify anything
 */
export function givenKeys({ jwks, publicKey, secret }: GivenKeys): Keys | undefined {
  if (jwks !== undefined) return createStaticKeys(jwks)
  if (publicKey !== undefined) return unnamedKey(createStaticKeys({ keys: [importPem(publicKey)] }))
  return secret === undefined ? undefined : secretKeys(secretVerificationKey(secret))
}

// A PEM key has no key ID, so it applies to every token, whatever `kid` the token names.
function unnamedKey(keys: Keys): Keys {
  const find = ({ alg }: KeySelector) => keys.find({ alg })
  return { ...keys, find, load: async ({ alg }, lookup) => keys.load({ alg }, lookup) }
}

function importPem(pem: string): object {
  const { kty, crv, n, e, x, y } = publicKeyOf(pem).export({ format: 'jwk' })
  return { kty, crv, n, e, x, y }
}

function publicKeyOf(pem: string): KeyObject {
  try {
    return createPublicKey(pem)
  } catch {
    throw new ConfigurationError('invalid_options', '"publicKey" must be a public key as PEM')
  }
}

function secretKeys(key: VerificationKey): Keys {
  const find = ({ alg }: KeySelector) => (alg === key.alg ? [key] : [])
  return {
    generation: 1,
    find,
    // A configured secret is never fetched.
    load: async (selector) => {
      throw refusal(find(selector))
    },
    ready: async () => undefined,
    freshness: () => ({ state: 'fresh' }),
    close: () => undefined,
  }
}
