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

/** The runtime for options: the system's, unless their `fetch` reaches a test provider, whose clock a test moves. */
export function runtimeFor({ fetch }: { readonly fetch?: object | undefined }): Runtime {
  return fetch === undefined ? systemRuntime : (internals().clocks.get(fetch) ?? systemRuntime)
}

/** What the test kit needs of this package's inside. It is no part of any middleware, so that no application finds it there. */
interface Internals {
  /** What each `oidc()` is made of, by its middleware. */
  readonly middlewares: WeakMap<object, unknown>
  /** The clocks of test providers, by the `fetch` that reaches them. */
  readonly clocks: WeakMap<object, Runtime>
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
