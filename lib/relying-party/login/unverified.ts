import { bareClaims, freezeJson, type JsonObject, parseJsonObject } from '../../base/json.js'
import type { UnverifiedParameters } from '../../options/oidc/callbacks.js'

const protocolParameters: ReadonlySet<string> = new Set([
  'access_token',
  'code',
  'error',
  'error_description',
  'error_uri',
  'expires_in',
  'id_token',
  'iss',
  'response',
  'scope',
  'state',
  'token',
  'token_type',
])
const maxParameters = 20
const maxNameLength = 64
const maxValueLength = 4096

/**
 * The parameters that a provider adds to an authorization response. Nobody signed them, and the person could change them.
 * Repeated and oversized ones are left out.
 */
export function unverifiedParameters(parameters: URLSearchParams): UnverifiedParameters {
  const found: JsonObject = {}
  const names = new Set([...parameters.keys()].filter((name) => !protocolParameters.has(name)))
  for (const name of [...names].slice(0, maxParameters)) {
    const [text = '', ...others] = parameters.getAll(name)
    if (others.length > 0 || name.length > maxNameLength || text.length > maxValueLength || name === '__proto__')
      continue
    const value = name === 'user' ? userOf(text) : text
    if (value !== undefined) found[name] = value
  }
  return bareClaims(found)
}

// Apple describes a person as JSON, and with the first login only.
function userOf(text: string): Readonly<JsonObject> | undefined {
  const user = parseJsonObject(text)
  return user === undefined ? undefined : bareClaims(freezeJson(user))
}
