import { LRUCache } from 'lru-cache'
import { maxUserinfoAge } from '../options/oidc/userinfo.js'
import { ageOf } from '../base/age.js'
import type { Runtime } from '../base/runtime.js'
import { freezeJson, type JsonObject } from '../base/json.js'
import type { SessionRecord } from '../session/record.js'

/** Claims from the UserInfo endpoint, frozen. */
export type UserinfoClaims = Readonly<JsonObject>

interface Answer {
  readonly claims: UserinfoClaims
  /** Milliseconds since the epoch. */
  readonly askedAt: number
}

interface Flight {
  readonly id: string
  claims?: Promise<UserinfoClaims>
  /** Whether the session has ended meanwhile: its claims must not be cached. */
  isForgotten: boolean
}

// Claims may be large, so size is limited as well as number.
const maxSessions = 10_000
const maxCharacters = 16_000_000

/**
 * Caches UserInfo claims per session in this process. It is bounded, makes at most one request per access token at a
 * time, and does not cache failures. Sessions never share claims, even if they are the same person's.
 */
export class UserinfoCache {
  readonly #runtime: Runtime
  readonly #answers: LRUCache<string, Answer>
  // Requests have a deadline, so this map needs no limit.
  readonly #flights = new Map<string, Flight>()

  constructor(runtime: Runtime) {
    this.#runtime = runtime
    this.#answers = new LRUCache({
      maxSize: maxCharacters,
      // Without the option `max`, which would take memory for so many entries at once.
      sizeCalculation: ({ claims }) => Math.max(JSON.stringify(claims).length, maxCharacters / maxSessions),
      ttl: maxUserinfoAge * 1000,
      perf: runtime,
      ttlResolution: 0,
    })
  }

  /** Returns a session's cached claims, if they are recent enough. */
  known({ id }: SessionRecord, maxAgeSeconds: number): UserinfoClaims | undefined {
    const answer = this.#answers.get(id)
    if (answer === undefined) return undefined
    return ageOf(answer.askedAt, this.#runtime.now()) < maxAgeSeconds * 1000 ? answer.claims : undefined
  }

  /**
   * Fetches claims, or joins a request with the same access token. Requests with different tokens are not joined, since
   * one may be rejected and the other not.
   */
  async ask(
    { id }: SessionRecord,
    accessToken: string,
    ask: (accessToken: string) => Promise<UserinfoClaims>,
  ): Promise<UserinfoClaims> {
    const key = `${id} ${accessToken}`
    const flight = this.#flights.get(key) ?? { id, isForgotten: false }
    this.#flights.set(key, flight)
    return (flight.claims ??= this.#fly(key, flight, () => ask(accessToken)))
  }

  /** Forgets an ended session, including requests in flight. */
  forget({ id }: SessionRecord): void {
    for (const [key, flight] of this.#flights) {
      if (flight.id !== id) continue
      flight.isForgotten = true
      this.#flights.delete(key)
    }
    this.#answers.delete(id)
  }

  async #fly(key: string, flight: Flight, ask: () => Promise<UserinfoClaims>): Promise<UserinfoClaims> {
    const askedAt = this.#runtime.now()
    try {
      const claims = freezeJson(await ask())
      if (!flight.isForgotten) this.#answers.set(flight.id, { claims, askedAt })
      return claims
    } finally {
      if (!flight.isForgotten) this.#flights.delete(key)
    }
  }
}
