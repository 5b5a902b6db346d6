import { omitUndefined } from '../base/json.js'
import type { ProviderState } from './provider/state.js'

/** Options for `clientCredentials()`, and for one of several providers. */
export interface ClientTestOptions {
  /** The provider's issuer. */
  issuer: string
  /** The provider's first client. */
  clientId: string
  /** Its secret; absent for a public client, and for one with a `publicKey`. */
  clientSecret?: string
  /** Reaches the provider, without a network. */
  fetch: typeof globalThis.fetch
}

/** Options for `oidc()`. */
export interface OidcTestOptions extends ClientTestOptions {
  /** As given to `testProvider()`. */
  baseUrl: string
  /** New for each provider. */
  secret: string
}

/** Options for `bearer()` and `createBearerValidator()`. */
export interface BearerTestOptions {
  /** The provider's issuer. */
  issuer: string
  /** As given to `testProvider()`. */
  audience: string
  /** The API's credentials for introspection, if the provider issues opaque tokens. */
  introspection?: { clientId: string; clientSecret?: string; clientAuthentication?: 'none' }
  /** Set if the provider issues opaque tokens. */
  tokenFormat?: 'opaque'
  /** Reaches the provider, without a network. */
  fetch: typeof globalThis.fetch
}

/** Options of this package for a test provider. */
export interface ProviderTestOptions {
  /** Options of `oidc()`. */
  readonly oidc: OidcTestOptions
  /** Options of one of the providers of `oidc({ providers })` and `bearer({ providers })`. */
  readonly provider: ClientTestOptions
  /** Options of `bearer()`. */
  readonly bearer: BearerTestOptions
  /** Options of `clientCredentials()`. */
  readonly clientCredentials: ClientTestOptions
}

/** The options for a provider's first client, and for its API. */
export function optionsOf(
  { configuration, clock }: ProviderState,
  fetch: typeof globalThis.fetch,
): ProviderTestOptions {
  const { issuer, baseUrl, audience, clients, tokenFormat } = configuration
  const [[clientId = '', { clientSecret } = {}] = []] = clients
  const client = { clientId, ...omitUndefined({ clientSecret }) }
  const introspection = clientSecret === undefined ? { ...client, clientAuthentication: 'none' as const } : client
  return {
    oidc: { issuer, ...client, baseUrl, secret: clock.newName() + clock.newName(), fetch },
    provider: { issuer, ...client, fetch },
    bearer: { issuer, audience, ...(tokenFormat === 'opaque' ? { tokenFormat, introspection } : {}), fetch },
    clientCredentials: { issuer, ...client, fetch },
  }
}
