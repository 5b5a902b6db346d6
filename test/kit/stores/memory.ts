import type { Runtime } from '../../../lib/base/runtime.js'
import type { SharedStore } from '../../../lib/options/common/stores.js'

/** One call of the memory, as it was made. */
export interface StoreCall {
  readonly operation: keyof SharedStore
  readonly names: readonly string[]
  /** Of what was to be stored. */
  readonly value?: string
  readonly milliseconds?: number
}

/** A shared store in a test's own process: several parties on one of these stand for several processes. */
export class FakeStore implements SharedStore {
  readonly calls: StoreCall[] = []
  /** While it is away every call rejects: with this error where it is one. */
  outage: boolean | Error = false
  /** Runs before each call, so that a test can hold it back, or have something happen in between. */
  before: (call: StoreCall) => void | Promise<void> = () => undefined
  readonly #clock: Pick<Runtime, 'now'>
  readonly #entries = new Map<string, { readonly value: string; readonly endsAt: number }>()

  constructor(clock: Pick<Runtime, 'now'>) {
    this.#clock = clock
  }

  /** What is there now, by name. */
  contents(): ReadonlyMap<string, string> {
    const alive = [...this.#entries.keys()].flatMap((name) => {
      const value = this.#value(name)
      return value === undefined ? [] : [[name, value] as const]
    })
    return new Map(alive)
  }

  /** Milliseconds that a value still lives; `undefined` where there is none. */
  remaining(name: string): number | undefined {
    return this.#value(name) === undefined ? undefined : (this.#entries.get(name)?.endsAt ?? 0) - this.#clock.now()
  }

  /** How often it was called, in one way or in all. */
  count(operation?: keyof SharedStore): number {
    return this.calls.filter((call) => operation === undefined || call.operation === operation).length
  }

  async get(names: readonly string[]): Promise<readonly (string | undefined)[]> {
    await this.#called({ operation: 'get', names: [...names] })
    return names.map((name) => this.#value(name))
  }

  async set(name: string, value: string, milliseconds: number): Promise<void> {
    await this.#called({ operation: 'set', names: [name], value, milliseconds })
    this.#store(name, value, milliseconds)
  }

  async add(name: string, value: string, milliseconds: number): Promise<boolean> {
    await this.#called({ operation: 'add', names: [name], value, milliseconds })
    return this.#value(name) === undefined && this.#store(name, value, milliseconds)
  }

  async replace(name: string, expected: string, value: string, milliseconds: number): Promise<boolean> {
    await this.#called({ operation: 'replace', names: [name], value, milliseconds })
    return this.#value(name) === expected && this.#store(name, value, milliseconds)
  }

  async remove(name: string, expected?: string): Promise<boolean> {
    await this.#called({ operation: 'remove', names: [name] })
    const value = this.#value(name)
    if (value === undefined || (expected !== undefined && value !== expected)) return false
    return this.#entries.delete(name)
  }

  async #called(call: StoreCall): Promise<void> {
    this.calls.push(call)
    await this.before(call)
    if (this.outage !== false) throw this.outage === true ? new Error('the memory is away') : this.outage
  }

  // As Redis does: a lifetime is a whole number of milliseconds, at least one.
  #store(name: string, value: string, milliseconds: number): true {
    if (!Number.isInteger(milliseconds) || milliseconds < 1) {
      throw new RangeError(`a lifetime must be a whole number of milliseconds, not ${milliseconds}`)
    }
    this.#entries.set(name, { value, endsAt: this.#clock.now() + milliseconds })
    return true
  }

  #value(name: string): string | undefined {
    const entry = this.#entries.get(name)
    return entry !== undefined && this.#clock.now() < entry.endsAt ? entry.value : undefined
  }
}
