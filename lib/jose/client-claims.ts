import type { JsonObject } from '../base/json.js'

/** The claims that name the client a token was issued to, the standard one first (RFC 9068 section 2.2). */
export const clientIdClaims = ['client_id', 'azp', 'cid', 'appid'] as const

/** The client that a token was issued to, if it names one. */
export function clientOf(claims: Readonly<JsonObject>): string | undefined {
  for (const name of clientIdClaims) {
    const value = claims[name]
    if (typeof value === 'string' && value !== '') return value
  }
  return undefined
}
