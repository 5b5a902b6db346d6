import type { BearerOptions } from '../options/bearer/options.js'
import { type BearerConfiguration, parseBearerOptions } from '../options/bearer/schema.js'
import { type Runtime, systemRuntime } from '../base/runtime.js'
import type { Principal } from '../policy/principal.js'
import type { ProviderHealth } from '../provider/types.js'
import { createResourceServer } from './resource-server.js'

/**
 * The parts of a request, other than its `Authorization` header, that validation may need. Only sender-constrained
 * tokens need any.
 */
export interface PresentedRequest {
  /** @default 'GET' */
  readonly method?: string | undefined
  /** The whole URL as the client sees it: never built from `Host`. */
  readonly url?: string | undefined
  /** The `DPoP` header, or its values where there are several. */
  readonly dpop?: string | readonly string[] | undefined
  /** SHA-256 of the client certificate's DER in base64url. */
  readonly certificateThumbprint?: string | undefined
  /** Receives a nonce to send in the response's `DPoP-Nonce` header. */
  readonly onNonce?: ((nonce: string) => void) | undefined
}

// Most servers limit headers to 8 to 64 KB themselves. This limit protects callers that have none.
const maxHeaderLength = 262_144

/** Validates access tokens without any HTTP. */
export interface BearerValidator {
  /**
   * Validates an access token, and its proof of possession if it has one.
   *
   * @param authorization - the value of the `Authorization` header, such as `Bearer eyJ...`
   * @throws {BearerError} with status, code and challenge
   * @throws {ProviderError} when the authorization server is needed but unavailable
   */
  validate(authorization: string | undefined, request?: PresentedRequest): Promise<Principal>
  /** Fetches metadata and keys ahead of the first token. */
  ready(): Promise<void>
  /** The state of each issuer's metadata and keys; makes no request. */
  health(): readonly ProviderHealth[]
  /** Aborts requests in flight. */
  close(): void
}

/** Options of {@link createBearerValidator}: those of `bearer()`, except the ones that only make sense with HTTP. */
export type BearerValidatorOptions = BearerOptions & {
  readonly required?: undefined
  readonly onError?: undefined
  readonly baseUrl?: undefined
}

/**
 * Creates the validator that `bearer()` is built on, for servers that do not use Node's HTTP interfaces.
 *
 * @throws {ConfigurationError} `invalid_options`, naming every invalid option
 */
export function createBearerValidator(options: BearerValidatorOptions): BearerValidator {
  return bearerValidator(parseBearerOptions(options, 'createBearerValidator()'), systemRuntime)
}

/** Creates the validator from a parsed configuration, with a given clock. */
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
