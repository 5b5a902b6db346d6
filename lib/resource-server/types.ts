import type { Keys } from '../provider/keys.js'
import type { JsonObject } from '../base/json.js'

/** What a request shows beside its `Authorization` header; asked for only where it matters. */
export interface TokenRequest {
  /** As sent, such as `GET`. */
  readonly method: string
  /** Longest `Authorization` header that is looked at, in characters. */
  readonly maxHeaderLength: number
  /** The URL as the client sees it, built from configuration; a query may be there. */
  url(): string | undefined
  /** The values of the `DPoP` header. */
  dpopProofs(): readonly string[]
  /** SHA-256 of the client certificate's DER in base64url (`x5t#S256`), if there is a certificate to be believed. */
  certificateThumbprint(): string | undefined
  /** Takes a nonce for the response's `DPoP-Nonce`: the client is to use it from now on. */
  offerNonce(nonce: string): void
}

/** What a token is bound to (RFC 7800). */
export interface Confirmation {
  /** Thumbprint of the key that DPoP proofs are signed with (RFC 9449 section 6.1). */
  readonly jkt?: string
  /** Thumbprint of a client certificate (RFC 8705 section 3.1). */
  readonly x5t?: string
}

/** A token whose signature and claims hold, wherever it is presented. Whether it is bound is still to be looked at. */
export interface VerifiedToken {
  readonly claims: Readonly<JsonObject>
  readonly subject: string
  readonly issuer: string
  readonly clientId: string | undefined
  /** `undefined` where it cannot be known. */
  readonly isMachine: boolean | undefined
  readonly scopes: readonly string[]
  /** Seconds since the epoch. */
  readonly expiresAt: number
  /** Seconds since the epoch. */
  readonly notBefore: number
  readonly confirmation: Confirmation | undefined
}

/** A verified token, and the state of the keys that verified it. */
export interface SignedToken {
  readonly token: VerifiedToken
  readonly keys: Keys
  readonly generation: number
}
