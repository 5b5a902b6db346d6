/** A JSON object as parsed. */
export type JsonObject = Record<string, unknown>

/**
 * Parses a JSON object, refusing members called `__proto__`: wherever the object is copied without care they would become
 * its prototype (CWE-1321). `constructor` and `prototype` are names like any other.
 *
 * @returns `undefined` for anything that is not such an object.
 */
export function parseJsonObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    // JSON.parse makes a member of its own of every name. Looking for names in the text would take longer than all else here.
    return isJsonObject(value) && !hasForbiddenName(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Whether a value is an object in the sense of JSON: neither `null` nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether a member of this name would become an object's prototype, wherever the object is copied without care. */
export function isForbiddenName(name: string): boolean {
  return name === '__proto__'
}

/** Freezes a JSON value and all that it holds. */
export function freezeJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const member of Object.values(value)) freezeJson(member)
  return Object.freeze(value)
}

function hasForbiddenName(value: object): boolean {
  for (const name of Object.keys(value)) {
    if (isForbiddenName(name)) return true
    const member: unknown = Reflect.get(value, name)
    if (typeof member === 'object' && member !== null && hasForbiddenName(member)) return true
  }
  return false
}
