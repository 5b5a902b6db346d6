import { randomBytes } from 'node:crypto'

/** What a token request has redeemed. */
export interface Redeemed<Login> {
  readonly login: Login
  /** Whether it was a refresh token, rather than a code. */
  readonly isRefresh: boolean
}

/** The codes and opaque tokens that a provider has issued, each with the login that it was issued for. */
export class Grants<Login> {
  readonly #codes = new Map<string, Login>()
  readonly #accessTokens = new Map<string, Login>()
  readonly #refreshTokens = new Map<string, Login>()

  /** Issues a code. */
  code(login: Login): string {
    return issue(this.#codes, login)
  }

  /** Issues an opaque access token. */
  accessToken(login: Login): string {
    return issue(this.#accessTokens, login)
  }

  /** Issues a refresh token. */
  refreshToken(login: Login): string {
    return issue(this.#refreshTokens, login)
  }

  /** Takes the code or the refresh token of a token request; each works once. */
  redeem(body: URLSearchParams): Redeemed<Login> | undefined {
    const isRefresh = body.get('grant_type') === 'refresh_token'
    const issued = isRefresh ? this.#refreshTokens : this.#codes
    const credential = body.get(isRefresh ? 'refresh_token' : 'code') ?? ''
    const login = issued.get(credential)
    issued.delete(credential)
    return login === undefined ? undefined : { login, isRefresh }
  }

  /** The login of an access token. */
  loginOf(accessToken: string): Login | undefined {
    return this.#accessTokens.get(accessToken)
  }

  /** Revokes all refresh tokens. */
  revokeRefreshTokens(): void {
    this.#refreshTokens.clear()
  }
}

function issue<Login>(issued: Map<string, Login>, login: Login): string {
  const value = randomBytes(24).toString('base64url')
  issued.set(value, login)
  return value
}
