import * as v from 'valibot'
import { flag, httpUrl, text } from '../../options/common/fields.js'

const hostPattern = /^(?!-)[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?$/i
const guidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** A host name alone, such as `login.example.com`. */
export function host(example: string) {
  const what = `a host name such as "${example}"`
  return v.pipe(
    text(what),
    v.check((value) => hostPattern.test(value), `must be ${what}, without "https://" and without a path`),
    v.transform((value) => value.toLowerCase()),
    v.description(what),
  )
}

/** The URL of a server, with or without a path; one slash at its end is removed. */
export function serverUrl(example: string) {
  const what = `a URL such as "${example}"`
  return v.pipe(
    httpUrl(what),
    v.transform((value) => value.replace(/\/$/, '')),
    v.description(what),
  )
}

/** One segment of a path: a name that may be made of any characters but slashes. */
export function segment(what: string) {
  return v.pipe(
    text(what),
    v.check((value) => !/[/?#]/.test(value), `must be ${what}, and not a path or URL`),
    v.transform((value) => encodeURIComponent(value)),
    v.description(what),
  )
}

/** A GUID, as Microsoft names tenants and applications. */
export function guid(what: string, hint: string) {
  return v.pipe(
    text(what),
    v.check((value) => guidPattern.test(value), `must be ${what}: ${hint}`),
    v.transform((value) => value.toLowerCase()),
    v.description(what),
  )
}

const whom = 'the audience that tokens for this API name, or a list of them'

/** The required audience of access tokens: a preset does not accept tokens for anyone. */
export const audience = v.pipe(
  v.union([text(whom), v.pipe(v.array(text(whom)), v.minLength(1, `must be ${whom}`))], `must be ${whom}`),
  v.description(whom),
)

/** Whether to ask for refresh tokens, in the provider's own way. */
export const refreshTokens = v.optional(flag, false)

/** The scopes that `oidc()` asks for by itself, and those that bring a refresh token. */
export function scopes(wanted: boolean, ...bringing: readonly string[]): { scope?: string } {
  return wanted ? { scope: ['openid profile email', ...bringing].join(' ') } : {}
}
