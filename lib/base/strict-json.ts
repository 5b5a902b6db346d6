import { isUtf8 } from 'node:buffer'
import { isForbiddenName, isJsonObject, type JsonObject } from './json.js'

const quote = 0x22
const backslash = 0x5c

/**
 * Parses a JSON object as a signer meant it: UTF-8, no member twice (RFC 7519 section 4), none called
 * `__proto__` (CWE-1321), no deeper than `maxDepth`. The result is frozen, nested values included.
 *
 * @returns `undefined` for anything else.
 */
export function parseStrictJson(bytes: Buffer, maxDepth = 32): Readonly<JsonObject> | undefined {
  if (!isUtf8(bytes)) return undefined
  const text = bytes.toString('utf8')
  const written = writtenMembers(text, maxDepth)
  if (written === undefined) return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  // JSON.parse keeps the last of equal members, so a duplicate shows as fewer members than were written.
  return isJsonObject(value) && freeze(value) === written ? value : undefined
}

/** A frozen copy without a prototype, so that no claim's name ever finds a method (CWE-1321). */
export function bareClaims(claims: Readonly<JsonObject>): Readonly<JsonObject> {
  const bare = { ...claims }
  Object.setPrototypeOf(bare, null)
  return Object.freeze(bare)
}

// Counting is enough, and costs a fraction of comparing names: strings are skipped by the native indexOf.
function writtenMembers(text: string, maxDepth: number): number | undefined {
  let members = 0
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === quote) {
      i = endOfString(text, i)
      if (i < 0) return undefined
    } else if (c === 0x3a) members++
    else if (c === 0x7b || c === 0x5b) {
      if (++depth > maxDepth) return undefined
    } else if (c === 0x7d || c === 0x5d) depth--
  }
  return members
}

function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end
}

function isEscaped(text: string, at: number): boolean {
  let first = at
  while (text.charCodeAt(first - 1) === backslash) first--
  return (at - first) % 2 === 1
}

// NaN for a forbidden name: it equals no count.
function freeze(value: object): number {
  let members = 0
  if (Array.isArray(value)) {
    for (const item of value) if (isObject(item)) members += freeze(item)
  } else {
    for (const name of Object.keys(value)) {
      const item: unknown = Reflect.get(value, name)
      members += isForbiddenName(name) ? NaN : 1
      if (isObject(item)) members += freeze(item)
    }
  }
  Object.freeze(value)
  return members
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
