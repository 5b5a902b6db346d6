/**
 * The subject who acts, in a question to a policy decision point.
 *
 * @see https://openid.net/specs/authorization-api-1_0.html#name-subject
 */
export interface DecisionSubject {
  /** Kind of subject, such as `user`. */
  readonly type: string
  /** Identifies it among those of its type. */
  readonly id: string
  /** What else the policy needs to know about it: JSON values. @default none */
  readonly properties?: Readonly<Record<string, unknown>> | undefined
}

/**
 * The resource that is acted on.
 *
 * @see https://openid.net/specs/authorization-api-1_0.html#name-resource
 */
export interface DecisionResource {
  /** Kind of resource, such as `document`. */
  readonly type: string
  /** Identifies it among those of its type. */
  readonly id: string
  /** What else the policy needs to know about it: JSON values. @default none */
  readonly properties?: Readonly<Record<string, unknown>> | undefined
}

/**
 * The action.
 *
 * @see https://openid.net/specs/authorization-api-1_0.html#name-action
 */
export interface DecisionAction {
  /** Name of the action, such as `can_read`. */
  readonly name: string
  /** What else the policy needs to know about it: JSON values. @default none */
  readonly properties?: Readonly<Record<string, unknown>> | undefined
}

/** A question to a policy decision point: may this subject do this to that? */
export interface DecisionQuestion {
  /** Who acts. */
  readonly subject: DecisionSubject
  /** The action, by its name alone or with properties. */
  readonly action: string | DecisionAction
  /** The resource that is acted on. */
  readonly resource: DecisionResource
  /** The circumstances, such as the time of day: JSON values. @default none */
  readonly context?: Readonly<Record<string, unknown>> | undefined
}

/** The answer of a policy decision point. */
export interface DecisionAnswer {
  /** Whether it is allowed. */
  readonly decision: boolean
  /**
   * What else the policy decision point says: reasons, for example. It may be about your policies, so do not send it to callers.
   * It is frozen, and absent if the answer has none.
   */
  readonly context?: Readonly<Record<string, unknown>>
}
