import { healthOf } from '../../provider/health.js'
import { ConfigurationError } from '../../errors.js'
import type { AccessTokenProfile } from '../../options/bearer/issuer-options.js'
import type { IssuerConfiguration } from '../../options/bearer/issuer-schema.js'
import { hasNeededAudience } from '../../options/bearer/issuers.js'
import { asymmetricAlgorithms } from '../../options/common/algorithms.js'
import type { Cached } from '../../base/cache/cached-document.js'
import { type Keys, createKeys } from '../../provider/keys.js'
import { createMetadata, endpointOf, noNeeds } from '../../provider/metadata.js'
import type { KeyRule } from '../../provider/tokens/signature.js'
import { signsFor } from '../../provider/tokens/tenants.js'
import { type HttpClient, createHttpClient } from '../../provider/transport/http-client.js'
import type { ProviderHealth, ProviderMetadata, ProviderSettings } from '../../provider/types.js'
import { givenKeys } from './given-keys.js'
import { type ProviderConnection, descriptionSettings } from '../../provider/settings.js'
import type { SubjectRules } from '../validation/subject.js'

/** One trusted authorization server, with its own keys and rules. */
export interface TrustedIssuer {
  readonly issuer: string
  /** Other values of `iss` in its tokens. */
  readonly aliases: readonly string[]
  readonly profile: AccessTokenProfile
  readonly audience: readonly string[] | null
  /** The clients whose tokens are accepted; `undefined` for any. */
  readonly clients: readonly string[] | undefined
  readonly subject: SubjectRules
  readonly algorithms: ReadonlySet<string>
  readonly keys: Keys
  /** Whether a key signs for this issuer: a key set may serve several. */
  readonly isKeyOf: KeyRule
  readonly httpClient: HttpClient
  readonly metadata: Cached<ProviderMetadata>
  /** Fetches metadata and keys ahead of the first token. */
  ready(): Promise<void>
  /** The state of metadata and keys; makes no request. */
  health(): ProviderHealth
  /** Aborts requests in flight; nothing is fetched afterwards. */
  close(): void
}

/** How to reach authorization servers: the same for all of them but those where this API presents a certificate. */
export interface IssuerSettings extends Omit<ProviderSettings, 'issuer'> {
  /** Connections by issuer. */
  readonly connections?: ReadonlyMap<string, ProviderConnection>
}

const subjectDefaults = { claim: 'sub', client: false, clientClaims: [] }

// OpenID Connect's limit for people (Core section 2), and that of SPIFFE IDs for workloads.
const maxSubjectLengths = { rfc9068: 255, jwt: 255, external: 2048 } as const satisfies Record<
  AccessTokenProfile,
  number
>

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
  if (!hasNeededAudience(configuration)) throw audienceMissing(issuer)
  const { profile = 'rfc9068', audience, clients, issuerAliases: aliases = [], jwksUri, discoveryUrl } = configuration
  const { subject = subjectDefaults, algorithms = asymmetricAlgorithms } = configuration
  const settings = { ...common, ...common.connections?.get(issuer), ...descriptionSettings(configuration), issuer }
  const given = givenKeys(configuration)
  const httpClient = createHttpClient(settings)
  // With configured keys, a plain http issuer is only a name: nothing is fetched from it.
  const hasKeys = given !== undefined || jwksUri !== undefined
  const isName = hasKeys && discoveryUrl === undefined && !httpClient.allows(issuer)
  const metadataClient = isName ? createHttpClient({ ...settings, dangerouslyAllowHttp: true }) : httpClient
  const metadata = createMetadata(settings, metadataClient, noNeeds)
  const keysUri = async () => jwksUri ?? endpointOf(metadata, 'jwks_uri')
  const keys = given ?? createKeys(keysUri, httpClient, settings)
  const names = [issuer, ...aliases]
  return {
    issuer,
    aliases,
    profile,
    audience,
    clients,
    subject: { ...subject, maxLength: maxSubjectLengths[profile] },
    algorithms: new Set(algorithms),
    keys,
    isKeyOf: (key) => signsFor(key, names),
    httpClient,
    metadata,
    ready: () => keys.ready(),
    health: () => healthOf(issuer, metadata, keys),
    close: () => {
      for (const part of [metadata, keys, httpClient, metadataClient]) part.close()
    },
  }
}

// Only a resolver's answer can get as far as this.
function audienceMissing(issuer: string): ConfigurationError {
  const message = `issuer(): profile "external" of ${issuer} needs an "audience"`
  return new ConfigurationError('invalid_options', message)
}
