import { audit, auditReason } from '../base/audit/audit.js'
import type { BearerErrorCode } from '../error-codes.js'
import { BearerError } from '../errors.js'
import { isOidcError } from '../base/error-cause.js'
import type { Principal } from '../policy/principal.js'

/** Nothing was presented, or the client was told to repeat its proof with a nonce, as it does now and then. */
const ordinary: ReadonlySet<BearerErrorCode> = new Set(['missing_token', 'use_dpop_nonce'])

/** Validates credentials, and reports those that are refused. An outage refuses none. */
export function auditRefusedTokens(validate: () => Principal | Promise<Principal>): Principal | Promise<Principal> {
  try {
    const validated = validate()
    return validated instanceof Promise ? validated.catch(refused) : validated
  } catch (error) {
    return refused(error)
  }
}

function refused(error: unknown): never {
  if (error instanceof BearerError && !ordinary.has(error.code)) {
    // Callers see one code for all flaws of a token; the cause has which one it is.
    const reason = auditReason(isOidcError(error.cause) ? error.cause : error)
    audit(() => ({ name: 'token_refused', reason }))
  }
  throw error
}
