import { type JsonObject, freezeJson, parseJsonObject } from '../base/json.js'
import { ConfigurationError } from '../errors.js'

/**
 * Copies and freezes the application's data, as it will be read back from JSON. Members that are `undefined` are
 * omitted; any other value that JSON would change is rejected.
 *
 * @param subject - the beginning of messages, such as "update() takes"
 * @throws {ConfigurationError} `invalid_options` for values that JSON cannot represent, and for members named
 *   `__proto__`
 */
export function sessionData(subject: string, value: unknown): JsonObject {
  const text = jsonOf(value)
  const copy = text === undefined ? undefined : parseJsonObject(text)
  const nonJson = text === undefined ? undefined : findNonJson(value)
  if (copy !== undefined && nonJson === undefined) return freezeJson(copy)
  const what = 'a plain object of JSON values, without members named __proto__'
  const found = nonJson === undefined ? '' : `; this one holds ${nonJson}, which JSON cannot represent`
  throw new ConfigurationError('invalid_options', `${subject} ${what}${found}`)
}

function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

// Describes the type only, since names of members may be personal data. Cycles are ruled out: JSON.stringify succeeded
// before.
function findNonJson(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'a number that JSON does not have'
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined
  if (typeof value !== 'object') return `a value of type ${typeof value}`
  const members: readonly unknown[] = Array.isArray(value) ? value : Object.values(value).filter(isDefined)
  if (!Array.isArray(value) && !isPlain(value)) return `an object of class ${classOf(value)}`
  for (const member of members) {
    const nonJson = findNonJson(member)
    if (nonJson !== undefined) return nonJson
  }
  return undefined
}

function isDefined(value: unknown): boolean {
  return value !== undefined
}

// Plain objects of other realms, such as a test runner's, count too.
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function classOf(value: object): string {
  const { constructor } = value
  return typeof constructor === 'function' ? constructor.name : 'its own'
}
