import { isAhead } from '../../base/age.js'
import { ProviderError, SessionError, TokenEndpointError } from '../../errors.js'
import {
  type AccessTokenOptions,
  type AccessTokenRequest,
  parseAccessTokenOptions,
} from '../../options/oidc/access-token.js'
import { sessionMissing } from '../../session/lifetime.js'
import type { SessionRecord } from '../../session/record.js'
import { accessTarget, mainTarget, type HeldToken, heldToken } from './access-target.js'
import { type RefreshableSession, renew, type TokenCall, type RenewalParts } from './renewal.js'
import { auditRefusal } from './refresh-audit.js'

const maxEarlySeconds = 60
// More than the clocks of processes with NTP differ.
const clockStepSeconds = 5

/**
 * Returns a session's access token for a target. It is renewed if it expires in less than `minTtl` seconds (RFC 6749
 * section 6, RFC 8707 section 2.2).
 *
 * @throws {ConfigurationError} `invalid_options`
 * @throws {SessionError} `session_missing`; `no_access_token` where the provider gave none; without a refresh token
 *   `access_token_expired`, or `access_token_missing` for a target other than the login's; `session_expired` when the
 *   login has ended; `headers_already_sent`, in which case the refresh token has not been used
 * @throws {TokenEndpointError} `token_request_failed` if the provider rejects the target
 * @throws {TokenValidationError} the new ID Token is about another login: the session has ended
 * @throws {AuthorizationResponseError} `access_denied`: its tenant is no longer accepted, and the session has ended
 * @throws {ProviderError} the provider is unavailable, and there is no valid token
 */
export async function currentAccessToken(
  rp: RenewalParts,
  session: RefreshableSession,
  options: AccessTokenOptions = {},
): Promise<string> {
  const request = parseAccessTokenOptions(options)
  const { minTtl } = request
  const record = await withLateIdToken(rp, session, request)
  const call = callFor(rp, session, record, request)
  const held = heldToken(record.tokens, call.target)
  // The provider issues none with this login: asking again would use a refresh token for each call.
  if (call.target === mainTarget && record.tokens.accessToken === undefined) throw noAccessToken()
  if (record.tokens.refreshToken === undefined) return withoutRefresh(rp, held, minTtl)
  if (held !== undefined && !isDue(call, record, held)) return held.accessToken
  const renewed = await renew(call, record, held).catch((error: unknown) => {
    const isUsable = held !== undefined && session.current()?.id === record.id && secondsLeft(rp, held) > 0
    if (isTemporary(error) && isUsable) return held.accessToken
    throw error
  })
  if (renewed === undefined) throw noAccessToken()
  return renewed
}

/**
 * Renews a session's main tokens, whether or not they are due. Concurrent calls share one renewal.
 *
 * @throws {SessionError} `refresh_token_missing`, and those of {@link currentAccessToken}
 */
export async function renewTokens(rp: RenewalParts, session: RefreshableSession): Promise<void> {
  const record = requireSession(session)
  if (record.tokens.refreshToken === undefined) {
    const remedy = 'sign in again, or configure the provider to issue one (docs/refresh.md)'
    throw new SessionError('refresh_token_missing', `refresh(): the login brought no refresh token: ${remedy}`)
  }
  await renew({ rp, session, target: mainTarget }, record, heldToken(record.tokens, mainTarget))
}

function noAccessToken(): SessionError {
  const message =
    'the provider gave no access token with this login: some give one only where a scope of an API is asked for (oidc({ scope }))'
  return new SessionError('no_access_token', message)
}

function withoutRefresh(rp: RenewalParts, held: HeldToken | undefined, minTtl: number): string {
  if (held !== undefined && secondsLeft(rp, held) >= minTtl) return held.accessToken
  const remedy =
    'and the login brought no refresh token: sign in again, or configure the provider to issue one (docs/refresh.md)'
  if (held === undefined) {
    throw new SessionError('access_token_missing', `this login brought no access token for that target, ${remedy}`)
  }
  const why = `the access token has less than ${minTtl} seconds to live`
  throw new SessionError('access_token_expired', `${why}, ${remedy}`)
}

