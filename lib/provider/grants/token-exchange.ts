import { TokenEndpointError } from '../../errors.js'
import type { Runtime } from '../../base/runtime.js'
import type { ConfiguredClient } from '../openid-client.js'
import { type FurtherParameters, type TokenTarget, readTokens, targetParameters } from '../endpoints/token.js'
import { exchangeGrantType } from '../endpoints/token-response.js'
import { quoted } from '../../base/error-cause.js'
import type { GrantedTokens } from '../types.js'
import { idJagType, requireIdJag } from './id-jag.js'
import { requestOnBehalf } from './on-behalf.js'

/** A token that represents a party, and its type (RFC 8693 section 3). */
interface PartyToken {
  readonly token: string
  /** URI such as {@link accessTokenType}. */
  readonly type: string
}

/** An exchange of one token for another (RFC 8693 section 2.1). */
export interface TokenExchange {
  /** On whose behalf the request is made. */
  readonly subject: PartyToken
  /** The acting party, if that is not the client itself. */
  readonly actor?: PartyToken
  /** URI of the type to issue, if it is asked for. */
  readonly requestedType?: string | undefined
  readonly target: TokenTarget
  readonly params?: FurtherParameters | undefined
}

/** RFC 8693's type for an OAuth access token. */
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
/** The `token_type` of tokens that are not access tokens (RFC 8693 section 2.2.1), as openid-client spells it. */
const notApplicable = 'n_a'

const jwtType = 'urn:ietf:params:oauth:token-type:jwt'
/** Types of tokens that APIs accept, or may accept. */
const usableTypes: readonly unknown[] = [undefined, accessTokenType, jwtType]

/**
 * Exchanges a token for an access token, or for one of the requested type (RFC 8693); does not retry.
 *
 * @throws {TokenEndpointError} `invalid_grant`, `interaction_required`, `token_request_failed`, `token_response_invalid`
 * @throws {ProviderError} for outages, and `provider_refused_client`
 */
export async function exchangeToken(
  openidClient: ConfiguredClient,
  exchange: TokenExchange,
  runtime: Runtime,
): Promise<GrantedTokens> {
  const sentAt = runtime.now() / 1000
  const response = await requestOnBehalf(openidClient, exchangeGrantType, exchangeParameters(exchange))
  const { requestedType } = exchange
  requireIssuedType(response['issued_token_type'], requestedType)
  if (requestedType === idJagType) requireIdJag(response.access_token)
  const isForApis =
    usableTypes.includes(requestedType) || (response.token_type !== notApplicable && requestedType !== idJagType)
  // A token that is not for APIs is not bound to the key either.
  const expected = isForApis ? openidClient : { dpop: undefined, tokenType: notApplicable }
  return readTokens(response, exchange.target.scope, sentAt, expected)
}

// The member `access_token` may also contain an ID Token or a refresh token (section 2.2.1), which must not be sent to an API.
function requireIssuedType(issued: unknown, requestedType: string | undefined): void {
  if (requestedType === undefined ? usableTypes.includes(issued) : issued === requestedType) return
  const expected = requestedType === undefined ? 'an access token' : quoted(requestedType)
  const message = `the token endpoint issued a token of the type ${quoted(issued)}, expected ${expected}`
  throw new TokenEndpointError('token_response_invalid', message)
}

function exchangeParameters({ subject, actor, target, requestedType, params }: TokenExchange): URLSearchParams {
  const parameters = targetParameters(target, params)
  parameters.set('subject_token', subject.token)
  parameters.set('subject_token_type', subject.type)
  if (requestedType !== undefined) parameters.set('requested_token_type', requestedType)
  if (actor === undefined) return parameters
  parameters.set('actor_token', actor.token)
  parameters.set('actor_token_type', actor.type)
  return parameters
}
