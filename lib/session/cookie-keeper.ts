import { SessionError } from '../errors.js'
import type { Platform } from '../options/platform.js'
import { type Cookies, type FurtherCookies, noFurther } from './chunks.js'
import { clocksOf, isAlive, type SessionLimits } from './clocks.js'
import { type KeptSession, unreadable } from './keeper.js'
import { withFurther } from './merged-tokens.js'
import { fromPayload, type SessionRecord, toPayload } from './record.js'
import { SealedCookies, type SealedCookieSettings } from './sealed-cookies.js'

/** Keeps sessions wholly in the browser's cookies, sealed. */
export interface CookieKeeper {
  /** The sessions that the cookies hold, as far as they are authentic and alive: one at most, unless names came twice. */
  read(cookies: Cookies, further?: FurtherCookies): readonly (KeptSession | typeof unreadable)[]
  /**
   * `Set-Cookie` values that store a record, and remove parts that it no longer needs.
   *
   * @throws {SessionError} `session_too_large`
   */
  write(record: SessionRecord, cookies: Cookies): readonly string[]
  /** `Set-Cookie` values that remove what was sealed here; none when the browser sent no such thing. */
  clear(cookies: Cookies, further?: FurtherCookies): readonly string[]
}

/** How the cookies look, how long they live and what seals them. */
export interface CookieKeeperSettings extends SealedCookieSettings {
  readonly maxBytes: number
  readonly limits: SessionLimits
  readonly platform: Platform
}

/** Creates the keeper for sessions in sealed cookies. */
export function createCookieKeeper(settings: CookieKeeperSettings): CookieKeeper {
  const { platform, limits, maxBytes } = settings
  const sealed = new SealedCookies('session', settings)
  return {
    read(cookies, further = noFurther) {
      const nowSeconds = Math.floor(platform.now() / 1000)
      return sealed.open(cookies, further).flatMap(({ payload, outdatedKey }) => {
        const record = fromPayload(payload)
        if (record === undefined) return unreadable
        return isAlive(record, limits, nowSeconds) ? { record, outdatedKey } : []
      })
    },
    write(record, cookies) {
      const endsAt = clocksOf(record, limits).idleExpiresAt
      const chunks = fittingChunks(record, (kept) => sealed.chunks(toPayload(kept, endsAt)), maxBytes)
      return sealed.write(chunks, endsAt, cookies)
    },
    clear: (cookies, further = noFurther) => sealed.clear(cookies, further),
  }
}

// Tokens for further targets can be asked for again, so that they give way to what cannot: the refresh token among it.
function fittingChunks(
  record: SessionRecord,
  chunksOf: (record: SessionRecord) => ReadonlyMap<string, string>,
  maxBytes: number,
): ReadonlyMap<string, string> {
  const chunks = chunksOf(record)
  const bytes = [...chunks].reduce((sum, [name, value]) => sum + name.length + value.length + 3, 0)
  if (bytes <= maxBytes) return chunks
  const [oldest, ...further] = record.tokens.further ?? []
  if (oldest === undefined) throw oversize(record, bytes, maxBytes)
  return fittingChunks({ ...record, tokens: withFurther(record.tokens, further) }, chunksOf, maxBytes)
}

function oversize(record: SessionRecord, bytes: number, maxBytes: number): SessionError {
  const { tokens } = record
  const shares = [
    `ID Token ${record.idToken.length}`,
    `access token ${tokens.accessToken.length}`,
    `refresh token ${tokens.refreshToken?.length ?? 0}`,
    `data ${JSON.stringify(record.data).length}`,
  ]
  return new SessionError(
    'session_too_large',
    `the session would take ${bytes} bytes of cookies, over session.maxCookieBytes ${maxBytes} (before sealing: ${shares.join(', ')}). ` +
      'Ask the provider for fewer claims or scopes, keep less in the session, or raise the limit (12288 at most)',
  )
}
