import type { Runtime } from '../../base/runtime.js'
import { TickingSet } from '../../base/timers/ticking-set.js'
import { BearerError } from '../../errors.js'
import type { Principal } from '../../policy/principal.js'
import { LiveConnection } from '../http/live-connection.js'
import { SocketWatches } from '../http/socket-watches.js'
import type { NodeRequest } from '../types.js'

/** Who opened a connection with an access token or API key, and a signal for its end. */
export interface TokenConnection {
  /** The holder of the access token or API key. */
  readonly principal: Principal
  /**
   * Aborts within a second after the API key has expired, or after the access token has expired and `clockToleranceSeconds` have
   * passed. Its `reason` is a {@link BearerError} `invalid_api_key` or `invalid_token`. Watching begins with the first use, and ends
   * when the request's socket closes.
   */
  readonly signal: AbortSignal
}

interface Live extends Pick<Principal, 'scheme'> {
  readonly endsAt: number
  readonly controller: AbortController
}

/** Watches the tokens of open connections, such as WebSockets, with one timer. */
export class LivePrincipals {
  readonly #runtime: Runtime
  readonly #toleranceSeconds: number
  readonly #live = new TickingSet<Live>(() => this.#tick())
  readonly #watches = new SocketWatches()

  /** @param toleranceSeconds - how long a token is accepted past its end */
  constructor(runtime: Runtime, toleranceSeconds: number) {
    this.#runtime = runtime
    this.#toleranceSeconds = toleranceSeconds
  }

  /** Makes a connection of a principal; `undefined` of none. */
  connect(principal: Principal | undefined, req: NodeRequest): TokenConnection | undefined {
    return principal === undefined ? undefined : new LiveConnection(principal, () => this.#watch(principal, req))
  }

  /** Stops watching, without aborting any signal. */
  close(): void {
    this.#live.clear()
  }

  #watch({ scheme, expiresAt }: Principal, req: NodeRequest): AbortSignal {
    const tolerance = scheme === 'api-key' ? 0 : this.#toleranceSeconds
    const live: Live = { scheme, endsAt: expiresAt + tolerance, controller: new AbortController() }
    this.#live.add(live)
    this.#watches.add(req, () => this.#live.delete(live))
    return live.controller.signal
  }

  #tick(): void {
    const now = this.#runtime.now() / 1000
    for (const live of this.#live) {
      if (live.endsAt > now) continue
      this.#live.delete(live)
      live.controller.abort(expired(live.scheme))
    }
  }
}

function expired(scheme: Principal['scheme']): BearerError {
  return scheme === 'api-key'
    ? new BearerError('invalid_api_key', 'the API key has expired')
    : new BearerError('invalid_token', 'the access token has expired')
}
