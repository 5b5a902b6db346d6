import type { BearerOptions } from '../options/bearer/options.js'
import { type BearerConfiguration, parseBearerOptions, reachedBy } from '../options/bearer/schema.js'
import { ConfigurationError } from '../errors.js'
import { type Runtime, runtimeFor } from '../base/runtime.js'
import type { Principal } from '../policy/principal.js'
import type { ProviderHealth } from '../provider/types.js'
import { createResourceServer } from './resource-server.js'

/**
 * The parts of a request, other than its `Authorization` header, that validation may need. Only sender-constrained
 * tokens need any. A member that is `null` counts as absent.
 */
export interface PresentedRequest {
  /** HTTP method. @default 'GET' */
  readonly method?: string | null | undefined
  /** The absolute URL as the client sees it. Do not build it from the `Host` header. */
  readonly url?: string | null | undefined
  /** The value of the `DPoP` header, or a list if there are several. */
  readonly dpop?: string | readonly string[] | null | undefined
  /** SHA-256 of the client certificate in DER form, as base64url (RFC 8705 section 3.1). */
  readonly certificateThumbprint?: string | null | undefined
  /** Receives a nonce to send in the response's `DPoP-Nonce` header. */
  readonly onNonce?: ((nonce: string) => void) | undefined
}

// Most servers limit headers to 8 to 64 KB themselves. This limit protects callers that have none.
const maxHeaderLength = 262_144

/** Validates access tokens, independent of any HTTP server. */
export interface BearerValidator {
  /**
   * Validates an access token, and its proof of possession if it has one. Without credentials it rejects, too.
   *
   * @example
   * ```ts
   * import { createBearerValidator } from 'express-oidc'
   *
   * const validator = createBearerValidator({ issuer, audience: 'https://api.example.com' })
   * const { subject, scopes } = await validator.validate(req.headers.authorization)
   * ```
   *
   * @param authorization - the value of the `Authorization` header, such as `Bearer eyJ...`; `null` or `undefined` without one
   * @throws {BearerError} `missing_token`, `invalid_request`, `invalid_token`, `invalid_dpop_proof` or `use_dpop_nonce`, with
   *   status and challenge
   * @throws {ProviderError} when the authorization server is needed but unavailable
   */
  validate(authorization: string | null | undefined, request?: PresentedRequest | null): Promise<Principal>
  /**
   * Fetches metadata and keys ahead of the first token.
   *
   * @throws {ProviderError} when an issuer is unavailable. Later calls try again.
   */
  ready(): Promise<void>
  /** The state of each issuer's metadata and keys; makes no request. */
  health(): readonly ProviderHealth[]
  /** Aborts requests in flight. */
  close(): void
}

/** Options of {@link createBearerValidator}: those of `bearer()`, except the ones that only make sense with HTTP. */
export type BearerValidatorOptions = BearerOptions<PresentedRequest, never> & {
  readonly required?: undefined
  readonly onError?: undefined
  readonly baseUrl?: undefined
  readonly baseUrls?: undefined
  readonly apiKey?: undefined
}

/**
 * Creates the validator that `bearer()` is built on, for servers that do not use Node's HTTP interfaces.
 *
 * @example
 * ```ts
 * import { createBearerValidator } from 'express-oidc'
 *
 * const validator = createBearerValidator({ issuer, audience: 'https://api.example.com' })
 *
 * export async function handle(request: Request): Promise<Response> {
 *   const principal = await validator.validate(request.headers.get('authorization'))
 *   return Response.json({ subject: principal.subject })
 * }
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`. The message lists every invalid option.
 * @see https://www.rfc-editor.org/rfc/rfc9068#section-4
 */
export function createBearerValidator(options: BearerValidatorOptions): BearerValidator {
  const configuration = parseBearerOptions(options, 'createBearerValidator()')
  if (configuration.apiKey !== undefined) throw headerNeeded()
  return bearerValidator(configuration, runtimeFor(...reachedBy(configuration)))
}

/** Creates the validator from a parsed configuration, with a given clock. */
export function bearerValidator(configuration: BearerConfiguration, runtime: Runtime): BearerValidator {
  const server = createResourceServer(configuration, runtime)
  return {
    async validate(authorization, presented) {
      const request = presented ?? {}
      const { method, url, dpop, certificateThumbprint, onNonce } = request
      return server.validator.validate(authorization ?? undefined, {
        method: method ?? 'GET',
        maxHeaderLength,
        source: request,
        urls: () => (typeof url === 'string' ? [url] : []),
        dpopProofs: () => (typeof dpop === 'string' ? [dpop] : (dpop ?? [])),
        certificateThumbprint: () => certificateThumbprint ?? undefined,
        offerNonce: (nonce) => onNonce?.(nonce),
      })
    },
    ready: () => server.ready(),
    health: () => server.health(),
    close: () => server.close(),
  }
}

function headerNeeded(): ConfigurationError {
  const message = 'createBearerValidator(): invalid options\n  - "apiKey" is for bearer() only: there is no header here'
  return new ConfigurationError('invalid_options', message)
}
