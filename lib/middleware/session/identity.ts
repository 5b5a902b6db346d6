import type { Principal } from '../../policy/principal.js'
import { type IdTokenClaims, idTokenClaims, personClaims } from '../../session/claims.js'
import { clocksOf, type SessionLimits } from '../../session/lifetime.js'
import type { SessionRecord } from '../../session/record.js'

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
