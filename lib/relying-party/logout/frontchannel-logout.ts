import { AuthorizationResponseError } from '../../errors.js'
import type { HttpRequest } from '../../http/request.js'
import type { Respond } from '../../http/outcome.js'
import { methodNotAllowed, privateHeaders } from '../../http/problem.js'
import { tenantIn } from '../../options/common/tenants.js'
import { configuredIssuer } from '../../options/common/provider-description.js'
import { idTokenClaims } from '../../session/claims.js'
import type { SessionRecord } from '../../session/record.js'
import type { RelyingPartyWith } from '../relying-party.js'
import { targetAtProvider } from './logout-target.js'

/** The parts of a relying party that answer a front-channel logout. */
type FrontchannelParts = RelyingPartyWith<'configuration' | 'revocations' | 'runtime' | 'sessionProvider'>

/** The session that the request names: a `sid` is unique at one issuer only. */
interface SessionAtProvider {
  readonly iss: string
  readonly sid: string
}

/** The response to a front-channel logout, and whether the session ends. */
interface LogoutDecision {
  readonly outcome: Respond
  readonly endsSession: boolean
}

/**
 * Handles the request that the provider loads in a frame when a person signs out there (OpenID Connect Front-Channel
 * Logout 1.0 section 3). It ends only the browser's own session, and only if `iss` and `sid` match. The response is the
 * same without a session, so a page that frames it learns nothing.
 *
 * @throws {AuthorizationResponseError} `method_not_allowed`; `invalid_response` without `iss` and `sid`
 * @throws {SessionError} `session_store_unavailable`: no session has ended
 */
export async function handleFrontchannelLogout(
  rp: FrontchannelParts,
  httpRequest: HttpRequest,
  session: SessionRecord | undefined,
): Promise<LogoutDecision> {
  if (httpRequest.method !== 'GET') throw methodNotAllowed('the front-channel logout route', ['GET'])
  const { issuer } = rp.configuration
  const named = namesOf(httpRequest, issuer)
  const endsSession = session !== undefined && isOf(session, rp, named)
  // One sign-in at the provider may have led to several sessions here, of which this browser has only the last.
  if (endsSession) await rp.revocations.revoke(targetAtProvider({ sid: named.sid }, rp, named.iss), rp.runtime.now())
  return { outcome: framedPage(new URL(issuer).origin), endsSession }
}

// Both are required: a logout that does not name the session could end that of another person.
function namesOf({ query }: HttpRequest, issuer: string): SessionAtProvider {
  const parameters = new URLSearchParams(query)
  const [issuers, sids] = [parameters.getAll('iss'), parameters.getAll('sid')]
  const [[iss = ''], [sid = '']] = [issuers, sids]
  const isIssuer = iss === issuer || tenantIn(iss, issuer) !== undefined
  if (issuers.length === 1 && isIssuer && sids.length === 1 && sid !== '') return { iss, sid }
  throw new AuthorizationResponseError(
    'invalid_response',
    'a front-channel logout needs iss and sid, once each: register it with frontchannel_logout_session_required',
  )
}

function isOf(
  session: SessionRecord,
  { configuration: names, sessionProvider }: FrontchannelParts,
  { iss, sid }: SessionAtProvider,
): boolean {
  if (session.provider?.key !== sessionProvider?.key) return false
  const claims = idTokenClaims(session)
  return configuredIssuer(claims.iss, names) === iss && claims['sid'] === sid
}

function framedPage(origin: string): Respond {
  const headers = {
    ...privateHeaders,
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': `default-src 'none'; base-uri 'none'; frame-ancestors ${origin}`,
  }
  return { kind: 'respond', status: 200, headers, body: '<!doctype html>\n<title>Sign-out</title>\n' }
}
