import { TokenValidationError } from '../errors.js'
import type { JsonObject } from '../seal/json.js'
import { isJsonObject } from '../seal/json.js'
import type { ScopeMapper } from './scopes.js'
import type { Confirmation, VerifiedToken } from './types.js'

/** What is known of a token beside its claims. */
export interface TokenContext {
  readonly issuer: string
  readonly scopes: ScopeMapper
  /** When the token ends where it does not say so itself, in seconds since the epoch. */
  readonly expiresAt: number
}

/**
 * Claims whose prototype has no members, so that no claim's name ever finds a method (CWE-1321). Taking the prototype away
 * from each token's claims would cost a tenth of what the signature does.
 */
class BareClaims {
  readonly [name: string]: unknown
}
Reflect.deleteProperty(BareClaims.prototype, 'constructor')
Object.setPrototypeOf(BareClaims.prototype, null)
Object.freeze(BareClaims.prototype)

/**
 * Reads what the claims say, once they are known to hold.
 *
 * @throws {TokenValidationError} `token_claim_missing` without a subject and a client, `token_binding_failed` for a `cnf`
 *   that is not understood
 */
export function readVerifiedToken(payload: Readonly<JsonObject>, context: TokenContext): VerifiedToken {
  const claims: Readonly<JsonObject> = Object.freeze(Object.assign(new BareClaims(), payload))
  const { sub, nbf, cnf, exp } = claims
  const clientId = clientOf(claims)
  const subject = typeof sub === 'string' && sub !== '' ? sub : clientId
  if (subject === undefined) throw new TokenValidationError('token_claim_missing', 'the token has no sub')
  const confirmation = cnf === undefined ? undefined : readConfirmation(cnf)
  return {
    claims,
    subject,
    issuer: context.issuer,
    isMachine: subject === clientId || claims['gty'] === 'client-credentials' || claims['idtyp'] === 'app',
    scopes: context.scopes(claims),
    expiresAt: typeof exp === 'number' ? exp : context.expiresAt,
    notBefore: typeof nbf === 'number' ? nbf : 0,
    clientId,
    confirmation,
  }
}

function clientOf(claims: Readonly<JsonObject>): string | undefined {
  for (const name of clientClaims) {
    const value = claims[name]
    if (typeof value === 'string' && value !== '') return value
  }
  return undefined
}

const clientClaims = ['client_id', 'azp', 'cid', 'appid']

// Whoever bound the token meant it to be of no use without proof: a binding that is not understood is not ignored.
function readConfirmation(cnf: unknown): Confirmation {
  if (isJsonObject(cnf)) {
    const { jkt, 'x5t#S256': x5t } = cnf
    const known = [jkt, x5t].filter((value) => value !== undefined)
    const bound = { ...(isThumbprint(jkt) ? { jkt } : {}), ...(isThumbprint(x5t) ? { x5t } : {}) }
    if (known.length > 0 && known.every(isThumbprint)) return bound
  }
  throw new TokenValidationError('token_binding_failed', "the token's cnf is not understood")
}

function isThumbprint(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9_-]{43}$/.test(value)
}
