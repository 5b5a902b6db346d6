import { type MovableRuntime, systemRuntime } from '../../base/runtime.js'

interface TestTime {
  /** How many milliseconds it is ahead of the machine's time, or of the moment at which it was frozen. */
  ahead: number
  frozenAt?: number
  readonly clocks: Set<TestClock>
}

/** The machine's clock, ahead of it by as much as a test says, unless a test has frozen it. */
export class TestClock implements MovableRuntime {
  /** Shared with the clocks that it has joined; public for those of the package's other copy. */
  time: TestTime = { ahead: 0, clocks: new Set<TestClock>([this]) }

  readonly now = (): number => (this.time.frozenAt ?? systemRuntime.now()) + this.time.ahead

  readonly randomBytes = (length: number): Buffer => systemRuntime.randomBytes(length)

  /** Whole seconds since the epoch. */
  get seconds(): number {
    return Math.floor(this.now() / 1000)
  }

  /** Moves it ahead. */
  advance(seconds: number): void {
    this.time.ahead += seconds * 1000
  }

  /** From now on only `advance()` moves it. */
  freeze(): void {
    this.time.frozenAt ??= systemRuntime.now()
  }

  /**
   * Shares the time with another clock, and with those that it shares it with: that of the one that is further ahead, frozen where either
   * is.
   */
  join(other: TestClock): void {
    const frozenAt = this.time.frozenAt ?? other.time.frozenAt
    const machine = systemRuntime.now()
    const timeOf = (clock: TestClock) => (clock.time.frozenAt ?? machine) + clock.time.ahead
    const time: TestTime = {
      ahead: Math.max(timeOf(this), timeOf(other)) - (frozenAt ?? machine),
      ...(frozenAt === undefined ? {} : { frozenAt }),
      clocks: new Set([...this.time.clocks, ...other.time.clocks]),
    }
    for (const clock of time.clocks) clock.time = time
  }

  /** A name that nobody guesses. */
  newName(): string {
    return this.randomBytes(24).toString('base64url')
  }
}
