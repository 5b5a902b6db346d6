import type { JsonObject } from '../../base/json.js'

const types = 'https://schemas.openid.net/secevent'

/** Sent by a transmitter to see, or to show, that a stream works (SSF 1.0 section 8.1.4.1). */
const verification = `${types}/ssf/event-type/verification`

const aboutStream: readonly string[] = [
  verification,
  `${types}/ssf/event-type/stream-updated`,
  // Google's service is older than the framework.
  `${types}/risc/event-type/verification`,
]

/** Whether an event is about the stream, and so about nobody. */
export function isAboutStream(type: string): boolean {
  return aboutStream.includes(type)
}

/** Whether an event verifies the stream, with a `state` of ours. Google's API takes any state: that is the application's to compare. */
export function isVerification(type: string): boolean {
  return type === verification
}

type Rule = (claims: Readonly<JsonObject>) => boolean

const always: Rule = () => true

/**
 * The events that end sessions, and when they do. To end a session is to challenge its person again: the next request begins a login,
 * at which the provider asks for what it now wants and says what is now true.
 */
const endings: Readonly<Record<string, Rule>> = {
  // OpenID CAEP 1.0 section 3.
  [`${types}/caep/event-type/session-revoked`]: always,
  [`${types}/caep/event-type/token-claims-change`]: always,
  // A new credential takes nothing away from sessions that began with another one.
  [`${types}/caep/event-type/credential-change`]: ({ change_type: change }) => change !== 'create',
  [`${types}/caep/event-type/assurance-level-change`]: ({ change_direction: direction }) => direction !== 'increase',
  [`${types}/caep/event-type/device-compliance-change`]: ({ current_status: status }) => status !== 'compliant',
  // OpenID RISC 1.0 section 2.
  [`${types}/risc/event-type/account-disabled`]: always,
  [`${types}/risc/event-type/account-purged`]: always,
  [`${types}/risc/event-type/account-credential-change-required`]: always,
  [`${types}/risc/event-type/sessions-revoked`]: always,
  // Google's: tokens of a person for this application.
  [`${types}/oauth/event-type/tokens-revoked`]: always,
  // Apple's types are not URIs.
  'consent-revoked': always,
  'account-delete': always,
  'account-deleted': always,
}

/** Whether an event ends the sessions that its subject names. */
export function endsSessions(type: string, claims: Readonly<JsonObject>): boolean {
  return Object.hasOwn(endings, type) && endings[type]?.(claims) === true
}

/** The types of events that end sessions, of SSF: what a stream should ask for. */
export const actingTypes: readonly string[] = Object.keys(endings).filter((type) => /\/(?:caep|risc)\//.test(type))
