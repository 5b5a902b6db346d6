import { deflateRawSync, inflateRawSync } from 'node:zlib'

/**
 * A part of a text between its dots: how many bytes of the attachment it is base64url of, what follows those as it is, and
 * 1 where the bytes are compressed.
 */
type Segment = readonly [bytes: number, rest: string, deflated?: 1]

// What is shorter gains less than its description takes.
const shortestText = 64
const maxSegments = 8
const stepBytes = 256
const maxInflatedBytes = 65_536

/** Takes bytes out of texts that are base64url between their dots, as tokens are. */
export class TextPacker {
  readonly #parts: Buffer[] = []
  #hasDeflated = false

  /** The bytes so far. */
  get attachment(): Buffer {
    return Buffer.concat(this.#parts)
  }

  /** Whether compressing has helped so far. */
  get hasDeflated(): boolean {
    return this.#hasDeflated
  }

  /**
   * Describes a text by the bytes that it is base64url of, so that it comes back to the letter; the text itself where that
   * gains nothing.
   *
   * @param deflated - the place of a segment that is to be compressed, if that helps
   */
  pack(text: unknown, deflated?: number): unknown {
    if (typeof text !== 'string') return text
    const segments = text.split('.')
    if (text.length < shortestText || segments.length > maxSegments) return text
    return segments.map((segment, place) => this.#segment(segment, place === deflated))
  }

  /** Describes compressed bytes by their length; `undefined` where compressing does not help. */
  deflate(bytes: Buffer): number | undefined {
    const deflated = padded(bytes)
    if (deflated === undefined) return undefined
    this.#parts.push(deflated)
    this.#hasDeflated = true
    return deflated.length
  }

  // Whole groups of four are looked at: the last few characters, which may carry stray bits, stay text.
  #segment(segment: string, isDeflated: boolean): Segment {
    const whole = segment.slice(0, segment.length - (segment.length % 4))
    const bytes = Buffer.from(whole, 'base64url')
    if (bytes.toString('base64url') !== whole) return [0, segment]
    const rest = segment.slice(whole.length)
    const deflated = isDeflated ? this.deflate(bytes) : undefined
    if (deflated !== undefined) return [deflated, rest, 1]
    this.#parts.push(bytes)
    return [bytes.length, rest]
  }
}

/** Reads what a {@link TextPacker} has written, in the same order. */
export class TextUnpacker {
  readonly #attachment: Buffer
  #at = 0

  constructor(attachment: Buffer) {
    this.#attachment = attachment
  }

  /**
   * The text that was described; anything else as it is.
   *
   * @throws {RangeError} for what nobody has written
   */
  unpack(packed: unknown): unknown {
    return Array.isArray(packed) ? packed.map((segment) => this.#segment(segment)).join('.') : packed
  }

  /** @throws {RangeError} for what nobody has written */
  inflate(length: unknown): Buffer {
    return inflateRawSync(this.#take(length), { maxOutputLength: maxInflatedBytes })
  }

  #segment(segment: unknown): string {
    const members: readonly unknown[] = Array.isArray(segment) ? segment : []
    const [length, rest, deflated] = members
    if (typeof rest !== 'string') throw new RangeError('a packed text has another shape')
    const bytes = deflated === 1 ? this.inflate(length) : this.#take(length)
    return bytes.toString('base64url') + rest
  }

  #take(length: unknown): Buffer {
    const end = this.#at + Number(length)
    if (!Number.isInteger(length) || end < this.#at || end > this.#attachment.length)
      throw new RangeError('a packed text goes beyond its bytes')
    const bytes = this.#attachment.subarray(this.#at, end)
    this.#at = end
    return bytes
  }
}

// In steps, since the length of what was compressed tells of what is inside (RFC 8725 section 3.6).
function padded(bytes: Buffer): Buffer | undefined {
  if (bytes.length > maxInflatedBytes) return undefined
  const deflated = deflateRawSync(bytes)
  const length = Math.ceil(deflated.length / stepBytes) * stepBytes
  return length < bytes.length ? Buffer.concat([deflated], length) : undefined
}
