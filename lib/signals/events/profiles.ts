import { isDate } from '../../jose/claim-rules.js'
import { isJsonObject, type JsonObject, parseStrictJson } from '../../base/json.js'
import type { TransmitterConfiguration } from '../../options/signals/schema.js'
import type { SubjectIdentifier } from '../../options/signals/events.js'

/** One event of a token, before its subject was checked. */
export interface RawEvent {
  readonly type: string
  readonly claims: Readonly<JsonObject>
  /** Its subject, if it has one. */
  readonly subject: unknown
  /** When it happened, in seconds since the epoch. */
  readonly occurredAt?: number
}

/** What distinguishes the tokens of one kind of transmitter. */
export interface Profile {
  /** Whether `typ` of a token fits. */
  readonly isType: (typ: string | undefined) => boolean
  /** Claims that a token must not have. */
  readonly refused: readonly string[]
  /** The events of a token, or `undefined` if there are none that can be read. */
  readonly eventsOf: (payload: Readonly<JsonObject>) => readonly RawEvent[] | undefined
}

const maxEvents = 20

// RFC 8417 section 2.3; "application/" may be left out (RFC 7515 section 4.1.9).
const isSecevent = (typ: string | undefined): boolean => /^(?:application\/)?secevent\+jwt$/i.test(typ ?? '')
const isJwt = (typ: string | undefined): boolean => typ === undefined || typ.toUpperCase() === 'JWT' || isSecevent(typ)

/** The kinds of transmitters. */
export const profiles: Readonly<Record<TransmitterConfiguration['profile'], Profile>> = {
  // `exp` and `sub` would make it look like an ID Token or an access token (SSF 1.0 section 4.1.7).
  ssf: { isType: isSecevent, refused: ['exp', 'sub', 'nonce'], eventsOf: (payload) => standardEvents(payload) },
  google: { isType: isJwt, refused: ['sub', 'nonce'], eventsOf: googleEvents },
  apple: { isType: isJwt, refused: ['sub', 'nonce'], eventsOf: appleEvents },
}

function standardEvents({ events, sub_id: subject, toe }: Readonly<JsonObject>): readonly RawEvent[] | undefined {
  const entries = isJsonObject(events) ? Object.entries(events) : []
  if (entries.length === 0 || entries.length > maxEvents) return undefined
  const found = entries.flatMap(([type, claims]): readonly RawEvent[] => {
    if (!isJsonObject(claims) || type === '' || type.length > 512) return []
    // CAEP 1.0 section 2 has a time of its own, and RFC 8417 section 2.2 one for all events of a token.
    const [occurredAt] = [claims['event_timestamp'], toe].filter(isDate)
    const event = { type, claims, subject: subject ?? claims['subject'] }
    return [occurredAt === undefined ? event : { ...event, occurredAt }]
  })
  return found.length === entries.length ? found : undefined
}

// The subject of Google's events has the form of a draft: the kind is `subject_type`, with hyphens. Its issuer ends in a slash, that of
// its ID Tokens does not.
function googleEvents(payload: Readonly<JsonObject>): readonly RawEvent[] | undefined {
  return standardEvents(payload)?.map((event) => ({ ...event, subject: googleSubject(event.subject) }))
}

function googleSubject(subject: unknown): unknown {
  if (!isJsonObject(subject) || typeof subject['subject_type'] !== 'string') return subject
  const { subject_type: kind, iss, sub, ...rest } = subject
  const isPerson = kind === 'iss-sub' || kind === 'id_token_claims' || kind === 'iss_sub'
  if (!isPerson) return { ...rest, iss, sub, format: kind.replaceAll('-', '_') }
  return issSub(typeof iss === 'string' ? iss.replace(/\/$/, '') : iss, sub)
}

// One event, with its type as a member. Apple's pages show it as an object, with a time in seconds; Apple's servers send it as JSON in a
// text, with a time in milliseconds (https://developer.apple.com/forums/thread/655485).
function appleEvents({ iss, events }: Readonly<JsonObject>): readonly RawEvent[] | undefined {
  const read: unknown = typeof events === 'string' ? parseStrictJson(Buffer.from(events)) : events
  if (!isJsonObject(read) || typeof read['type'] !== 'string') return undefined
  const occurredAt = secondsOf(read['event_time'])
  const event = { type: read['type'], claims: read, subject: issSub(iss, read['sub']) }
  return [isDate(occurredAt) ? { ...event, occurredAt } : event]
}

// As seconds it would be the year 5138, as milliseconds 1973.
const minMilliseconds = 1e11

function secondsOf(time: unknown): unknown {
  return typeof time === 'number' && time >= minMilliseconds ? time / 1000 : time
}

function issSub(iss: unknown, sub: unknown): SubjectIdentifier {
  return { format: 'iss_sub', iss, sub }
}
