import type { SessionRecord, SessionTokens } from './record.js'
import { mergedTargetTokens } from './target-tokens.js'

/**
 * What a session becomes when two requests have changed it: what this one changed, and all else as it is stored.
 *
 * @param base - what this request began with
 * @param next - what it made of that
 * @param stored - what the store holds by now
 */
export function mergeRecords(base: SessionRecord, next: SessionRecord, stored: SessionRecord): SessionRecord {
  const hasNewTokens = next.tokens !== base.tokens
  const tokens = hasNewTokens ? mergedTokens(stored.tokens, next.tokens) : stored.tokens
  const isLater = generationOf(next.tokens) >= generationOf(stored.tokens)
  const { idToken } = isLater && next.idToken !== base.idToken ? next : stored
  const touchedAt = Math.max(next.touchedAt, stored.touchedAt)
  return { ...stored, tokens, idToken, touchedAt, data: mergeData(base.data, next.data, stored.data) }
}

type Data = SessionRecord['data']

function mergeData(base: Data, next: Data, stored: Data): Data {
  if (next === base) return stored
  const merged = new Map(Object.entries(stored))
  for (const [name, value] of Object.entries(next)) if (!isEqual(value, base[name])) merged.set(name, value)
  for (const name of Object.keys(base)) if (!Object.hasOwn(next, name)) merged.delete(name)
  return Object.freeze(Object.fromEntries(merged))
}

function isEqual(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}

/**
 * The tokens of a session, brought up to date with what another request has obtained for it. A refresh token counts more
 * than those that were spent before it; of two access tokens for one target, the later one stays.
 *
 * @returns `own` itself where it has all that the other has.
 */
export function mergedTokens(own: SessionTokens, other: SessionTokens): SessionTokens {
  const { further: before = [] } = own
  const further = mergedTargetTokens(before, other.further ?? [])
  const main = laterMain(own, other)
  const isSame = further.length === before.length && further.every((token, index) => token === before[index])
  if (main === own && isSame) return own
  const generation = Math.max(generationOf(own), generationOf(other))
  return withFurther(generation === 0 ? main : { ...main, generation }, further)
}

/** How often a refresh token was spent for these tokens. */
export function generationOf({ generation = 0 }: SessionTokens): number {
  return generation
}

/** The main token, and those beside it. */
export function withFurther(
  { further: _, ...main }: SessionTokens,
  further: NonNullable<SessionTokens['further']>,
): SessionTokens {
  return further.length === 0 ? main : { ...main, further }
}

// Clocks of several processes differ; where the provider rotates, the count of grants tells which token came last.
function laterMain(own: SessionTokens, other: SessionTokens): SessionTokens {
  const isSameGrant = own.refreshToken === other.refreshToken
  if (isSameGrant && own.accessToken === other.accessToken) return own
  const ahead = isSameGrant ? 0 : generationOf(other) - generationOf(own)
  const isLater = ahead === 0 ? (own.obtainedAt ?? 0) <= (other.obtainedAt ?? Infinity) : ahead > 0
  return isLater ? other : own
}
