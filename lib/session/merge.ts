import { generationOf, mergedTokens } from './merged-tokens.js'
import type { SessionRecord } from './record.js'

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
