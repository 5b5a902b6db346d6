import { hash } from 'node:crypto'
import { importKeySet } from '../../jose/jwk-set.js'
import { decodeJws, verifySignature } from '../../jose/jws.js'
import { type JsonObject, omitUndefined } from '../../base/json.js'
import { OAuthError, type ProviderRequest, json, required } from './answers.js'
import { askedDetails } from './authorization.js'
import { authenticateClient } from './client-authentication.js'
import { provedKey } from './dpop.js'
import type { Grant, ProviderState } from './state.js'
import { accessTokenClaims, issueAccessToken, issueIdToken, issueRefreshToken, revokeRefreshTokens } from './tokens.js'

/** A request whose client is known. */
interface TokenCall {
  readonly state: ProviderState
  readonly clientId: string
  readonly form: URLSearchParams
  /** The key of the request's proof. */
  readonly jkt: string | undefined
}

const exchangeType = 'urn:ietf:params:oauth:grant-type:token-exchange'
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'

/** The grant types, and how each is answered. */
export const grantTypes: Readonly<Record<string, (call: TokenCall) => JsonObject>> = {
  authorization_code: byCode,
  refresh_token: byRefreshToken,
  client_credentials: byCredentials,
  [exchangeType]: byExchange,
}

/** Answers a request for tokens. */
export function answerToken(state: ProviderState, request: ProviderRequest): Response {
  const clientId = authenticateClient(state, request)
  const { form } = request
  const type = required(form, 'grant_type')
  const grant = Object.hasOwn(grantTypes, type) ? grantTypes[type] : undefined
  if (grant === undefined) throw new OAuthError('unsupported_grant_type', `${type} is not supported`)
  return json(grant({ state, clientId, form, jkt: provedKey(state, request) }))
}

/** RFC 6749 section 4.1.3, RFC 7636 section 4.6. */
function byCode({ state, clientId, form, jkt }: TokenCall): JsonObject {
  const code = required(form, 'code')
  const pending = state.codes.get(code)
  state.codes.delete(code)
  if (pending === undefined || pending.expiresAt <= state.clock.seconds) {
    throw new OAuthError('invalid_grant', 'the code is unknown, was used before or has expired')
  }
  const { grant, redirectUri, challenge } = pending
  const verifier = form.get('code_verifier')
  const proves = challenge === undefined ? undefined : hash('sha256', verifier ?? '', 'base64url')
  if (grant.clientId !== clientId || redirectUri !== form.get('redirect_uri') || proves !== challenge) {
    throw new OAuthError('invalid_grant', 'the code is for another client, redirect URI or code verifier')
  }
  requireKey(grant, jkt)
  return answerFor(state, withKey(narrow(grant, form), jkt))
}

/** RFC 6749 section 6, with rotation (RFC 9700 section 4.14.2). */
function byRefreshToken({ state, clientId, form, jkt }: TokenCall): JsonObject {
  const token = required(form, 'refresh_token')
  const reused = state.usedRefreshTokens.get(token)
  if (reused !== undefined) revokeRefreshTokens(state, reused.person?.sub)
  const issued = state.tokens.get(token)
  if (issued?.kind !== 'refresh' || issued.grant.clientId !== clientId || issued.expiresAt <= state.clock.seconds) {
    throw new OAuthError('invalid_grant', 'the refresh token is unknown, was used before or has expired')
  }
  const { grant } = issued
  requireKey(grant, jkt)
  state.tokens.delete(token)
  state.usedRefreshTokens.set(token, grant)
  const { nonce: _, ...renewed } = grant
  return answerFor(state, renewed, narrow(renewed, form))
}

/** RFC 6749 section 4.4. */
function byCredentials({ state, clientId, form, jkt }: TokenCall): JsonObject {
  const authorizationDetails = askedDetails(form)
  const grant: Grant = {
    person: undefined,
    clientId,
    scope: form.get('scope') ?? '',
    audience: audienceOf(form),
    ...omitUndefined({ authorizationDetails }),
  }
  return accessAnswer(state, withKey(grant, jkt))
}

