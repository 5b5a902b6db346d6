import { LRUCache } from 'lru-cache'
import type { Platform } from '../options/platform.js'
import type { SessionRecord, SessionTokens } from './record.js'

// Each may be several kilobytes.
const mostSessions = 1_000
const longestMilliseconds = 3_600_000

/**
 * Access tokens that cookies had no room for, as long as this process remembers them: so a refresh token is not spent at
 * each request for what it has brought already.
 */
export class LeftOutTokens {
  readonly #tokens: LRUCache<string, SessionTokens>

  constructor(platform: Platform) {
    this.#tokens = new LRUCache({ max: mostSessions, ttl: longestMilliseconds, perf: platform, ttlResolution: 0 })
  }

  /** Remembers what a cookie goes without. */
  keep({ id, tokens }: SessionRecord): void {
    if (tokens.accessToken !== '') this.#tokens.set(id, tokens)
  }

  /** The record with the access token that its cookie goes without, where it is known. */
  restored(record: SessionRecord): SessionRecord {
    const { id, tokens } = record
    if (tokens.accessToken !== '') return record
    const known = this.#tokens.get(id)
    const isSame = known?.refreshToken === tokens.refreshToken && known?.obtainedAt === tokens.obtainedAt
    return known === undefined || !isSame
      ? record
      : { ...record, tokens: { ...tokens, accessToken: known.accessToken } }
  }
}
