const tickMilliseconds = 1000

/** A set with a timer while it has members: a function is called once a second. The timer does not keep the process alive. */
export class TickingSet<Member> extends Set<Member> {
  readonly #onTick: () => void
  #timer: NodeJS.Timeout | undefined

  constructor(onTick: () => void) {
    super()
    this.#onTick = onTick
  }

  override add(member: Member): this {
    this.#timer ??= setInterval(this.#onTick, tickMilliseconds).unref()
    return super.add(member)
  }

  override delete(member: Member): boolean {
    const wasMember = super.delete(member)
    if (this.size === 0) this.#stop()
    return wasMember
  }

  override clear(): void {
    super.clear()
    this.#stop()
  }

  #stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
