import { setTimeout as sleep } from 'node:timers/promises'
import { failedAt } from '../../base/diagnostics.js'
import { isJsonObject, type JsonObject } from '../../base/json.js'
import { Backoff, failureOf } from '../../base/outage.js'
import { isDoneWithin } from '../../base/timers/deadline.js'
import { ProviderError } from '../../errors.js'
import type { PollConfiguration } from '../../options/signals/schema.js'
import type { EventStreams } from '../../options/signals/streams.js'
import { refusalOf, type TokenRefusal } from './answers.js'
import { callApi, jsonOf, NothingCame } from '../transmitter/api-request.js'
import { receive, type ReceiverParts } from './receiver.js'
import { pollUrlOf } from '../transmitter/streams.js'
import type { Transmitter } from '../transmitter/transmitter.js'

/** What one poller needs. */
export interface PollerParts {
  readonly receiver: ReceiverParts
  readonly transmitter: Transmitter
  readonly streams: Pick<EventStreams, 'list'>
  readonly poll: PollConfiguration
  readonly onError?: ((error: unknown, transmitter: string) => unknown) | undefined
}

// How long a transmitter may hold a request until there is something.
const heldSeconds = 60
// Until polling goes on without the end of a report.
const maxReportMilliseconds = 10_000
// A response without events that comes sooner was not held.
const soonMilliseconds = 1000

/**
 * Fetches the events of a transmitter until it is closed. What was taken is acknowledged by the next request, what is not valid is
 * reported there, and what could not be taken now is neither: it comes again.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8936#section-2
 */
export class Poller {
  readonly #parts: PollerParts
  readonly #backoff: Backoff
  readonly #taken = new Set<string>()
  readonly #refused = new Map<string, TokenRefusal>()
  readonly #closing = new AbortController()
  /** Whether the last request that could be held had no response: the next one tells whether the transmitter is there at all. */
  #isUnanswered = false
  #url: string | undefined
  #running: Promise<void> | undefined

  constructor(parts: PollerParts) {
    this.#parts = parts
    this.#url = parts.poll.url
    this.#backoff = new Backoff(parts.receiver.runtime)
  }

  /** Runs until {@link Poller.close}; a second call joins the first. */
  run(): Promise<void> {
    return (this.#running ??= this.#loop())
  }

  /** Ends the loop. */
  close(): void {
    this.#closing.abort()
  }

  async #loop(): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      const seconds = await this.#once()
      if (seconds > 0) await sleep(seconds * 1000, undefined, { signal, ref: false }).catch(() => undefined)
    }
  }

  /** One request, and what it brings. @returns the seconds to wait until the next one */
  async #once(): Promise<number> {
    const { issuer } = this.#parts.transmitter.options
    try {
      const begun = this.#parts.receiver.runtime.now()
      const page = await this.#request()
      const [failure] = await this.#takeAll(page.sets)
      if (failure !== undefined) return await this.#recordFailure(failure.error)
      this.#backoff.recordSuccess()
      return this.#secondsAfter(page, begun)
    } catch (error) {
      // A request that close() aborted is not a failure.
      if (this.#closing.signal.aborted) return 0
      failedAt('signal', { issuer }, failureOf(error))
      return this.#recordFailure(error)
    }
  }

  async #recordFailure(error: unknown): Promise<number> {
    const { onError, transmitter } = this.#parts
    this.#backoff.recordFailure(failureOf(error))
    // The stream may have another endpoint by now.
    this.#url = this.#parts.poll.url
    try {
      await isDoneWithin(Promise.resolve(onError?.(error, transmitter.options.issuer)), maxReportMilliseconds)
    } catch {
      // Polling must not end because a report has failed.
    }
    return this.#backoff.waitSeconds()
  }

  #secondsAfter({ isNextDue }: Page, begun: number): number {
    const { poll, receiver } = this.#parts
    if (isNextDue) return 0
    return receiver.runtime.now() - begun >= soonMilliseconds && !poll.returnImmediately ? 0 : poll.intervalSeconds
  }

  async #request(): Promise<Page> {
    const { transmitter, streams, poll } = this.#parts
    const url = (this.#url ??= await pollUrlOf(streams))
    const [ack, refused] = [[...this.#taken], [...this.#refused]]
    // Acknowledgements should not wait until there are new events.
    const isNow = poll.returnImmediately || this.#isUnanswered || ack.length > 0 || refused.length > 0
    const body = {
      maxEvents: poll.maxEvents,
      returnImmediately: isNow,
      ...(ack.length === 0 ? {} : { ack }),
      ...(refused.length === 0 ? {} : { setErrs: Object.fromEntries(refused) }),
    }
    const request = { method: 'POST', url, body, ...(isNow ? {} : { heldSeconds }) } as const
    const response = await callApi(transmitter, request).catch(nothingCame)
    const wasUnanswered = this.#isUnanswered
    this.#isUnanswered = response === undefined
    if (response === undefined) return { sets: {}, isNextDue: true }
    for (const jti of ack) this.#taken.delete(jti)
    for (const [jti] of refused) this.#refused.delete(jti)
    const mayBeHeldNext = wasUnanswered || ack.length + refused.length > 0
    return readPage(jsonOf(response), [...ack, ...refused.map(([jti]) => jti)], { ...poll, mayBeHeldNext })
  }

  /** Takes tokens. @returns why some could not be taken, if the transmitter is not to blame */
  async #takeAll(sets: JsonObject): Promise<readonly { readonly error: unknown }[]> {
    const failures: { readonly error: unknown }[] = []
    for (const [jti, set] of Object.entries(sets)) {
      await this.#take(jti, set).catch((error: unknown) => failures.push({ error }))
    }
    return failures
  }

  async #take(jti: string, set: unknown): Promise<void> {
    const { receiver, transmitter } = this.#parts
    try {
      await receive(receiver, typeof set === 'string' ? set : '', { from: transmitter, jti })
      this.#taken.add(jti)
    } catch (error) {
      const refusal = refusalOf(error)
      if (refusal === undefined) throw error
      this.#refused.set(jti, refusal)
    }
  }
}

/** What a response to a poll brings. */
interface Page {
  readonly sets: JsonObject
  /** Whether the next request is due at once. */
  readonly isNextDue: boolean
}

function nothingCame(error: unknown): undefined {
  if (!(error instanceof NothingCame)) throw error
}

interface PageRules {
  readonly returnImmediately: boolean
  /** Whether the request could not be held, but the next one can. */
  readonly mayBeHeldNext: boolean
}

// A transmitter that repeats acknowledged events, or promises more that never come, must not keep both sides busy.
function readPage(
  value: unknown,
  acknowledged: readonly string[],
  { returnImmediately, mayBeHeldNext }: PageRules,
): Page {
  const { sets, moreAvailable } = isJsonObject(value) ? value : {}
  if (isJsonObject(sets)) {
    const names = Object.keys(sets)
    const before = new Set(acknowledged)
    if (names.length > 0) return { sets, isNextDue: names.some((jti) => !before.has(jti)) }
    return { sets, isNextDue: mayBeHeldNext && (moreAvailable === true || !returnImmediately) }
  }
  throw new ProviderError('provider_response_invalid', "the transmitter's response to a poll has no sets")
}
