import { TokenValidationError } from '../../errors.js'
import { type DpopProofs, createDpopProofs } from './dpop-proof.js'
import type { BearerChallenges, TokenScheme } from '../challenges.js'
import type { TokenRequest, VerifiedToken } from '../types.js'
import type { BearerConfiguration } from '../../options/bearer/schema.js'
import type { Runtime } from '../../base/runtime.js'
import { createDpopNonces, ownSecret } from './dpop-nonce.js'
import { MemoryReplayCache, pluggedReplayCache } from './replay-cache.js'

/** Which proofs this resource server accepts, and which it requires. */
interface PossessionRules {
  readonly dpop?: DpopProofs
  readonly dpopRequired: boolean
  readonly mtls: boolean
  readonly mtlsRequired: boolean
}

/** Checks that the presenter of a token holds the key it is bound to. Returns a promise only if the replay cache does. */
export type PossessionCheck = (
  verified: VerifiedToken,
  scheme: TokenScheme,
  token: string,
  request: TokenRequest,
) => Promise<void> | undefined

/**
 * Creates the proof-of-possession check. A bound token without its proof is rejected, even if no proofs are configured
 * (RFC 9449 section 7.2, RFC 8705 section 3).
 *
 * @returns a function that throws `TokenValidationError` `token_binding_failed`, or `BearerError` for a proof
 */
export function createPossessionCheck(rules: PossessionRules, challenges: BearerChallenges): PossessionCheck {
  return (verified, scheme, token, request) => {
    const { jkt, x5t } = verified.confirmation ?? {}
    if (x5t !== undefined) requireCertificate(x5t, rules, request)
    else if (rules.mtlsRequired) throw bindingFailed('is not bound to a certificate', 'mtls')
    if (jkt === undefined) {
      if (scheme === 'dpop' || rules.dpopRequired) throw bindingFailed('is not bound to a key', 'dpop')
      return undefined
    }
    if (scheme !== 'dpop' || rules.dpop === undefined)
      throw bindingFailed('is bound to a key, but came without a proof', 'dpop')
    return rules.dpop.check(request, token, jkt, challenges)
  }
}

function requireCertificate(x5t: string, { mtls }: PossessionRules, request: TokenRequest): void {
  if (mtls && request.certificateThumbprint() === x5t) return
  throw bindingFailed('is bound to a client certificate that the request did not present', 'mtls')
}

function bindingFailed(why: string, option: 'dpop' | 'mtls'): TokenValidationError {
  return new TokenValidationError('token_binding_failed', `the token ${why}`, { details: { subject: 'cnf', option } })
}

/** Reads the rules from the options. */
export function possessionRules(
  { dpop, mtls, httpTimeoutSeconds }: BearerConfiguration,
  runtime: Runtime,
): PossessionRules {
  return {
    ...(dpop.mode === 'off' ? {} : { dpop: dpopProofs(dpop, httpTimeoutSeconds, runtime) }),
    dpopRequired: dpop.mode === 'required',
    mtls: mtls.source !== 'off',
    mtlsRequired: mtls.source !== 'off' && mtls.required,
  }
}

function dpopProofs(dpop: BearerConfiguration['dpop'], seconds: number, runtime: Runtime): DpopProofs {
  const { nonce, replayCache } = dpop
  const replays =
    replayCache === undefined ? new MemoryReplayCache(runtime) : pluggedReplayCache(replayCache(), seconds)
  if (nonce === false) return createDpopProofs({ ...dpop, replays, runtime })
  const { secret, lifetimeSeconds } = nonce === true ? { secret: [ownSecret(runtime)], lifetimeSeconds: 300 } : nonce
  return createDpopProofs({ ...dpop, replays, runtime, nonces: createDpopNonces(secret, lifetimeSeconds, runtime) })
}
