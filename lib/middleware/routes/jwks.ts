import type { Respond } from '../../http/outcome.js'
import { methodNotAllowed, privateHeaders, problem } from '../../http/problem.js'

// Providers see a new key within minutes, and do not ask for every signature.
const headers = {
  ...privateHeaders,
  'Cache-Control': 'public, max-age=300',
  'Content-Type': 'application/jwk-set+json',
}

/** The response with the public keys of this client (RFC 7517 section 8.5). */
export function jwksResponse(jwks: string, method: string): Respond {
  if (method === 'GET' || method === 'HEAD') return { kind: 'respond', status: 200, headers, body: jwks }
  return problem(methodNotAllowed('the route of the key set', ['GET', 'HEAD']))
}
