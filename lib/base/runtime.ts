import { randomBytes } from 'node:crypto'

/** Clock and randomness, injected so that tests control them. */
export interface Runtime {
  /** Milliseconds since the epoch. */
  now(): number
  /** Cryptographically strong random bytes. */
  randomBytes(length: number): Buffer
}

/** The system's clock and randomness. */
export const systemRuntime: Runtime = { now: () => Date.now(), randomBytes: (length) => randomBytes(length) }
