import { randomBytes, randomUUID } from 'node:crypto'
import type { RegisteredClient } from './demands.js'
import { halfHash } from '../kit/provider/keys.js'
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

/** Issues codes and tokens, and knows what it has issued. */
export class TokenIssuer {
  keys: KeySet
  readonly #client: RegisteredClient
  readonly #faults: Faults
  readonly #algorithm: SigningAlgorithm
  readonly #codes = new Map<string, Grant>()
  readonly #accessTokens = new Map<string, Grant>()
  readonly #refreshTokens = new Map<string, Grant>()
  readonly #idTokens = new Map<string, Grant>()

  constructor(client: RegisteredClient, faults: Faults, algorithm: SigningAlgorithm) {
    this.#client = client
    this.#faults = faults
    this.#algorithm = algorithm
    this.keys = this.#newKeys()
  }

  /** From now on nothing is signed with the old keys, nor are they published. */
  replaceKeys(): void {
    this.keys = this.#newKeys()
  }

  /** Issues a code for an authorization request. */
  code(authorized: URLSearchParams): string {
    const code = randomBytes(24).toString('base64url')
    this.#codes.set(code, { subject: person.sub, sid: `${randomUUID()}:*`, authorized })
    return code
  }

  /** Takes a code or refresh token, which works once. */
  redeem(body: URLSearchParams): Grant | undefined {
    const refreshing = body.get('grant_type') === 'refresh_token'
    const issued = refreshing ? this.#refreshTokens : this.#codes
    const credential = body.get(refreshing ? 'refresh_token' : 'code') ?? ''
    const grant = issued.get(credential)
    issued.delete(credential)
    return grant
  }

  /** The grant of an access token. */
  grantOf(accessToken: string): Grant | undefined {
    return this.#accessTokens.get(accessToken)
  }

  /** The grant that an ID Token tells of. */
  grantOfIdToken(idToken: string): Grant | undefined {
    return this.#idTokens.get(idToken)
  }

  /** A logout token for the session of a grant (OpenID Connect Back-Channel Logout 1.0 section 2.4). */
  logoutToken(grant: Grant, issuer: string): string {
    const { logoutClaims, logoutSign } = this.#faults
    const claims = applied(logoutClaims, {
      iss: issuer,
      sub: grant.subject,
      aud: this.#client.clientId,
      iat: epochSeconds(),
      exp: epochSeconds() + 120,
      jti: randomUUID(),
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      sid: grant.sid,
    })
    return this.#signed({ typ: 'logout+jwt' }, claims, logoutSign)
  }

  /** A token response (OpenID Connect Core section 3.1.3.3). */
  response(grant: Grant, issuer: string, refreshing = false): JsonObject {
    const accessToken = randomBytes(24).toString('base64url')
    const refreshToken = randomBytes(24).toString('base64url')
    this.#accessTokens.set(accessToken, grant)
    this.#refreshTokens.set(refreshToken, grant)
    const idToken = this.#idToken(grant, issuer, accessToken, refreshing)
    this.#idTokens.set(idToken, grant)
    return applied(this.#faults.token, {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: refreshToken,
      scope: grant.authorized.get('scope'),
      id_token: idToken,
    })
  }

  #idToken(grant: Grant, issuer: string, accessToken: string, refreshing: boolean): string {
    if (this.#faults.rotates === 'before signing') this.replaceKeys()
    const now = epochSeconds()
    const first = applied(this.#faults.claims, {
      iss: issuer,
      sub: grant.subject,
      aud: this.#client.clientId,
      iat: now,
      exp: now + 300,
      nonce: grant.authorized.get('nonce'),
      at_hash: halfHash(accessToken),
      ...(this.#tellsSessions() ? { sid: grant.sid } : {}),
    })
    const claims = refreshing ? applied(this.#faults.refreshedClaims, first) : first
    return this.#signed({}, claims, this.#faults.sign)
  }

  #signed(members: JsonObject, claims: JsonObject, sign: Faults['sign']): string {
    const { keys } = this
    const kid = keys.kid === undefined ? {} : { kid: keys.kid }
    const header = applied(this.#faults.header, { alg: this.#algorithm, ...kid, ...members })
    return sign ? sign({ header, claims, keys, clientSecret: this.#client.clientSecret }) : keys.sign(header, claims)
  }

  #tellsSessions(): boolean {
    return this.#client.backchannelLogoutUri !== undefined || this.#client.frontchannelLogoutUri !== undefined
  }

  #newKeys(): KeySet {
    const layout: KeySetLayout = this.#faults.keySet ?? 'decoys'
    return keySet(layout, this.#algorithm)
  }
}

function epochSeconds(): number {
  return Math.floor(Date.now() / 1000)
}
