import type { Respond } from '../../http/outcome.js'
import { privateHeaders, problem } from '../../http/problem.js'
import { AuthorizationResponseError } from '../../errors.js'

// Providers see a new key within minutes, and do not ask for every signature.
const headers = {
  ...privateHeaders,
  'Cache-Control': 'public, max-age=300',
  'Content-Type': 'application/jwk-set+json',
}

/** The response with the public keys of this client (RFC 7517 section 8.5). */
export function jwksResponse(jwks: string, method: string): Respond {
  if (method === 'GET' || method === 'HEAD') return { kind: 'respond', status: 200, headers, body: jwks }
  const details = { status: 405, headers: { Allow: 'GET, HEAD' } }
  return problem(new AuthorizationResponseError('method_not_allowed', 'the key set is read by GET', details))
}
