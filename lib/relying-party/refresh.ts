import { setTimeout } from 'node:timers/promises'
import { ConfigurationError, ProviderError, SessionError, TokenEndpointError } from '../errors.js'
import type { MaybePromise } from '../options/maybe-promise.js'
import { clocksOf } from '../session/clocks.js'
import type { SessionRecord } from '../session/record.js'
import type { RelyingParty } from './party.js'
import { isNews, type RefreshOutcome, renewedRecord } from './refresh-memory.js'

/** The session of one request, as far as a refresh needs it. */
export interface RefreshableSession {
  current(): SessionRecord | undefined
  /** @throws {SessionError} `session_too_large`, `session_missing`, `session_store_unavailable` */
  store(record: SessionRecord): MaybePromise<void>
  clear(): MaybePromise<void>
  /**
   * The session as it is kept by now: other requests may have changed or ended it.
   *
   * @throws {SessionError} `session_store_unavailable`
   */
  reload(): MaybePromise<SessionRecord | undefined>
  /** Whether the response can still carry the session to the browser. */
  canStore(): boolean
}

/** Options of `req.oidc.accessToken()`. */
export interface AccessTokenOptions {
  /** Seconds that the token must still live, where the provider's tokens live that long. @default 30 */
  minTtl?: number | undefined
}

const defaultMinTtl = 30
const longestEarlySeconds = 60
const mostSaves = 3
const savePauseMilliseconds = 100

/**
 * The access token of a session, renewed when it has less than `minTtl` seconds to live (RFC 6749 section 6).
 *
 * @throws {ConfigurationError} `invalid_options`
 * @throws {SessionError} `session_missing`; `access_token_expired` without a refresh token; `session_expired` when the
 *   login is over; `headers_already_sent` before anything is spent
 * @throws {TokenValidationError} the new ID Token is not acceptable: the session has ended
 * @throws {ProviderError} the provider is away, and the token has expired
 */
export async function currentAccessToken(
  party: RelyingParty,
  session: RefreshableSession,
  { minTtl = defaultMinTtl }: AccessTokenOptions = {},
): Promise<string> {
  if (typeof minTtl !== 'number' || !(minTtl >= 0)) {
    throw new ConfigurationError('invalid_options', 'accessToken(): "minTtl" must be a number of seconds')
  }
  const record = signedIn(session)
  const { accessToken, refreshToken } = record.tokens
  if (refreshToken === undefined) return withoutRefresh(party, record, minTtl)
  if (!isDue(party, session, record, minTtl)) return accessToken
  return renew(party, session, record, refreshToken).catch((error: unknown) => {
    if (isTemporary(error) && session.current()?.id === record.id && secondsLeft(party, record) > 0) return accessToken
    throw error
  })
}

function withoutRefresh(party: RelyingParty, record: SessionRecord, minTtl: number): string {
  if (secondsLeft(party, record) >= minTtl) return record.tokens.accessToken
  const why = `the access token has less than ${minTtl} seconds to live, and there is no refresh token`
  throw new SessionError('access_token_expired', `${why}: sign in again, or ask for one (scope offline_access)`)
}

function isTemporary(error: unknown): boolean {
  if (error instanceof SessionError) return error.code === 'session_store_unavailable'
  return error instanceof ProviderError || error instanceof TokenEndpointError
}

/**
 * What to use in place of an access token that an API refused; the same token where there is nothing better.
 *
 * @throws as {@link currentAccessToken} does
 */
export async function replacementFor(
  party: RelyingParty,
  session: RefreshableSession,
  refused: string,
): Promise<string> {
  const record = signedIn(session)
  const { accessToken, refreshToken } = record.tokens
  if (accessToken !== refused || refreshToken === undefined) return accessToken
  return party.refreshes.mayReplaceRefused(record) ? renew(party, session, record, refreshToken) : accessToken
}

function signedIn(session: RefreshableSession): SessionRecord {
  const record = session.current()
  if (record !== undefined) return record
  throw new SessionError('session_missing', 'a token needs someone to be signed in: put requireAuth() before')
}

