import { parseJsonObject } from '../../base/json.js'

/**
 * Whether a token looks like a compact JWS: three segments, of which the first is an object with `alg`. It need not be a
 * good one: who sends such a token gets it validated as JWT, and nothing else.
 */
export function isCompactJws(token: string): boolean {
  const first = token.indexOf('.')
  const second = token.indexOf('.', first + 1)
  if (first < 1 || second < 0 || token.includes('.', second + 1)) return false
  const header = parseJsonObject(Buffer.from(token.slice(0, first), 'base64url').toString())
  return typeof header?.['alg'] === 'string'
}
