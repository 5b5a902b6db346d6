import { randomBytes } from 'node:crypto'
import type { Runtime } from '../../lib/base/runtime.js'

/** The moment, in seconds since the epoch, at which a clock stands unless a test says otherwise. */
export const start = 1_800_000_000

/** A clock that a test moves, and real randomness. It stands still, or goes along with the machine's: see {@link Clock.real}. */
export class Clock implements Runtime {
  /** Where it stands, or how far it is ahead of the machine's; in milliseconds. */
  #milliseconds: number
  #goes = false

  /** A clock that stands at this moment. */
  constructor(seconds = start) {
    this.#milliseconds = seconds * 1000
  }

  /** A clock that goes from the real time on, for applications whose provider has a clock of its own. */
  static real(): Clock {
    const clock = new Clock(0)
    clock.#goes = true
    return clock
  }

  readonly now = (): number => this.#milliseconds + (this.#goes ? Date.now() : 0)

  /** A test may put other randomness in its place. */
  randomBytes = (length: number): Buffer => randomBytes(length)

  /** Seconds since the epoch. */
  get seconds(): number {
    return this.now() / 1000
  }

  set seconds(seconds: number) {
    this.#milliseconds += seconds * 1000 - this.now()
  }

  /** Moves it, back where the number is negative. */
  advance(seconds: number): void {
    this.#milliseconds += seconds * 1000
  }

  /** From now on it stands, at the beginning of the second, so that a test can count to the second. */
  stop(): void {
    this.#milliseconds = Math.floor(this.seconds) * 1000
    this.#goes = false
  }
}

/**
 * Stops the time of the machine for everything in this process, at the beginning of a second: for packages that read it
 * themselves. What is returned lets it go on.
 */
export function stopMachine(): () => void {
  const { now } = Date
  const stoppedAt = Math.floor(now() / 1000) * 1000
  Date.now = () => stoppedAt
  return () => void (Date.now = now)
}
