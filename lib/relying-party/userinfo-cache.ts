import { LRUCache } from 'lru-cache'
import { maxUserinfoAge } from '../options/oidc/userinfo.js'
import { ageOf } from '../base/age.js'
import type { Runtime } from '../base/runtime.js'
import { freezeJson, type JsonObject } from '../base/json.js'
import type { SessionRecord } from '../session/record.js'

/** Claims as the provider gave them, frozen. */
export type UserinfoClaims = Readonly<JsonObject>

interface Answer {
  readonly claims: UserinfoClaims
  /** Milliseconds since the epoch. */
  readonly askedAt: number
}

interface Flight {
  readonly id: string
  claims?: Promise<UserinfoClaims>
  /** The session has ended meanwhile: nothing of it may be kept. */
  isForgotten: boolean
}

// Claims may be large, so that what counts is their size as well as their number.
const maxSessions = 10_000
const maxCharacters = 16_000_000

/**
 * What the userinfo endpoint said of each session, in this process: bounded, at most one request per access token at a time, no
 * failures, and nothing of one session for another, even where both are the same person's.
 */
export class UserinfoCache {
  readonly #runtime: Runtime
  readonly #answers: LRUCache<string, Answer>
  // Requests end by their deadline, so that they need no bound.
  readonly #flights = new Map<string, Flight>()

  constructor(runtime: Runtime) {
    this.#runtime = runtime
    this.#answers = new LRUCache({
      max: maxSessions,
      maxSize: maxCharacters,
      sizeCalculation: ({ claims }) => JSON.stringify(claims).length,
      ttl: maxUserinfoAge * 1000,
      perf: runtime,
      ttlResolution: 0,
    })
  }

  /** What is known of a session, if it is young enough. */
  known({ id }: SessionRecord, maxAgeSeconds: number): UserinfoClaims | undefined {
    const answer = this.#answers.get(id)
    if (answer === undefined) return undefined
    return ageOf(answer.askedAt, this.#runtime.now()) < maxAgeSeconds * 1000 ? answer.claims : undefined
  }

  /** Asks anew, or joins whoever does with the same access token: another one may be refused where this one is not. */
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

  /** Forgets a session that is over, and what is being asked for it. */
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
