import type { IssuerConfiguration } from '../options/bearer-issuers.js'
import { asymmetricAlgorithms } from '../options/bearer-issuers.js'
import type { Cached } from '../provider/cached.js'
import type { Keys } from '../provider/keys.js'
import { createKeys } from '../provider/keys.js'
import { createMetadata, keyNeeds } from '../provider/metadata.js'
import { createOutbound } from '../provider/outbound.js'
import type { ProviderHealth, ProviderMetadata, ProviderSettings } from '../provider/types.js'
import { givenKeys } from './issuer-keys.js'

/** One authorization server whose tokens are taken, with keys and rules of its own. */
export interface TrustedIssuer {
  readonly issuer: string
  readonly audience: readonly string[] | null
  readonly algorithms: ReadonlySet<string>
  readonly keys: Keys
  /** Fetches metadata and keys ahead of the first token. */
  ready(): Promise<void>
  /** What is known without touching the network. */
  health(): ProviderHealth
  /** Nothing is fetched any more. */
  close(): void
}

/** How to reach authorization servers; the same for all. */
export type IssuerSettings = Omit<ProviderSettings, 'issuer'>

/**
 * Sets up one issuer. Nothing is fetched yet.
 *
 * @throws {ConfigurationError} `invalid_options` for keys that cannot be used
 */
export function createTrustedIssuer(
  issuer: string,
  configuration: IssuerConfiguration,
  settings: IssuerSettings,
): TrustedIssuer {
  const { audience, algorithms = asymmetricAlgorithms } = configuration
  const given = givenKeys(configuration)
  const { keys, ...life } = given === undefined ? publishedKeys({ ...settings, issuer }) : staticLife(issuer, given)
  return { issuer, audience, algorithms: new Set(algorithms), keys, ...life }
}

type KeyLife = Pick<TrustedIssuer, 'keys' | 'ready' | 'health' | 'close'>

function staticLife(issuer: string, keys: Keys): KeyLife {
  return {
    keys,
    ready: async () => undefined,
    health: () => ({ issuer, metadata: 'unknown', keys: 'fresh' }),
    close: () => undefined,
  }
}

function publishedKeys(settings: ProviderSettings): KeyLife {
  const outbound = createOutbound(settings)
  const metadata = createMetadata(settings, outbound, keyNeeds)
  const keys = createKeys(async () => keysUri(await metadata.get()), outbound, settings)
  return {
    keys,
    ready: () => keys.ready(),
    health: () => healthOf(settings.issuer, metadata, keys),
    close: () => {
      for (const part of [metadata, keys, outbound]) part.close()
    },
  }
}

// The metadata was refused if it had none.
function keysUri({ jwks_uri: uri = '' }: ProviderMetadata): string {
  return uri
}

function healthOf(issuer: string, metadata: Cached<ProviderMetadata>, keys: Keys): ProviderHealth {
  const [document, set] = [metadata.freshness(), keys.freshness()]
  const lastFailure = document.lastFailure ?? set.lastFailure
  return {
    issuer,
    metadata: document.state,
    keys: set.state,
    ...(set.ageSeconds === undefined ? {} : { keysAgeSeconds: set.ageSeconds }),
    ...(lastFailure === undefined ? {} : { lastFailure }),
  }
}
