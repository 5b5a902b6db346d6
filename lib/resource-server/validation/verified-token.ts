import { ConfigurationError, TokenValidationError } from '../../errors.js'
import { authorizationDetailsIn, whatAuthorizationDetails } from '../../options/authorization-details/detail.js'
import { type JsonObject, bareClaims, isJsonObject } from '../../base/json.js'
import { clientOf } from '../../jose/client-claims.js'
import { type Speaker, speakerOf } from './machine-claims.js'
import type { ScopeMapper } from './scopes.js'
import { type SubjectRules, findSubject } from './subject.js'
import type { Confirmation, VerifiedToken } from '../types.js'
import type { Principal } from '../../policy/principal.js'
import type { TokenScheme } from '../challenges.js'

/** The application's decision on whether a token is a machine's; `undefined` leaves it to the claims. */
type MachineMapper = (claims: Readonly<JsonObject>) => boolean | undefined

/** How claims are read, according to the options. */
export interface ClaimReading {
  readonly scopes: ScopeMapper
  readonly isMachine: MachineMapper
}

/** What is known about a token apart from its claims. */
interface TokenContext {
  readonly issuer: string
  readonly reading: ClaimReading
  readonly subject: SubjectRules
  /** Whether its `typ` is that of RFC 9068. */
  readonly isTyped: boolean
  /** When the token ends if it has no `exp`, in seconds since the epoch. */
  readonly expiresAt: number
}

/**
 * Reads the claims of a token after they have been checked.
 *
 * @throws {TokenValidationError} `token_claim_missing` without a subject, `token_binding_failed` for a `cnf` that is
 *   not supported, `token_claim_invalid` for malformed `authorization_details`
 */
export function readVerifiedToken(payload: Readonly<JsonObject>, context: TokenContext): VerifiedToken {
  const claims = bareClaims(payload)
  const { nbf, cnf, exp } = claims
  const { scopes: scopesOf, isMachine: isMachineBy } = context.reading
  const scopes = scopesOf(claims)
  const client = clientOf(claims)
  const found = { client, scopes, speaker: speakerBy(isMachineBy(claims)) ?? speakerOf(claims, context.isTyped) }
  const confirmation = cnf === undefined ? undefined : readConfirmation(cnf)
  if (confirmation?.jkt === undefined && isDpopToken(claims)) throw unbound()
  return {
    claims,
    ...findSubject(claims, found, context.subject),
    issuer: context.issuer,
    scopes,
    authorizationDetails: readDetails(claims['authorization_details']),
    expiresAt: typeof exp === 'number' ? exp : context.expiresAt,
    notBefore: typeof nbf === 'number' ? nbf : 0,
    clientId: client,
    confirmation,
  }
}

// RFC 9396 sections 9.1 and 9.2. A guard could neither count them as granted nor as not granted.
function readDetails(value: unknown): VerifiedToken['authorizationDetails'] {
  if (value === undefined) return undefined
  const found = authorizationDetailsIn(value)
  if (found !== undefined) return found
  const details = { subject: 'authorization_details', seen: 'another value', expected: whatAuthorizationDetails }
  const message = `the token's authorization_details must be ${whatAuthorizationDetails}`
  throw new TokenValidationError('token_claim_invalid', message, { details })
}

function speakerBy(isMachine: boolean | undefined): Speaker | undefined {
  return isMachine === undefined ? undefined : isMachine ? 'machine' : 'person'
}

/**
 * Wraps the application's own function.
 *
 * @returns a mapper that throws {@link ConfigurationError} `invalid_options` if the function returns anything but true,
 *   false and `undefined`
 */
export function customMachines(find: (claims: Readonly<JsonObject>) => unknown): MachineMapper {
  return (claims) => {
    const found = find(claims)
    if (found === undefined || typeof found === 'boolean') return found
    throw new ConfigurationError('invalid_options', 'bearer(): "isMachine" must return true, false or undefined')
  }
}

// A bound token is meant to be useless without its proof, so a binding that is not supported must not be ignored.
function readConfirmation(cnf: unknown): Confirmation {
  if (isJsonObject(cnf)) {
    const { jkt, 'x5t#S256': x5t } = cnf
    const known = [jkt, x5t].filter((value) => value !== undefined)
    const bound = { ...(isThumbprint(jkt) ? { jkt } : {}), ...(isThumbprint(x5t) ? { x5t } : {}) }
    if (known.length > 0 && known.every(isThumbprint)) return bound
  }
  throw bindingFailed('has a cnf that is not supported')
}

/**
 * Reads which key a JWT is bound to, and makes the function that binds what else is known of the token to it as well.
 *
 * @throws {TokenValidationError} `token_binding_failed` for a `cnf` that is not supported; so does the function for another key
 */
export function boundAsIn(payload: Readonly<JsonObject>): (token: VerifiedToken) => VerifiedToken {
  const { cnf } = payload
  const own = cnf === undefined ? {} : readConfirmation(cnf)
  return (token) => {
    const other = token.confirmation ?? {}
    const isOther = confirmations.some((name) => (own[name] ?? other[name]) !== (other[name] ?? own[name]))
    if (isOther) throw bindingFailed('is bound to one key by its cnf, and to another by the introspection response')
    const confirmation = { ...other, ...own }
    if (confirmation.jkt === undefined && isDpopToken(payload)) throw unbound()
    return { ...token, confirmation }
  }
}

const confirmations = ['jkt', 'x5t'] as const

// The claim `typ` (Keycloak) or the `token_type` of an introspection response. Such a token must name its key (RFC 9449
// section 6).
function isDpopToken({ typ, token_type: type }: Readonly<JsonObject>): boolean {
  return [typ, type].some((word) => typeof word === 'string' && word.toLowerCase() === 'dpop')
}

function unbound(): TokenValidationError {
  return bindingFailed('has the type DPoP, but is not bound to a key')
}

function bindingFailed(why: string): TokenValidationError {
  return new TokenValidationError('token_binding_failed', `the token ${why}`, { details: { subject: 'cnf' } })
}

function isThumbprint(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9_-]{43}$/.test(value)
}

/**
 * The principal of an access token. The token itself is in a private field, so neither JSON nor `util.inspect()` shows
 * it.
 */
export class TokenPrincipal implements Principal {
  readonly scheme: TokenScheme
  readonly subject: string
  readonly issuer: string
  readonly claims: Principal['claims']
  readonly scopes: readonly string[]
  readonly authorizationDetails?: NonNullable<Principal['authorizationDetails']>
  readonly expiresAt: number
  readonly clientId?: string
  readonly isMachine?: boolean
  readonly provider?: string
  readonly #token: string

  constructor(verified: VerifiedToken, scheme: TokenScheme, token: string, provider?: string) {
    this.scheme = scheme
    this.subject = verified.subject
    this.issuer = verified.issuer
    this.claims = verified.claims
    this.scopes = verified.scopes
    if (verified.authorizationDetails !== undefined) this.authorizationDetails = verified.authorizationDetails
    this.expiresAt = verified.expiresAt
    if (verified.clientId !== undefined) this.clientId = verified.clientId
    if (verified.isMachine !== undefined) this.isMachine = verified.isMachine
    if (provider !== undefined) this.provider = provider
    this.#token = token
    Object.freeze(this)
  }

  /** The access token as presented. */
  get token(): string {
    return this.#token
  }
}
