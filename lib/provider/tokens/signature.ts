import { ConfigurationError, TokenValidationError } from '../../errors.js'
import { type VerificationKey, secretVerificationKey } from '../../jose/algorithms.js'
import { type Jws, type JwsHeader, isSignedBy, verifySignature } from '../../jose/jws.js'
import { type TokenOrigin, refusal } from '../key-lookup.js'
import type { Keys } from '../keys.js'

/**
 * Verifies the signature of a token that the issuer made for this client.
 *
 * @param requireClaims - throws where the token could not be taken anyway: nothing is fetched for its sake then
 */
export type SignatureVerifier = (jws: Jws, requireClaims?: () => void) => Promise<void>

/** What {@link createSignatureVerifier} needs to know. */
export interface SignatureSettings {
  /** What the token is called in messages. */
  readonly token: string
  readonly alg: string
  /** The option that {@link alg} is from. */
  readonly option: string
  /** For HS256. */
  readonly clientSecret: string | undefined
  readonly from: TokenOrigin
}

/**
 * Makes the check of signatures by the one algorithm that the client is registered with, such as
 * `id_token_signed_response_alg` for ID Tokens and logout tokens.
 *
 * The check throws `TokenValidationError`, and `ProviderError` when keys have to be fetched and cannot be.
 *
 * @throws {ConfigurationError} `invalid_options` for HS256 without a long enough secret
 */
export function createSignatureVerifier(settings: SignatureSettings, keys: Keys): SignatureVerifier {
  const { alg, from } = settings
  const algorithms = [alg]
  const secretKeys = alg === 'HS256' ? [clientSecretKey(settings.clientSecret)] : undefined
  return async (jws, requireClaims) => {
    requireRegisteredAlgorithm(jws.header, settings)
    if (secretKeys !== undefined) verifySignature(jws, secretKeys, algorithms)
    else await verifyByKeys(jws, keys, from, requireClaims)
  }
}

/**
 * Refuses a header whose `alg` is not the registered one, before any key is looked up (RFC 8725 section 3.1).
 *
 * @throws {TokenValidationError} `token_algorithm_refused`
 */
export function requireRegisteredAlgorithm(
  { alg: seen }: JwsHeader,
  { token, alg, option }: Pick<SignatureSettings, 'token' | 'alg' | 'option'>,
): void {
  if (seen === alg) return
  const name = /^[A-Za-z0-9-]{1,32}$/.test(seen) ? seen : 'an unknown algorithm'
  const message = `the ${token} is signed with ${name}, not with ${alg}: "${option}" must be what the provider signs with`
  throw new TokenValidationError('token_algorithm_refused', message)
}

/** Verifies a signature with the issuer's keys, as {@link verifyByLookup}. The caller has required the algorithm. */
async function verifyByKeys(jws: Jws, keys: Keys, from: TokenOrigin, requireClaims?: () => void): Promise<void> {
  const known = keys.find(jws.header)
  if (!isSignedBy(jws, known)) await verifyByLookup(jws, known, { keys, from, requireClaims })
}

/** Where keys are looked up, and for whom. */
export interface SignatureLookup {
  readonly keys: Keys
  readonly from: TokenOrigin
  /** Throws where the token could not be taken anyway: nothing is fetched for its sake then. */
  readonly requireClaims?: (() => void) | undefined
}

/**
 * Verifies a signature that none of the keys at hand made: with keys that are fetched, if that could help.
 *
 * @throws {TokenValidationError}
 * @throws {ProviderError} when keys have to be fetched and cannot be
 */
export async function verifyByLookup(
  jws: Jws,
  known: readonly VerificationKey[],
  { keys, from, requireClaims = () => undefined }: SignatureLookup,
): Promise<void> {
  if (known.length === 0) requireClaims()
  else refuseUnless(requireClaims, known)
  await keys.load(jws.header, { from, isSigned: (candidates) => isSignedBy(jws, candidates) })
}

// What is not signed can say anything, but what it says tells whoever looks for the reason most.
function refuseUnless(check: () => void, known: readonly VerificationKey[]): void {
  try {
    check()
  } catch (error) {
    throw refusal(known, error instanceof TokenValidationError ? { besides: error.message } : {})
  }
}

function clientSecretKey(secret: string | undefined): VerificationKey {
  if (secret !== undefined) return secretVerificationKey(secret)
  throw new ConfigurationError('invalid_options', 'ID Tokens signed with HS256 need a client secret')
}
