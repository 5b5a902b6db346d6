import type { Principal } from '../../policy/principal.js'
import type { TokenScheme } from '../challenges.js'
import type { VerifiedToken } from '../types.js'

/** The principal of an access token. The token itself is no member of it: neither JSON nor an inspection shows it. */
export class TokenPrincipal implements Principal {
  readonly scheme: TokenScheme
  readonly subject: string
  readonly issuer: string
  readonly claims: Principal['claims']
  readonly scopes: readonly string[]
  readonly expiresAt: number
  readonly clientId?: string
  readonly isMachine?: boolean
  readonly #token: string

  constructor(verified: VerifiedToken, scheme: TokenScheme, token: string) {
    this.scheme = scheme
    this.subject = verified.subject
    this.issuer = verified.issuer
    this.claims = verified.claims
    this.scopes = verified.scopes
    this.expiresAt = verified.expiresAt
    if (verified.clientId !== undefined) this.clientId = verified.clientId
    if (verified.isMachine !== undefined) this.isMachine = verified.isMachine
    this.#token = token
    Object.freeze(this)
  }

  /** The access token as presented. */
  get token(): string {
    return this.#token
  }
}
