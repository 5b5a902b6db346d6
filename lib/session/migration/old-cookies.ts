import { removeCookie } from '../../http/cookies.js'
import type { MigrateFromConfiguration } from '../../options/oidc/migration/migrate-from.js'
import type { Cookies, FurtherCookies } from '../storage/cookie-chunks.js'

// Node refuses request heads over 16 KiB.
const maxBytes = 16_384
const maxChunks = 10

/** The cookies of old sessions: one with the plain name, or parts with the names `name.0`, `name.1` and so on. */
export class OldCookies {
  readonly #settings: MigrateFromConfiguration['cookie']
  readonly #names: readonly string[]
  readonly #secure: boolean

  constructor(settings: MigrateFromConfiguration['cookie'], secure: boolean) {
    const { name } = settings
    this.#settings = settings
    this.#names = [name, ...Array.from({ length: maxChunks }, (_, index) => `${name}.${index}`)]
    this.#secure = secure
  }

  /** Name of the first cookie. */
  get name(): string {
    return this.#settings.name
  }

  /** Whether a browser has sent such cookies. */
  areIn(cookies: Cookies): boolean {
    const [whole = '', first = ''] = this.#names
    return cookies[whole] !== undefined || cookies[first] !== undefined
  }

  /** Joins them; `undefined` if one came twice, since another path or a sibling domain has set one of the two. */
  read(cookies: Cookies, further: FurtherCookies): string | undefined {
    const sent = this.#sent(cookies)
    if (sent.some((name) => further.furtherCookies(name).length > 0)) return undefined
    const [whole] = this.#names
    const value =
      whole !== undefined && sent.includes(whole) ? cookies[whole] : sent.map((name) => cookies[name]).join('')
    return value === undefined || value === '' || value.length > maxBytes ? undefined : value
  }

  /** `Set-Cookie` values that remove them. */
  removals(cookies: Cookies): readonly string[] {
    const { domain, path } = this.#settings
    const attributes = {
      secure: this.#secure,
      sameSite: 'lax' as const,
      path,
      ...(domain === undefined ? {} : { domain }),
    }
    return this.#sent(cookies).map((name) => removeCookie(name, attributes))
  }

  #sent(cookies: Cookies): readonly string[] {
    return this.#names.filter((name) => cookies[name] !== undefined)
  }
}
