import { retryAfterSeconds } from '../../base/outage.js'
import type { LRUCache } from 'lru-cache'
import { createGrowingCache } from '../../base/cache/growing-cache.js'
import {
  AuthorizationResponseError,
  type OidcError,
  ProviderError,
  SessionError,
  TokenEndpointError,
  TokenValidationError,
} from '../../errors.js'
import type { Runtime } from '../../base/runtime.js'

import { UnclearRefusal } from '../../provider/grants/refresh-response.js'
import type { SessionRecord } from '../../session/record.js'
import { type AccessTarget, mainTarget } from './access-target.js'

const maxWays = 100

/**
 * Whether an error says that the new tokens are not those of this login, or are of a tenant that may no longer sign in. The provider
 * has used the refresh token for them.
 */
export function isVerdict(error: unknown): error is TokenValidationError | AuthorizationResponseError {
  return error instanceof TokenValidationError || error instanceof AuthorizationResponseError
}

/** Distinguishes rejections that end a session from those that are the provider's own problem. */
export class RefusedRefreshes {
  readonly #runtime: Runtime
  /** The sessions, two at most, that were refused in some words since the last success. */
  readonly #refused: LRUCache<string, readonly string[]>

  constructor(runtime: Runtime) {
    this.#runtime = runtime
    this.#refused = createGrowingCache({ max: maxWays, runtime })
  }

  /** Records a successful refresh: later rejections have a different cause. */
  recordSuccess(): void {
    this.#refused.clear()
  }

  /**
   * Decides whether a failed refresh ends its session, or is a temporary error.
   *
   * A rejection with an error other than `invalid_grant` ends a session once its access token has expired. The
   * exception: another session got the same error, and no refresh has succeeded since. Then the provider is rejecting
   * everyone.
   */
  classify(
    error: OidcError,
    record: SessionRecord,
    target: AccessTarget,
  ): { readonly ended: boolean; error: OidcError } {
    if (isVerdict(error)) return { ended: true, error }
    if (error instanceof UnclearRefusal && target.name === mainTarget.name) return this.#classifyUnclear(error, record)
    if (!(error instanceof TokenEndpointError) || error.code !== 'invalid_grant') return { ended: false, error }
    return { ended: true, error: sessionExpired(error) }
  }

  #classifyUnclear(
    error: UnclearRefusal,
    { id, tokens }: SessionRecord,
  ): { readonly ended: boolean; error: OidcError } {
    const before = this.#refused.get(error.way) ?? []
    const refused = before.includes(id) || before.length > 1 ? before : [...before, id]
    this.#refused.set(error.way, refused)
    // A token without an expiry is renewed only after an API has rejected it, and one that the cookie had no room for
    // is lost: both count as expired.
    const isDead = tokens.accessToken === '' || (tokens.expiresAt ?? 0) * 1000 <= this.#runtime.now()
    if (!isDead) return { ended: false, error }
    if (refused.every((each) => each === id)) return { ended: true, error: sessionExpired(error) }
    return { ended: false, error: providerInTrouble(error) }
  }
}

function sessionExpired(cause: TokenEndpointError): SessionError {
  return new SessionError('session_expired', 'the provider has ended this login: sign in again', { cause })
}

function providerInTrouble(cause: UnclearRefusal): ProviderError {
  const message =
    'the provider refuses every refresh at the moment: check the provider, and the settings of this client there'
  const headers = { 'Retry-After': String(retryAfterSeconds) }
  return new ProviderError('provider_unavailable', message, { cause, headers })
}
