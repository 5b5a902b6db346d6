import { omitUndefined } from '../../base/json.js'
import type { Runtime } from '../../base/runtime.js'
import type { Jws } from '../../jose/jws.js'
import type { SignalsConfiguration, TransmitterConfiguration } from '../../options/signals/schema.js'
import { createKeys } from '../../provider/keys.js'
import { providerSettings } from '../../provider/settings.js'
import { createHttpClient, type HttpClient } from '../../provider/transport/http-client.js'
import { createConfiguration, type TransmitterEndpoint, transmitterUrl } from './configuration.js'
import { createTokenValidator, type SecurityEventToken } from '../events/security-event-token.js'

/** A transmitter: its configuration, its keys, and the check of its tokens. */
export interface Transmitter {
  readonly options: TransmitterConfiguration
  readonly httpClient: HttpClient
  /** Deadline of requests, and of the function in `accessToken`. */
  readonly httpTimeoutSeconds: number
  /** Validates a token, but not whether its `jti` has come before. */
  readonly validate: (jws: Jws) => Promise<SecurityEventToken>
  /** The URL of one of its endpoints. */
  endpoint(name: TransmitterEndpoint): Promise<string>
  /** Fetches configuration and keys. */
  ready(): Promise<void>
  /** Closes connections. */
  close(): void
}

/**
 * Creates a transmitter. Nothing is fetched yet.
 *
 * @param audience - accepted `aud`
 */
export function createTransmitter(
  options: TransmitterConfiguration,
  audience: readonly string[],
  signals: SignalsConfiguration,
  runtime: Runtime,
): Transmitter {
  const { issuer, configurationUrl, jwksUri, algorithms, profile, maxAgeSeconds } = options
  const { clockToleranceSeconds, httpTimeoutSeconds } = signals
  const settings = { ...providerSettings(signals, runtime), issuer }
  const httpClient = createHttpClient(settings)
  const configuration = createConfiguration({ issuer, runtime, ...omitUndefined({ configurationUrl }) }, httpClient)
  const keysUri = async () => jwksUri ?? transmitterUrl(configuration, 'jwks_uri', httpClient)
  const keys = createKeys(keysUri, httpClient, settings)
  const rules = { issuer, audience, algorithms, profile, maxAgeSeconds, clockToleranceSeconds, runtime }
  return {
    options,
    httpClient,
    httpTimeoutSeconds,
    validate: createTokenValidator(rules, keys),
    endpoint: (name) => transmitterUrl(configuration, name, httpClient),
    ready: () => keys.ready(),
    close: () => [configuration, keys, httpClient].forEach((part) => part.close()),
  }
}
