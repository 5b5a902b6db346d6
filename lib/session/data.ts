import { ConfigurationError } from '../errors.js'
import { freezeJson, type JsonObject, parseJsonObject } from '../base/json.js'

/**
 * What an application may keep in the session: a JSON object, copied as it will be read back, and frozen. Members that are
 * `undefined` are left out; whatever else JSON would change on its way is refused.
 *
 * @throws {ConfigurationError} `invalid_options` for what JSON cannot carry, and for names that reach prototypes.
 */
export function sessionData(call: string, value: unknown): JsonObject {
  const text = jsonOf(value)
  const copy = text === undefined ? undefined : parseJsonObject(text)
  const stranger = text === undefined ? undefined : strangerIn(value)
  if (copy !== undefined && stranger === undefined) return freezeJson(copy)
  const what = 'a plain object of JSON values, without members named __proto__'
  const found = stranger === undefined ? '' : `; this one holds ${stranger}, which would come back as something else`
  throw new ConfigurationError('invalid_options', `${call} takes ${what}${found}`)
}

function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

// By its kind alone: names of members may tell of a person. JSON.stringify has found no circle.
function strangerIn(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'a number that JSON does not have'
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined
  if (typeof value !== 'object') return `a value of type ${typeof value}`
  const members: readonly unknown[] = Array.isArray(value) ? value : Object.values(value).filter(isDefined)
  if (!Array.isArray(value) && !isPlain(value)) return `an object of class ${classOf(value)}`
  for (const member of members) {
    const stranger = strangerIn(member)
    if (stranger !== undefined) return stranger
  }
  return undefined
}

function isDefined(value: unknown): boolean {
  return value !== undefined
}

// Also those of another realm, such as of a test runner's.
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function classOf(value: object): string {
  const { constructor } = value
  return typeof constructor === 'function' ? constructor.name : 'its own'
}
