/** Items that wait, and those who wait for their result. */
interface Batch<Item, Result> {
  readonly items: Item[]
  readonly result: Promise<Result>
  settle(result: Promise<Result>): void
}

/**
 * Does some work for one key at a time. What comes meanwhile for the same key waits, and is then done together. A key without work is not
 * remembered.
 */
export class Batches<Item, Result> {
  readonly #work: (key: string, items: readonly Item[]) => Promise<Result>
  /** What waits behind the work under way, by its key. */
  readonly #waiting = new Map<string, Batch<Item, Result> | undefined>()

  constructor(work: (key: string, items: readonly Item[]) => Promise<Result>) {
    this.#work = work
  }

  /** The result of the work on an item, and on all that it is done together with. */
  add(key: string, item: Item): Promise<Result> {
    if (!this.#waiting.has(key)) return this.#begin(key, [item])
    const batch = this.#waiting.get(key) ?? newBatch<Item, Result>()
    this.#waiting.set(key, batch)
    batch.items.push(item)
    return batch.result
  }

  /** How many keys have work. */
  get size(): number {
    return this.#waiting.size
  }

  #begin(key: string, items: readonly Item[]): Promise<Result> {
    this.#waiting.set(key, undefined)
    const result = this.#work(key, items)
    const goOn = (): void => {
      const next = this.#waiting.get(key)
      if (next === undefined) this.#waiting.delete(key)
      else next.settle(this.#begin(key, next.items))
    }
    result.then(goOn, goOn)
    return result
  }
}

function newBatch<Item, Result>(): Batch<Item, Result> {
  let settle = (_result: Promise<Result>): void => undefined
  const result = new Promise<Result>((resolve) => (settle = resolve))
  return { items: [], result, settle: (outcome) => settle(outcome) }
}
