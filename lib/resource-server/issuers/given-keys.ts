import { type KeyObject, createPublicKey } from 'node:crypto'
import { ConfigurationError } from '../../errors.js'
import { type VerificationKey, secretVerificationKey } from '../../jose/algorithms.js'
import { type KeySelector, refusal } from '../../provider/key-lookup.js'
import { type Keys, createStaticKeys } from '../../provider/keys.js'

/** Keys that the options hold. */
export interface GivenKeys {
  readonly jwks?: unknown
  /** SPKI PEM. */
  readonly publicKey?: string | undefined
  readonly secret?: string | undefined
}

/**
 * The keys that were given, ready for use; `undefined` when the issuer is to be asked.
 *
 * @throws {ConfigurationError} `invalid_options` for keys that cannot verify anything
 */
export function givenKeys({ jwks, publicKey, secret }: GivenKeys): Keys | undefined {
  if (jwks !== undefined) return createStaticKeys(jwks)
  if (publicKey !== undefined) return unnamedKey(createStaticKeys({ keys: [importPem(publicKey)] }))
  return secret === undefined ? undefined : secretKeys(secretVerificationKey(secret))
}

// One key that was given without a name is meant for every token, whatever name the issuer knows it by.
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
    // There is nothing to fetch.
    load: async (selector) => {
      throw refusal(find(selector))
    },
    ready: async () => undefined,
    freshness: () => ({ state: 'fresh' }),
    close: () => undefined,
  }
}
