import { type JsonObject, isJsonObject } from '../../base/json.js'
import { TokenValidationError } from '../../errors.js'
import { quotedName } from '../../base/error-cause.js'
import type { SubjectIdentifier } from '../../options/signals/events.js'

const maxLength = 2048
const maxAliases = 20

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '' && value.length <= maxLength
const areTexts = (value: unknown): boolean => Array.isArray(value) && value.length > 0 && value.every(isText)

/** The members that the formats must have (RFC 9493 section 3.2, SSF 1.0 section 3.4). Other formats may have any. */
const formats: Readonly<Record<string, Readonly<Record<string, (value: unknown) => boolean>>>> = {
  account: { uri: isText },
  email: { email: isText },
  iss_sub: { iss: isText, sub: isText },
  opaque: { id: isText },
  phone_number: { phone_number: isText },
  did: { url: isText },
  uri: { uri: isText },
  jwt_id: { iss: isText, jti: isText },
  saml_assertion_id: { issuer: isText, assertion_id: isText },
  'ip-addresses': { 'ip-addresses': areTexts },
}

/**
 * Checks the form of a subject identifier. A format that is not known here is valid: the application may know it.
 *
 * @throws {TokenValidationError} `token_claim_invalid`
 */
export function requireSubjectIdentifier(value: unknown, claim = 'sub_id'): SubjectIdentifier {
  if (!isIdentifier(value)) throw invalid(claim, 'must be an object with a "format"')
  if (value.format === 'complex') {
    const members = membersOf(value)
    if (members.length === 0) throw invalid(claim, 'must have at least one member if it is complex')
    for (const [name, member] of members) requireSimple(member, `${claim}'s ${quotedName(name)}`)
    return value
  }
  return requireSimple(value, claim)
}

/** The members of a complex subject, by name. */
export function membersOf({ format: _format, ...members }: SubjectIdentifier): readonly (readonly [string, unknown])[] {
  return Object.entries(members)
}

function requireSimple(value: unknown, claim: string): SubjectIdentifier {
  if (!isIdentifier(value)) throw invalid(claim, 'must be an object with a "format"')
  const { format } = value
  if (format === 'complex') throw invalid(claim, 'must not be complex again')
  if (format === 'aliases') requireAliases(value, claim)
  const needs = Object.hasOwn(formats, format) ? Object.entries(formats[format] ?? {}) : []
  const [missing] = needs.find(([name, holds]) => !holds(value[name])) ?? []
  if (missing === undefined) return value
  throw invalid(claim, `has the format ${quotedName(format)}, so it must have a valid ${missing}`)
}

// Not in each other (RFC 9493 section 3.2.8).
function requireAliases(value: SubjectIdentifier, claim: string): void {
  const all: unknown = value['identifiers']
  if (!Array.isArray(all) || all.length === 0 || all.length > maxAliases) {
    throw invalid(claim, `must have 1 to ${maxAliases} identifiers if it is a list of aliases`)
  }
  const formatsOf = all.map((each: unknown) => requireSimple(each, `${claim}'s identifier`).format)
  if (formatsOf.includes('aliases')) throw invalid(claim, 'must not have aliases in aliases')
}

/** The identifiers of a list of aliases, whose form was checked. */
export function aliasesOf({ identifiers }: SubjectIdentifier): readonly SubjectIdentifier[] {
  return Array.isArray(identifiers) ? identifiers.filter(isIdentifier) : []
}

/** Whether a value has the least that an identifier must have. */
export function isIdentifier(value: unknown): value is SubjectIdentifier {
  return isJsonObject(value) && isFormat(value)
}

function isFormat({ format }: JsonObject): boolean {
  return typeof format === 'string' && format !== '' && format.length <= 64
}

function invalid(claim: string, must: string): TokenValidationError {
  const details = { subject: 'sub_id' }
  return new TokenValidationError('token_claim_invalid', `the security event token's ${claim} ${must}`, { details })
}
