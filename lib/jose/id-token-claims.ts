import type { JsonObject } from '../base/json.js'

/** Claims of a validated ID Token. */
export type IdTokenClaims = Readonly<Record<string, unknown>> & { readonly iss: string; readonly sub: string }

/** Whether claims say who is meant, as those of every ID Token do. */
export function isIdTokenClaims(claims: Readonly<JsonObject>): claims is IdTokenClaims {
  return typeof claims['iss'] === 'string' && typeof claims['sub'] === 'string'
}
