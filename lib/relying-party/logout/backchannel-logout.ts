import { audit, auditReason } from '../../base/audit/audit.js'
import { TokenValidationError } from '../../errors.js'
import type { HttpRequest } from '../../http/request.js'
import type { Respond } from '../../http/outcome.js'
import { privateHeaders, privateJson } from '../../http/problem.js'
import { traced } from '../../base/diagnostics.js'
import { strictTolerance } from '../../provider/tokens/claim-rules.js'
import type { LogoutToken } from '../../provider/tokens/logout-token.js'
import type { LogoutTarget } from '../../session/revocation/revocations.js'
import { targetAtProvider } from './logout-target.js'
import type { RelyingPartyWith } from '../relying-party.js'
import { retryAfterSeconds } from '../../base/outage.js'
import { isOidcError } from '../../base/error-cause.js'

/** The parts of a relying party that answer a back-channel logout. */
type BackchannelParts = RelyingPartyWith<
  'configuration' | 'revocations' | 'runtime' | 'sessionProvider' | 'usedLogoutTokens',
  'logoutTokens'
>

/**
 * Handles the provider's message that a person has signed out elsewhere: ends the sessions that the logout token names,
 * in all browsers. An unknown or ended session is a success: the person is signed out.
 *
 * It never throws. Invalid requests and outages get 400 (OpenID Connect Back-Channel Logout 1.0 section 2.8): that
 * section defines no other status, and a provider that retries does so after any status but 200. The exception is 503
 * with `Retry-After`, if invalid tokens from elsewhere have used up the limit on key fetches: the provider did nothing
 * wrong, and should retry.
 */
export async function handleBackchannelLogout(rp: BackchannelParts, httpRequest: HttpRequest): Promise<Respond> {
  try {
    const logoutToken = await postedToken(httpRequest)
    if (logoutToken === undefined)
      return invalidRequest('post exactly one logout_token, as application/x-www-form-urlencoded')
    await traced('backchannel_logout', rp.configuration, () => endNamedSessions(rp, logoutToken))
    return { kind: 'respond', status: 200, headers: privateHeaders, body: '' }
  } catch (error) {
    return toErrorResponse(error)
  }
}

/** The response to a logout below a name that no provider has. */
export function unknownProvider(): Respond {
  return answer(404, 'invalid_request', 'no provider has this name')
}

/** The response while it is not known who the provider of this name is. */
export function providerUnavailable(): Respond {
  return answer(503, 'temporarily_unavailable', retryMessage, { 'Retry-After': String(retryAfterSeconds) })
}

const retryMessage = 'nobody was signed out: try again'

// Other parameters and the query are ignored (section 2.5).
async function postedToken(httpRequest: HttpRequest): Promise<string | undefined> {
  if (httpRequest.method !== 'POST') return undefined
  const tokens = (await httpRequest.form()).getAll('logout_token')
  return tokens.length === 1 ? tokens[0] : undefined
}

async function endNamedSessions(rp: BackchannelParts, logoutToken: string): Promise<void> {
  const what = { via: 'backchannel', of: rp.configuration } as const
  try {
    const token = await rp.provider.logoutTokens.validate(logoutToken)
    await endSessions(rp, token)
    audit(() => ({ name: 'logout', ...what, subject: token.subject }))
  } catch (error) {
    audit(() => ({ name: 'logout_refused', ...what, reason: auditReason(error) }))
    throw error
  }
}

async function endSessions(rp: BackchannelParts, token: LogoutToken): Promise<void> {
  const { runtime, usedLogoutTokens, revocations } = rp
  const at = endOf(rp, token)
  if (await usedLogoutTokens.has(token.jti)) throw tokenReplayed()
  await revocations.revoke(targetAtProvider(targetOf(token), rp, token.issuer), at)
  // Recorded last: if revoking fails, the provider may retry with the same token.
  const ends = (token.expiresAt + strictTolerance(rp.configuration.clockToleranceSeconds)) * 1000
  if (!(await usedLogoutTokens.add(token.jti, Math.max(1, Math.ceil(ends - runtime.now()))))) throw tokenReplayed()
}

/**
 * Sessions that began until this time are ended, in milliseconds. A delayed token must not end sessions that began
 * after it was issued. `iat` has whole seconds only, and the provider's clock may be behind ours.
 */
function endOf({ runtime, configuration }: BackchannelParts, { issuedAt }: LogoutToken): number {
  const tolerance = strictTolerance(configuration.clockToleranceSeconds)
  return Math.floor(Math.min(runtime.now(), (issuedAt + 1 + tolerance) * 1000))
}

// A sid means one session, a sub all sessions of a person. If both are given, both must match (section 2.7).
function targetOf({ subject, sid = '' }: LogoutToken): LogoutTarget {
  if (subject === undefined) return { sid }
  return sid === '' ? { subject } : { subject, sid }
}

function tokenReplayed(): TokenValidationError {
  return new TokenValidationError('token_claim_invalid', 'the logout token has been used already')
}

function toErrorResponse(error: unknown): Respond {
  const headers = isOidcError(error) ? error.headers : {}
  const isTheirs = isOidcError(error) && (error.expose || error instanceof TokenValidationError)
  if (isTheirs) return invalidRequest(error.message, headers)
  const isThrottled = isOidcError(error) && error.code === 'provider_keys_throttled'
  return answer(isThrottled ? 503 : 400, 'temporarily_unavailable', retryMessage, headers)
}

function invalidRequest(description: string, headers?: Respond['headers']): Respond {
  return answer(400, 'invalid_request', description, headers)
}

function answer(status: number, error: string, description: string, headers?: Respond['headers']): Respond {
  return privateJson(status, { error, error_description: description }, headers)
}
