import type { SubjectIdentifier } from './events.js'

/** A stream of events, as a transmitter describes it; other members are kept. */
export interface EventStream {
  /** Names the stream. */
  readonly stream_id: string
  /** The transmitter's issuer. */
  readonly iss: string
  /** `aud` of its tokens. */
  readonly aud?: string | readonly string[]
  /** How its events come. */
  readonly delivery?: Readonly<Record<string, unknown>>
  /** URIs of events that may come. */
  readonly events_delivered?: readonly string[]
  /** Whatever else it says. */
  readonly [member: string]: unknown
}

/** A stream to create, or changes to one. */
export interface StreamRequest {
  /** URL of this receiver's push route, or `'poll'`. @default 'poll' for a new stream */
  delivery?: string | undefined
  /** The header `Authorization` of pushes: the same as `pushAuthorization`. @default the first of `pushAuthorization` */
  authorization?: string | undefined
  /** URIs of the events to ask for. @default those that end sessions, for a new stream */
  events?: readonly string[] | undefined
  /** What the stream is for, in words. @default none */
  description?: string | undefined
}

/** Whether events come over a stream. */
export interface StreamStatus {
  /** `paused`: they are kept. `disabled`: they are not. */
  readonly status: 'enabled' | 'paused' | 'disabled'
  /** Why, in words. */
  readonly reason?: string
}

/**
 * The streams that a transmitter has for this receiver. All methods make one request, and throw {@link ProviderError} if it fails:
 * `stream_refused`, with `details.seen` as the status, or an outage.
 *
 * @see https://openid.net/specs/openid-sharedsignals-framework-1_0.html#name-event-stream-management-api
 */
export interface EventStreams {
  /** Creates a stream. */
  create(request?: StreamRequest): Promise<EventStream>
  /** The streams that there are. */
  list(): Promise<readonly EventStream[]>
  /** One of them. */
  read(streamId: string): Promise<EventStream>
  /** Changes what the request has, and nothing else. */
  update(streamId: string, request: StreamRequest): Promise<EventStream>
  /** Replaces all that can be chosen: what the request does not have is as in a new stream. */
  replace(streamId: string, request: StreamRequest): Promise<EventStream>
  /** Deletes a stream. */
  remove(streamId: string): Promise<void>
  /** Whether events come. */
  status(streamId: string): Promise<StreamStatus>
  /** Changes that. */
  setStatus(streamId: string, status: StreamStatus['status'], reason?: string): Promise<StreamStatus>
  /** Asks for the events of a subject. */
  addSubject(streamId: string, subject: SubjectIdentifier, isVerified?: boolean): Promise<void>
  /** Asks for them no longer. Some may still come. */
  removeSubject(streamId: string, subject: SubjectIdentifier): Promise<void>
  /** Asks for a verification event, which comes as others do: `onEvent` is told. Its `state` is checked. */
  verify(streamId: string): Promise<void>
}
