import type { OidcErrorInit } from '../../error-details.js'
import { TokenValidationError } from '../../errors.js'
import type { JsonObject } from '../../base/json.js'
import { findSignOfPerson } from './person-signs.js'
import { isOwnSubject, type Speaker } from './machine-claims.js'

/** Where the tokens of one issuer name their subject. */
export interface SubjectRules {
  /** The claim that identifies a person; a machine only where it is `sub`, or the same as `sub`. */
  readonly claim: string
  /** Whether a client may be the subject of a token that names no other. */
  readonly client: boolean
  /** Claims that such a client's token may have beside those of the protocol. */
  readonly clientClaims: readonly string[]
  /** The longest subject, in characters. */
  readonly maxLength: number
}

/** What is known about a token before its subject is determined. */
interface Actor {
  readonly client: string | undefined
  readonly scopes: readonly string[]
  readonly speaker: Speaker
}

/** A subject, and whether it is a machine; `undefined` if that is not known. */
interface Subject {
  readonly subject: string
  readonly isMachine: boolean | undefined
}

// Keeps subjects that are made from client IDs distinct from those that tokens name (RFC 9068 section 5).
const clientPrefix = 'client:'

const isMachine = { machine: true, person: false, both: undefined, unknown: undefined } as const

/**
 * Finds the subject of a token. Two people never get the same subject, and a person never gets that of a client. A
 * client is a subject only if the options allow it, and if the token is a machine's or contains nothing that could be
 * about a person.
 *
 * @throws {TokenValidationError} `token_claim_missing` if there is none, `token_claim_invalid` if it is unusable
 * @see https://www.rfc-editor.org/rfc/rfc9068#section-2.2
 * @see https://www.rfc-editor.org/rfc/rfc9068#section-5
 */
export function findSubject(claims: Readonly<JsonObject>, actor: Actor, rules: SubjectRules): Subject {
  const { claim } = rules
  const { speaker } = actor
  const named = claims[claim]
  const isNamed = named !== undefined && named !== null
  if (isNamed && identifies(named, claims, speaker, rules)) {
    return { subject: requireUsable(named, rules), isMachine: isMachine[speaker] }
  }
  if (isNamed && speaker === 'both') {
    throw doubtful(
      claim,
      `the token's claims indicate both a machine and a person: its ${claim} may be another person's`,
    )
  }
  const obstacle = obstacleTo(claims, actor, rules)
  if (obstacle === undefined) return { subject: clientPrefix + (actor.client ?? ''), isMachine: true }
  if (isNamed && obstacle === notAllowed) {
    throw doubtful(claim, `the token is a machine's, and its ${claim} may be a person's: ${clientHint}`)
  }
  throw new TokenValidationError(
    'token_claim_missing',
    missing(claim, obstacle, speaker),
    subjectDetails(claim, 'missing'),
  )
}

const notAllowed = Symbol('not allowed')
const clientHint = '"subject.client" takes the client for the subject'

// A machine's token may contain a claim that identifies a person too, such as its owner's name. In Entra, oid and sub of a machine are
// both the name that it alone has in the directory. Any other sub, such as the client's ID, may be what a person has in that claim.
function identifies(
  named: unknown,
  claims: Readonly<JsonObject>,
  speaker: Speaker,
  { claim, client }: SubjectRules,
): boolean {
  if (claim === 'sub' || speaker === 'person' || speaker === 'unknown') return true
  return speaker === 'machine' && !client && named === claims['sub'] && !isOwnSubject(claims)
}

function doubtful(claim: string, message: string): TokenValidationError {
  return new TokenValidationError('token_claim_invalid', message, subjectDetails(claim, 'another value'))
}

/** Why the client cannot be the subject; `undefined` if it can. */
function obstacleTo(
  claims: Readonly<JsonObject>,
  { client, scopes, speaker }: Actor,
  rules: SubjectRules,
): string | typeof notAllowed | undefined {
  if (!rules.client) return notAllowed
  if (client === undefined) return 'it names no client'
  if (speaker === 'machine') return undefined
  if (speaker === 'person') return "it is a person's"
  if (speaker === 'both') return 'its claims indicate both a machine and a person'
  const found = findSignOfPerson(claims, scopes, rules.clientClaims)
  return found === undefined ? undefined : `${found} may be about a person`
}

function requireUsable(value: unknown, { claim, client, maxLength }: SubjectRules): string {
  const refused = (why: string, seen = 'another value') =>
    new TokenValidationError('token_claim_invalid', `the token's ${claim} ${why}`, subjectDetails(claim, seen))
  if (typeof value !== 'string') throw refused('is not text')
  if (value === '') throw refused('is empty')
  if (value.length > maxLength) {
    const seen = `${value.length} characters`
    throw refused(`has ${seen}, and at most ${maxLength} are taken`, seen)
  }
  if (client && value.startsWith(clientPrefix))
    throw refused(`begins with "${clientPrefix}", as the subjects of clients do here`)
  return value
}

function subjectDetails(subject: string, seen: string): OidcErrorInit {
  return { details: { subject, seen, option: 'subject' } }
}

function missing(claim: string, obstacle: string | typeof notAllowed, speaker: Speaker): string {
  if (obstacle !== notAllowed) {
    const isClaim = obstacle.startsWith('the claim ')
    const hint = isClaim ? ': list it in "subject.clientClaims" if it never is' : ''
    return `the token's ${claim} is missing, and the token is not its client's own (${obstacle})${hint}`
  }
  if (claim !== 'sub' && speaker === 'machine') return `the token is a machine's, and has no ${claim}: ${clientHint}`
  return `the token's ${claim} is missing: the option "subject" can name another claim, or take clients for subjects`
}
