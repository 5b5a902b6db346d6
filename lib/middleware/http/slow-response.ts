import onHeaders from 'on-headers'
import type { MaybePromise } from '../../base/maybe-promise.js'
import type { Runtime } from '../../base/runtime.js'
import type { NodeResponse } from '../types.js'
import { isGone } from './respond.js'

// During a slower response, a login or logout in another tab may have finished: the old session must not be written again.
const slowMilliseconds = 5_000
// Removing cookies would sign out a person who has signed in meanwhile. If it is skipped, the next response does it.
const slowRemovalMilliseconds = 500

/** How long a response has been waited for, and what of its cookies may be too late. */
export class ResponseTime {
  readonly #runtime: Pick<Runtime, 'now'>
  readonly #startedAt: number
  #currentAt: number

  /** @param startedAt - when its request came, in milliseconds since the epoch */
  constructor(runtime: Pick<Runtime, 'now'>, startedAt: number) {
    this.#runtime = runtime
    this.#startedAt = startedAt
    this.#currentAt = startedAt
  }

  /**
   * Notes when all processes are asked whether the session goes on.
   *
   * @returns to be called if it does: an answer is about the time of the question
   */
  ask(): () => void {
    const askedAt = this.#runtime.now()
    return () => {
      this.#currentAt = askedAt
    }
  }

  /** Whether it is too late to renew a session that this request has not changed: since its start, or since it was last known to go on. */
  get isLate(): boolean {
    return this.#runtime.now() - this.#currentAt > slowMilliseconds
  }

  /** Whether it is too late to remove cookies that no session is in. */
  get isLateToRemove(): boolean {
    return this.#runtime.now() - this.#startedAt > slowRemovalMilliseconds
  }
}

// Looks become rarer: a response that takes minutes costs a few a minute.
const maxPauseMilliseconds = 4_000
const lookedAt = new WeakSet<NodeResponse>()

/**
 * Looks at something from time to time, for as long as a response has not begun: not at all for a quick one. A second call for the
 * same response does nothing. A response without events, as engine.io has for upgrades, is not looked at.
 *
 * @param look - returns whether to look again. If it fails, the next look tries again
 */
export function lookUntilSent(res: NodeResponse, look: () => MaybePromise<boolean>): void {
  if (res.headersSent || lookedAt.has(res) || typeof Reflect.get(res, 'once') !== 'function') return
  lookedAt.add(res)
  let isOver = false
  let pause = slowRemovalMilliseconds
  let timer = setTimeout(onTime, pause).unref()
  const stop = (): void => {
    isOver = true
    clearTimeout(timer)
    lookedAt.delete(res)
  }
  onHeaders(res, stop)
  // HTTP/2 tells by this event alone that the client has gone.
  res.once('close', stop)
  async function onTime(): Promise<void> {
    const isOfUse = await attempt(look)
    if (isOver) return
    if (!isOfUse || isGone(res)) {
      stop()
      return
    }
    pause = Math.min(2 * pause, maxPauseMilliseconds)
    timer = setTimeout(onTime, pause).unref()
  }
}

async function attempt(look: () => MaybePromise<boolean>): Promise<boolean> {
  try {
    return await look()
  } catch {
    // An outage: it is not known.
    return true
  }
}
