import { ConfigurationError } from '../../errors.js'
import { isJsonObject } from '../../base/json.js'
import { returnedInTime } from '../../base/timers/call-in-time.js'
import { isIssuerTemplate, tenantIn } from '../../options/common/tenants.js'
import type { SubjectFound, SubjectIdentifier, SubjectLookup, SubjectMatch } from '../../options/signals/events.js'
import { aliasesOf, isIdentifier, membersOf } from './subject-identifiers.js'

/** Whose sessions a subject may name, and how the application finds others. */
export interface SubjectRules {
  readonly transmitter: string
  /** Issuers in `iss_sub`: those of the sessions. One may be a template of tenants. */
  readonly issuers: readonly string[]
  readonly lookup?: SubjectLookup | undefined
  /** Deadline of the lookup. */
  readonly httpTimeoutSeconds: number
}

/** The sessions that a subject names, or why it names none. */
export type Matches = readonly SubjectMatch[] | 'foreign_subject' | 'unknown_subject'

const maxMatches = 100

/**
 * Finds what sessions a subject names. `iss` and `sub` of a subject or of its member `user` name a person by themselves, if the issuer is
 * that of the sessions. Only the application knows what anything else stands for. A complex subject is what all of its members have in
 * common (SSF 1.0 section 3.3). One unknown member leaves it unknown: to end all sessions of the others would be a guess.
 *
 * @throws {ConfigurationError} `invalid_options` for an answer of the application that cannot be one
 * @throws {ProviderError} `provider_timeout` if the application does not answer
 */
export async function matchesOf(subject: SubjectIdentifier, type: string, rules: SubjectRules): Promise<Matches> {
  const found =
    subject.format === 'complex' ? await matchAll(subject, type, rules) : await matchOne(subject, type, rules)
  if (typeof found === 'string') return found
  // A match that narrows nothing would be everybody.
  return found.some(isEverybody) ? 'unknown_subject' : found
}

async function matchAll(subject: SubjectIdentifier, type: string, rules: SubjectRules): Promise<Matches> {
  let all: readonly SubjectMatch[] = [{}]
  for (const [member, identifier] of membersOf(subject)) {
    const found = isIdentifier(identifier) ? await matchOne(identifier, type, rules, member) : 'unknown_subject'
    if (typeof found === 'string') return found
    all = intersection(all, found)
  }
  return all
}

async function matchOne(
  subject: SubjectIdentifier,
  type: string,
  rules: SubjectRules,
  member?: string,
): Promise<Matches> {
  const { format, iss, sub: person } = subject
  // A device or a tenant may have an issuer and a subject of its own, as in examples of CAEP 1.0 section 3.1.
  if (format === 'iss_sub' && (member === undefined || member === 'user')) {
    if (typeof iss !== 'string' || !isIssuerOf(iss, rules.issuers)) return 'foreign_subject'
    return typeof person === 'string' ? [atTenant({ sub: person, iss }, rules.issuers)] : 'unknown_subject'
  }
  const found = await lookUp(subject, type, rules, member)
  return found === 'unknown_subject' && format === 'aliases' ? matchAny(subject, type, rules, member) : found
}

// Only sessions at a template have a tenant.
function atTenant({ iss, ...names }: SubjectMatch, issuers: readonly string[]): SubjectMatch {
  return iss === undefined || issuers.includes(iss) ? names : { ...names, iss }
}

// Aliases are names of one subject, so the known ones are enough (RFC 9493 section 3.2.8).
async function matchAny(
  subject: SubjectIdentifier,
  type: string,
  rules: SubjectRules,
  member: string | undefined,
): Promise<Matches> {
  const found = await Promise.all(aliasesOf(subject).map((alias) => matchOne(alias, type, rules, member)))
  const known = found.filter((each) => typeof each !== 'string')
  if (known.length > 0) return known.flat()
  return found.includes('foreign_subject') ? 'foreign_subject' : 'unknown_subject'
}

async function lookUp(
  subject: SubjectIdentifier,
  type: string,
  { transmitter, issuers, lookup, httpTimeoutSeconds }: SubjectRules,
  member: string | undefined,
): Promise<Matches> {
  if (lookup === undefined) return 'unknown_subject'
  const context = { transmitter, type, ...(member === undefined ? {} : { member }) }
  const found = await returnedInTime('subjects', () => lookup(subject, context), httpTimeoutSeconds)
  if (found === undefined || found === null) return 'unknown_subject'
  const list: readonly unknown[] = isList(found) ? found : [found]
  if (list.length > maxMatches || !list.every(isMatch)) throw invalidAnswer()
  const areOurs = list.every(({ iss }) => iss === undefined || isIssuerOf(iss, issuers))
  return areOurs ? list.map((match) => atTenant(match, issuers)) : 'foreign_subject'
}

// An issuer of sessions, or a tenant of a template.
function isIssuerOf(iss: string, issuers: readonly string[]): boolean {
  return issuers.some((issuer) => (isIssuerTemplate(issuer) ? tenantIn(iss, issuer) !== undefined : issuer === iss))
}

function isList(found: SubjectFound): found is readonly SubjectMatch[] {
  return Array.isArray(found)
}

function isMatch(value: unknown): value is SubjectMatch {
  return isJsonObject(value) && Object.entries(value).every(([name, member]) => isMember(name, member))
}

function isMember(name: string, value: unknown): boolean {
  return ['sub', 'sid', 'iss'].includes(name) && (value === undefined || (typeof value === 'string' && value !== ''))
}

function isEverybody({ sub, sid }: SubjectMatch): boolean {
  return sub === undefined && sid === undefined
}

function intersection(some: readonly SubjectMatch[], others: readonly SubjectMatch[]): readonly SubjectMatch[] {
  return some.flatMap((one) => others.flatMap((other) => common(one, other)))
}

function common(one: SubjectMatch, other: SubjectMatch): readonly SubjectMatch[] {
  const isSame = (a: string | undefined, b: string | undefined) => a === undefined || b === undefined || a === b
  if (!isSame(one.sub, other.sub) || !isSame(one.sid, other.sid) || !isSame(one.iss, other.iss)) return []
  return [{ sub: one.sub ?? other.sub, sid: one.sid ?? other.sid, iss: one.iss ?? other.iss }]
}

function invalidAnswer(): ConfigurationError {
  const message = `"subjects" must return { sub }, { sid }, { sub, sid }, each with the iss of a tenant or without, or a list of up to ${maxMatches} of them; undefined for what it does not know`
  return new ConfigurationError('invalid_options', `signals(): ${message}`)
}
