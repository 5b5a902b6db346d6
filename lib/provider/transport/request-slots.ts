import { ProviderError } from '../../errors.js'

// A hung provider must not pile up sockets and memory until the deadlines pass.
const most = 256
/** What strangers set off leaves these to everybody else: a flood of it must not keep people from renewing their tokens. */
const reserved = 64
const maxWaiting = 1024

interface Waiting {
  readonly grant: () => void
}

/**
 * How many requests to one provider may be under way at once. Whoever finds no room waits in line for a while: a flood then
 * costs everybody some milliseconds, rather than some an answer.
 */
export class RequestSlots {
  readonly #timeoutMilliseconds: number
  // Requests of strangers stand in a line of their own.
  readonly #lines = { known: new Set<Waiting>(), anyone: new Set<Waiting>() }
  readonly #taken = { known: 0, anyone: 0 }

  /** @param timeoutMilliseconds - of most requests: half of it is waited for room, and what takes longer goes on without */
  constructor(timeoutMilliseconds: number) {
    this.#timeoutMilliseconds = timeoutMilliseconds
  }

  /**
   * Makes a request once there is room.
   *
   * @param isByAnyone - whether strangers can set such a request off
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
    return known + anyone < most && (kind === 'known' || anyone < most - reserved)
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
  const message = `this process has ${most} requests to the provider under way, and more are waiting: try again shortly`
  return new ProviderError('outbound_limit_reached', message, { headers: { 'Retry-After': '1' } })
}
