import * as v from 'valibot'
import { bareClaims } from '../base/json.js'
import type { Runtime } from '../base/runtime.js'
import { ConfigurationError, TokenValidationError } from '../errors.js'
import { text } from '../options/common/fields.js'
import { parseOptions, section } from '../options/common/parse.js'
import type { Principal } from '../policy/principal.js'
import { callApplication } from './application-call.js'
import type { BearerChallenges } from './challenges.js'

/** The application's own check of a principal whose token is valid, such as whether it was revoked. */
export type TokenCheck = (principal: Principal, request: unknown) => Promise<void>

/**
 * Creates the check that the application's function makes.
 *
 * @param seconds - deadline of the function
 * @returns a function that rejects with `TokenValidationError` `token_inactive` for false, `ProviderError`
 *   `provider_unavailable` or `provider_timeout` if the function fails or is too slow, and `ConfigurationError` for any
 *   other result than true and false
 */
export function createTokenCheck(
  check: (principal: Principal, request: unknown) => unknown,
  seconds: number,
): TokenCheck {
  return async (principal, request) => {
    const answer = await callApplication('check', () => check(principal, request), seconds)
    if (answer === true) return
    if (answer === false)
      throw new TokenValidationError('token_inactive', '"check" refuses the token', { details: { option: 'check' } })
    throw new ConfigurationError('invalid_options', 'bearer(): "check" must return true or false')
  }
}

/** Looks up the owner of an API key. */
export type ApiKeyVerification = (key: string, request: unknown) => Promise<Principal>

/** The issuer of principals of API keys, unless the application names one: their subjects are none of an issuer's. */
const ownIssuer = 'api-key'

const owner = section({
  subject: text('who the key belongs to'),
  issuer: v.optional(text('who vouches for the subject'), ownIssuer),
  scopes: v.optional(v.array(v.string('must be a scope'), 'must be a list of scopes'), []),
  // A copy whose members are not frozen: they are the application's own.
  claims: v.optional(
    v.pipe(v.record(v.string(), v.unknown(), 'must be an object'), v.transform(bareClaims)),
    bareClaims({}),
  ),
  clientId: v.optional(text('a client ID')),
  isMachine: v.optional(v.boolean('must be true or false')),
  expiresAt: v.optional(v.number('must be a time in seconds')),
})

interface VerificationContext {
  readonly challenges: BearerChallenges
  readonly runtime: Runtime
  /** Deadline of the application's function. */
  readonly seconds: number
}

/**
 * Creates the verification of API keys by the application's function. Nothing is cached.
 *
 * @returns a function that rejects with `BearerError` `invalid_api_key`, and fails as {@link createTokenCheck} does
 */
export function createApiKeyVerification(
  { verify }: { readonly verify: (key: string, request: unknown) => unknown },
  { challenges, runtime, seconds }: VerificationContext,
): ApiKeyVerification {
  return async (key, request) => {
    if (key === '') throw challenges.invalidApiKey()
    const answer = await callApplication('apiKey.verify', () => verify(key, request), seconds)
    if (answer === undefined || answer === null || answer === false) throw challenges.invalidApiKey()
    const { expiresAt = Infinity, ...known } = parseOptions('bearer(): apiKey.verify()', owner, answer)
    if (expiresAt <= runtime.now() / 1000) throw challenges.invalidApiKey()
    return principalOf(known, expiresAt)
  }
}

function principalOf(known: Omit<v.InferOutput<typeof owner>, 'expiresAt'>, expiresAt: number): Principal {
  const { subject, issuer, scopes, claims, clientId, isMachine } = known
  return Object.freeze({
    scheme: 'api-key' as const,
    subject,
    issuer,
    scopes: Object.freeze([...scopes]),
    claims,
    expiresAt,
    ...(clientId === undefined ? {} : { clientId }),
    ...(isMachine === undefined ? {} : { isMachine }),
  })
}
