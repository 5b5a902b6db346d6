import { randomBytes } from 'node:crypto'

/** Clock and randomness, handed in so that tests decide what time it is. */
export interface Runtime {
  /** Milliseconds since the epoch. */
  now(): number
  /** Cryptographically strong random bytes. */
  randomBytes(length: number): Buffer
}

/** The machine's own clock and randomness. */
export const systemRuntime: Runtime = { now: () => Date.now(), randomBytes: (length) => randomBytes(length) }
