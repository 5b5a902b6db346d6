import { randomBytes } from 'node:crypto'

/** Clock and randomness. They are injected, so tests control them. */
export interface Runtime {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Cryptographically strong random bytes. */
  randomBytes(length: number): Buffer
}

/** The system's clock and randomness. */
export const systemRuntime: Runtime = { now: () => Date.now(), randomBytes: (length) => randomBytes(length) }

/** Whole seconds since the epoch. */
export function nowSeconds(runtime: Pick<Runtime, 'now'>): number {
  return Math.floor(runtime.now() / 1000)
}

/** A clock that a test moves. */
export interface MovableRuntime extends Runtime {
  /** From now on, moving one of the two moves both. */
  join(other: MovableRuntime): void
}

/**
 * The runtime for options: the system's, unless the `fetch` of one of them reaches a test provider, whose clock a test moves. The
 * clocks of several test providers become one, since tokens of each are checked by it.
 */
export function runtimeFor(...options: readonly { readonly fetch?: object | undefined }[]): Runtime {
  const { clocks } = internals()
  const found = options.flatMap(({ fetch }) => (fetch === undefined ? [] : (clocks.get(fetch) ?? [])))
  const [first, ...others] = found
  for (const other of others) first?.join(other)
  return first ?? systemRuntime
}

/** What the test kit needs from inside this package. It is kept apart from middleware, so applications do not come across it. */
interface Internals {
  /** What each `oidc()` is made of, by its middleware. */
  readonly middlewares: WeakMap<object, unknown>
  /** The clocks of test providers, by the `fetch` that reaches them. */
  readonly clocks: WeakMap<object, MovableRuntime>
}

// The ES modules and the CommonJS files of this package are two copies in one process: both find the same registry.
const key = Symbol.for('express-oidc.internals')

/** The registry of this process. */
export function internals(): Internals {
  return processWide(key, isInternals, () => ({ middlewares: new WeakMap(), clocks: new WeakMap() }))
}

/** Something that both copies of this package share, unless they are of versions that differ in it. */
export function processWide<T extends object>(name: symbol, isIt: (value: unknown) => value is T, make: () => T): T {
  const known: unknown = Reflect.get(globalThis, name)
  if (isIt(known)) return known
  const made = make()
  if (known === undefined) Object.defineProperty(globalThis, name, { value: made })
  return made
}

function isInternals(value: unknown): value is Internals {
  return typeof value === 'object' && value !== null && 'middlewares' in value && 'clocks' in value
}
