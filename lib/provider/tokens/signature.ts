import { type Algorithms, algorithmNames, includesAlgorithm, secretAlgorithm } from '../../options/common/algorithms.js'
import { ConfigurationError, TokenValidationError } from '../../errors.js'
import { type VerificationKey, secretVerificationKey } from '../../jose/algorithms.js'
import { algDetails, type Jws, type JwsHeader, isSignedBy, verifySignature } from '../../jose/jws.js'
import { type TokenOrigin, noMatchingKey } from '../key-lookup.js'
import type { Keys } from '../keys.js'

/**
 * Verifies the signature of a token that the issuer made for this client.
 *
 * @param requireClaims - throws if the token would be rejected anyway, so that no keys are fetched for it
 */
export type SignatureVerifier = (jws: Jws, requireClaims?: () => void) => Promise<void>

/** The registered algorithm, the option that names it, and the client's secret. */
interface SignatureSettings {
  /** Name of the token for messages. */
  readonly token: string
  /** The accepted ones: one with the client's secret, or any number with the provider's keys. */
  readonly algorithms: Algorithms
  /** The option that {@link algorithms} are from. */
  readonly option: string
  /** For HS256, HS384 and HS512. */
  readonly clientSecret: string | undefined
  readonly from: TokenOrigin
  /** Whether a key may sign a token. @default every key of the issuer may */
  readonly isKeyOf?: KeyRule | undefined
}

/** Whether a key may sign a token. */
export type KeyRule = (key: VerificationKey, jws: Jws) => boolean

/**
 * Makes the check of signatures by the algorithms that are accepted, such as the registered `id_token_signed_response_alg`
 * for ID Tokens and logout tokens.
 *
 * It throws `TokenValidationError`, and `ProviderError` when keys cannot be fetched.
 *
 * @throws {ConfigurationError} `invalid_options` for HS256, HS384 or HS512 without a long enough secret
 */
export function createSignatureVerifier(settings: SignatureSettings, keys: Keys): SignatureVerifier {
  const { from, isKeyOf } = settings
  const algorithms = algorithmNames(settings.algorithms)
  const alg = secretAlgorithm(algorithms)
  const secretKeys = alg === undefined ? undefined : [clientSecretKey(alg, settings)]
  return async (jws, requireClaims) => {
    requireRegisteredAlgorithm(jws.header, settings)
    if (secretKeys !== undefined) verifySignature(jws, secretKeys, algorithms)
    else await verifyByKeys(jws, { keys, from, isKeyOf, requireClaims })
  }
}

/**
 * Refuses a header whose `alg` is not accepted, before any key is looked up (RFC 8725 section 3.1).
 *
 * @throws {TokenValidationError} `token_algorithm_refused`
 */
export function requireRegisteredAlgorithm(
  { alg: seen }: JwsHeader,
  { token, algorithms, option }: Pick<SignatureSettings, 'token' | 'algorithms' | 'option'>,
): void {
  if (includesAlgorithm(algorithms, seen)) return
  const accepted = algorithmNames(algorithms)
  const name = /^[A-Za-z0-9-]{1,32}$/.test(seen) ? seen : 'an unknown algorithm'
  const message = `the ${token} is signed with ${name}, not with ${accepted.join(' or ')}: "${option}" must be what the provider signs with`
  throw new TokenValidationError('token_algorithm_refused', message, { details: algDetails(seen, accepted, option) })
}

/** Verifies a signature with the issuer's keys; see {@link verifyByLookup}. The caller has checked the algorithm. */
async function verifyByKeys(jws: Jws, lookup: SignatureLookup): Promise<void> {
  const known = fitting(lookup.keys.find(jws.header), jws, lookup)
  if (!isSignedBy(jws, known)) await verifyByLookup(jws, known, lookup)
}

/** The candidates that may sign a token, where not all may. */
export function fitting(
  candidates: readonly VerificationKey[],
  jws: Jws,
  { isKeyOf }: Pick<SignatureLookup, 'isKeyOf'>,
): readonly VerificationKey[] {
  return isKeyOf === undefined ? candidates : candidates.filter((key) => isKeyOf(key, jws))
}

/** Where keys are looked up, and where the token came from. */
interface SignatureLookup {
  readonly keys: Keys
  readonly from: TokenOrigin
  /** Throws if the token would be rejected anyway, so that no keys are fetched for it. */
  readonly requireClaims?: (() => void) | undefined
  readonly isKeyOf?: KeyRule | undefined
}

/**
 * Verifies a signature that none of the cached keys made, by fetching the keys again if that could help.
 *
 * @throws {TokenValidationError}
 * @throws {ProviderError} when keys have to be fetched and cannot be
 */
export async function verifyByLookup(
  jws: Jws,
  known: readonly VerificationKey[],
  { keys, from, isKeyOf, requireClaims = () => undefined }: SignatureLookup,
): Promise<void> {
  if (known.length === 0) requireClaims()
  else refuseUnless(requireClaims, known)
  await keys.load(jws.header, { from, isSigned: (found) => isSignedBy(jws, fitting(found, jws, { isKeyOf })) })
}

// Unsigned content can claim anything, but it is the best hint for someone who looks for the cause.
function refuseUnless(check: () => void, known: readonly VerificationKey[]): void {
  try {
    check()
  } catch (error) {
    throw noMatchingKey(known, error instanceof TokenValidationError ? { besides: error.message } : {})
  }
}

function clientSecretKey(alg: string, { token, clientSecret }: SignatureSettings): VerificationKey {
  if (clientSecret !== undefined) return secretVerificationKey(clientSecret, alg)
  throw new ConfigurationError('invalid_options', `the signature of the ${token} with ${alg} needs a client secret`)
}
