import { types } from 'node:util'
import { OidcError } from '../errors.js'

// Codes look like ECONNRESET or OAUTH_TIMEOUT. Anything else in a member `code` may be an authorization code.
const codeText = /^[A-Z][A-Z0-9_]{1,63}$/
const nameText = /^[A-Z][A-Za-z0-9_]{0,63}$/
const hostText = /^[A-Za-z0-9.:_-]{1,255}$/

/**
 * Copies the harmless parts of an error and its causes: name, code, and which host could not be reached. Error objects
 * of libraries may contain token responses, commands and requests, and their messages may quote them. Errors of this
 * package are kept as they are.
 *
 * @param codeOf - finds an error's code
 */
export function redactedCause(error: unknown, codeOf = systemCode, depth = 4): Error | undefined {
  if (isOidcError(error)) return error
  if (!isError(error) || depth === 0) return undefined
  const cause = redactedCause(error.cause, codeOf, depth - 1)
  const name = nameOf(error)
  const code = codeOf(error)
  const message = code === undefined ? name : `${code}${details(error, code)}`
  const trace = new Error(message, cause === undefined ? undefined : { cause })
  trace.name = name
  return Object.assign(trace, code === undefined ? {} : { code })
}

/**
 * Whether a value is an error. Under test runners Node's own errors come from another realm, so `instanceof` is not
 * enough.
 */
export function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error
}

/** The code that Node and libraries give their errors. */
export function systemCode(error: Error): string | undefined {
  const code: unknown = Reflect.get(error, 'code')
  return typeof code === 'string' && codeText.test(code) ? code : undefined
}

// Many libraries name the class only.
function nameOf({ name, constructor }: Error): string {
  return [name, constructor.name].find((text) => text !== 'Error' && nameText.test(text)) ?? 'Error'
}

// Messages of openid-client are safe: they describe the broken rule, and quote only names of claims and parameters.
function details(error: Error, code: string): string {
  if (code.startsWith('OAUTH_')) return `: ${error.message}`
  const [call, host, port] = ['syscall', 'hostname', 'port'].map((member): unknown => Reflect.get(error, member))
  const place: unknown = host ?? Reflect.get(error, 'address')
  if (typeof call !== 'string' || !/^[a-z]{1,32}$/.test(call)) return ''
  const target = typeof place === 'string' && hostText.test(place) ? ` ${place}` : ''
  return `: ${call}${target}${typeof port === 'number' && target !== '' ? `:${port}` : ''}`
}

/** Whether something is an error of this package, with whatever code. */
export function isOidcError(error: unknown): error is OidcError {
  return error instanceof OidcError
}

/** Finds this package's error in the causes of a library's error, such as one thrown by our own fetch. */
export function ownError(error: unknown, depth = 4): OidcError | undefined {
  if (isOidcError(error)) return error
  return depth > 0 && isError(error) ? ownError(error.cause, depth - 1) : undefined
}

/** The value of a claim or parameter for details: quoted, or `missing`. */
export function seenValue(value: unknown): string {
  return value === undefined || value === null ? 'missing' : quoted(value)
}

const maxQuoteLength = 100

/**
 * Quotes a token's value in a message for logs: as JSON, in printable ASCII, and shortened. Only for what is nobody's
 * personal data, `iss` and `aud`; it may be made up, as long as no signature has been verified. An object may hold anything: it
 * is only said to be one.
 */
export function quoted(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value) ? !value.every(isScalar) : !isScalar(value)) return `of type ${kindOfType(value)}`
  const text = JSON.stringify(value).replace(/[^\x20-\x7e]/g, '?')
  if (text.length <= maxQuoteLength) return text
  const end = typeof value === 'string' ? '..."' : '..."]'
  return text.slice(0, maxQuoteLength - end.length) + end
}

/** A date of a token as {@link quoted}, if it is at least a number, or one in a text: other texts may hold anything. */
export function quotedDate(value: unknown): string {
  return typeof value === 'number' || (typeof value === 'string' && /^\d{1,20}(?:\.\d{1,9})?$/.test(value))
    ? quoted(value)
    : `of type ${kindOfType(value)}`
}

function isScalar(value: unknown): boolean {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value)
}

function kindOfType(value: unknown): string {
  return Array.isArray(value) ? 'list' : typeof value
}

/** A name such as that of an algorithm, as {@link quoted}. Anything else is not repeated. */
export function quotedName(value: string): string {
  return /^[A-Za-z0-9+./-]{1,32}$/.test(value) ? quoted(value) : 'an unknown name'
}
