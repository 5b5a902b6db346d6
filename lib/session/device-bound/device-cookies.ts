import { nowSeconds, type Runtime } from '../../base/runtime.js'
import { type CookieAttributes, prefixedName, removeCookie, setCookie } from '../../http/cookies.js'
import { createSeal, type Seal } from '../../seal/seal.js'
import type { Cookies } from '../storage/cookie-chunks.js'

const formatVersion = 1

/** What one of these cookies says. */
export interface ProvenDevice {
  /** Of the key that was proved. */
  readonly thumbprint: string
  /** When the next proof is due, in seconds since the epoch. */
  readonly endsAt: number
}

/** How the cookies of bound sessions are named and sealed, and how long they live. */
export interface DeviceCookieSettings {
  /** Name of the session's cookie, without prefix. */
  readonly name: string
  readonly secure: boolean
  readonly sameSite: 'lax' | 'strict'
  readonly seconds: number
  readonly secrets: readonly string[]
  readonly audience: readonly string[]
  readonly runtime: Runtime
}

/**
 * The short-lived cookie beside that of the session: only the browser that has the device's key gets the next one. Each binding
 * has a cookie of its own name, so that what is left of an earlier session in the browser cannot replace it.
 */
export class DeviceCookies {
  /** The attributes as in `Set-Cookie`, which browsers compare (Device Bound Session Credentials, section 8.9). */
  readonly attributes: string
  readonly #prefix: string
  readonly #attributes: CookieAttributes
  readonly #seal: Seal
  readonly #settings: DeviceCookieSettings

  constructor(settings: DeviceCookieSettings) {
    const { name, secure, sameSite, secrets, audience, runtime } = settings
    this.#settings = settings
    this.#prefix = `${prefixedName(name, secure, undefined)}.bound-`
    this.#attributes = { secure, sameSite }
    this.#seal = createSeal(secrets, ['device cookie', this.#prefix, ...audience], runtime)
    this.attributes = setCookie('n', 'v', this.#attributes).replace('n=v; ', '')
  }

  nameOf(id: string): string {
    return this.#prefix + id
  }

  /** The key that was proved, if the cookie is this binding's and still valid. */
  read(id: string, cookies: Cookies): ProvenDevice | undefined {
    const value = cookies[this.nameOf(id)]
    const opened = value === undefined ? undefined : this.#seal.open(value)
    if (opened === undefined || opened.expired || opened.payload['d'] !== id) return undefined
    const { v, t, exp } = opened.payload
    return v === formatVersion && typeof t === 'string' ? { thumbprint: t, endsAt: exp } : undefined
  }

  write(id: string, thumbprint: string): string {
    const { seconds, runtime } = this.#settings
    const exp = nowSeconds(runtime) + seconds
    const sealed = this.#seal.seal({ v: formatVersion, exp, d: id, t: thumbprint })
    return setCookie(this.nameOf(id), sealed, this.#attributes, seconds)
  }

  remove(id: string): string {
    return removeCookie(this.nameOf(id), this.#attributes)
  }

  /** `Set-Cookie` values that remove all such cookies of the browser. */
  removals(cookies: Cookies): readonly string[] {
    const names = Object.keys(cookies).filter((name) => name.startsWith(this.#prefix))
    return names.map((name) => removeCookie(name, this.#attributes))
  }
}
