import type { JsonObject } from '../../base/json.js'

/** Members with something in them: some providers write `null` or `""` for what they do not have. */
export function withoutBlanks(members: Readonly<JsonObject>): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => !isBlank(value)))
}

/** Whether a member is written, and says nothing. */
export function isBlank(value: unknown): boolean {
  return value === null || value === ''
}

// Without them there is no token response (RFC 6749 section 5.1).
const required: readonly string[] = ['access_token', 'token_type']

/**
 * The members of a token response as the standards write them: an optional member that is `null` or `""` is not there, and
 * `scope` may be a list.
 */
export function standardMembers(body: JsonObject): JsonObject {
  const { scope } = body
  const isList = Array.isArray(scope) && scope.every((name) => typeof name === 'string')
  const members = isList ? { ...body, scope: scope.filter((name) => name !== '').join(' ') } : body
  return Object.fromEntries(
    // An empty list says that nothing was granted.
    Object.entries(members).filter(
      ([name, value]) => required.includes(name) || (isList && name === 'scope') || !isBlank(value),
    ),
  )
}
