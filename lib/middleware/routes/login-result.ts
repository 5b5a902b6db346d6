import { isJsonObject, omitUndefined } from '../../base/json.js'
import { ConfigurationError, SessionError } from '../../errors.js'
import { kindOf } from '../../options/given.js'
import { sessionData } from '../../session/application-data.js'
import type { CheckedResult } from '../../relying-party/login/code-exchange.js'

/**
 * Checks what the application's `onLogin` has returned. Where people may be sent to is checked where the login ends.
 *
 * @returns `false` if the login is refused
 * @throws {ConfigurationError} `invalid_options`
 */
export function loginResult(returned: unknown): CheckedResult | false {
  if (returned === false) return false
  if (returned === undefined || returned === null || returned === true) return { data: noData }
  if (!isPlainObject(returned)) {
    throw invalidResult(`must return an object { data, returnTo, remember }, true, false or nothing`, returned)
  }
  return checkedMembers(returned)
}

function checkedMembers(returned: Readonly<Record<string, unknown>>): CheckedResult {
  const { data = noData, returnTo, remember, ...others } = returned
  if (Object.keys(others).length > 0) {
    throw invalidResult(
      'returned an object with other members than "data", "returnTo" and "remember": what the session keeps goes into "data", as in return { data: { … } }',
    )
  }
  if (returnTo !== undefined && typeof returnTo !== 'string')
    throw invalidResult('returned a "returnTo" that is not a string', returnTo)
  if (remember !== undefined && typeof remember !== 'boolean')
    throw invalidResult('returned a "remember" that is neither true nor false', remember)
  if (!isJsonObject(data)) throw invalidResult('returned "data" that is not an object', data)
  return omitUndefined({ data: sessionData('onLogin() must return "data" that is', data), returnTo, remember })
}

const noData = Object.freeze({})

// Plain objects of other realms, such as a test runner's, count too. Members may be undefined.
function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (!isJsonObject(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function invalidResult(what: string, given?: unknown): ConfigurationError {
  const found = given === undefined ? '' : ` (returned: ${kindOf(given)})`
  return new ConfigurationError('invalid_options', `onLogin() ${what}${found}`)
}

/** The error for an `onLogin` that responds: no cookie can be set any more. */
export function answeredByOnLogin(): SessionError {
  return new SessionError(
    'headers_already_sent',
    'onLogin() has sent a response, so the session could not begin: return { returnTo } for where to go, or false to refuse, and redirect from the page that people return to',
  )
}
