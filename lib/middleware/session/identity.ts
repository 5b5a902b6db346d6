import type { Principal } from '../../policy/principal.js'
import type { IdTokenClaims } from '../../jose/id-token-claims.js'
import { DecodedClaims, personClaims, sessionClaims } from '../../session/claims.js'
import { type IssuerNames, configuredIssuer } from '../../options/common/provider-description.js'
import { type SessionLimits, clocksOf } from '../../session/lifetime.js'
import type { SessionRecord } from '../../session/record.js'
import type { FoundSession, SessionStorage } from '../../session/storage/storage.js'
import type { MaybePromise } from '../../base/maybe-promise.js'
import type { SharedStore } from '../../options/common/stores.js'
import type { Runtime } from '../../base/runtime.js'
import type { SessionEndSettings } from './session-end.js'
import type { UseRule } from './storage/use-rule.js'

/** Who signed the person in, and how long for. */
export interface SessionRules extends Partial<IssuerNames> {
  readonly session: SessionLimits & { readonly deviceBound?: object | undefined }
}

/** The person of a session, decoded once, when it is first needed. */
export class SessionIdentity {
  readonly record: SessionRecord
  readonly #rules: SessionRules
  readonly #claimed: Pick<SessionRecord, 'idToken' | 'userinfo'>
  #principal: Principal | undefined

  constructor(record: SessionRecord, rules: SessionRules) {
    this.record = record
    this.#rules = rules
    this.#claimed = DecodedClaims.keptBy(record)
  }

  /** The session's claims about the person. */
  get person(): IdTokenClaims {
    return personClaims(this.#claimed)
  }

  get principal(): Principal {
    return (this.#principal ??= this.#newPrincipal())
  }

  #newPrincipal(): Principal {
    const { record } = this
    const claims = sessionClaims(this.#claimed)
    const { issuer = claims.iss, issuerAliases } = this.#rules
    return Object.freeze({
      scheme: 'session',
      isMachine: false,
      subject: claims.sub,
      issuer: configuredIssuer(claims.iss, { issuer, issuerAliases }),
      ...(record.provider === undefined ? {} : { provider: record.provider.name }),
      claims,
      scopes: Object.freeze(record.tokens.scope.split(' ').filter((scope) => scope !== '')),
      ...detailsIn(record),
      ...deviceIn(record, this.#rules),
      expiresAt: clocksOf(record, this.#rules.session).idleExpiresAt,
    })
  }
}

function detailsIn({ tokens: { authorizationDetails } }: SessionRecord): Pick<Principal, 'authorizationDetails'> {
  return authorizationDetails === undefined ? {} : { authorizationDetails }
}

// Without the option nobody asks for the proof: anyone with a copy of the cookies would pass for the device.
function deviceIn({ device }: SessionRecord, { session }: SessionRules): Pick<Principal, 'isDeviceBound'> {
  if (device === undefined || session.deviceBound === undefined) return {}
  return { isDeviceBound: device.thumbprint !== undefined }
}

/** What binding a session needs. */
export interface BindingSettings extends SessionEndSettings {
  readonly countsAsUse: UseRule
  readonly limits: SessionLimits
  readonly runtime: Runtime
}

/** What `onLogin` has thrown. */
export interface LoginFailure {
  readonly error: unknown
}

/** What was read of the session of a request. */
export interface SessionReading {
  readonly storage: SessionStorage
  readonly found: FoundSession
  /** When the request came, in milliseconds since the epoch. */
  readonly startedAt: number
  /** Whether it is taken over from another package, so that the browser has no cookie of it yet. @default false */
  readonly isTakenOver?: boolean
}

/** The session of one request, and the changes that its response makes to cookies. */
export interface SessionBinding {
  /** The store that is shared by all processes that read this session. */
  readonly sharedStore?: SharedStore | undefined
  /** Why nobody is signed in, if the application's `onLogin` has failed for an old session: guards report it. */
  readonly failure?: LoginFailure | undefined
  current(): SessionRecord | undefined
  /** @throws {SessionError} `session_too_large`, `session_missing`, `session_store_unavailable` */
  store(record: SessionRecord): MaybePromise<void>
  /** @throws {SessionError} `session_store_unavailable`: the session goes on */
  clear(): MaybePromise<void>
  /** Further sessions, from repeated cookies: a logout ends them too. */
  others(): readonly SessionRecord[]
  /** Reads the session again. */
  reload(): MaybePromise<SessionRecord | undefined>
  /** Keeps the response out of caches, the back/forward cache included, unless the application sets `Cache-Control`. */
  keepPrivate(): void
  /** Whether the response can still carry the session to the browser. */
  canStore(): boolean
}
