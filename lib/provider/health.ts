import { ownError } from '../base/error-cause.js'
import type { Cached } from '../base/cache/cached-document.js'
import type { Keys } from './keys.js'
import type { Health, ProviderHealth, ProviderMetadata, EndpointHealth } from './types.js'
import { nowSeconds, type Runtime } from '../base/runtime.js'
import { omitUndefined } from '../base/json.js'

/** State of everything that an `oidc()` with several providers depends on, as last seen. */
export interface ProvidersHealth extends Pick<Health, 'store'> {
  /** State of each provider, by its name. Of a function `providers`, of those that are kept ready. */
  readonly providers: Readonly<Record<string, Omit<Health, 'store'>>>
}

/** The state of one authorization server's metadata and keys; makes no request. */
export function healthOf(issuer: string, metadata: Cached<ProviderMetadata>, keys: Keys): ProviderHealth {
  const [document, set] = [metadata.freshness(), keys.freshness()]
  const lastFailure = document.lastFailure ?? set.lastFailure
  return omitUndefined({
    issuer,
    metadata: document.state,
    metadataAgeSeconds: document.ageSeconds,
    keys: set.state,
    keysAgeSeconds: set.ageSeconds,
    lastFailure,
  })
}

/** Records whether the last requests to an endpoint succeeded. */
export class EndpointRecord {
  readonly #runtime: Runtime
  #health: EndpointHealth = { state: 'unknown' }

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  /**
   * Makes a request, and records whether there was a response.
   *
   * @param isRefusedClient - whether a response rejects this client
   */
  async watch<Answer>(request: () => Promise<Answer>, isRefusedClient: (response: Answer) => boolean): Promise<Answer> {
    try {
      const response = await request()
      // A rejected client is a failure too: it gets no tokens, as from a server that is down (RFC 6749 section 5.2).
      if (isRefusedClient(response)) this.#fail('provider_refused_client')
      else this.#health = { ...this.#health, state: 'ok', lastSuccessAt: this.#now() }
      return response
    } catch (error) {
      this.#fail(ownError(error)?.code ?? 'provider_unreachable')
      throw error
    }
  }

  /** The recorded state; makes no request. */
  health(): EndpointHealth {
    return this.#health
  }

  #fail(lastFailure: string): void {
    this.#health = { ...this.#health, state: 'failing', lastFailureAt: this.#now(), lastFailure }
  }

  #now(): number {
    return nowSeconds(this.#runtime)
  }
}
