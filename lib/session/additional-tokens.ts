/** An access token as a session holds it. */
export interface StoredToken {
  /**
   * Absent if the provider gave none. Empty if the cookie had no room for it: there is a refresh token then, to get another.
   */
  readonly accessToken?: string
  /** Lower-cased, `bearer` or `dpop`. */
  readonly tokenType: string
  /** Seconds since the epoch; absent when the provider did not say. */
  readonly expiresAt?: number
  /** Seconds since the epoch; absent in sessions of older versions. */
  readonly obtainedAt?: number
}

/** An additional access token, for a target other than the session's main one, such as another API (RFC 8707). */
export interface AdditionalToken extends StoredToken {
  /** The target's canonical name, unique within a session. */
  readonly target: string
  readonly accessToken: string
  readonly obtainedAt: number
}

/** The maximum number of additional tokens per session: cookies have little room, and stores are read for each request. */
export const maxAdditionalTokens = 5

/** Adds a token, replacing the one for the same target. Drops expired tokens, then the oldest ones above the maximum. */
export function addToken(tokens: readonly AdditionalToken[], token: AdditionalToken): readonly AdditionalToken[] {
  const useful = tokens.filter(
    ({ target, expiresAt = Infinity }) => target !== token.target && expiresAt > token.obtainedAt,
  )
  return [...useful.slice(1 - maxAdditionalTokens), token].sort(byAge)
}

/**
 * Merges two lists, the oldest token first. Of two tokens for one target the newer stays; if they are equally old, the
 * one in `other`.
 *
 * @param ahead - how many refreshes `other` is ahead, which tells the newer one whatever the clock said; 0 if that is not known
 */
export function mergeAdditionalTokens(
  own: readonly AdditionalToken[],
  other: readonly AdditionalToken[],
  ahead = 0,
): readonly AdditionalToken[] {
  const byTarget = new Map(own.map((token) => [token.target, token]))
  for (const token of other) {
    const known = byTarget.get(token.target)
    const isNewer = known === undefined || (ahead === 0 ? known.obtainedAt <= token.obtainedAt : ahead > 0)
    if (isNewer && known?.accessToken !== token.accessToken) byTarget.set(token.target, token)
  }
  return [...byTarget.values()].sort(byAge).slice(-maxAdditionalTokens)
}

// A total order makes merging idempotent.
function byAge(a: AdditionalToken, b: AdditionalToken): number {
  return a.obtainedAt - b.obtainedAt || (a.target < b.target ? -1 : 1)
}

/** The tokens as arrays without names, since cookies have little room. */
export function toTuples(tokens: readonly AdditionalToken[]): readonly unknown[] {
  return tokens.map(({ target, accessToken, tokenType, obtainedAt, expiresAt }) => [
    target,
    accessToken,
    tokenType,
    obtainedAt,
    ...(expiresAt === undefined ? [] : [expiresAt]),
  ])
}

/** Reads the arrays. Unreadable tokens are dropped: they can be requested again. */
export function fromTuples(tuples: unknown): readonly AdditionalToken[] {
  return Array.isArray(tuples) ? tuples.flatMap(fromTuple).slice(-maxAdditionalTokens) : []
}

function fromTuple(tuple: unknown): AdditionalToken[] {
  if (!Array.isArray(tuple)) return []
  const members: readonly unknown[] = tuple
  const [target, accessToken, tokenType, obtainedAt, expiresAt] = members
  if (typeof target !== 'string' || typeof accessToken !== 'string') return []
  if (typeof tokenType !== 'string' || typeof obtainedAt !== 'number') return []
  const end = typeof expiresAt === 'number' ? { expiresAt } : {}
  return [{ target, accessToken, tokenType, obtainedAt, ...end }]
}
