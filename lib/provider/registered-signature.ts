import { ConfigurationError } from '../errors.js'
import type { VerificationKey } from './algorithms.js'
import { secretVerificationKey } from './algorithms.js'
import type { Jws, JwsHeader } from './jws.js'
import { requireAlgorithm, verifySignature } from './jws.js'
import type { Keys } from './keys.js'
import type { ClientSettings } from './types.js'

/** Verifies the signature of a token that the issuer made for this client. */
export type RegisteredSignature = (jws: Jws) => Promise<void>

/** What {@link createRegisteredSignature} needs to know. */
export type SignatureSettings = Pick<ClientSettings, 'clientSecret' | 'idTokenSigningAlg'>

/**
 * Makes the check of signatures by the one algorithm that the client is registered with
 * (`id_token_signed_response_alg`): ID Tokens and logout tokens have it in common.
 *
 * The check throws `TokenValidationError`, and `ProviderError` when keys have to be fetched and cannot be.
 *
 * @throws {ConfigurationError} `invalid_options` for HS256 without a long enough secret
 */
export function createRegisteredSignature(settings: SignatureSettings, keys: Keys): RegisteredSignature {
  const algorithms = [settings.idTokenSigningAlg]
  const secretKeys = settings.idTokenSigningAlg === 'HS256' ? [clientSecretKey(settings.clientSecret)] : undefined
  return async (jws) => {
    requireAlgorithm(jws.header, algorithms)
    verifySignature(jws, secretKeys ?? (await keysFor(jws.header, keys)), algorithms)
  }
}

/** The keys that a header asks for: those at hand, or fetched. */
export async function keysFor(header: JwsHeader, keys: Keys): Promise<readonly VerificationKey[]> {
  const known = keys.find(header)
  return known.length > 0 ? known : keys.load(header)
}

function clientSecretKey(secret: string | undefined): VerificationKey {
  if (secret !== undefined) return secretVerificationKey(secret)
  throw new ConfigurationError('invalid_options', 'ID Tokens signed with HS256 need a client secret')
}
