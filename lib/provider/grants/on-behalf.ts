import type { TokenEndpointResponse } from 'openid-client'
import { isError, ownError } from '../../base/error-cause.js'
import { isJsonObject, type JsonObject, parseJsonObject } from '../../base/json.js'
import { type OidcError, TokenEndpointError } from '../../errors.js'
import { requestTokens } from '../endpoints/token.js'
import { bodyReport, printableErrorCode } from '../endpoints/error-report.js'
import { tokenEndpointFailure } from '../errors.js'
import type { ConfiguredClient } from '../openid-client.js'
import { isDeadGrant } from './refresh-response.js'

const maxChallengeLength = 4096
// Values of `suberror` with which Entra says that the person has to act.
const actsForPerson: readonly unknown[] = [
  'basic_action',
  'additional_action',
  'message_only',
  'user_password_expired',
  'consent_required',
]

/**
 * Sends a token request on a person's behalf. A server may refuse it because the person has to act first, by a second factor
 * for example, and may say how in a claims challenge.
 *
 * @throws {TokenEndpointError} `interaction_required`
 * @throws {OidcError} as mapped by {@link tokenEndpointFailure}
 */
export async function requestOnBehalf(
  openidClient: ConfiguredClient,
  grantType: string,
  parameters: URLSearchParams,
): Promise<TokenEndpointResponse> {
  const { openid, configuration } = openidClient
  const send = () => openid.genericGrantRequest(configuration, grantType, parameters)
  return requestTokens(openidClient, send, onBehalfFailure)
}

function onBehalfFailure(error: unknown): OidcError {
  return ownError(error) ?? interactionFailure(errorResponseOf(error)) ?? tokenEndpointFailure(error)
}

function interactionFailure(body: Readonly<JsonObject>): TokenEndpointError | undefined {
  const { error, suberror, claims } = body
  const challenge = claimsChallenge(claims)
  const isForPerson = error !== 'invalid_grant' && isDeadGrant(error)
  if (challenge === undefined && !isForPerson && !actsForPerson.includes(suberror)) return undefined
  const message = `the person has to act at the provider first: ${printableErrorCode(error)}`
  return new TokenEndpointError('interaction_required', message, {
    headers: { 'WWW-Authenticate': challengeFor(challenge) },
    provider: bodyReport(body),
    ...(challenge === undefined ? {} : { claims: challenge }),
  })
}

/** The members of an OAuth error response (RFC 6749 section 5.2), as openid-client reports it. */
function errorResponseOf(error: unknown): Readonly<JsonObject> {
  return isError(error) && isJsonObject(error.cause) ? error.cause : {}
}

function claimsChallenge(claims: unknown): string | undefined {
  if (typeof claims !== 'string' || claims.length > maxChallengeLength) return undefined
  return parseJsonObject(claims) === undefined ? undefined : claims
}

// The first is for clients that know Entra's claims challenges, the second is that of RFC 9470 section 3.
function challengeFor(claims: string | undefined): string {
  if (claims === undefined) return 'Bearer error="insufficient_user_authentication"'
  return `Bearer error="insufficient_claims", claims="${Buffer.from(claims).toString('base64')}"`
}
