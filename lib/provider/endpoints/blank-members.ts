import type { JsonObject } from '../../base/json.js'

/** Removes empty members: some providers send `null` or `""` for what they do not have. */
export function withoutBlanks(members: Readonly<JsonObject>): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => !isBlank(value)))
}

/** Whether a member is present but empty. */
export function isBlank(value: unknown): boolean {
  return value === null || value === ''
}

// Required in a token response, so they are kept even if empty (RFC 6749 section 5.1).
const required: readonly string[] = ['access_token', 'token_type']

/**
 * Normalises a token response: optional members that are `null` or `""` are removed, and a `scope` that is a list
 * becomes a string.
 */
export function standardMembers(body: JsonObject): JsonObject {
  const { scope } = body
  const isList = Array.isArray(scope) && scope.every((name) => typeof name === 'string')
  const members = isList ? { ...body, scope: scope.filter((name) => name !== '').join(' ') } : body
  return Object.fromEntries(
    // Kept even if empty: an empty list means that no scope was granted.
    Object.entries(members).filter(
      ([name, value]) => required.includes(name) || (isList && name === 'scope') || !isBlank(value),
    ),
  )
}
