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
  const known: unknown = Reflect.get(globalThis, key)
  if (isInternals(known)) return known
  const made: Internals = { middlewares: new WeakMap(), clocks: new WeakMap() }
  Object.defineProperty(globalThis, key, { value: made })
  return made
}

function isInternals(value: unknown): value is Internals {
  return typeof value === 'object' && value !== null && 'middlewares' in value && 'clocks' in value
}
