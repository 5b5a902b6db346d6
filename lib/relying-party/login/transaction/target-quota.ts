import { ageOf } from '../../../base/age.js'
import type { Runtime } from '../../../base/runtime.js'

// At 3 KB each for ten minutes: some 18 MB of memory at most for each process.
const maxPerMinute = 600
const minute = 60_000

/**
 * Bounds how many return targets one process puts into a shared store: strangers can begin logins as often as they like. What
 * is beyond that lies in the browser's cookie.
 */
export class TargetQuota {
  readonly #runtime: Runtime
  #since = 0
  #taken = 0

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  /** Whether one more may go there. */
  take(): boolean {
    const now = this.#runtime.now()
    if (ageOf(this.#since, now) >= minute) {
      this.#since = now
      this.#taken = 0
    }
    this.#taken += 1
    return this.#taken <= maxPerMinute
  }
}
