import { isOidcError } from '../../base/error-cause.js'
import type { JsonObject } from '../../base/json.js'

/** A request as the provider's endpoints read it. */
export interface ProviderRequest {
  readonly method: string
  readonly url: URL
  readonly headers: Headers
  /** The parameters of a posted form. */
  readonly form: URLSearchParams
}

/** An error that an endpoint answers with (RFC 6749 section 5.2). */
export class OAuthError extends Error {
  readonly error: string
  readonly status: number

  constructor(error: string, description: string, status = 400) {
    super(description)
    this.error = error
    this.status = status
  }
}

/** A JSON response that nobody may store. */
export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json(value, { status, headers: { 'cache-control': 'no-store', ...headers } })
}

/** The response for what an endpoint threw. */
export function errorResponse(error: unknown): Response {
  if (isOidcError(error)) return json({ error: 'invalid_request', error_description: error.message }, 400)
  if (!(error instanceof OAuthError)) throw error
  const body: JsonObject = { error: error.error, error_description: error.message }
  const headers = error.status === 401 ? { 'www-authenticate': `Bearer error="${error.error}"` } : {}
  return json(body, error.status, headers)
}

/** The first of a parameter. */
export function required(form: URLSearchParams, name: string): string {
  const value = form.get(name)
  if (value === null || value === '') throw new OAuthError('invalid_request', `${name} is missing`)
  return value
}
