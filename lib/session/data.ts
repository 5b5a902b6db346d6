import { ConfigurationError } from '../errors.js'
import { freezeJson, type JsonObject, parseJsonObject } from '../seal/json.js'

/**
 * What an application may keep in the session: a JSON object, copied as it will be read back, and frozen.
 *
 * @throws {ConfigurationError} `invalid_options` for what JSON cannot carry, and for names that reach prototypes.
 */
export function sessionData(call: string, value: unknown): JsonObject {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch {
    text = undefined
  }
  const copy = text === undefined ? undefined : parseJsonObject(text)
  if (copy !== undefined) return freezeJson(copy)
  throw new ConfigurationError(
    'invalid_options',
    `${call} takes a plain object of JSON values, without members named __proto__`,
  )
}
