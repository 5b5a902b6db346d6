/** An access token for one target beside the session's main one, such as one API of several (RFC 8707). */
export interface TargetToken {
  /** The target's canonical name: no two tokens of a session share it. */
  readonly target: string
  readonly accessToken: string
  /** Lower-cased, `bearer` or `dpop`. */
  readonly tokenType: string
  /** Seconds since the epoch; absent when the provider did not say. */
  readonly expiresAt?: number
  /** Seconds since the epoch. */
  readonly obtainedAt: number
}

/** How many tokens a session holds beside its main one: cookies have little room, and stores are read at each request. */
export const maxTargetTokens = 5

/** The tokens with a new one, in place of its predecessor. Those that have expired go, and then those obtained longest ago. */
export function withTargetToken(tokens: readonly TargetToken[], token: TargetToken): readonly TargetToken[] {
  const useful = tokens.filter(
    ({ target, expiresAt = Infinity }) => target !== token.target && expiresAt > token.obtainedAt,
  )
  return [...useful.slice(1 - maxTargetTokens), token].sort(byAge)
}

/** Both lists in one, the oldest first. Of two tokens for one target the one obtained later stays, or else the other's. */
export function mergedTargetTokens(own: readonly TargetToken[], other: readonly TargetToken[]): readonly TargetToken[] {
  const byTarget = new Map(own.map((token) => [token.target, token]))
  for (const token of other) {
    const known = byTarget.get(token.target)
    const isNewer = known === undefined || known.obtainedAt <= token.obtainedAt
    if (isNewer && known?.accessToken !== token.accessToken) byTarget.set(token.target, token)
  }
  return [...byTarget.values()].sort(byAge).slice(-maxTargetTokens)
}

// A total order, so that merging the same once more changes nothing.
function byAge(a: TargetToken, b: TargetToken): number {
  return a.obtainedAt - b.obtainedAt || (a.target < b.target ? -1 : 1)
}

/** The tokens as they are sealed: without names, because cookies have little room. */
export function toTuples(tokens: readonly TargetToken[]): readonly unknown[] {
  return tokens.map(({ target, accessToken, tokenType, obtainedAt, expiresAt }) => [
    target,
    accessToken,
    tokenType,
    obtainedAt,
    ...(expiresAt === undefined ? [] : [expiresAt]),
  ])
}

/** Reads sealed tokens. What cannot be read is left out: it can be asked for again. */
export function fromTuples(tuples: unknown): readonly TargetToken[] {
  return Array.isArray(tuples) ? tuples.flatMap(fromTuple).slice(-maxTargetTokens) : []
}

function fromTuple(tuple: unknown): TargetToken[] {
  if (!Array.isArray(tuple)) return []
  const members: readonly unknown[] = tuple
  const [target, accessToken, tokenType, obtainedAt, expiresAt] = members
  if (typeof target !== 'string' || typeof accessToken !== 'string') return []
  if (typeof tokenType !== 'string' || typeof obtainedAt !== 'number') return []
  const end = typeof expiresAt === 'number' ? { expiresAt } : {}
  return [{ target, accessToken, tokenType, obtainedAt, ...end }]
}
