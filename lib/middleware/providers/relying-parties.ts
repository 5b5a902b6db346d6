import type { ExchangedTokens } from '../../client/token-exchange.js'
import type { MaybePromise } from '../../base/maybe-promise.js'
import type { Health } from '../../provider/types.js'
import type { ProvidersHealth } from '../../provider/health.js'
import type { Readiness } from '../../provider/readiness.js'
import type { RelyingParty } from '../../relying-party/relying-party.js'
import type { SessionRecord } from '../../session/record.js'
import type { SessionStorage } from '../../session/storage/storage.js'
import type { NodeRequest } from '../types.js'

/** A relying party, and the tokens that its sessions were exchanged for. */
export interface WebRelyingParty extends RelyingParty {
  readonly exchanges: ExchangedTokens
}

/** A provider to choose. */
export interface ListedProvider {
  readonly name: string
  readonly label: string
}

/** A storage for one request, which knows the relying party of the session that it has read. */
export interface RelyingPartyStorage extends SessionStorage {
  readonly rp?: WebRelyingParty | undefined
}

/** The relying parties of one application, one for each of its providers. */
export interface RelyingParties {
  /** Where everybody signs in; absent if people choose. */
  readonly only?: WebRelyingParty
  /** Whether paths name providers. */
  readonly areNamed: boolean
  /** Whether one that is there may be gone later. */
  readonly mayLose: boolean
  /** Those that are known now: all of them, unless a function finds them by name. */
  all(): readonly WebRelyingParty[]
  /** The providers that people choose from, by name; empty if they are not known before. */
  readonly listed: readonly ListedProvider[]
  /**
   * Finds one by the name in a path.
   *
   * @param req - the request at hand, which a function `providers` is called with
   * @returns `undefined` for an unknown name
   * @throws {ProviderError} `provider_options_unavailable`, or rejects with it
   */
  find(name: string, req: NodeRequest | undefined): MaybePromise<WebRelyingParty | undefined>
  /** The one that a session is of, if it is in memory. */
  of(record: SessionRecord): WebRelyingParty | undefined
  /** Restricts a storage to sessions of relying parties that are still there. */
  guard(storage: SessionStorage, req: NodeRequest): RelyingPartyStorage
  ready(): Promise<Readiness>
  /** State of each provider by its name. */
  health(): ProvidersHealth['providers']
  close(): void
}

/** The relying party of an application with one provider. */
export function onlyRelyingParty(rp: WebRelyingParty): RelyingParties {
  return {
    only: rp,
    areNamed: false,
    mayLose: false,
    listed: [],
    all: () => [rp],
    find: () => undefined,
    of: () => rp,
    guard: (storage) => storage,
    ready: () => rp.provider.ready(),
    health: () => ({}),
    close: () => closeRelyingParty(rp),
  }
}

/** The state of relying parties by the names of their providers. */
export function healthByName(relyingParties: readonly WebRelyingParty[]): ProvidersHealth['providers'] {
  return Object.fromEntries(
    relyingParties.map(({ provider, sessionProvider }): [string, Omit<Health, 'store'>] => [
      sessionProvider?.name ?? '',
      provider.health(),
    ]),
  )
}

/** Stops the work of a relying party in the background, and closes its connections. */
export function closeRelyingParty({ exchanges, provider }: WebRelyingParty): void {
  exchanges.cache.close()
  provider.close()
}
