import { ProviderError } from '../../errors.js'

// Each request in flight has a connection. A crowd must not open one for each person, and if the provider hangs, sockets and memory
// must not pile up until the deadlines pass. With fewer, a crowd of 200 would wait longer than without a limit.
const maxRequests = 160
/** Slots that requests which anyone can cause may not use: a flood of those must not block token refreshes. */
const reserved = 32
const maxWaiting = 1024

interface Waiting {
  readonly grant: () => void
}

/**
 * Limits the requests to one provider that are in flight. When all slots are taken, requests queue for a while: a flood
 * then delays all of them by some milliseconds, and none fails.
 */
export class RequestSlots {
  readonly #timeoutMilliseconds: number
  // Requests that anyone can cause have a separate queue.
  readonly #lines = { known: new Set<Waiting>(), anyone: new Set<Waiting>() }
  readonly #taken = { known: 0, anyone: 0 }

  /**
   * @param timeoutMilliseconds - the usual deadline. Requests queue for at most half of it; a request that takes longer
   * than it frees its slot
   */
  constructor(timeoutMilliseconds: number) {
    this.#timeoutMilliseconds = timeoutMilliseconds
  }

  /**
   * Makes a request once there is a free slot.
   *
   * @param isByAnyone - whether anyone can cause such a request
   * @throws {ProviderError} `outbound_limit_reached`
   */
  async run<T>(isByAnyone: boolean, request: () => Promise<T>): Promise<T> {
    const giveBack = await this.#take(isByAnyone ? 'anyone' : 'known')
    const late = setTimeout(giveBack, this.#timeoutMilliseconds).unref()
    try {
      return await request()
    } finally {
      clearTimeout(late)
      giveBack()
    }
  }

  async #take(kind: 'known' | 'anyone'): Promise<() => void> {
    if (this.#hasRoom(kind)) this.#taken[kind] += 1
    else await this.#wait(kind)
    let isTaken = true
    return () => {
      if (!isTaken) return
      isTaken = false
      this.#taken[kind] -= 1
      this.#admit()
    }
  }

  #hasRoom(kind: 'known' | 'anyone'): boolean {
    const { known, anyone } = this.#taken
    return known + anyone < maxRequests && (kind === 'known' || anyone < maxRequests - reserved)
  }

  #wait(kind: 'known' | 'anyone'): Promise<void> {
    const line = this.#lines[kind]
    if (line.size >= maxWaiting) return Promise.reject(limitReached())
    return new Promise((resolve, reject) => {
      const waiting = {
        grant: () => {
          clearTimeout(timer)
          line.delete(waiting)
          this.#taken[kind] += 1
          resolve()
        },
      }
      const timer = setTimeout(() => {
        line.delete(waiting)
        reject(limitReached())
      }, this.#timeoutMilliseconds / 2)
      timer.unref()
      line.add(waiting)
    })
  }

  #admit(): void {
    for (const kind of ['known', 'anyone'] as const) {
      for (const waiting of this.#lines[kind]) if (this.#hasRoom(kind)) waiting.grant()
    }
  }
}

function limitReached(): ProviderError {
  const message = `this process has ${maxRequests} requests to the provider under way, and more are waiting: try again shortly`
  return new ProviderError('outbound_limit_reached', message, { headers: { 'Retry-After': '1' } })
}
