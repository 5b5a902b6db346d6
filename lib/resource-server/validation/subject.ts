import { TokenValidationError } from '../../errors.js'
import type { JsonObject } from '../../base/json.js'
import { mayBePersonIn } from './client-claims.js'
import type { Speaker } from './machine-claims.js'

/** Where tokens of one issuer name their subject. */
export interface SubjectRules {
  /** The claim that identifies a person; in `sub`, clients are subjects too. */
  readonly claim: string
  /** Whether a client may be the subject of a token that names no other. */
  readonly client: boolean
  /** Claims that may stand in the token of such a client beside those of the protocol. */
  readonly clientClaims: readonly string[]
}

/** What is known of a token before its subject. */
export interface Actor {
  readonly client: string | undefined
  readonly scopes: readonly string[]
  readonly speaker: Speaker
}

/** A subject, and whether it is a machine. */
export interface Subject {
  readonly subject: string
  readonly isMachine: boolean | undefined
}

// Subjects that are made out of client IDs are set apart by it from those that tokens name (RFC 9068 section 5).
const clientPrefix = 'client:'
const maxSubjectLength = 255

const isMachine = { machine: true, person: false, both: undefined, nobody: undefined } as const

/**
 * Finds the subject of a token. Two people are never one, nor is a person ever a client: a client counts only where the
 * options say so, and where the token is a machine's or holds nothing that could be about a person.
 *
 * @throws {TokenValidationError} `token_claim_missing` where there is none, `token_claim_invalid` for one that cannot be used
 * @see RFC 9068 sections 2.2 and 5
 */
export function findSubject(claims: Readonly<JsonObject>, actor: Actor, rules: SubjectRules): Subject {
  const { claim, client } = rules
  const { speaker } = actor
  const named = claims[claim]
  const isNamed = named !== undefined && named !== null
  // What identifies people may stand in a machine's token as well, such as its owner's name.
  if (isNamed && (claim === 'sub' || speaker === 'person' || speaker === 'nobody')) {
    return { subject: usable(claim, named, client), isMachine: isMachine[speaker] }
  }
  if (isNamed && speaker === 'both') {
    const message = `the token speaks for a machine and for a person: its ${claim} may be somebody else's`
    throw new TokenValidationError('token_claim_invalid', message)
  }
  const obstacle = obstacleTo(claims, actor, rules)
  if (obstacle === undefined) return { subject: clientPrefix + (actor.client ?? ''), isMachine: true }
  throw new TokenValidationError('token_claim_missing', missing(claim, obstacle, speaker))
}

const notAllowed = Symbol('not allowed')

/** What keeps a client from being the subject. */
function obstacleTo(
  claims: Readonly<JsonObject>,
  { client, scopes, speaker }: Actor,
  rules: SubjectRules,
): string | typeof notAllowed | undefined {
  if (!rules.client) return notAllowed
  if (client === undefined) return 'it names no client'
  if (speaker === 'machine') return undefined
  if (speaker === 'person') return "it is a person's"
  if (speaker === 'both') return 'it speaks for a machine and for a person'
  const found = mayBePersonIn(claims, scopes, rules.clientClaims)
  return found === undefined ? undefined : `${found} may speak of a person`
}

function usable(claim: string, value: unknown, areClientsSubjects: boolean): string {
  if (typeof value !== 'string' || value === '' || value.length > maxSubjectLength) {
    throw new TokenValidationError('token_claim_invalid', `the token's ${claim} is wrong`)
  }
  if (!areClientsSubjects || !value.startsWith(clientPrefix)) return value
  const message = `the token's ${claim} begins with "${clientPrefix}", as the subjects of clients do here`
  throw new TokenValidationError('token_claim_invalid', message)
}

function missing(claim: string, obstacle: string | typeof notAllowed, speaker: Speaker): string {
  if (obstacle !== notAllowed) {
    const isClaim = obstacle.startsWith('the claim ')
    const hint = isClaim ? ': "subject.clientClaims" can name it, if it does not' : ''
    return `the token's ${claim} is missing, and it is not its client's own, since ${obstacle}${hint}`
  }
  if (claim !== 'sub' && speaker === 'machine')
    return `the token is a machine's, whose subject is not in ${claim}: "subject.client" allows it`
  return `the token's ${claim} is missing: the option "subject" can name another claim, or take clients for subjects`
}
