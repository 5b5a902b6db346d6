import { healthOf } from '../../provider/health.js'
import type { IssuerConfiguration } from '../../options/bearer/issuers.js'
import { asymmetricAlgorithms } from '../../options/common/algorithms.js'
import type { Cached } from '../../base/cached-document.js'
import { type Keys, createKeys } from '../../provider/keys.js'
import { createMetadata, endpointOf } from '../../provider/metadata.js'
import { type HttpClient, createHttpClient } from '../../provider/transport/http-client.js'
import type { ProviderHealth, ProviderMetadata, ProviderSettings } from '../../provider/types.js'
import { givenKeys } from './given-keys.js'
import type { SubjectRules } from '../validation/subject.js'

/** One trusted authorization server, with its own keys and rules. */
export interface TrustedIssuer {
  readonly issuer: string
  readonly audience: readonly string[] | null
  readonly subject: SubjectRules
  readonly algorithms: ReadonlySet<string>
  readonly keys: Keys
  readonly httpClient: HttpClient
  readonly metadata: Cached<ProviderMetadata>
  /** Fetches metadata and keys ahead of the first token. */
  ready(): Promise<void>
  /** The state of metadata and keys; makes no request. */
  health(): ProviderHealth
  /** Aborts requests in flight; nothing is fetched afterwards. */
  close(): void
}

/** How to reach authorization servers: the same for all of them. */
export type IssuerSettings = Omit<ProviderSettings, 'issuer'>

const subjectDefaults: SubjectRules = { claim: 'sub', client: false, clientClaims: [] }

/** No metadata member is required up front: code that uses one checks for it. */
const noNeeds = { members: [], pkce: false }

/**
 * Sets up one issuer. Nothing is fetched yet.
 *
 * @throws {ConfigurationError} `invalid_options` for unusable keys
 */
export function createTrustedIssuer(
  issuer: string,
  configuration: IssuerConfiguration,
  common: IssuerSettings,
): TrustedIssuer {
  const { audience, subject = subjectDefaults, algorithms = asymmetricAlgorithms } = configuration
  const settings = { ...common, issuer }
  const given = givenKeys(configuration)
  const httpClient = createHttpClient(settings)
  const metadata = createMetadata(settings, httpClient, noNeeds)
  const keys = given ?? createKeys(() => endpointOf(metadata, 'jwks_uri'), httpClient, settings)
  return {
    issuer,
    audience,
    subject,
    algorithms: new Set(algorithms),
    keys,
    httpClient,
    metadata,
    ready: () => keys.ready(),
    health: () => healthOf(issuer, metadata, keys),
    close: () => {
      for (const part of [metadata, keys, httpClient]) part.close()
    },
  }
}
