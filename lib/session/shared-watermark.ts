import { createHash } from 'node:crypto'
import type { Platform } from '../options/platform.js'
import type { SharedMemory } from '../options/shared-memory.js'
import {
  keysOf,
  type LogoutListener,
  type LogoutTarget,
  MemoryWatermark,
  type SessionNames,
  targetKey,
  type Watermark,
} from './watermark.js'

/** Where marks are kept, and for how long. */
export interface SharedWatermarkSettings {
  readonly memory: SharedMemory
  readonly platform: Platform
  /** How long a session lives at most. */
  readonly absoluteSeconds: number
  /** What tells this application from others that use the same memory: issuer and client. */
  readonly audience: readonly string[]
}

/** The logouts that all processes of an application see: one round trip per request, together with the session's own. */
export class SharedWatermark implements Watermark {
  readonly #settings: SharedWatermarkSettings
  /** Tells listeners of this process; others look from time to time. */
  readonly #local: MemoryWatermark

  constructor(settings: SharedWatermarkSettings) {
    this.#settings = settings
    this.#local = new MemoryWatermark(settings.platform, settings.absoluteSeconds)
  }

  async raise(target: LogoutTarget, at: number): Promise<void> {
    const { memory, absoluteSeconds } = this.#settings
    const name = this.#name(targetKey(target))
    // A late message about an earlier logout must not bring back what a later one has ended.
    for (;;) {
      const [before] = await memory.get([name])
      if (before !== undefined && Number(before) >= at) break
      const text = String(at)
      const milliseconds = absoluteSeconds * 1000
      const isSet =
        before === undefined
          ? await memory.add(name, text, milliseconds)
          : await memory.replace(name, before, text, milliseconds)
      if (isSet) break
    }
    this.#local.raise(target, at)
  }

  async latest(names: () => SessionNames): Promise<number> {
    const marks = await this.#settings.memory.get(keysOf(names()).map((key) => this.#name(key)))
    return Math.max(0, ...marks.map((mark) => Number(mark ?? 0)))
  }

  onRaise(listener: LogoutListener): () => void {
    return this.#local.onRaise(listener)
  }

  // Hashed, so that the memory shows neither who nor which session, and any character may stand in a `sid`.
  #name(key: string): string {
    return `end:${createHash('sha256')
      .update(JSON.stringify([this.#settings.audience, key]))
      .digest('base64url')}`
  }
}
