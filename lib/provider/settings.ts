import { omitUndefined } from '../base/json.js'
import type { Runtime } from '../base/runtime.js'
import { detailTypesIn } from '../options/authorization-details/schema.js'
import { isMutualTls } from '../options/common/client-authentication.js'
import { parseCurrentTls, type TlsConfiguration } from '../options/common/tls.js'
import { isSignedResponse } from '../options/oidc/fields.js'
import type { OidcConfiguration } from '../options/oidc/schema.js'
import { clientIdentity } from './authentication/credentials.js'
import { createTlsSource } from './tls/tls-source.js'
import type { ClientIdentity, ClientSettings, ProviderSettings } from './types.js'

/** The age at which metadata and keys are fetched again, and how long keys are used during an outage, in seconds. */
const ages = { metadataMaxAgeSeconds: 1800, keysMaxAgeSeconds: 600, keysStaleSeconds: 24 * 3600 }

/** The options about authorization servers, of whatever function. */
type ProviderConfiguration = Pick<ProviderSettings, 'fetch' | 'httpTimeoutSeconds' | 'dangerouslyAllowHttp'> &
  Partial<Pick<ProviderSettings, 'clockToleranceSeconds' | 'keysStaleSeconds'>>

/** The connection to one provider, if the client presents a certificate there, or the provider has its own `fetch`. */
export type ProviderConnection = Partial<Pick<ProviderSettings, 'tls' | 'usesMtlsEndpoints' | 'fetch'>>

/** What the options say of one authorization server. */
type Description = Pick<
  ProviderSettings,
  'discoveryUrl' | 'metadata' | 'internalOrigin' | 'allowPrivateAddresses' | 'issuerAliases' | 'tenants'
>

/** How to reach an authorization server. */
export function providerSettings(
  configuration: ProviderConfiguration,
  runtime: Runtime,
): Omit<ProviderSettings, 'issuer'> {
  const { fetch, httpTimeoutSeconds, dangerouslyAllowHttp } = configuration
  const { clockToleranceSeconds = 30, keysStaleSeconds = ages.keysStaleSeconds } = configuration
  return { runtime, fetch, httpTimeoutSeconds, dangerouslyAllowHttp, clockToleranceSeconds, ...ages, keysStaleSeconds }
}

/** The client's certificates, the deadline of a function that returns them, and the issuer for its trace. */
interface ConnectionConfiguration extends Pick<ClientIdentity, 'clientAuthentication'> {
  readonly tls?: TlsConfiguration | (() => unknown) | undefined
  readonly issuer?: string | undefined
  readonly httpTimeoutSeconds: number
}

/**
 * How the client's certificate is presented: by us, or by the application's `fetch`.
 *
 * @param option - the name of the option `tls`
 */
export function connectionSettings(
  { tls: given, clientAuthentication, issuer, httpTimeoutSeconds: seconds }: ConnectionConfiguration,
  runtime: Runtime,
  option = 'tls',
): ProviderConnection {
  const source = { option, parse: parseCurrentTls, runtime, seconds, issuer }
  const tls = given === undefined ? undefined : createTlsSource(given, source)
  return omitUndefined({ tls, usesMtlsEndpoints: tls !== undefined || isMutualTls(clientAuthentication) })
}

/** How one authorization server is described in options; the members that are missing are left out. */
export function descriptionSettings({
  discoveryUrl,
  metadata,
  internalOrigin,
  allowPrivateAddresses,
  issuerAliases,
  tenants,
}: Description): Description {
  return omitUndefined({ discoveryUrl, metadata, internalOrigin, allowPrivateAddresses, issuerAliases, tenants })
}

/** Who this application is at the authorization server. */
export function clientSettings(configuration: OidcConfiguration): ClientSettings {
  const { idTokenSigningAlg, idTokenAudiences, dpop, pushedAuthorizationRequests, requestObject } = configuration
  const { authorizationResponseAlg } = configuration
  const { decryptionKeys, encryptedResponses = ['id_token'] } = configuration
  return {
    ...clientIdentity(configuration),
    idTokenSigningAlg,
    idTokenAudiences,
    authorizationDetailTypes: detailTypesIn(configuration.authorizationParams['authorization_details']),
    hasSignedResponses: isSignedResponse(configuration),
    ...omitUndefined({ dpop, pushedAuthorizationRequests, requestObject, authorizationResponseAlg }),
    ...(decryptionKeys === undefined ? {} : { decryptionKeys, encryptedResponses }),
  }
}
