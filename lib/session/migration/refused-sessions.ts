import { hash } from 'node:crypto'
import { TtlCache } from '../../base/cache/ttl-cache.js'
import type { Runtime } from '../../base/runtime.js'
import type { OldSession } from './old-session.js'

const maxRefused = 10_000
const refusedSeconds = 300

/**
 * Remembers in this process which old sessions do not count, for a while: their cookies come with every request. A later copy of a
 * cookie, with newer tokens, is another one.
 */
export class RefusedSessions<Refusal extends object> {
  readonly #refusals: TtlCache<Refusal>

  constructor(runtime: Runtime) {
    this.#refusals = new TtlCache({ max: maxRefused, milliseconds: refusedSeconds * 1000, runtime })
  }

  /** What came of an old session before. */
  find(old: OldSession): Refusal | undefined {
    return this.#refusals.get(keyOf(old))
  }

  /** Remembers what came of one, for some minutes unless it is to be tried again before. */
  add(old: OldSession, refusal: Refusal, seconds = refusedSeconds): void {
    this.#refusals.set(keyOf(old), refusal, seconds * 1000)
  }
}

function keyOf(old: OldSession): string {
  return hash('sha256', JSON.stringify(old), 'base64url')
}
