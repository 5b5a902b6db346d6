import { type CookieAttributes, prefixedName, removeCookie, setCookie } from '../../http/cookies.js'
import type { Runtime } from '../../base/runtime.js'
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

/** How a session's cookies look. */
export interface SessionCookieSettings {
  readonly name: string
  readonly secure: boolean
  readonly sameSite: 'lax' | 'strict'
  readonly domain?: string
  /** Forgotten when the browser closes. */
  readonly transient: boolean
}

/** How cookies look, and what seals them. */
export interface SealedCookieSettings extends SessionCookieSettings {
  readonly secrets: readonly string[]
  /** What they are bound to beside their purpose and name: issuer and client. */
  readonly audience: readonly string[]
  readonly runtime: Runtime
}

/** What one cookie holds, or each of several of one name. */
export type OneOrSeveral<T> = T | readonly T[] | undefined

/** Whether there are several. */
export function isSeveral<T>(values: OneOrSeveral<T>): values is readonly T[] {
  return Array.isArray(values)
}

/** Sealed cookies of one name, in as many parts as their size takes. */
export class SealedCookies {
  readonly #settings: SealedCookieSettings
  readonly #name: string
  readonly #attributes: CookieAttributes
  readonly #seal: Seal
  readonly #sentChunks: (cookies: Cookies) => readonly string[]
  readonly #isOurs: (first: string) => boolean
  // Browsers keep one of these only: host and path are fixed (RFC 6265bis section 4.1.3.2).
  readonly #isAlone: boolean

  constructor(purpose: string, settings: SealedCookieSettings) {
    const { secure, sameSite, domain, secrets, audience, runtime } = settings
    const name = prefixedName(settings.name, secure, domain)
    const seal = createSeal(secrets, [purpose, name, ...audience], runtime)
    this.#settings = settings
    this.#name = name
    this.#attributes = { secure, sameSite, ...(domain === undefined ? {} : { domain }) }
    this.#seal = seal
    this.#sentChunks = chunkNames(name)
    this.#isOurs = (first) => seal.isOurs(withoutCount(first))
    this.#isAlone = name.startsWith('__Host-')
  }

  /** What opens and has not expired; a list where cookies of equal names came. */
  open(cookies: Cookies, further: FurtherCookies): OneOrSeveral<Opened> {
    const name = this.#name
    if (cookies[name] === undefined) return undefined
    if (this.#isAlone || !cameTwice(name, cookies, further)) return this.#opened(fromChunks(name, cookies))
    const sealed = allFromChunks(name, cookies, further, this.#isOurs)
    return sealed.flatMap((value) => this.#opened(value) ?? [])
  }

  /** The cookies that would hold a payload, and bytes beside it. */
  chunks(payload: SealPayload, attachment?: Buffer): ReadonlyMap<string, string> {
    return toChunks(this.#name, this.#seal.seal(payload, attachment))
  }

  /** `Set-Cookie` values that store these, and remove parts that are no longer needed. */
  write(chunks: ReadonlyMap<string, string>, endsAt: number, cookies: Cookies): readonly string[] {
    const { transient, runtime } = this.#settings
    const maxAge = transient ? undefined : endsAt - Math.floor(runtime.now() / 1000)
    const stale = this.#sentChunks(cookies).filter((chunk) => !chunks.has(chunk))
    const kept = [...chunks].map(([chunk, value]) => setCookie(chunk, value, this.#attributes, maxAge))
    return [...kept, ...stale.map((chunk) => removeCookie(chunk, this.#attributes))]
  }

  /**
   * `Set-Cookie` values that remove what was sealed here. A value of nobody we know stays: another application of this host
   * may be signed in with it, since cookies know no ports, and few know paths (RFC 6265 section 8.5).
   */
  clear(cookies: Cookies, further: FurtherCookies): readonly string[] {
    const name = this.#name
    if (cookies[name] === undefined) return []
    const isThere = valuesOf(name, cookies, this.#isAlone ? noFurther : further).some(this.#isOurs)
    return isThere ? this.#sentChunks(cookies).map((chunk) => removeCookie(chunk, this.#attributes)) : []
  }

  #opened(sealed: string | undefined): Opened | undefined {
    const opened = sealed === undefined ? undefined : this.#seal.open(sealed)
    return opened === undefined || opened.expired ? undefined : opened
  }
}
