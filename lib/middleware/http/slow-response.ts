import onHeaders from 'on-headers'
import type { MaybePromise } from '../../base/maybe-promise.js'
import type { Runtime } from '../../base/runtime.js'
import type { NodeResponse } from '../types.js'

// During a slower response, a login or logout in another tab may have finished: the old session must not be written again.
const slowMilliseconds = 5_000
// Removing cookies would sign out a person who has signed in meanwhile. If it is skipped, the next response does it.
const slowRemovalMilliseconds = 500

/** How long a response has been waited for, and what of its cookies may be too late. */
export class ResponseTime {
  readonly #runtime: Pick<Runtime, 'now'>
  readonly #startedAt: number

  /** @param startedAt - when its request came, in milliseconds since the epoch */
  constructor(runtime: Pick<Runtime, 'now'>, startedAt: number) {
    this.#runtime = runtime
    this.#startedAt = startedAt
  }

  /** Whether it is too late to renew a session that this request has not changed. */
  get isLate(): boolean {
    return this.#runtime.now() - this.#startedAt > slowMilliseconds
  }

  /** Whether it is too late to remove cookies that no session is in. */
  get isLateToRemove(): boolean {
    return this.#runtime.now() - this.#startedAt > slowRemovalMilliseconds
  }
}

const lookedAt = new WeakSet<NodeResponse>()

/**
 * Looks at something twice a second, for as long as a response has not begun: not at all for a quick one. A second call for the
 * same response does nothing.
 *
 * @param look - if it fails, the next look tries again
 */
export function lookUntilSent(res: NodeResponse, look: () => MaybePromise<unknown>): void {
  if (lookedAt.has(res)) return
  lookedAt.add(res)
  let isBegun = false
  let timer = setTimeout(onTime, slowRemovalMilliseconds).unref()
  onHeaders(res, () => {
    isBegun = true
    clearTimeout(timer)
  })
  async function onTime(): Promise<void> {
    await attempt(look)
    if (!isBegun && !res.destroyed) timer = setTimeout(onTime, slowRemovalMilliseconds).unref()
  }
}

async function attempt(look: () => MaybePromise<unknown>): Promise<void> {
  try {
    await look()
  } catch {
    // An outage: it is not known.
  }
}
