import { systemRuntime, type Runtime } from '../../base/runtime.js'

/** The machine's clock, ahead of it by as much as a test says. */
export class TestClock implements Runtime {
  #ahead = 0

  readonly now = (): number => systemRuntime.now() + this.#ahead

  readonly randomBytes = (length: number): Buffer => systemRuntime.randomBytes(length)

  /** Whole seconds since the epoch. */
  get seconds(): number {
    return Math.floor(this.now() / 1000)
  }

  /** Moves it ahead. */
  advance(seconds: number): void {
    this.#ahead += seconds * 1000
  }

  /** A name that nobody guesses. */
  newName(): string {
    return this.randomBytes(24).toString('base64url')
  }
}