function isTemporary(error: unknown): boolean {
  if (error instanceof SessionError) return error.code === 'session_store_unavailable'
  return error instanceof ProviderError || error instanceof TokenEndpointError
}

/**
 * Replaces an access token that an API rejected; returns the same token if there is no better one.
 *
 * @throws like {@link currentAccessToken}
 */
export async function replacementFor(
  rp: RenewalParts,
  session: RefreshableSession,
  refused: string,
  options: AccessTokenOptions = {},
): Promise<string> {
  const record = requireSession(session)
  const call = callFor(rp, session, record, parseAccessTokenOptions(options))
  const held = heldToken(record.tokens, call.target)
  if (held !== undefined && held.accessToken !== refused) return held.accessToken
  if (record.tokens.refreshToken === undefined) return refused
  if (!rp.refreshes.mayReplaceRefused(record, call.target.name)) return refused
  return (await renew(call, record, held)) ?? refused
}

function requireSession(session: RefreshableSession): SessionRecord {
  const record = session.current()
  if (record !== undefined) return record
  throw sessionMissing('a token')
}

/**
 * Validates the ID Token of an earlier refresh, if that was not possible then. A caller with a valid token waits for a
 * moment only.
 */
async function withLateIdToken(
  rp: RenewalParts,
  session: RefreshableSession,
  request: AccessTokenRequest,
): Promise<SessionRecord> {
  const { unverified } = rp.grants
  const record = requireSession(session)
  if (!unverified.has(record) || !session.canStore()) return record
  const call = callFor(rp, session, record, request)
  const held = heldToken(record.tokens, call.target)
  const validated = await unverified.validate(record, held === undefined || isDue(call, record, held))
  if ('kind' in validated) {
    await session.clear()
    auditRefusal(rp, record, validated.error)
    throw validated.error
  }
  const current = session.current()
  if (validated === record || current?.id !== record.id) return record
  await session.store({ ...current, idToken: validated.idToken })
  return requireSession(session)
}

function callFor(
  rp: RenewalParts,
  session: RefreshableSession,
  { tokens }: SessionRecord,
  request: AccessTokenRequest,
): TokenCall {
  return { rp, session, target: accessTarget(request, tokens, rp.configuration), minTtl: request.minTtl }
}

/**
 * Whether a token is due for renewal. Sessions renew at different times: those that began together do not renew
 * together.
 */
function isDue({ rp, session, minTtl = 0 }: TokenCall, record: SessionRecord, held: HeldToken): boolean {
  const { obtainedAt, expiresAt } = held
  if (expiresAt === undefined) return false
  if (session.canStore() && isOfTheFuture(rp, held)) return true
  const lifetime = obtainedAt === undefined ? undefined : expiresAt - obtainedAt
  // If the provider's tokens never last that long, renewing for each call would not help.
  const needed = lifetime === undefined || lifetime > minTtl ? minTtl : lifetime / 2
  const window = lifetime === undefined ? 0 : Math.min(maxEarlySeconds, lifetime / 10, (lifetime - needed) / 2)
  const early = session.canStore() ? window * shareOf(record) : 0
  return secondsLeft(rp, held) < needed + early
}

// If the clock was set back, the time left is unknown.
function isOfTheFuture({ runtime }: RenewalParts, { obtainedAt = 0 }: HeldToken): boolean {
  return isAhead(obtainedAt, runtime.now() / 1000, clockStepSeconds)
}

/** From 0 to 1, constant for a session. */
function shareOf({ id }: SessionRecord): number {
  return (Buffer.from(id, 'base64url')[0] ?? 0) / 255
}

function secondsLeft(rp: RenewalParts, { expiresAt }: HeldToken): number {
  return expiresAt === undefined ? Infinity : expiresAt - rp.runtime.now() / 1000
}
