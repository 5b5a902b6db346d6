import { ageOf } from '../../../base/age.js'
import type { Runtime } from '../../../base/runtime.js'

// With 3 KB each for ten minutes, at most 18 MB of memory per process.
const maxPerMinute = 600
const minute = 60_000

/**
 * Limits how many return targets one process writes to the shared store, since anyone can start any number of logins.
 * Beyond that, the browser's cookie is used.
 */
export class TargetQuota {
  readonly #runtime: Runtime
  #since = 0
  #taken = 0

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  /** Takes one from the quota; returns whether it is within the limit. */
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
