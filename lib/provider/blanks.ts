import type { JsonObject } from '../seal/json.js'

/** Members with something in them: some providers write `null` or `""` for what they do not have. */
export function withoutBlanks(members: Readonly<JsonObject>): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => !isBlank(value)))
}

/** Whether a member is written, and says nothing. */
export function isBlank(value: unknown): boolean {
  return value === null || value === ''
}
