import { SessionError } from '../errors.js'
import { type CookieAttributes, prefixedName, removeCookie, setCookie } from '../http/cookies.js'
import type { Platform } from '../options/platform.js'
import { createSeal } from '../seal/seal.js'
import { type Cookies, chunkNames, fromChunks, toChunks } from './chunks.js'
import { clocksOf, isAlive, type SessionLimits } from './clocks.js'
import { type KeptSession, unreadable } from './keeper.js'
import { withFurther } from './merged-tokens.js'
import { fromPayload, type SessionRecord, toPayload } from './record.js'

/** Keeps sessions wholly in the browser's cookies, sealed. */
export interface CookieKeeper {
  /** The session that the cookies hold, if it is authentic and alive. */
  read(cookies: Cookies): KeptSession | typeof unreadable | undefined
  /**
   * `Set-Cookie` values that store a record, and remove parts that it no longer needs.
   *
   * @throws {SessionError} `session_too_large`
   */
  write(record: SessionRecord, cookies: Cookies): readonly string[]
  /** `Set-Cookie` values that remove all that the browser sent; none when it sent nothing. */
  clear(cookies: Cookies): readonly string[]
}

/** How a session's cookies look. */
export interface SessionCookieSettings {
  readonly name: string
  readonly secure: boolean
  readonly sameSite: 'lax' | 'strict'
  readonly domain?: string
  /** Forgotten when the browser closes. */
  readonly transient: boolean
}

/** How the cookies look, how long they live and what seals them. */
export interface CookieKeeperSettings extends SessionCookieSettings {
  readonly secrets: readonly string[]
  readonly maxBytes: number
  readonly limits: SessionLimits
  /** What sessions are bound to beside the cookie's name: issuer and client. */
  readonly audience: readonly string[]
  readonly platform: Platform
}

/** Creates the keeper for sessions in sealed cookies. */
export function createCookieKeeper(settings: CookieKeeperSettings): CookieKeeper {
  const { platform, limits, secure, sameSite, domain } = settings
  const name = prefixedName(settings.name, secure, domain)
  const attributes: CookieAttributes = { secure, sameSite, ...(domain === undefined ? {} : { domain }) }
  const seal = createSeal(settings.secrets, ['session', name, ...settings.audience], platform)
  const sentChunks = chunkNames(name)
  const nowSeconds = (): number => Math.floor(platform.now() / 1000)

  return {
    read(cookies) {
      const sealed = fromChunks(name, cookies)
      const opened = sealed === undefined ? undefined : seal.open(sealed)
      if (opened === undefined || opened.expired) return undefined
      const record = fromPayload(opened.payload)
      if (record === undefined) return unreadable
      if (!isAlive(record, limits, nowSeconds())) return undefined
      return { record, outdatedKey: opened.outdatedKey }
    },
    write(record, cookies) {
      const endsAt = clocksOf(record, limits).idleExpiresAt
      const chunks = fittingChunks(
        record,
        (kept) => toChunks(name, seal.seal(toPayload(kept, endsAt))),
        settings.maxBytes,
      )
      const maxAge = settings.transient ? undefined : endsAt - nowSeconds()
      const stale = sentChunks(cookies).filter((chunk) => !chunks.has(chunk))
      const kept = [...chunks].map(([chunk, value]) => setCookie(chunk, value, attributes, maxAge))
      return [...kept, ...stale.map((chunk) => removeCookie(chunk, attributes))]
    },
    clear: (cookies) => sentChunks(cookies).map((chunk) => removeCookie(chunk, attributes)),
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
