import type { Principal } from '../../policy/principal.js'
import { type IdTokenClaims, idTokenClaims, personClaims } from '../../session/claims.js'
import { type SessionLimits, clocksOf } from '../../session/lifetime.js'
import type { SessionRecord } from '../../session/record.js'
import type { MaybePromise } from '../../base/maybe-promise.js'
import type { SharedStore } from '../../options/common/stores.js'

/** Who a session says is signed in, decoded once and when it is first asked for. */
export class SessionIdentity {
  readonly record: SessionRecord
  readonly #limits: SessionLimits
  #claims: IdTokenClaims | undefined
  #person: IdTokenClaims | undefined
  #principal: Principal | undefined

  constructor(record: SessionRecord, limits: SessionLimits) {
    this.record = record
    this.#limits = limits
  }

  /** What the ID Token tells of the person. */
  get person(): IdTokenClaims {
    return (this.#person ??= personClaims(this.#allClaims()))
  }

  get principal(): Principal {
    return (this.#principal ??= this.#newPrincipal())
  }

  #newPrincipal(): Principal {
    const { record } = this
    const claims = this.#allClaims()
    return Object.freeze({
      scheme: 'session',
      isMachine: false,
      subject: claims.sub,
      issuer: claims.iss,
      claims,
      scopes: Object.freeze(record.tokens.scope.split(' ').filter((scope) => scope !== '')),
      expiresAt: clocksOf(record, this.#limits).idleExpiresAt,
    })
  }

  #allClaims(): IdTokenClaims {
    return (this.#claims ??= idTokenClaims(this.record))
  }
}

/** The session of one request, and what its response will do to the cookies. */
export interface SessionBinding {
  /** What processes share that read this session. */
  readonly sharedStore?: SharedStore | undefined
  current(): SessionRecord | undefined
  /** @throws {SessionError} `session_too_large`, `session_missing`, `session_store_unavailable` */
  store(record: SessionRecord): MaybePromise<void>
  /** @throws {SessionError} `session_store_unavailable`: the session goes on */
  clear(): MaybePromise<void>
  /** Sessions beside the current one that cookies of the same name led to: signed out with it. */
  others(): readonly SessionRecord[]
  /** The session as it is kept by now. */
  reload(): MaybePromise<SessionRecord | undefined>
  /** Keeps the response out of caches, the one for Back among them, unless the application says otherwise of it. */
  keepPrivate(): void
  /** Whether the response can still carry the session to the browser. */
  canStore(): boolean
}
