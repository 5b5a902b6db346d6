import { TokenValidationError } from '../../errors.js'
import type { JsonObject } from '../../base/json.js'
import { quoted, seenValue } from '../../base/error-cause.js'
import {
  type ClaimRule,
  type ClockContext,
  always,
  dateRule,
  isText,
  optionDetails,
  pastRule,
  requireClaims,
  unexpiredRule,
} from '../../jose/claim-rules.js'
import type { AccessTokenProfile } from '../../options/bearer/issuer-options.js'
import { clientIdClaims } from '../../jose/client-claims.js'

/** Where claims come from: a JWT of one of the profiles, or an introspection response. */
type ClaimSource = AccessTokenProfile | 'introspection'

/** What a token's claims are checked against. */
interface ClaimExpectations extends ClockContext {
  readonly source: ClaimSource
  readonly issuer: string
  /** Other spellings of the issuer. */
  readonly aliases: readonly string[]
  /** One of these must be in `aud`; `null` accepts any. */
  readonly audience: readonly string[] | null
  /** The token must be issued to one of these; `undefined` accepts any. */
  readonly clients: readonly string[] | undefined
}

const isOpaque = ({ source }: ClaimExpectations): boolean => source === 'introspection'
const isLenient = ({ source }: ClaimExpectations): boolean => source !== 'rfc9068'
const missingHint = 'profile: "jwt" does not require it'
const name = {
  code: 'token_claim_invalid',
  must: 'must be text of 1 to 255 characters',
  isOptional: isLenient,
  isNullable: true,
  missingHint,
  holds: isText(255),
} as const

/** RFC 9068 sections 2.2 and 4, in this order; RFC 7662 section 2.2. `findSubject()` checks the subject. */
const rules: readonly ClaimRule<ClaimExpectations>[] = [
  {
    claim: 'iss',
    code: 'token_issuer_mismatch',
    must: (iss, { issuer }) => `must be ${quoted(issuer)}, and is ${quoted(iss)} ("issuerAliases" can name it)`,
    isOptional: isOpaque,
    holds: (iss, { issuer, aliases }) => iss === issuer || (typeof iss === 'string' && aliases.includes(iss)),
    details: optionDetails('issuer', ({ issuer }) => issuer),
  },
  { claim: 'exp', ...dateRule, isOptional: isOpaque },
  { claim: 'exp', ...unexpiredRule, isOptional: isOpaque },
  { claim: 'nbf', ...pastRule, isOptional: always },
  { claim: 'iat', ...pastRule, isOptional: isLenient, missingHint },
  { claim: 'client_id', ...name },
  { claim: 'jti', ...name },
]

/**
 * Checks the claims of an access token. A required claim that is missing is an error.
 *
 * @throws {TokenValidationError}
 */
export function checkTokenClaims(claims: Readonly<JsonObject>, expected: ClaimExpectations): void {
  requireClaims('token', rules, claims, expected)
  checkAudience(claims['aud'], expected.audience)
  if (expected.clients !== undefined) checkClients(claims, expected.clients)
}

function checkAudience(aud: unknown, audience: readonly string[] | null): void {
  if (typeof aud === 'string' && audience?.includes(aud) === true) return
  const named: readonly unknown[] = Array.isArray(aud) ? aud : aud === undefined || aud === null ? [] : [aud]
  if (!named.every((member) => typeof member === 'string')) {
    const details = { subject: 'aud', seen: seenValue(aud), expected: 'text, or a list of texts' }
    throw new TokenValidationError('token_claim_invalid', "the token's aud is not text, nor a list of texts", {
      details,
    })
  }
  if (audience === null || audience.some((member) => named.includes(member))) return
  const message =
    named.length === 0
      ? 'the token\'s aud is missing (audience: null takes tokens that name none: "clients" can say whose)'
      : `the token is for another audience: its aud is ${quoted(aud)}, and "audience" is ${quoted(audience)}`
  const details = { subject: 'aud', seen: seenValue(aud), expected: quoted(audience), option: 'audience' }
  throw new TokenValidationError('token_audience_mismatch', message, { details })
}

function checkClients(claims: Readonly<JsonObject>, clients: readonly string[]): void {
  const names = clientIdClaims.filter((claim) => claims[claim] !== undefined && claims[claim] !== null)
  const unlisted = names.find((claim) => !clients.some((client) => client === claims[claim]))
  const wanted = `"clients" is ${quoted(clients)}`
  if (names.length === 0) {
    const message = `the token names no client in ${clientIdClaims.join(', ')}, and ${wanted}`
    const details = { subject: 'client_id', seen: 'missing', expected: quoted(clients), option: 'clients' }
    throw new TokenValidationError('token_claim_missing', message, { details })
  }
  if (unlisted === undefined) return
  const message = `the token is another client's: its ${unlisted} is ${quoted(claims[unlisted])}, and ${wanted}`
  const details = { subject: unlisted, seen: quoted(claims[unlisted]), expected: quoted(clients), option: 'clients' }
  throw new TokenValidationError('token_claim_invalid', message, { details })
}
