/**
 * A subject identifier: whom or what an event is about. `format` says which other members there are. The format `complex` has one
 * identifier for each of its members, such as `user`, `session` and `device`: it means what all of them have in common.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9493#section-3
 * @see https://openid.net/specs/openid-sharedsignals-framework-1_0.html#name-complex-subjects
 */
export type SubjectIdentifier = Readonly<Record<string, unknown>> & {
  /** Such as `iss_sub`, `email`, `phone_number`, `opaque`, `aliases` or `complex`. */
  readonly format: string
}

/** Sessions of this application: those with this `sub`, this `sid` (the session at the provider), or with both. */
export interface SubjectMatch {
  /** The person at the provider. */
  readonly sub?: string | undefined
  /** The session at the provider. */
  readonly sid?: string | undefined
  /**
   * Issuer of the tenant that `sub` and `sid` are of, if the provider's `issuer` is a template of tenants. There, they are unique at one tenant only.
   *
   * @default all tenants
   */
  readonly iss?: string | undefined
}

/** What the function `subjects` gets besides the identifier. */
export interface SubjectContext {
  /** The transmitter's issuer. */
  readonly transmitter: string
  /** URI of the event. */
  readonly type: string
  /** The member of a complex subject, such as `session`. Absent for a subject that is not complex. */
  readonly member?: string
}

/**
 * Finds the sessions that an identifier stands for.
 *
 * @returns a match, or a list of up to 100 of them. An empty list: nobody. `undefined`: it does not know the identifier. `{}`, which
 *   only a member of a complex subject may have: the member does not make the subject any smaller
 */
export type SubjectLookup = (
  subject: SubjectIdentifier,
  context: SubjectContext,
) => SubjectFound | Promise<SubjectFound>

/** What a {@link SubjectLookup} returns. */
export type SubjectFound = SubjectMatch | readonly SubjectMatch[] | undefined | null

/**
 * What was done about an event: `ended` the sessions that its subject names, if there are any; `none`, since it does not ask for
 * that; or nothing, since its subject is of another issuer (`foreign_subject`), or is not known here (`unknown_subject`).
 */
export type SignalAction = 'ended' | 'none' | 'foreign_subject' | 'unknown_subject'

/** A security event, as a transmitter has signed it. */
export interface SecurityEvent {
  /** The transmitter's issuer. */
  readonly transmitter: string
  /** URI of the event, such as `https://schemas.openid.net/secevent/caep/event-type/session-revoked`. */
  readonly type: string
  /** Whom it is about. Absent for some events about the stream itself. */
  readonly subject?: SubjectIdentifier
  /** When it happened, in seconds since the epoch. */
  readonly occurredAt: number
  /** When the transmitter issued the token, in seconds since the epoch. */
  readonly issuedAt: number
  /** `jti` of the token. */
  readonly jti: string
  /** `txn`, which links tokens of one transaction. */
  readonly transaction?: string
  /** The members of the event, frozen. */
  readonly claims: Readonly<Record<string, unknown>>
  /** What was done about it. */
  readonly action: SignalAction
  /**
   * Ends the sessions that its subject names and that are older than the event, for an event that does not do so by itself.
   *
   * @returns what was done: `ended`, or why nothing was
   * @throws {SessionError} `session_store_unavailable`
   */
  end(): Promise<SignalAction>
}
