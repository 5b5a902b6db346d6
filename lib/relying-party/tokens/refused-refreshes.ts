import { retryAfterSeconds } from '../../base/outage.js'
import { LRUCache } from 'lru-cache'
import { type OidcError, ProviderError, SessionError, TokenEndpointError, TokenValidationError } from '../../errors.js'
import type { Runtime } from '../../base/runtime.js'

import { UnclearRefusal } from '../../provider/grants/refresh-response.js'
import type { SessionRecord } from '../../session/record.js'
import { type AccessTarget, mainTarget } from './access-target.js'

const maxWays = 100

/** Tells refusals that are the end of a session from those that are the provider's own trouble. */
export class RefusedRefreshes {
  readonly #runtime: Runtime
  /** The sessions, two at most, that were refused in some words since the last success. */
  readonly #refused = new LRUCache<string, readonly string[]>({ max: maxWays })

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  /** A refresh has worked: what is refused from now on is refused for a reason of its own. */
  succeeded(): void {
    this.#refused.clear()
  }

  /**
   * What a failed refresh means for its session: its end, or an error that passes by.
   *
   * In other words than `invalid_grant` a refusal ends a session once its access token is dead, unless another session was
   * refused in the same words and none was renewed since: then it is the provider that refuses everybody.
   */
  judge(error: OidcError, record: SessionRecord, target: AccessTarget): { readonly ended: boolean; error: OidcError } {
    if (error instanceof TokenValidationError) return { ended: true, error }
    if (error instanceof UnclearRefusal && target.name === mainTarget.name) return this.#judgeUnclear(error, record)
    if (!(error instanceof TokenEndpointError) || error.code !== 'invalid_grant') return { ended: false, error }
    return { ended: true, error: expired(error) }
  }

  #judgeUnclear(error: UnclearRefusal, { id, tokens }: SessionRecord): { readonly ended: boolean; error: OidcError } {
    const before = this.#refused.get(error.way) ?? []
    const refused = before.includes(id) || before.length > 1 ? before : [...before, id]
    this.#refused.set(error.way, refused)
    // Where it is not known when a token ends, an API has refused it; one that a cookie had no room for is gone.
    const isDead = tokens.accessToken === '' || (tokens.expiresAt ?? 0) * 1000 <= this.#runtime.now()
    if (!isDead) return { ended: false, error }
    if (refused.every((each) => each === id)) return { ended: true, error: expired(error) }
    return { ended: false, error: troubled(error) }
  }
}

function expired(cause: TokenEndpointError): SessionError {
  return new SessionError('session_expired', 'the provider has ended this login: sign in again', { cause })
}

function troubled(cause: UnclearRefusal): ProviderError {
  const message =
    'the provider refuses every refresh at the moment: check the provider, and the settings of this client there'
  const headers = { 'Retry-After': String(retryAfterSeconds) }
  return new ProviderError('provider_unavailable', message, { cause, headers })
}
