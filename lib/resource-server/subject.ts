import { TokenValidationError } from '../errors.js'
import type { JsonObject } from '../seal/json.js'
import { mentionsPerson } from './machine-claims.js'

/** Where tokens of one issuer name their subject. */
export interface SubjectRules {
  /** The claim that identifies a person; in `sub`, clients are subjects too. */
  readonly claim: string
  /** Whether a client may be the subject of a token that names no other. */
  readonly client: boolean
}

/** What is known of a token before its subject. */
export interface Actor {
  readonly client: string | undefined
  readonly scopes: readonly string[]
  readonly isMachine: boolean | undefined
}

/** A subject, and whether it is a machine. */
export interface Subject {
  readonly subject: string
  readonly isMachine: boolean | undefined
}

// Subjects that are made out of client IDs are set apart by it from those that tokens name (RFC 9068 section 5).
const clientPrefix = 'client:'
const longestSubject = 255

/**
 * Finds the subject of a token. Two people are never one, nor is a person ever a client: a client counts only where the
 * options say so and nothing speaks of a person.
 *
 * @throws {TokenValidationError} `token_claim_missing` where there is none, `token_claim_invalid` for one that cannot be used
 * @see RFC 9068 sections 2.2 and 5
 */
export function findSubject(claims: Readonly<JsonObject>, actor: Actor, { claim, client }: SubjectRules): Subject {
  const named = claims[claim]
  const { isMachine } = actor
  // What identifies people may stand in a machine's token as well, such as its owner's name.
  const isNamed = named !== undefined && named !== null && (claim === 'sub' || isMachine !== true)
  if (isNamed) return { subject: usable(claim, named, client), isMachine }
  const mayBeClient = isMachine ?? !mentionsPerson(claims, actor.scopes)
  if (client && actor.client !== undefined && mayBeClient) {
    return { subject: clientPrefix + actor.client, isMachine: true }
  }
  const owner = claim !== 'sub' && isMachine === true ? 'machine' : 'unknown'
  throw new TokenValidationError('token_claim_missing', missing(claim, client, owner))
}

function usable(claim: string, value: unknown, areClientsSubjects: boolean): string {
  if (typeof value !== 'string' || value === '' || value.length > longestSubject) {
    throw new TokenValidationError('token_claim_invalid', `the token's ${claim} is wrong`)
  }
  if (!areClientsSubjects || !value.startsWith(clientPrefix)) return value
  const message = `the token's ${claim} begins with "${clientPrefix}", as the subjects of clients do here`
  throw new TokenValidationError('token_claim_invalid', message)
}

function missing(claim: string, areClientsSubjects: boolean, owner: 'machine' | 'unknown'): string {
  if (owner === 'machine')
    return `the token is a machine's, whose subject is not in ${claim}: "subject.client" allows it`
  if (areClientsSubjects) return `the token's ${claim} is missing, and it is not known to be a client's own`
  return `the token's ${claim} is missing: the option "subject" can name another claim, or take clients for subjects`
}
