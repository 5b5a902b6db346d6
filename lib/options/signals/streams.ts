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
 * The streams that a transmitter has for this receiver. Each method makes one request, and throws {@link ProviderError} if it fails:
 * `stream_refused`, with the status in `details.seen`, or an outage.
 *
 * @see https://openid.net/specs/openid-sharedsignals-framework-1_0.html#name-event-stream-management-api
 */
export interface EventStreams {
  /**
   * Creates a stream.
   *
   * @throws {ProviderError} `stream_refused`, also if there is one already and the transmitter allows no more; `provider_refused_client`,
   *   `provider_response_invalid`, `provider_issuer_mismatch`, or an outage
   */
  create(request?: StreamRequest): Promise<EventStream>
  /**
   * Lists the streams.
   *
   * @throws {ProviderError} as {@link EventStreams.create}
   */
  list(): Promise<readonly EventStream[]>
  /**
   * Returns one stream.
   *
   * @throws {ProviderError} `stream_refused` if it does not exist, and as {@link EventStreams.create}
   */
  read(streamId: string): Promise<EventStream>
  /**
   * Changes what the request has, and nothing else.
   *
   * @throws {ProviderError} as {@link EventStreams.read}
   */
  update(streamId: string, request: StreamRequest): Promise<EventStream>
  /**
   * Replaces the whole configuration of a stream. What the request leaves out is as in a new stream.
   *
   * @throws {ProviderError} as {@link EventStreams.read}
   */
  replace(streamId: string, request: StreamRequest): Promise<EventStream>
  /**
   * Deletes a stream.
   *
   * @throws {ProviderError} `stream_refused` if it does not exist, `provider_refused_client`, or an outage
   */
  remove(streamId: string): Promise<void>
  /**
   * Returns whether events come.
   *
   * @throws {ProviderError} `stream_refused` if the stream does not exist, `provider_refused_client`, `provider_response_invalid`, or
   *   an outage
   */
  status(streamId: string): Promise<StreamStatus>
  /**
   * Changes whether events come.
   *
   * @throws {ProviderError} as {@link EventStreams.status}
   */
  setStatus(streamId: string, status: StreamStatus['status'], reason?: string): Promise<StreamStatus>
  /**
   * Asks for the events of a subject.
   *
   * @throws {ProviderError} `stream_refused` if the transmitter does not know the stream or the subject, `provider_refused_client`, or
   *   an outage
   */
  addSubject(streamId: string, subject: SubjectIdentifier, isVerified?: boolean): Promise<void>
  /**
   * Stops asking for the events of a subject. Some may still come.
   *
   * @throws {ProviderError} as {@link EventStreams.addSubject}
   */
  removeSubject(streamId: string, subject: SubjectIdentifier): Promise<void>
  /**
   * Asks for a verification event. It comes as others do, `onEvent` is called, and its `state` is checked.
   *
   * @throws {ProviderError} `stream_refused` if the stream does not exist, `provider_refused_client`, or an outage
   */
  verify(streamId: string): Promise<void>
}