/** RFC 8693 section 2. */
function byExchange({ state, clientId, form, jkt }: TokenCall): JsonObject {
  const token = required(form, 'subject_token')
  const grant = grantOf(state, token)
  const scope = form.get('scope') ?? grant.scope
  const details = narrowedDetails(grant, form)
  const exchanged = withKey({ ...grant, ...details, clientId, scope, audience: audienceOf(form) }, jkt)
  const claims = { ...accessTokenClaims(state, exchanged), act: { sub: clientId } }
  return { ...accessAnswer(state, exchanged, claims), issued_token_type: accessTokenType }
}

// The subject token is an access token of ours, or an ID Token.
function grantOf(state: ProviderState, token: string): Grant {
  const issued = state.tokens.get(token)
  if (issued !== undefined && issued.expiresAt > state.clock.seconds) {
    const { jkt: _, ...grant } = issued.grant
    return grant
  }
  const { sub, exp, iss } = verifiedClaims(state, token)
  const person = [...state.configuration.users.values()].find((each) => each.sub === sub)
  const isAlive = issued === undefined && typeof exp === 'number' && exp > state.clock.seconds
  if (person === undefined || !isAlive || iss !== state.configuration.issuer) {
    throw new OAuthError('invalid_request', 'the subject token is unknown, or has expired')
  }
  return { person, clientId: '', scope: '', audience: [] }
}

function verifiedClaims({ key }: ProviderState, token: string): Readonly<JsonObject> {
  const jws = decodeJws(token)
  const keys =
    importKeySet({ keys: [key.publicJwk] })
      ?.keys.get('RS256')
      ?.get(key.kid) ?? []
  verifySignature(jws, keys, ['RS256'])
  return jws.payload
}

/** All tokens of a login. A refresh may ask for less, which its refresh token does not lose. */
function answerFor(state: ProviderState, grant: Grant, asked: Grant = grant): JsonObject {
  const answer = accessAnswer(state, asked)
  const { access_token: accessToken } = answer
  return omitUndefined({
    ...answer,
    refresh_token: issueRefreshToken(state, grant),
    id_token: issueIdToken(state, grant, typeof accessToken === 'string' ? accessToken : undefined),
  })
}

function accessAnswer(state: ProviderState, grant: Grant, claims = accessTokenClaims(state, grant)): JsonObject {
  return omitUndefined({
    access_token: issueAccessToken(state, grant, claims),
    token_type: grant.jkt === undefined ? 'Bearer' : 'DPoP',
    expires_in: state.configuration.accessTokenSeconds,
    scope: grant.scope,
    authorization_details: grant.authorizationDetails,
  })
}

function audienceOf(form: URLSearchParams): readonly string[] {
  return [...form.getAll('resource'), ...form.getAll('audience')]
}

function narrow(grant: Grant, form: URLSearchParams): Grant {
  const audience = audienceOf(form)
  const granted = grant.scope.split(' ')
  const scope = form.get('scope') ?? grant.scope
  if (!scope.split(' ').every((each) => granted.includes(each))) {
    throw new OAuthError('invalid_scope', 'the scope is more than was granted')
  }
  return {
    ...grant,
    ...narrowedDetails(grant, form),
    scope,
    audience: audience.length === 0 ? grant.audience : audience,
  }
}

// RFC 9396 section 6.
function narrowedDetails(
  { authorizationDetails: granted }: Grant,
  form: URLSearchParams,
): Pick<Grant, 'authorizationDetails'> {
  const details = askedDetails(form) ?? granted
  const known = new Set(granted?.map((detail) => JSON.stringify(detail)))
  if (details?.every((detail) => known.has(JSON.stringify(detail))) !== false) {
    return omitUndefined({ authorizationDetails: details })
  }
  throw new OAuthError('invalid_authorization_details', 'the details are more than was granted')
}

function requireKey(grant: Grant, jkt: string | undefined): void {
  if (grant.jkt !== undefined && grant.jkt !== jkt) {
    throw new OAuthError('invalid_dpop_proof', 'the tokens are bound to another key')
  }
}

function withKey(grant: Grant, jkt: string | undefined): Grant {
  return jkt === undefined ? grant : { ...grant, jkt }
}
