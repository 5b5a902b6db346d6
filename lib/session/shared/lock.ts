import { OidcError, ProviderError } from '../../errors.js'
import type { Runtime } from '../../base/runtime.js'
import type { SharedStore } from '../../options/common/stores.js'
import { storeOutage } from './outage.js'

/** How long a lock lives and is waited for, and what makes it needless. */
export interface LockOptions<Result> {
  /** Lifetime in milliseconds of a lock whose holder has died: longer than any single step of the work may take. */
  readonly milliseconds: number
  /** How long to wait at most for whoever holds it. */
  readonly waitMilliseconds: number
  /** Looks for what another holder has brought about meanwhile: asked before each try, and once more with the lock in hand. */
  until(): Promise<Result | undefined>
}

/** A lock in the hands of whoever does the work. */
export interface HeldLock<Result> {
  /** Aborts once the lock is no longer held for sure, with an {@link OidcError} as its reason. */
  readonly lost: AbortSignal
  /**
   * Makes sure of it right before what must not happen twice: a process may have been paused since for longer than the lock
   * lives, and its timers with it (SIGSTOP, a virtual machine that moves).
   *
   * @returns what another holder has brought about meanwhile
   * @throws {ProviderError} `provider_unavailable`: it is lost
   * @throws {SessionError} `session_store_unavailable`: the memory is away
   */
  confirm(): Promise<Result | undefined>
}

const tokenBytes = 16
const minPause = 25
const maxPause = 100

/**
 * Does some work in one process at a time, unless another has done it meanwhile. The lock is renewed while the work runs, and
 * is released however it ends.
 *
 * @param name Of the lock in the shared store, hashed where it comes from a token or a person.
 * @returns what `until` found, or what the work came to
 * @throws {ProviderError} `provider_unavailable`, after `waitMilliseconds`: another process is not done yet
 * @throws {SessionError} `session_store_unavailable`: the memory is away
 */
export async function withLock<Result>(
  sharedStore: SharedStore,
  runtime: Runtime,
  name: string,
  options: LockOptions<Result>,
  work: (lock: HeldLock<Result>) => Promise<Result>,
): Promise<Result> {
  const deadline = runtime.now() + options.waitMilliseconds
  for (;;) {
    const found = await options.until()
    if (found !== undefined) return found
    const lock = new Lock(sharedStore, runtime, name, options.milliseconds)
    if (await lock.acquire()) return holding(lock, options, work)
    if (runtime.now() >= deadline) throw refusal('another process is still at the same work: try again shortly')
    await pause(runtime)
  }
}

// Between the last look and the lock, its former holder may have finished (RFC 9700 section 4.14.2: a token is spent once).
async function holding<Result>(
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
    return (await options.until()) ?? (await work({ lost: lock.lost, confirm }))
  } finally {
    await lock.release()
  }
}

/** One attempt to hold a lock, under a token that nobody else knows. */
class Lock {
  readonly #memory: SharedStore
  readonly #runtime: Runtime
  readonly #name: string
  readonly #milliseconds: number
  readonly #token: string
  readonly #lost = new AbortController()
  #heldUntil = 0
  #renewals: NodeJS.Timeout | undefined
  #renewal: Promise<void> | undefined

  constructor(sharedStore: SharedStore, runtime: Runtime, name: string, milliseconds: number) {
    this.#memory = sharedStore
    this.#runtime = runtime
    this.#name = name
    this.#milliseconds = milliseconds
    this.#token = runtime.randomBytes(tokenBytes).toString('base64url')
  }

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  async acquire(): Promise<boolean> {
    const end = this.#runtime.now() + this.#milliseconds
    const isHeld = await this.#memory.add(this.#name, this.#token, this.#milliseconds).catch((error: unknown) => {
      // A slow memory may still do it, for nobody: what is sent after it takes that back.
      void this.#remove()
      throw error instanceof OidcError ? error : storeOutage('the shared store failed', error)
    })
    if (!isHeld) return false
    this.#heldUntil = end
    this.#renewals = setInterval(() => this.#renewOnce(), this.#milliseconds / 3).unref()
    return true
  }

  /** Asks the memory whether it is still held, and prolongs it. */
  async confirm(): Promise<void> {
    const now = this.#runtime.now()
    if (await this.#prolong()) this.#heldUntil = Math.max(this.#heldUntil, now + this.#milliseconds)
    else this.#lose()
  }

  /**
   * The clock knows what the answer of the memory may have waited for, and timers that have not run.
   *
   * @throws {ProviderError} `provider_unavailable`: another may hold it
   */
  requireHeld(): void {
    if (this.#runtime.now() >= this.#heldUntil) this.#lose()
    this.lost.throwIfAborted()
  }

  async release(): Promise<void> {
    clearInterval(this.#renewals)
    // What is on its way could arrive after the removal, where a memory does not do things in turn.
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
      // Where nobody has confirmed it for its whole lifetime, another may hold it.
      const isHeld = now < this.#heldUntil && (await this.#prolong())
      if (isHeld) this.#heldUntil = now + this.#milliseconds
      else this.#lose()
    } catch {
      // The next turn tries again, while there is time.
    }
  }

  #prolong(): Promise<boolean> {
    return this.#memory.replace(this.#name, this.#token, this.#token, this.#milliseconds)
  }

  #lose(): void {
    clearInterval(this.#renewals)
    this.#lost.abort(refusal('another process may be at the same work by now: try again shortly'))
  }

  // Of no consequence where it fails: the lock ends by itself.
  async #remove(): Promise<void> {
    await this.#memory.remove(this.#name, this.#token).catch(() => undefined)
  }
}

function pause(runtime: Runtime): Promise<void> {
  const share = (runtime.randomBytes(1)[0] ?? 0) / 255
  return new Promise((resolve) => {
    setTimeout(resolve, minPause + share * (maxPause - minPause))
  })
}

function refusal(message: string): ProviderError {
  return new ProviderError('provider_unavailable', message, { headers: { 'Retry-After': '1' } })
}
