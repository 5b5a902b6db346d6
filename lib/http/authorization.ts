/** The content of an `Authorization` header, for access tokens. */
type Authorization =
  | { readonly scheme: 'bearer' | 'dpop'; readonly token: string }
  /** Another scheme, such as Basic. */
  | 'other'
  | 'malformed'
  | 'too long'

const malformed = 'malformed'
const schemeName = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/
const b64token = /^[A-Za-z0-9\-._~+/]+=*$/

/**
 * Splits the header into scheme and token. A token that was not verified before must still be checked by {@link isTokenText}.
 *
 * @param maxLength - of the header's value, in characters
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-11.6.2
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-7.1
 */
export function splitAuthorization(value: string, maxLength: number): Authorization {
  if (value.length > maxLength) return 'too long'
  const end = value.indexOf(' ')
  const name = end === -1 ? value : value.slice(0, end)
  const scheme = name === 'Bearer' ? 'bearer' : schemeOf(name)
  if (scheme === undefined) return schemeName.test(name) ? 'other' : malformed
  if (end === -1) return malformed
  let start = end + 1
  while (value.charCodeAt(start) === 0x20) start++
  return start === value.length ? malformed : { scheme, token: value.slice(start) }
}

/** Whether a token has the syntax `b64token` (RFC 6750 section 2.1). */
export function isTokenText(token: string): boolean {
  return b64token.test(token)
}

function schemeOf(name: string): 'bearer' | 'dpop' | undefined {
  const lower = name.length <= 6 ? name.toLowerCase() : ''
  return lower === 'bearer' || lower === 'dpop' ? lower : undefined
}

/** Parameters of a challenge, in order. Those that are `undefined` are left out. */
export type ChallengeParameters = Readonly<Record<string, string | undefined>>

/**
 * Writes one challenge of a `WWW-Authenticate` header (RFC 9110 section 11.6.1): scheme and quoted parameters. Characters
 * that RFC 6750 section 3 does not allow are removed, such as quotes, backslashes and line ends.
 */
export function challenge(scheme: string, parameters: ChallengeParameters): string {
  const written = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}="${value.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '')}"`],
  )
  return written.length === 0 ? scheme : `${scheme} ${written.join(', ')}`
}