async function renew(
  party: RelyingParty,
  session: RefreshableSession,
  record: SessionRecord,
  refreshToken: string,
): Promise<string> {
  if (nowSeconds(party) >= clocksOf(record, party.configuration.session).absoluteExpiresAt) {
    await session.clear()
    throw new SessionError('session_expired', 'the session has reached its end: sign in again')
  }
  if (!session.canStore()) {
    const why = "renewing the token came after the response's headers were written, or its connection closed"
    throw new SessionError('headers_already_sent', `${why}: call accessToken() earlier`)
  }
  const outcome = await party.refreshes.spendOnce(record, refreshToken, () =>
    spend(party, session, record, refreshToken),
  )
  const current = session.current()
  if (current?.id !== record.id) throw endedMeanwhile()
  if (outcome.kind === 'ended') {
    await session.clear()
    throw outcome.error
  }
  // The application may have changed its data meanwhile: only the tokens are replaced.
  const renewed = party.refreshes.latest(renewedRecord(current, outcome))
  await storeRenewed(session, renewed)
  return renewed.tokens.accessToken
}

/** Spends a refresh token, unless the session has been given another meanwhile: looked at before, and again when it is refused. */
async function spend(
  party: RelyingParty,
  session: RefreshableSession,
  record: SessionRecord,
  refreshToken: string,
): Promise<RefreshOutcome> {
  const before = successorIn(await session.reload(), record)
  if (before !== undefined) return before
  const outcome = await party.grants.spend(record, refreshToken)
  if (outcome.kind !== 'ended') return outcome
  return successorIn(await session.reload(), record) ?? outcome
}

function successorIn(stored: SessionRecord | undefined, record: SessionRecord): RefreshOutcome | undefined {
  if (stored?.id !== record.id) throw endedMeanwhile()
  if (stored.tokens.refreshToken === record.tokens.refreshToken) return undefined
  const outcome = { kind: 'renewed', tokens: stored.tokens, idToken: stored.idToken } as const
  return isNews(outcome, record.tokens) ? outcome : undefined
}

// The refresh token is spent by now: the store gets more than one chance to take its successor.
async function storeRenewed(session: RefreshableSession, renewed: SessionRecord): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await session.store(renewed)
      return
    } catch (error) {
      const isAway = error instanceof SessionError && error.code === 'session_store_unavailable'
      if (!isAway || attempt === mostSaves) throw error
    }
    await setTimeout(attempt * savePauseMilliseconds)
  }
}

function endedMeanwhile(): SessionError {
  return new SessionError('session_missing', 'the session has ended meanwhile')
}

/** Whether a token is to be renewed: some sessions ask earlier than others, lest all that began together do at once. */
function isDue(party: RelyingParty, session: RefreshableSession, record: SessionRecord, minTtl: number): boolean {
  const { obtainedAt, expiresAt } = record.tokens
  if (expiresAt === undefined) return false
  const lifetime = obtainedAt === undefined ? undefined : expiresAt - obtainedAt
  // Where no token of this provider lives as long as that, asking at each call would not help.
  const needed = lifetime === undefined || lifetime > minTtl ? minTtl : lifetime / 2
  const window = lifetime === undefined ? 0 : Math.min(longestEarlySeconds, lifetime / 10, (lifetime - needed) / 2)
  const early = session.canStore() ? window * shareOf(record) : 0
  return secondsLeft(party, record) < needed + early
}

/** From 0 to 1, always the same for one session. */
function shareOf({ id }: SessionRecord): number {
  return (Buffer.from(id, 'base64url')[0] ?? 0) / 255
}

function secondsLeft(party: RelyingParty, { tokens }: SessionRecord): number {
  return tokens.expiresAt === undefined ? Infinity : tokens.expiresAt - nowSeconds(party)
}

function nowSeconds({ platform }: RelyingParty): number {
  return platform.now() / 1000
}
