import { omitUndefined } from '../../base/json.js'
import type { RefreshedTokens } from '../../provider/types.js'
import { generationOf, withAdditionalTokens } from '../../session/merge.js'
import type { SessionRecord, SessionTokens } from '../../session/record.js'
import { addToken } from '../../session/additional-tokens.js'
import { type AccessTarget, namesIn } from './access-target.js'
import type { RefreshOutcome } from './refreshes.js'

/**
 * Calculates a session's tokens after a refresh for a target.
 *
 * @param sentAt - milliseconds since the epoch; lifetimes count from here, since a slow response must not make a token
 *   look younger than it is
 */
export function toOutcome(
  { tokens }: SessionRecord,
  { name: target }: AccessTarget,
  refreshed: RefreshedTokens,
  sentAt: number,
): RefreshOutcome {
  const { accessToken, tokenType, refreshToken, expiresAt, idToken, idTokenFlaw } = refreshed
  const { additionalTokens = [] } = tokens
  const obtainedAt = Math.floor(sentAt / 1000)
  const token = { tokenType, obtainedAt, ...omitUndefined({ expiresAt }) }
  const held = omitUndefined({ accessToken })
  const successor = { refreshToken, generation: generationOf(tokens) + 1 }
  const renewed: SessionTokens =
    target === ''
      ? withAdditionalTokens(
          {
            ...token,
            ...held,
            ...successor,
            scope: grantedScope(refreshed.scope, tokens),
            ...grantedDetails(refreshed, tokens),
          },
          additionalTokens,
        )
      : withAdditionalTokens(
          { ...tokens, ...successor },
          accessToken === undefined ? additionalTokens : addToken(additionalTokens, { target, accessToken, ...token }),
        )
  return {
    kind: 'renewed',
    obtained: { target, accessToken },
    tokens: renewed,
    ...omitUndefined({ idToken, idTokenFlaw }),
  }
}

// A refresh cannot add scopes (RFC 6749 section 6), so guards must not see additional ones. Only a session that was taken over has
// tokens of which it is not known when they came: nor is it known which scopes they have, so the first refresh says it.
function grantedScope(scope: string, before: SessionTokens): string {
  if (before.obtainedAt === undefined) return scope
  const known = namesIn(before.scope)
  return [...namesIn(scope)].filter((name) => known.has(name)).join(' ')
}

// What a response leaves out stays as it was, as with the scope (RFC 6749 section 6).
function grantedDetails(
  { authorizationDetails: renewed }: RefreshedTokens,
  { authorizationDetails: before }: SessionTokens,
): Pick<SessionTokens, 'authorizationDetails'> {
  return omitUndefined({ authorizationDetails: renewed ?? before })
}
