import type { ProviderErrorReport } from '../../error-details.js'
import { isError } from '../../base/error-cause.js'
import { isJsonObject, type JsonObject, omitUndefined } from '../../base/json.js'

const maxTextLength = 300
const maxUriLength = 200
const maxCodes = 5
const entraCode = /\bAADSTS\d{2,9}\b/g
// An e-mail address or another user name.
const address = /[^\s"'<>(),;:]{0,64}@[^\s"'<>(),;:]+/g
// Tokens, codes and secrets: long, and not just a word. What the provider was sent, it may repeat.
const longWord = /[A-Za-z0-9_~+/=%.-]{12,}/g
const plainWord = /^(?:\/\/)?(?:[a-z]+|[A-Z]+|[A-Z][a-z]+)(?:[._/](?:[a-z]+|[A-Z][a-z]+))*[./]?$/

/** What an authorization response says about its error (RFC 6749 section 4.1.2.1). Anybody can write it. */
export function browserReport(parameters: URLSearchParams): ProviderErrorReport {
  const names = ['error', 'error_description', 'error_uri']
  return reportOf('browser', Object.fromEntries(names.map((name) => [name, parameters.get(name)])))
}

/** What an OAuth error response says (RFC 6749 section 5.2), as openid-client reports it. */
export function responseReport(error: unknown): ProviderErrorReport | undefined {
  if (!isError(error)) return undefined
  const code: unknown = Reflect.get(error, 'error')
  const description: unknown = Reflect.get(error, 'error_description')
  if (typeof code !== 'string') return undefined
  const body = isJsonObject(error.cause) ? error.cause : {}
  return reportOf('response', { error_description: description, ...body, error: code })
}

/** The same for the body of an error response. */
export function bodyReport(body: Readonly<JsonObject> | undefined): ProviderErrorReport | undefined {
  return typeof body?.['error'] === 'string' ? reportOf('response', body) : undefined
}

function reportOf(via: ProviderErrorReport['via'], said: Readonly<Record<string, unknown>>): ProviderErrorReport {
  const { error, error_description: description, error_uri: uri } = said
  const codes = typeof description === 'string' ? [...new Set(description.match(entraCode))].slice(0, maxCodes) : []
  return omitUndefined({
    via,
    error: printableErrorCode(error),
    description: printable(description, maxTextLength),
    uri: typeof uri === 'string' && /^https?:\/\//i.test(uri) ? printable(uri, maxUriLength) : undefined,
    codes: codes.length === 0 ? undefined : codes,
  })
}

// Cut first: nobody waits for a pattern that goes through megabytes. A word that was cut is removed like a whole one.
function printable(text: unknown, maxLength: number): string | undefined {
  if (typeof text !== 'string' || text === '') return undefined
  const ascii = text.slice(0, 10 * maxLength).replace(/[^\x20-\x7e]+/g, ' ')
  return ascii
    .replace(address, '[...]')
    .replace(longWord, withoutSecret)
    .replace(/ {2,}/g, ' ')
    .trim()
    .slice(0, maxLength)
}

function withoutSecret(word: string): string {
  return plainWord.test(word) || /^AADSTS\d{2,9}[.]?$/.test(word) ? word : '[...]'
}

/** The provider's error code, if it is well-formed (RFC 6749 section 4.1.2.1) and short enough to show. */
export function printableErrorCode(error: unknown): string {
  return typeof error === 'string' && /^[A-Za-z0-9_.:/-]{1,64}$/.test(error) ? error : 'unknown'
}
