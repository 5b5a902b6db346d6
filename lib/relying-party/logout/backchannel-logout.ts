import { TokenValidationError } from '../../errors.js'
import type { HttpRequest } from '../../http/request.js'
import type { Respond } from '../../http/outcome.js'
import { privateHeaders } from '../../http/problem.js'
import { traced } from '../../base/diagnostics.js'
import { strictTolerance } from '../../provider/tokens/claim-rules.js'
import type { LogoutToken } from '../../provider/tokens/logout-token.js'
import type { LogoutTarget } from '../../session/revocation/revocations.js'
import type { RelyingPartyWith } from '../relying-party.js'
import { isOidcError } from '../../base/error-cause.js'

/** The parts of a relying party that answer a back-channel logout. */
export type BackchannelParts = RelyingPartyWith<
  'configuration' | 'revocations' | 'runtime' | 'usedLogoutTokens',
  'logoutTokens'
>

/**
 * Answers the provider's word that somebody has signed out elsewhere: ends the sessions that it names, of all browsers.
 * A session that is not known, or has ended before, is fine: the person is signed out.
 *
 * It never fails. What was refused, and what could not be done, is answered with 400 (OpenID Connect Back-Channel Logout
 * 1.0 section 2.8), an outage of ours or of the provider's keys too: that section knows no other status, and a provider
 * that tries again tries again after any but 200. Only where strangers' tokens keep us from looking at a token that may be
 * good, there is 503: the provider did nothing wrong, and shall come back after `Retry-After`.
 */
export async function handleBackchannelLogout(rp: BackchannelParts, httpRequest: HttpRequest): Promise<Respond> {
  try {
    const logoutToken = await postedToken(httpRequest)
    if (logoutToken === undefined) return refused('post exactly one logout_token, as application/x-www-form-urlencoded')
    await traced('backchannel_logout', rp.configuration, async () =>
      endSessions(rp, await rp.provider.logoutTokens.validate(logoutToken)),
    )
    return { kind: 'respond', status: 200, headers: privateHeaders, body: '' }
  } catch (error) {
    return failed(error)
  }
}

// Other parameters are ignored (section 2.5), a query too.
async function postedToken(httpRequest: HttpRequest): Promise<string | undefined> {
  if (httpRequest.method !== 'POST') return undefined
  const tokens = (await httpRequest.form()).getAll('logout_token')
  return tokens.length === 1 ? tokens[0] : undefined
}

async function endSessions(rp: BackchannelParts, token: LogoutToken): Promise<void> {
  const { runtime, usedLogoutTokens, revocations } = rp
  const at = endOf(rp, token)
  if (await usedLogoutTokens.has(token.jti)) throw replayed()
  await revocations.revoke(targetOf(token), at)
  // Only now, so that the provider may try again with the same token when that failed.
  const ends = (token.expiresAt + strictTolerance(rp.configuration.clockToleranceSeconds)) * 1000
  if (!(await usedLogoutTokens.add(token.jti, Math.max(1, Math.ceil(ends - runtime.now()))))) throw replayed()
}

/**
 * Until when a session must have begun to be ended, in milliseconds: a token that was long on its way ends none that
 * began after it was made. `iat` is cut to whole seconds, and from a clock that may be behind ours.
 */
function endOf({ runtime, configuration }: BackchannelParts, { issuedAt }: LogoutToken): number {
  const tolerance = strictTolerance(configuration.clockToleranceSeconds)
  return Math.floor(Math.min(runtime.now(), (issuedAt + 1 + tolerance) * 1000))
}

// A sid is one session, a sub all sessions of that person, and where both are given both must fit (section 2.7).
function targetOf({ subject, sid = '' }: LogoutToken): LogoutTarget {
  if (subject === undefined) return { sid }
  return sid === '' ? { subject } : { subject, sid }
}

function replayed(): TokenValidationError {
  return new TokenValidationError('token_claim_invalid', 'the logout token has been used already')
}

function failed(error: unknown): Respond {
  const headers = isOidcError(error) ? error.headers : {}
  const isTheirs = isOidcError(error) && (error.expose || error instanceof TokenValidationError)
  if (isTheirs) return refused(error.message, headers)
  const isThrottled = isOidcError(error) && error.code === 'provider_keys_throttled'
  const away = 'nobody was signed out: try again'
  return answer(isThrottled ? 503 : 400, 'temporarily_unavailable', away, headers)
}

function refused(description: string, headers?: Respond['headers']): Respond {
  return answer(400, 'invalid_request', description, headers)
}

function answer(status: number, error: string, description: string, headers: Respond['headers'] = {}): Respond {
  const body = JSON.stringify({ error, error_description: description })
  const all = { ...privateHeaders, ...headers, 'Content-Type': 'application/json' }
  return { kind: 'respond', status, headers: all, body }
}
