import { ProviderError } from '../../errors.js'
import type { Runtime } from '../../base/runtime.js'
import type { SharedStore } from '../../options/common/stores.js'
import { storeOutage } from '../../base/store/outage.js'
import { randomPause } from './random-pause.js'
import { isOidcError } from '../../base/error-cause.js'

/** How long a lock is held and waited for, and what makes it unnecessary. */
export interface LockOptions<Result> {
  /** Lifetime in milliseconds of a lock whose holder has died. It must be longer than any single step of the work. */
  readonly milliseconds: number
  /** Maximum time to wait for another holder, in milliseconds. */
  readonly waitMilliseconds: number
  /** Looks for the result of another holder. Called before each try, and once more after acquiring the lock. */
  until(): Promise<Result | undefined>
}

/** An acquired lock, as passed to the work. */
export interface HeldLock<Result> {
  /**
   * Confirms that the lock is held. Call it right before the step that must not happen twice: the process may have been
   * paused for longer than the lock's lifetime, together with its timers (SIGSTOP, migration of a virtual machine).
   *
   * @returns the result of another holder, if there is one
   * @throws {ProviderError} `provider_unavailable`: the lock is lost
   * @throws {SessionError} `session_store_unavailable`: the store is unavailable
   */
  confirm(): Promise<Result | undefined>
}

const tokenBytes = 16
const minPause = 25
const usualPause = 100
const maxPause = 1000

/**
 * Runs some work in one process at a time, unless another process has done it already. The lock is renewed while the
 * work runs, and released when it settles.
 *
 * @param name Name of the lock in the shared store; hash it if it comes from a token or a person.
 * @returns what `until` found, or the result of the work
 * @throws {ProviderError} `provider_unavailable` after `waitMilliseconds`, if another process has not finished
 * @throws {SessionError} `session_store_unavailable`: the store is unavailable
 */
export async function withLock<Result>(
  sharedStore: SharedStore,
  runtime: Runtime,
  name: string,
  options: LockOptions<Result>,
  work: (lock: HeldLock<Result>) => Promise<Result>,
): Promise<Result> {
  const begunAt = runtime.now()
  const deadline = begunAt + options.waitMilliseconds
  for (;;) {
    const found = await options.until()
    if (found !== undefined) return found
    const lock = new Lock(sharedStore, runtime, name, options.milliseconds)
    if (await lock.acquire()) return workWithLock(lock, options, work)
    if (runtime.now() >= deadline) throw refusal('another process is still doing the same work: try again shortly')
    await pause(runtime, runtime.now() - begunAt)
  }
}

// The previous holder may have finished between `until` and the lock, so `until` runs again (RFC 9700 section 4.14.2: a
// refresh token is used once).
async function workWithLock<Result>(
  lock: Lock,
  options: LockOptions<Result>,
  work: (lock: HeldLock<Result>) => Promise<Result>,
): Promise<Result> {
  const confirm = async (): Promise<Result | undefined> => {
    const [found] = await Promise.all([options.until(), lock.confirm()])
    if (found === undefined) lock.requireHeld()
    return found
  }
  try {
    return (await options.until()) ?? (await work({ confirm }))
  } finally {
    await lock.release()
  }
}

/** One attempt to acquire a lock, identified by a random token. */
class Lock {
  readonly #sharedStore: SharedStore
  readonly #runtime: Runtime
  readonly #name: string
  readonly #milliseconds: number
  readonly #token: string
  #heldUntil = 0
  #isLost = false
  #renewals: NodeJS.Timeout | undefined
  #renewal: Promise<void> | undefined

  constructor(sharedStore: SharedStore, runtime: Runtime, name: string, milliseconds: number) {
    this.#sharedStore = sharedStore
    this.#runtime = runtime
    this.#name = name
    this.#milliseconds = milliseconds
    this.#token = runtime.randomBytes(tokenBytes).toString('base64url')
  }

  async acquire(): Promise<boolean> {
    const end = this.#runtime.now() + this.#milliseconds
    const isHeld = await this.#sharedStore.add(this.#name, this.#token, this.#milliseconds).catch((error: unknown) => {
      // A slow store may still acquire it, with no holder. The removal is sent after it, and undoes that.
      void this.#remove()
      throw isOidcError(error) ? error : storeOutage('the shared store failed', error)
    })
    if (!isHeld) return false
    this.#heldUntil = end
    this.#renewals = setInterval(() => this.#renewOnce(), this.#milliseconds / 3).unref()
    return true
  }

  /** Asks the store whether the lock is still held, and extends it. */
  async confirm(): Promise<void> {
    const now = this.#runtime.now()
    if (await this.#prolong()) this.#heldUntil = Math.max(this.#heldUntil, now + this.#milliseconds)
    else this.#lose()
  }

  /**
   * Checks the clock: the store's reply may be old, and a paused process runs no timers.
   *
   * @throws {ProviderError} `provider_unavailable`: another process may hold it
   */
  requireHeld(): void {
    if (this.#runtime.now() >= this.#heldUntil) this.#lose()
    if (this.#isLost) throw refusal('another process may be doing the same work by now: try again shortly')
  }

  async release(): Promise<void> {
    clearInterval(this.#renewals)
    // A renewal in flight could arrive after the removal, if the store does not keep the order of commands.
    await this.#renewal
    await this.#remove()
  }

  #renewOnce(): void {
    this.#renewal ??= this.#renew().finally(() => {
      this.#renewal = undefined
    })
  }

  async #renew(): Promise<void> {
    const now = this.#runtime.now()
    try {
      // If it was not confirmed for its whole lifetime, another process may hold it.
      const isHeld = now < this.#heldUntil && (await this.#prolong())
      if (isHeld) this.#heldUntil = now + this.#milliseconds
      else this.#lose()
    } catch {
      // The next interval tries again, while the lock lasts.
    }
  }

  #prolong(): Promise<boolean> {
    return this.#sharedStore.replace(this.#name, this.#token, this.#token, this.#milliseconds)
  }

  #lose(): void {
    clearInterval(this.#renewals)
    this.#isLost = true
  }

  // A failure does no harm, since the lock expires.
  async #remove(): Promise<void> {
    await this.#sharedStore.remove(this.#name, this.#token).catch(() => undefined)
  }
}

// A holder that has taken seconds may take more: asking as often as at first would load the store for nothing.
function pause(runtime: Runtime, waited: number): Promise<void> {
  return randomPause(runtime, minPause, Math.min(Math.max(usualPause, waited / 5), maxPause))
}

function refusal(message: string): ProviderError {
  return new ProviderError('provider_unavailable', message, { headers: { 'Retry-After': '1' } })
}
