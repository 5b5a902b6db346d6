import type { BearerOptions } from '../options/bearer/options.js'
import { type BearerConfiguration, parseBearerOptions } from '../options/bearer/schema.js'
import { type Runtime, systemRuntime } from '../base/runtime.js'
import type { Principal } from '../policy/principal.js'
import type { ProviderHealth } from '../provider/types.js'
import { createResourceServer } from './resource-server.js'

/** What of a request matters beside its `Authorization` header. Only bound tokens need any of it. */
export interface PresentedRequest {
  /** @default 'GET' */
  readonly method?: string | undefined
  /** The whole URL as the client sees it: never built from `Host`. */
  readonly url?: string | undefined
  /** The `DPoP` header, or its values where there are several. */
  readonly dpop?: string | readonly string[] | undefined
  /** SHA-256 of the client certificate's DER in base64url. */
  readonly certificateThumbprint?: string | undefined
  /** Is handed a nonce that the response's `DPoP-Nonce` is to carry. */
  readonly onNonce?: ((nonce: string) => void) | undefined
}

// Servers bound their headers themselves, at 8 to 64 KB mostly. This is for callers that have no such bound.
const maxHeaderLength = 262_144

/** Validates access tokens without any HTTP. */
export interface BearerValidator {
  /**
   * Validates an access token, and the proof that it may come with.
   *
   * @param authorization - the value of the `Authorization` header, such as `Bearer eyJ...`
   * @throws {BearerError} with status, code and challenge
   * @throws {ProviderError} when the authorization server is needed, and away
   */
  validate(authorization: string | undefined, request?: PresentedRequest): Promise<Principal>
  /** Fetches metadata and keys ahead of the first token. */
  ready(): Promise<void>
  /** Metadata and keys of each issuer as last seen. */
  health(): readonly ProviderHealth[]
  /** Ends what is under way. */
  close(): void
}

/** Options of {@link createBearerValidator}: those of `bearer()` without what only HTTP needs. */
export type BearerValidatorOptions = BearerOptions & {
  readonly required?: undefined
  readonly onError?: undefined
  readonly baseUrl?: undefined
}

/**
 * Creates what `bearer()` is built on, for servers of another kind.
 *
 * @throws {ConfigurationError} `invalid_options`, naming every option that is wrong
 */
export function createBearerValidator(options: BearerValidatorOptions): BearerValidator {
  return bearerValidator(parseBearerOptions(options, 'createBearerValidator()'), systemRuntime)
}

/** Creates the validator from a checked configuration, on a given clock. */
export function bearerValidator(configuration: BearerConfiguration, runtime: Runtime): BearerValidator {
  const server = createResourceServer(configuration, runtime)
  return {
    async validate(authorization, { method = 'GET', url, dpop = [], certificateThumbprint, onNonce } = {}) {
      return server.validator.validate(authorization, {
        method,
        maxHeaderLength,
        url: () => url,
        dpopProofs: () => (typeof dpop === 'string' ? [dpop] : dpop),
        certificateThumbprint: () => certificateThumbprint,
        offerNonce: (nonce) => onNonce?.(nonce),
      })
    },
    ready: () => server.ready(),
    health: () => server.health(),
    close: () => server.close(),
  }
}
