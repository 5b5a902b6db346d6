import { AuthorizationResponseError, type OidcError } from '../errors.js'
import type { Respond } from './outcome.js'

/** Headers of responses that must not be stored or framed, and must not leak their URL. */
export const privateHeaders: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
}

/** A JSON response with {@link privateHeaders}, and further ones. */
export function privateJson(status: number, document: object, headers: Respond['headers'] = {}): Respond {
  const all = { ...privateHeaders, ...headers, 'Content-Type': 'application/json' }
  return { kind: 'respond', status, headers: all, body: JSON.stringify(document) }
}

/** The error for a request with another method than a route accepts (RFC 9110 section 15.5.6). */
export function methodNotAllowed(route: string, accepted: readonly string[]): AuthorizationResponseError {
  const message = `${route} accepts only ${accepted.join(' and ')}`
  return new AuthorizationResponseError('method_not_allowed', message, { headers: { Allow: accepted.join(', ') } })
}

/** An error as `application/problem+json` (RFC 9457): with its code, and with its message if that may be shown. */
export function problem(error: OidcError, members: Readonly<Record<string, unknown>> = {}): Respond {
  const body = {
    title: titles[error.status] ?? 'Error',
    status: error.status,
    code: error.code,
    ...(error.expose ? { detail: error.message } : {}),
    ...members,
  }
  const headers = { ...privateHeaders, ...error.headers, 'Content-Type': 'application/problem+json' }
  return { kind: 'respond', status: error.status, headers, body: JSON.stringify(body) }
}

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  405: 'Method Not Allowed',
  410: 'Gone',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  421: 'Misdirected Request',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}
