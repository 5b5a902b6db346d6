import type { BearerErrorCode } from '../error-codes.js'
import type { OidcErrorDetails } from '../error-details.js'
import { BearerError, ProviderError, TokenValidationError } from '../errors.js'
import { challenge, type ChallengeParameters } from '../http/authorization.js'
import type { StepUp } from '../policy/requirement.js'

/** The authentication scheme that a token was sent with. */
export type TokenScheme = 'bearer' | 'dpop'

/** The schemes as headers name them. */
export const schemeNames: Readonly<Record<TokenScheme, string>> = { bearer: 'Bearer', dpop: 'DPoP' }

/** What the challenges of one resource server contain. */
interface BearerChallengeSettings {
  /** Supported schemes, the preferred one first. */
  readonly schemes: readonly TokenScheme[]
  readonly realm?: string | undefined
  /** Scopes that a challenge for a token asks for (RFC 6750 section 3), separated by spaces. */
  readonly challengeScope?: string | undefined
  /** URL of the protected resource's metadata (RFC 9728 section 5.1). */
  readonly resourceMetadata?: string | undefined
  /** Algorithms of DPoP proofs (RFC 9449 section 7.1). */
  readonly proofAlgorithms: readonly string[]
}

/** The errors of one resource server, each with its challenges (RFC 6750 section 3, RFC 9449 section 7.1, RFC 9470). */
export interface BearerChallenges {
  /** The request has no credentials: a challenge without an error code. */
  missing(): BearerError
  malformed(): BearerError
  tooLong(): BearerError
  invalidToken(scheme: TokenScheme, cause?: unknown): BearerError
  /** There is no scheme for API keys: the challenge says how a token could be sent. */
  invalidApiKey(): BearerError
  invalidProof(cause?: unknown): BearerError
  nonceNeeded(nonce: string): BearerError
  /** @param scopes - `undefined` where authorization details are missing: no parameter is registered for those */
  insufficientScope(scheme: TokenScheme, scopes: readonly string[] | undefined, details?: OidcErrorDetails): BearerError
  stepUp(scheme: TokenScheme, stepUp: StepUp): BearerError
  /** Maps what validation threw to what the caller sees: an outage stays an outage, and all invalid tokens look alike. */
  fromError(error: unknown, scheme: TokenScheme): unknown
}

// One text per code: only logs say which check failed (RFC 8725 section 3.2, RFC 9457 section 5).
const texts: Readonly<Record<BearerErrorCode, string>> = {
  missing_token: 'send an access token in the Authorization header',
  invalid_request: 'the request must carry one access token, well-formed and in one Authorization header only',
  invalid_token: 'the access token is not valid here',
  invalid_api_key: 'the API key is not valid here',
  insufficient_scope: 'the access token lacks the scope that this needs',
  insufficient_user_authentication: 'this needs a stronger or more recent authentication',
  invalid_dpop_proof: 'the DPoP proof is not valid for this request',
  use_dpop_nonce: 'the DPoP proof must use the nonce of this response',
}

// RFC 9396 defines no error of its own for APIs: this one says that the token grants too little (RFC 6750 section 3.1).
const detailsMissing = 'the access token lacks the authorization details that this needs'

/** Creates the errors of one resource server. */
export function createBearerChallenges(settings: BearerChallengeSettings): BearerChallenges {
  const refuse = (code: BearerErrorCode, scheme: TokenScheme | undefined, refusal: Refusal = {}) => {
    const { text = texts[code], cause, details } = refusal
    const error = code === 'missing_token' || code === 'invalid_api_key' ? {} : { error: code, error_description: text }
    const parameters = { ...error, ...refusal.parameters }
    const headers = { 'WWW-Authenticate': challenges(settings, scheme, parameters), ...refusal.headers }
    return new BearerError(code, text, { headers, cause, details })
  }
  const [preferred] = settings.schemes
  const parameters = { scope: settings.challengeScope }
  const invalidToken = (scheme: TokenScheme, cause?: unknown) => refuse('invalid_token', scheme, { parameters, cause })
  return {
    invalidToken,
    missing: () => refuse('missing_token', undefined, { parameters }),
    malformed: () => refuse('invalid_request', preferred),
    tooLong: () => refuse('invalid_request', preferred, { text: 'the Authorization header is too long' }),
    invalidApiKey: () => refuse('invalid_api_key', undefined),
    invalidProof: (cause) => refuse('invalid_dpop_proof', 'dpop', { cause }),
    nonceNeeded: (nonce) => refuse('use_dpop_nonce', 'dpop', { headers: { 'DPoP-Nonce': nonce } }),
    insufficientScope: (scheme, scopes, details) =>
      refuse('insufficient_scope', scheme, {
        ...(scopes === undefined ? { text: detailsMissing } : { parameters: { scope: scopes.join(' ') } }),
        details,
      }),
    stepUp: (scheme, { acrValues, maxAge }) =>
      refuse('insufficient_user_authentication', scheme, {
        parameters: { acr_values: acrValues?.join(' '), max_age: maxAge === undefined ? undefined : String(maxAge) },
      }),
    fromError(error, scheme) {
      if (error instanceof BearerError) return error
      if (error instanceof ProviderError) return asOutage(error)
      return error instanceof TokenValidationError ? invalidToken(scheme, error) : error
    },
  }
}

interface Refusal {
  /** Replaces the text of the code. */
  readonly text?: string
  readonly parameters?: ChallengeParameters
  readonly headers?: Readonly<Record<string, string>>
  readonly cause?: unknown
  readonly details?: OidcErrorDetails | undefined
}

// Only the challenge of the scheme that was used carries the error; the others just advertise their scheme (RFC 9449
// section 7.2). An API key comes with no scheme: then it is the preferred one.
function challenges(
  { schemes, realm, resourceMetadata, proofAlgorithms }: BearerChallengeSettings,
  used: TokenScheme | undefined,
  parameters: ChallengeParameters,
): string {
  const first = schemes.find((scheme) => scheme === used) ?? schemes[0]
  const ordered = [...schemes].sort((a, b) => Number(b === first) - Number(a === first))
  const written = ordered.map((scheme) =>
    challenge(schemeNames[scheme], {
      realm,
      ...(scheme === first ? parameters : {}),
      resource_metadata: resourceMetadata,
      algs: scheme === 'dpop' ? proofAlgorithms.join(' ') : undefined,
    }),
  )
  return written.join(', ')
}

/**
 * The error as the client gets it: the API is up, but the authorization server is down or unusable, so it should retry later
 * (RFC 9110 section 15.6.4).
 */
export function asOutage(error: ProviderError): ProviderError {
  if (error.status === 503 && error.headers['Retry-After'] !== undefined) return error
  const headers = { 'Retry-After': '5', ...error.headers }
  return new ProviderError(error.code, error.message, { status: 503, headers, cause: error })
}
