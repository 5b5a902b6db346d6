import type { AuthorizationDetail } from '../options/authorization-details/detail.js'
import type { Keys } from '../provider/keys.js'
import type { JsonObject } from '../base/json.js'

/** The parts of a request, other than its `Authorization` header, that validation may need; read only when needed. */
export interface TokenRequest {
  /** As sent, such as `GET`. */
  readonly method: string
  /** Maximum length of the `Authorization` header in characters. */
  readonly maxHeaderLength: number
  /** The URLs that the client may have sent it to, built from configuration; they may have a query. */
  urls(): readonly string[]
  /** The request as the application knows it. */
  readonly source: unknown
  /** The object that stands for this one HTTP request, where there is one: whatever looks at it again sees the same request. */
  readonly identity?: object
  /** The values of the `DPoP` header. */
  dpopProofs(): readonly string[]
  /** SHA-256 of the client certificate's DER in base64url (`x5t#S256`), if there is one from a trusted source. */
  certificateThumbprint(): string | undefined
  /** Accepts a nonce for the response's `DPoP-Nonce` header, which the client should use from now on. */
  offerNonce(nonce: string): void
}

/** The key or certificate that a token is bound to (RFC 7800). */
export interface Confirmation {
  /** Thumbprint of the key that DPoP proofs are signed with (RFC 9449 section 6.1). */
  readonly jkt?: string
  /** Thumbprint of a client certificate (RFC 8705 section 3.1). */
  readonly x5t?: string
}

/** A token with a valid signature and valid claims. Its binding to a key still has to be checked for each request. */
export interface VerifiedToken {
  readonly claims: Readonly<JsonObject>
  readonly subject: string
  readonly issuer: string
  readonly clientId: string | undefined
  /** `undefined` where the claims do not say. */
  readonly isMachine: boolean | undefined
  readonly scopes: readonly string[]
  readonly authorizationDetails: readonly AuthorizationDetail[] | undefined
  /** Seconds since the epoch. */
  readonly expiresAt: number
  /** Seconds since the epoch. */
  readonly notBefore: number
  readonly confirmation: Confirmation | undefined
}

/** A verified JWT, and the generation of the keys that verified it. */
export interface SignedToken {
  readonly token: VerifiedToken
  readonly keys: Keys
  readonly generation: number
  /** The claims are from an introspection response, which has a cache of its own. */
  readonly isIntrospected?: true
}
