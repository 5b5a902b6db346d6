import { type MovableRuntime, systemRuntime } from '../../base/runtime.js'

/** The machine's clock, ahead of it by as much as a test says. */
export class TestClock implements MovableRuntime {
  /** By how many milliseconds. Shared with the clocks that it has joined; public for those of the package's other copy. */
  time = { ahead: 0, clocks: new Set<TestClock>([this]) }

  readonly now = (): number => systemRuntime.now() + this.time.ahead

  readonly randomBytes = (length: number): Buffer => systemRuntime.randomBytes(length)

  /** Whole seconds since the epoch. */
  get seconds(): number {
    return Math.floor(this.now() / 1000)
  }

  /** Moves it ahead. */
  advance(seconds: number): void {
    this.time.ahead += seconds * 1000
  }

  /** Shares the time with another clock, and with those that it shares it with: that of the one that is further ahead. */
  join(other: TestClock): void {
    const time = {
      ahead: Math.max(this.time.ahead, other.time.ahead),
      clocks: new Set([...this.time.clocks, ...other.time.clocks]),
    }
    for (const clock of time.clocks) clock.time = time
  }

  /** A name that nobody guesses. */
  newName(): string {
    return this.randomBytes(24).toString('base64url')
  }
}
