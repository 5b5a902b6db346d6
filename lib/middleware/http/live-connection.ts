import type { Principal } from '../../policy/principal.js'

/** A connection that is watched from the first use of `signal` on. */
export class LiveConnection {
  readonly principal: Principal
  readonly #watch: () => AbortSignal
  #signal: AbortSignal | undefined

  constructor(principal: Principal, watch: () => AbortSignal) {
    this.principal = principal
    this.#watch = watch
  }

  get signal(): AbortSignal {
    return (this.#signal ??= this.#watch())
  }
}
