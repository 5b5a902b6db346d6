import { omitUndefined } from '../../base/json.js'
import { ProviderError, SessionError, TransactionError } from '../../errors.js'
import { isAhead } from '../../base/age.js'
import { nowSeconds } from '../../base/runtime.js'
import { addedClaims, withUserinfo } from '../../session/claims.js'
import { isAlive } from '../../session/lifetime.js'
import type { OldSession } from '../../session/migration/old-session.js'
import type { SessionRecord } from '../../session/record.js'
import type { SessionStart } from '../login/code-exchange.js'
import type { RelyingPartyWith } from '../relying-party.js'

type TakeOverParts = RelyingPartyWith<'configuration' | 'runtime', 'idTokens' | 'userinfo'>

// What is known of its tokens: the old package does not keep which scopes were granted. The first refresh says it (`toOutcome()`).
const knownScope = 'openid'

/**
 * Makes a session of an old one. Its ID Token is validated as at a login, but for `nonce`, whose login is over, and `exp`, which
 * may be past while the session goes on. `at_hash` cannot count either: tokens may have been refreshed since.
 *
 * @param start - the application's `onLogin`
 * @throws {TokenValidationError} the ID Token is invalid: its key is gone, or it is of another issuer or client, for example
 * @throws {AuthorizationResponseError} `authentication_too_weak` for `acr_values` in `authorizationParams`
 * @throws {SessionError} `session_expired`
 * @throws {TransactionError} `login_refused` by the application
 * @throws {ProviderError} the provider is unavailable; `provider_keys_throttled`: nobody knows yet whether the ID Token is valid
 */
export async function takeOver(
  rp: TakeOverParts,
  old: OldSession,
  returnTo: string,
  start: SessionStart,
): Promise<SessionRecord> {
  const { configuration, runtime, provider } = rp
  requireAlive(rp, old)
  const acrValues = acrValuesIn(configuration)
  // Anyone who has the cookie can send it: it must not use up the key fetches that logins need.
  const signed = await provider.idTokens.validate(old.idToken, { isExpiryIgnored: true, acrValues, from: 'anyone' })
  const userinfo = configuration.userinfo ? await userinfoOfOldSession(rp, old, signed) : undefined
  const { idToken, accessToken } = old
  const login = {
    claims: withUserinfo(signed, userinfo),
    idToken,
    accessToken,
    scope: knownScope,
    unverified: {},
    returnTo,
  }
  const result = await start({ ...login, migrated: { data: old.data } })
  if (result === false) throw new TransactionError('login_refused', 'this account may not sign in here')
  const { data, remember } = result
  const { tokenType, expiresAt, refreshToken } = old
  const now = nowSeconds(runtime)
  return {
    id: runtime.randomBytes(32).toString('base64url'),
    createdAt: old.createdAt,
    touchedAt: Math.min(old.touchedAt, now),
    idToken,
    tokens: { tokenType, scope: knownScope, ...omitUndefined({ accessToken, expiresAt, refreshToken }) },
    ...(userinfo === undefined ? {} : { userinfo, userinfoAt: now }),
    ...(remember === undefined || remember !== configuration.session.cookie.transient ? {} : { remember }),
    data,
  }
}

// By the rules of the old application, and by ours.
function requireAlive({ configuration, runtime }: TakeOverParts, old: OldSession): void {
  const now = runtime.now() / 1000
  const isBegun = !isAhead(old.createdAt, now, configuration.clockToleranceSeconds)
  if (isBegun && now < old.endsAt && isAlive(old, configuration.session, now)) return
  throw new SessionError('session_expired', 'the session of the old application has reached its end: sign in again')
}

function acrValuesIn({ authorizationParams }: TakeOverParts['configuration']): readonly string[] | undefined {
  return authorizationParams['acr_values']?.split(' ').filter((value) => value !== '')
}

async function userinfoOfOldSession(
  { provider }: TakeOverParts,
  { accessToken }: OldSession,
  claims: Awaited<ReturnType<TakeOverParts['provider']['idTokens']['validate']>>,
): Promise<ReturnType<typeof addedClaims>> {
  if (accessToken === undefined) throw noUserinfo('has no access token')
  try {
    return addedClaims(claims, await provider.userinfo(accessToken, claims.sub, claims.iss))
  } catch (cause) {
    // Most old access tokens have expired. Not every provider says so with 401, and none will ever take this one.
    const isRefused = cause instanceof ProviderError && cause.code === 'provider_response_invalid'
    throw isRefused
      ? noUserinfo('has an access token that the UserInfo endpoint has not answered as it should', cause)
      : cause
  }
}

function noUserinfo(why: string, cause?: ProviderError): SessionError {
  const message = `the old session ${why}, which oidc({ userinfo: true }) needs`
  return new SessionError('session_expired', message, omitUndefined({ cause }))
}
