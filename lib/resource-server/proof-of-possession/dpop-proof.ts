import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { parseUrl } from '../../base/url.js'
import { TokenValidationError } from '../../errors.js'
import { isRecent } from '../../base/age.js'
import type { Runtime } from '../../base/runtime.js'
import type { VerificationKey } from '../../jose/algorithms.js'
import { type ClockContext, isPast, isUnexpired } from '../../jose/claim-rules.js'
import { importKeySet, jwkThumbprint } from '../../jose/jwk-set.js'
import { type Jws, type JwsHeader, decodeJws, requireAlgorithm, verifySignature } from '../../jose/jws.js'
import { isAbsent, isJsonObject } from '../../base/json.js'
import { countOnce } from './counted-proofs.js'
import type { DpopNonces } from './dpop-nonce.js'
import type { BearerChallenges } from '../challenges.js'
import type { ReplayGuard } from './replay-cache.js'
import type { TokenRequest } from '../types.js'

/** The rules for DPoP proofs. */
interface DpopRules {
  readonly algorithms: readonly string[]
  readonly proofMaxAgeSeconds: number
  readonly proofClockToleranceSeconds: number
  readonly nonces?: DpopNonces
  readonly replays: ReplayGuard
  readonly runtime: Runtime
}

/** Validates DPoP proofs. */
export interface DpopProofs {
  /**
   * Makes every check of RFC 9449 section 4.3 on the request's proof. The `jti` comes last, so an invalid proof uses up
   * none.
   *
   * @param jkt - thumbprint that the token is bound to
   * @throws {BearerError} `invalid_dpop_proof`, `use_dpop_nonce`
   * @throws {TokenValidationError} `token_binding_failed` for a proof made with a key other than the token's
   */
  check(request: TokenRequest, token: string, jkt: string, challenges: BearerChallenges): Promise<void> | undefined
}

interface ProofKey {
  readonly keys: readonly VerificationKey[]
  readonly thumbprint: string
}

const maxProofLength = 4096
const maxKeys = 1000

/** Creates the validator of DPoP proofs. */
export function createDpopProofs(rules: DpopRules): DpopProofs {
  const known = new LRUCache<string, ProofKey>({ max: maxKeys })
  const read = (request: TokenRequest): Proof => {
    const [proof = '', ...more] = request.dpopProofs()
    if (proof === '' || more.length > 0) throw invalid('there must be exactly one proof')
    const jws = decodeJws(proof, { maxBytes: maxProofLength })
    const headerText = proof.slice(0, proof.indexOf('.'))
    const key = keyOf(jws.header, known.get(headerText))
    requireAlgorithm(jws.header, rules.algorithms, 'dpop.algorithms')
    if (jws.header.typ !== 'dpop+jwt') throw invalid('typ must be dpop+jwt')
    return { jws, headerText, key }
  }
  const verify = ({ jws, key }: Proof, request: TokenRequest, token: string): ProofClaims => {
    verifySignature(jws, key.keys, rules.algorithms)
    return checkProofClaims(jws, request, token, rules)
  }
  return {
    check(request, token, jkt, challenges) {
      const proof = attempt(() => read(request), challenges)
      const { headerText, key } = proof
      // Before any signature check: an attacker with a stolen token could send a key that is expensive to verify with.
      if (key.thumbprint !== jkt)
        throw new TokenValidationError('token_binding_failed', 'the proof is signed with another key')
      if (!known.has(headerText)) known.set(headerText, key)
      const { jti, nonce } = attempt(() => verify(proof, request, token), challenges)
      requireNonce(nonce, rules.nonces, request, challenges)
      const lifetime = rules.proofMaxAgeSeconds + rules.proofClockToleranceSeconds
      const replayKey = hash('sha256', JSON.stringify([jkt, jti]), 'base64url')
      const added = countOnce(rules.replays, replayKey, lifetime, request.identity)
      if (typeof added !== 'boolean') return added.then((isNew) => requireNew(isNew, challenges))
      requireNew(added, challenges)
      return undefined
    },
  }
}

