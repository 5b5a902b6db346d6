import { type CookieAttributes, prefixedName, removeCookie, setCookie } from '../../http/cookies.js'
import { nowSeconds, type Runtime } from '../../base/runtime.js'
import { OpenedCache } from '../../seal/opened-cache.js'
import { createSeal, type Opened, type Seal, type SealPayload } from '../../seal/seal.js'
import {
  allFromChunks,
  cameTwice,
  chunkNames,
  type Cookies,
  fromChunks,
  type FurtherCookies,
  noFurther,
  toChunks,
  valuesOf,
  withoutCount,
} from './cookie-chunks.js'

/** Name and attributes of the session's cookies. */
interface SessionCookieSettings {
  readonly name: string
  readonly secure: boolean
  readonly sameSite: 'lax' | 'strict'
  readonly domain?: string
  /** Whether the browser forgets them when it closes. */
  readonly transient: boolean
}

/** Name and attributes of cookies, and what seals them. */
export interface SealedCookieSettings extends SessionCookieSettings {
  readonly secrets: readonly string[]
  /** What they are bound to, beside purpose and name: issuer and client. */
  readonly audience: readonly string[]
  readonly runtime: Runtime
}

/** How long cookies live. */
interface CookieEnd {
  readonly endsAt: number
  /** Whether they outlive the browser; by default what the settings say. */
  readonly remember: boolean | undefined
}

/** What a value of cookies was opened to. */
export interface OpenedCookies<Content> {
  /** `undefined` if another version wrote it. */
  readonly content: Content | undefined
  /** Its expiry date, in seconds since the epoch. */
  readonly expiresAt: number
  /** It was sealed with an older secret, and should be sealed again. */
  readonly outdatedKey: boolean
}

/** What values were opened to. The cookies of several hosts may share it, since they have names of their own. */
export type KnownCookies<Content extends object> = OpenedCache<OpenedCookies<Content>>

/** The value of one cookie, or the values of several with the same name. */
export type OneOrSeveral<T> = T | readonly T[] | undefined

/** Whether there are several values. */
export function isSeveral<T>(values: OneOrSeveral<T>): values is readonly T[] {
  return Array.isArray(values)
}

/**
 * A sealed value in cookies, split into as many parts as its size requires. A value that comes again and again is opened once (see
 * {@link OpenedCache}).
 */
export class SealedCookies<Content extends object> {
  readonly #settings: SealedCookieSettings
  readonly #name: string
  readonly #attributes: CookieAttributes
  readonly #seal: Seal
  readonly #parse: (opened: Opened) => Content | undefined
  readonly #known: KnownCookies<Content>
  readonly #sentChunks: (cookies: Cookies) => readonly string[]
  readonly #isOurs: (first: string) => boolean
  // A browser has only one cookie with the prefix `__Host-`, because it fixes host and path (RFC 6265bis section
  // 4.1.3.2).
  readonly #isAlone: boolean

  /** @param parse - reads what was sealed; `undefined` if another version wrote it */
  constructor(
    purpose: string,
    settings: SealedCookieSettings & { readonly known?: KnownCookies<Content> },
    parse: (opened: Opened) => Content | undefined,
  ) {
    const { secure, sameSite, domain, secrets, audience, runtime } = settings
    const name = prefixedName(settings.name, secure, domain)
    const seal = createSeal(secrets, [purpose, name, ...audience], runtime)
    this.#settings = settings
    this.#name = name
    this.#attributes = { secure, sameSite, ...(domain === undefined ? {} : { domain }) }
    this.#seal = seal
    this.#parse = parse
    this.#known = settings.known ?? new OpenedCache()
    this.#sentChunks = chunkNames(name)
    this.#isOurs = (first) => seal.isOurs(withoutCount(first))
    this.#isAlone = name.startsWith('__Host-')
  }

  /** Opens the cookies, and ignores expired ones. Returns a list if cookies of the same name were sent. */
  open(cookies: Cookies, further: FurtherCookies): OneOrSeveral<OpenedCookies<Content>> {
    const name = this.#name
    if (cookies[name] === undefined) return undefined
    if (this.#isAlone || !cameTwice(name, cookies, further)) return this.#openValue(fromChunks(name, cookies))
    const sealed = allFromChunks(name, cookies, further, this.#isOurs)
    return sealed.flatMap((value) => this.#openValue(value) ?? [])
  }

  /** Opens the first value even if it has expired; `null` if it is there, but was sealed with none of our keys. */
  openAnyway(cookies: Cookies): OpenedCookies<Content> | null | undefined {
    const sealed = fromChunks(this.#name, cookies)
    return sealed === undefined ? undefined : (this.#openAnew(sealed) ?? null)
  }

  /** Whether the expiry date of an opened value has passed. */
  hasExpired({ expiresAt }: OpenedCookies<Content>): boolean {
    return expiresAt * 1000 <= this.#settings.runtime.now()
  }

  /** Seals a payload and bytes, and splits the result into cookies. */
  chunks(payload: SealPayload, attachment?: Buffer): ReadonlyMap<string, string> {
    return toChunks(this.#name, this.#seal.seal(payload, attachment))
  }

  /** `Set-Cookie` values that store these parts, and remove those that are no longer needed. */
  write(chunks: ReadonlyMap<string, string>, { endsAt, remember }: CookieEnd, cookies: Cookies): readonly string[] {
    const { transient, runtime } = this.#settings
    this.#forget(cookies)
    const maxAge = !(remember ?? !transient) ? undefined : endsAt - nowSeconds(runtime)
    const stale = this.#sentChunks(cookies).filter((chunk) => !chunks.has(chunk))
    const kept = [...chunks].map(([chunk, value]) => setCookie(chunk, value, this.#attributes, maxAge))
    return [...kept, ...stale.map((chunk) => removeCookie(chunk, this.#attributes))]
  }

  /**
   * `Set-Cookie` values that remove our cookies. A value that is not ours stays: it may be the session of another
   * application on this host, since cookies are not separated by port, and seldom by path (RFC 6265 section 8.5).
   */
  clear(cookies: Cookies, further: FurtherCookies): readonly string[] {
    const name = this.#name
    if (cookies[name] === undefined) return []
    this.#forget(cookies)
    const isThere = valuesOf(name, cookies, this.#isAlone ? noFurther : further).some(this.#isOurs)
    return isThere ? this.#sentChunks(cookies).map((chunk) => removeCookie(chunk, this.#attributes)) : []
  }

  #openValue(sealed: string | undefined): OpenedCookies<Content> | undefined {
    if (sealed === undefined) return undefined
    const known = this.#known.get(this.#name, sealed)
    const opened = known ?? this.#openAnew(sealed)
    if (opened === undefined || this.hasExpired(opened)) return undefined
    if (known === undefined && opened.content !== undefined) this.#known.offer(this.#name, sealed, opened)
    return opened
  }

  #openAnew(sealed: string): OpenedCookies<Content> | undefined {
    const opened = this.#seal.open(sealed)
    if (opened === undefined) return undefined
    return { content: this.#parse(opened), expiresAt: opened.payload.exp, outdatedKey: opened.outdatedKey }
  }

  // The value that the browser has sent is replaced, or removed.
  #forget(cookies: Cookies): void {
    const sealed = fromChunks(this.#name, cookies)
    if (sealed !== undefined) this.#known.delete(this.#name, sealed)
  }
}
