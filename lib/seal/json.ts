/** A JSON object as parsed. */
export type JsonObject = Record<string, unknown>

const forbidden = new Set(['__proto__', 'constructor', 'prototype'])
// Escapes may spell a forbidden name, so they take the careful way too.
const suspicious = /__proto__|constructor|prototype|\\u/

/**
 * Parses a JSON object, refusing members that could reach an object's prototype (CWE-1321).
 *
 * @returns `undefined` for anything that is not such an object.
 */
export function parseJsonObject(text: string): JsonObject | undefined {
  let value: unknown
  try {
    value = suspicious.test(text) ? JSON.parse(text, refuseForbidden) : JSON.parse(text)
  } catch {
    return undefined
  }
  return isJsonObject(value) ? value : undefined
}

/** Whether a value is an object in the sense of JSON: neither `null` nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Freezes a JSON value and all that it holds. */
export function freezeJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const member of Object.values(value)) freezeJson(member)
  return Object.freeze(value)
}

function refuseForbidden(key: string, value: unknown): unknown {
  if (forbidden.has(key)) throw new SyntaxError('a forbidden member name')
  return value
}
