import type { JsonObject } from '../../base/json.js'
import { isBlank, standardMembers } from './blank-members.js'

/** The member that holds the ID Token for our own validator: openid-client would check the claims before the signature. */
export const unverifiedIdToken = 'id_token (unverified)'
/** Marks a response without an access token, which openid-client would reject. */
export const noAccessToken = 'access_token (none)'

/**
 * A token response as openid-client takes it (RFC 6749 section 5.1). It neither sees the ID Token nor misses the access token,
 * which some providers leave out where a login asks for no API's scope.
 */
export function readableTokenResponse(body: JsonObject): JsonObject {
  const { id_token: idToken, [unverifiedIdToken]: _idToken, [noAccessToken]: _none, ...members } = standardMembers(body)
  if (idToken === undefined) return members
  const placeholder = lacksAccessToken(members)
    ? { access_token: 'none', token_type: 'bearer', [noAccessToken]: true }
    : {}
  return { ...members, ...placeholder, [unverifiedIdToken]: idToken }
}

/** The grant type of an exchange (RFC 8693 section 2.1). */
export const exchangeGrantType = 'urn:ietf:params:oauth:grant-type:token-exchange'
/** The grant type of an assertion (RFC 7523 section 2.1). */
export const assertionGrantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
/** Grants of machines: some providers leave the type of their tokens out. */
export const machineGrants: ReadonlySet<string> = new Set(['client_credentials', exchangeGrantType, assertionGrantType])

/**
 * A machine's token response, with the type `Bearer` where the provider leaves the type out, as LinkedIn does, or spells it
 * "BearerToken", as Apigee does.
 */
export function withTokenType(body: JsonObject): JsonObject {
  const { access_token: accessToken, token_type: type } = body
  const isBearer = isBlank(type) || type === undefined || (typeof type === 'string' && /^bearertoken$/i.test(type))
  return typeof accessToken === 'string' && isBearer ? { ...body, token_type: 'bearer' } : body
}

/** Whether a body is a token response: it has an access token or an ID Token. */
export function hasTokens(body: JsonObject): boolean {
  return typeof body['access_token'] === 'string' || (lacksAccessToken(body) && typeof body['id_token'] === 'string')
}

// An error response with status 200 is not a token response.
function lacksAccessToken({ access_token: accessToken, error }: JsonObject): boolean {
  return error === undefined && (accessToken === undefined || isBlank(accessToken))
}