interface ProofClaims {
  readonly jti: string
  readonly nonce: unknown
}

interface Proof {
  readonly jws: Jws
  readonly headerText: string
  readonly key: ProofKey
}

function attempt<T>(step: () => T, challenges: BearerChallenges): T {
  try {
    return step()
  } catch (error) {
    throw error instanceof TokenValidationError ? challenges.invalidProof(error) : error
  }
}

function requireNew(isNew: boolean, challenges: BearerChallenges): void {
  if (!isNew) throw challenges.invalidProof(invalid('the jti was used before'))
}

function requireNonce(
  nonce: unknown,
  nonces: DpopNonces | undefined,
  request: TokenRequest,
  challenges: BearerChallenges,
): void {
  if (nonces === undefined) return
  const age = nonces.ageOf(nonce)
  if (age === 'unknown') throw challenges.nonceNeeded(nonces.current())
  if (age === 'previous') request.offerNonce(nonces.current())
}

/** RFC 9449 section 4.3, items 3 and 8 to 12. */
function checkProofClaims({ payload }: Jws, request: TokenRequest, token: string, rules: DpopRules): ProofClaims {
  const { jti, htm, htu, iat, ath, nonce } = payload
  if (typeof jti !== 'string' || jti === '') throw invalid('jti is missing')
  if (htm !== request.method) throw invalid('htm does not match the method')
  if (typeof htu !== 'string' || !request.urls().some((url) => isSameTarget(htu, url)))
    throw invalid('htu does not match the URL')
  const { proofMaxAgeSeconds, proofClockToleranceSeconds } = rules
  const isNow = isRecent(iat, rules.runtime.now() / 1000, proofMaxAgeSeconds, proofClockToleranceSeconds)
  if (!isNow) throw invalid('iat is too far from the current time')
  requireValidity(payload, { now: rules.runtime.now() / 1000, clockToleranceSeconds: proofClockToleranceSeconds })
  if (ath !== hash('sha256', token, 'base64url')) throw invalid('ath belongs to another token')
  return { jti, nonce }
}

// Proofs need neither, but a client that sets them means them (RFC 7519 sections 4.1.4 and 4.1.5).
function requireValidity({ exp, nbf }: Jws['payload'], clock: ClockContext): void {
  if (!isAbsent(exp) && !isUnexpired(exp, clock)) throw invalid('exp is in the past, or is not a date')
  if (!isAbsent(nbf) && !isPast(nbf, clock)) throw invalid('nbf is in the future, or is not a date')
}

// A client's proofs all have the same header, so its key is imported once.
function keyOf({ jwk, alg }: JwsHeader, known: ProofKey | undefined): ProofKey {
  if (known !== undefined) return known
  const keys = importKeySet({ keys: [jwk] })
    ?.keys.get(alg)
    ?.get(undefined)
  if (keys === undefined || !isJsonObject(jwk)) throw invalid('jwk is not a public key for this alg')
  return { keys, thumbprint: jwkThumbprint(jwk) }
}

function invalid(why: string): TokenValidationError {
  return new TokenValidationError('token_binding_failed', `the DPoP proof is refused: ${why}`)
}

/**
 * Whether a proof's `htu` names a request's URL: equal after the normalization of RFC 3986 sections 6.2.2 and 6.2.3, query
 * and fragment aside (RFC 9449 section 4.3, item 9).
 */
export function isSameTarget(htu: string, url: string): boolean {
  const expected = normalize(url)
  return expected !== undefined && normalize(htu) === expected
}

function normalize(text: string): string | undefined {
  const url = parseUrl(text)
  if (url === undefined) return undefined
  const { protocol, username, password, origin, pathname } = url
  if (!protocol.startsWith('http') || username !== '' || password !== '') return undefined
  return origin + pathname.replace(/%[0-9a-f]{2}/gi, canonicalTriplet)
}

function canonicalTriplet(triplet: string): string {
  const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16))
  return /[A-Za-z0-9\-._~]/.test(character) ? character : triplet.toUpperCase()
}
