import { LRUCache } from 'lru-cache'
import { Admission } from '../base/cache/admission.js'
import { freezeJson } from '../base/json.js'

interface Entry<Content> {
  readonly sealed: string
  readonly content: Content
}

// Characters of the authentication tag. At 13 or more, V8's slice would keep the whole value in memory.
const tailLength = 12
// For sealed values together with their content, which may be a hundred times as long: sessions are compressed.
const maxBytes = 16 * 1024 ** 2
// For the filter: as many sealed values as there are when each is short.
const maxValues = 8_192

/**
 * Caches the content of sealed values. A value that a browser sends with each request is not decrypted and parsed each time. Seals that
 * share a cache have names of their own there: what one key has opened says nothing about another.
 *
 * It only saves work: a value that is found here would open all the same, by the same key. So it knows authentic values only, and
 * whatever may change meanwhile, such as the end of a session or a logout, has to be checked on each request. Requests share the
 * content, so it is frozen, with all that is nested in it.
 *
 * A value is found if it is the same in each character. To get as far as that comparison, an attacker would have to know the last 12
 * characters: 68 bits of an authentication tag that no one can compute without the key. So neither a result nor the time that it takes
 * reveals anything about other values. Someone who has a whole value can simply use it.
 *
 * Values that come once take no room. All others leave when newer ones need theirs, or when {@link OpenedCache.delete} is called.
 */
export class OpenedCache<Content extends object> {
  readonly #entries = new LRUCache<string, Entry<Content>>({
    maxSize: maxBytes,
    sizeCalculation: ({ sealed, content }) => sealed.length + bytesOf(content),
  })
  readonly #admission = new Admission(maxValues)

  /**
   * What a value was opened to, if that is known.
   *
   * @param seal - the name of the seal
   */
  get(seal: string, sealed: string): Content | undefined {
    const entry = this.#entries.get(keyOf(seal, sealed))
    return entry?.sealed === sealed ? entry.content : undefined
  }

  /** Keeps what an authentic value was opened to, once it is seen for the second time. */
  offer(seal: string, sealed: string, content: Content): void {
    const key = keyOf(seal, sealed)
    if (this.#admission.admits(key)) this.#entries.set(key, { sealed: copyOf(sealed), content: freezeJson(content) })
  }

  /** Forgets a value: its content should not stay in memory for nothing. */
  delete(seal: string, sealed: string): void {
    this.#entries.delete(keyOf(seal, sealed))
  }

  /** How many values are known. */
  get size(): number {
    return this.#entries.size
  }
}

// The tail is first: the admission filter looks at the beginning. An authentic value is longer than that, so no two keys are the same.
function keyOf(seal: string, sealed: string): string {
  return sealed.slice(-tailLength) + seal
}

// A part of a Cookie header would keep the whole header in memory.
function copyOf(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}

// About what JSON takes in memory: small members take many times as much as their text.
const objectBytes = 64
const otherBytes = 16

function bytesOf(value: unknown): number {
  if (typeof value === 'string') return otherBytes + value.length
  if (typeof value !== 'object' || value === null) return otherBytes
  return Object.values(value).reduce<number>((sum, member) => sum + bytesOf(member), objectBytes)
}
