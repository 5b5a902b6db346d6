import { omitUndefined } from '../base/json.js'
import { sessionEnded } from './lifetime.js'
import type { SessionRecord, SessionTokens } from './record.js'
import { mergeAdditionalTokens } from './additional-tokens.js'

/**
 * Merges the changes of two concurrent requests: what this request changed, and everything else as stored.
 *
 * @param base - the record that this request started with
 * @param next - the record as this request changed it
 * @param stored - the record in the store now
 * @returns `stored` itself if nothing is to be changed: other requests may have made the same change
 */
export function mergeRecords(base: SessionRecord, next: SessionRecord, stored: SessionRecord): SessionRecord {
  const hasNewTokens = next.tokens !== base.tokens
  const tokens = hasNewTokens ? mergeTokens(stored.tokens, next.tokens) : stored.tokens
  const isLater = generationOf(next.tokens) >= generationOf(stored.tokens)
  const { idToken } = isLater && next.idToken !== base.idToken ? next : stored
  const touchedAt = Math.max(next.touchedAt, stored.touchedAt)
  const { userinfo, userinfoAt } = next.userinfo === base.userinfo ? stored : next
  const data = mergeData(base.data, next.data, stored.data)
  const changed = { tokens, idToken, touchedAt, data, ...omitUndefined({ userinfo, userinfoAt }) }
  const hasSameDevice = next.device === stored.device
  if (hasSameDevice && Object.entries(changed).every(([name, value]) => Reflect.get(stored, name) === value))
    return stored
  const whole = { ...stored, ...changed }
  return hasSameDevice ? whole : withDevice(whole, next, stored)
}

/**
 * Adds to a saved record what other calls of the same request have changed in the meantime.
 *
 * @param begun - the record that the call started with
 * @param now - the record of the request now
 * @throws {SessionError} `session_missing` if another call has ended the session
 */
export function withConcurrent(
  begun: SessionRecord,
  saved: SessionRecord,
  now: SessionRecord | undefined,
): SessionRecord {
  if (now?.id !== saved.id) throw sessionEnded()
  return now === begun ? saved : mergeRecords(begun, saved, now)
}

// A session that is bound stays bound, whatever an older request knows of it.
function withDevice(
  { device: _, ...merged }: SessionRecord,
  next: SessionRecord,
  stored: SessionRecord,
): SessionRecord {
  const device = stored.device?.thumbprint === undefined ? next.device : stored.device
  return device === undefined ? merged : { ...merged, device }
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
 * Merges the tokens that two requests obtained for a session. A refresh token wins over its predecessors; of two access
 * tokens for the same target, the later one wins: by their refreshes if those tell, otherwise by their age.
 *
 * @returns `own` itself if nothing in `other` is newer
 */
export function mergeTokens(own: SessionTokens, other: SessionTokens): SessionTokens {
  const { additionalTokens: before = [] } = own
  const additionalTokens = mergeAdditionalTokens(before, other.additionalTokens ?? [], refreshesAhead(own, other))
  const main = newerMain(own, other)
  const isSame =
    additionalTokens.length === before.length && additionalTokens.every((token, index) => token === before[index])
  if (main === own && isSame) return own
  const generation = Math.max(generationOf(own), generationOf(other))
  return withAdditionalTokens(generation === 0 ? main : { ...main, generation }, additionalTokens)
}

/** How many refreshes led to these tokens. */
export function generationOf({ generation = 0 }: SessionTokens): number {
  return generation
}

/** The main tokens with other additional ones. */
export function withAdditionalTokens(
  { additionalTokens: _, ...main }: SessionTokens,
  additionalTokens: NonNullable<SessionTokens['additionalTokens']>,
): SessionTokens {
  return additionalTokens.length === 0 ? main : { ...main, additionalTokens }
}

function newerMain(own: SessionTokens, other: SessionTokens): SessionTokens {
  const isSameGrant = own.refreshToken === other.refreshToken
  if (isSameGrant && own.accessToken === other.accessToken && !isLaterRefresh(own, other)) return own
  const ahead = refreshesAhead(own, other)
  const isLater = ahead === 0 ? (own.obtainedAt ?? 0) <= (other.obtainedAt ?? Infinity) : ahead > 0
  return isLater ? other : own
}

/**
 * How many refreshes `other` is ahead of `own`; 0 if only their age tells. The clocks of processes differ, and a clock may be set
 * back, so the generation decides where it can: if the provider rotates refresh tokens, or if one is the next after the other.
 * Several refreshes with one refresh token may be those of several processes, each of which has counted its own.
 */
function refreshesAhead(own: SessionTokens, other: SessionTokens): number {
  const ahead = generationOf(other) - generationOf(own)
  const isSameGrant = own.refreshToken === other.refreshToken
  return isSameGrant && Math.abs(ahead) > 1 ? 0 : ahead
}

// Where a provider neither rotates refresh tokens nor issues another access token, only the generation shows that there was a
// refresh, which may have brought an ID Token.
function isLaterRefresh(own: SessionTokens, other: SessionTokens): boolean {
  return generationOf(other) > generationOf(own)
}
