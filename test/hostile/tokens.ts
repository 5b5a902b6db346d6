import { randomUUID } from 'node:crypto'
import type { Clock } from '../kit/clock.js'
import { Grants, type Redeemed } from '../kit/provider/grants.js'
import { halfHash } from '../kit/provider/keys.js'
import type { RegisteredClient } from './demands.js'
import { person } from './documents.js'
import { type Faults, applied } from './faults.js'
import { type JsonObject, type KeySet, type KeySetLayout, type SigningAlgorithm, keySet } from './keys.js'

/** What one login has granted: to whom, and the authorization request that it answers. */
export interface Grant {
  readonly subject: string
  /** The session at the provider that the person has signed in to. */
  readonly sid: string
  readonly authorized: URLSearchParams
}

/** Who tokens are issued by and for. */
export interface TokenIssuerOptions {
  readonly issuer: string
  readonly clock: Clock
  readonly client: RegisteredClient
  readonly faults: Faults
  readonly algorithm: SigningAlgorithm
  /** @default 'Bearer' */
  readonly tokenType?: string
}

/** Signs the tokens of the kit's grants, with whatever faults are set. */
export class TokenIssuer {
  readonly grants = new Grants<Grant>()
  keys: KeySet
  readonly #options: TokenIssuerOptions
  readonly #idTokens = new Map<string, Grant>()

  constructor(options: TokenIssuerOptions) {
    this.#options = options
    this.keys = this.#newKeys()
  }

  /** From now on nothing is signed with the old keys, nor are they published. */
  replaceKeys(): void {
    this.keys = this.#newKeys()
  }

  /** Issues a code for an authorization request. */
  code(authorized: URLSearchParams): string {
    return this.grants.code({ subject: person.sub, sid: `${randomUUID()}:*`, authorized })
  }

  /** The grant that an ID Token was issued for. */
  grantOfIdToken(idToken: string): Grant | undefined {
    return this.#idTokens.get(idToken)
  }

  /** A logout token for the session of a grant (OpenID Connect Back-Channel Logout 1.0 section 2.4). */
  logoutToken(grant: Grant): string {
    const { logoutClaims, logoutSign } = this.#options.faults
    const claims = applied(logoutClaims, {
      ...this.#claims(grant, 120),
      jti: randomUUID(),
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      sid: grant.sid,
    })
    return this.#signed({ typ: 'logout+jwt' }, claims, logoutSign)
  }

  /** A signed authorization response (JARM section 2.1). */
  authorizationResponse(parameters: URLSearchParams): string {
    const { issuer, clock, client, faults } = this.#options
    const own = { iss: issuer, aud: client.clientId, exp: Math.floor(clock.seconds) + 300 }
    const claims = applied(faults.responseClaims, { ...Object.fromEntries(parameters), ...own })
    return this.#signed({}, claims, faults.responseSign)
  }

  /** A token response (OpenID Connect Core section 3.1.3.3). */
  response({ login: grant, isRefresh }: Redeemed<Grant>): JsonObject {
    const accessToken = this.grants.accessToken(grant)
    const idToken = this.#idToken(grant, accessToken, isRefresh)
    this.#idTokens.set(idToken, grant)
    return applied(this.#options.faults.token, {
      access_token: accessToken,
      token_type: this.#options.tokenType ?? 'Bearer',
      expires_in: 3600,
      refresh_token: this.grants.refreshToken(grant),
      scope: grant.authorized.get('scope'),
      id_token: idToken,
    })
  }

  #idToken(grant: Grant, accessToken: string, isRefresh: boolean): string {
    const { faults } = this.#options
    if (faults.rotates === 'before signing') this.replaceKeys()
    const first = applied(faults.claims, {
      ...this.#claims(grant, 300),
      nonce: grant.authorized.get('nonce'),
      at_hash: halfHash(accessToken),
      ...(this.#hasLogoutOfSessions() ? { sid: grant.sid } : {}),
    })
    const claims = isRefresh ? applied(faults.refreshedClaims, first) : first
    return this.#signed({}, claims, faults.sign)
  }

  #claims(grant: Grant, lifetimeSeconds: number): JsonObject {
    const { issuer, clock, client } = this.#options
    const now = Math.floor(clock.seconds)
    return { iss: issuer, sub: grant.subject, aud: client.clientId, iat: now, exp: now + lifetimeSeconds }
  }

  #signed(members: JsonObject, claims: JsonObject, sign: Faults['sign']): string {
    const { keys } = this
    const { faults, algorithm, client } = this.#options
    const kid = keys.kid === undefined ? {} : { kid: keys.kid }
    const header = applied(faults.header, { alg: algorithm, ...kid, ...members })
    return sign ? sign({ header, claims, keys, clientSecret: client.clientSecret }) : keys.sign(header, claims)
  }

  #hasLogoutOfSessions(): boolean {
    const { backchannelLogoutUri, frontchannelLogoutUri } = this.#options.client
    return backchannelLogoutUri !== undefined || frontchannelLogoutUri !== undefined
  }

  #newKeys(): KeySet {
    const layout: KeySetLayout = this.#options.faults.keySet ?? 'decoys'
    return keySet(layout, this.#options.algorithm)
  }
}
