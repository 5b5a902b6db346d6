import { isUtf8 } from 'node:buffer'

/** A JSON object as parsed. */
export type JsonObject = Record<string, unknown>

/**
 * Parses a JSON object, and rejects members named `__proto__`: a careless copy of the object would make them its
 * prototype (CWE-1321). `constructor` and `prototype` are ordinary names.
 *
 * @returns `undefined` for anything that is not such an object.
 */
export function parseJsonObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    // JSON.parse makes `__proto__` an own member, so it is found in the result; searching the text would take longer
    // than everything else here.
    return isJsonObject(value) && !hasForbiddenName(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Parses any JSON. @returns `undefined` for anything else */
export function parseJsonValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Whether a value is an object in the sense of JSON: neither `null` nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether a member has no value: many serializers write `null` for that. */
export function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null
}

/** Whether a careless copy of an object would make a member of this name its prototype. */
function isForbiddenName(name: string): boolean {
  return name === '__proto__'
}

/** Freezes a JSON value, including nested values. */
export function freezeJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const member of Object.values(value)) freezeJson(member)
  return Object.freeze(value)
}

/** Members without those that are `undefined`. */
type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/** Leaves out the members that are `undefined`. Not for hot paths. */
export function omitUndefined<T extends object>(members: T): Defined<T> {
  // eslint-disable-next-line @typescript-eslint/consistent-type-assertions -- this is just what the type says
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Defined<T>
}

/** Whether a member that may be missing is a text. */
export function isTextOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string'
}

function hasForbiddenName(value: object): boolean {
  for (const name of Object.keys(value)) {
    if (isForbiddenName(name)) return true
    const member: unknown = Reflect.get(value, name)
    if (typeof member === 'object' && member !== null && hasForbiddenName(member)) return true
  }
  return false
}

const quote = 0x22
const backslash = 0x5c

/**
 * Parses the JSON of a signed token strictly: valid UTF-8, no duplicate members (RFC 7519 section 4), none named
 * `__proto__` (CWE-1321), and no deeper than `maxDepth`. The result is frozen, including nested values.
 *
 * @returns `undefined` for anything else.
 */
export function parseStrictJson(bytes: Buffer, maxDepth = 32): Readonly<JsonObject> | undefined {
  if (!isUtf8(bytes)) return undefined
  const text = bytes.toString('utf8')
  const written = countMembers(text, maxDepth)
  if (written === undefined) return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  // JSON.parse keeps the last of duplicate members, so a duplicate makes the count smaller than in the text.
  return isJsonObject(value) && freeze(value) === written ? value : undefined
}

// Taking the prototype from each token's claims would cost a tenth of the check of a signature.
class BareClaims {
  readonly [name: string]: unknown
}
Reflect.deleteProperty(BareClaims.prototype, 'constructor')
Object.setPrototypeOf(BareClaims.prototype, null)
Object.freeze(BareClaims.prototype)

/** A frozen copy whose prototype has no members: a claim's name never finds an inherited method (CWE-1321). */
export function bareClaims(claims: Readonly<JsonObject>): Readonly<JsonObject> {
  return Object.freeze(Object.assign(new BareClaims(), claims))
}

// Counts members instead of comparing names, which is far cheaper: strings are skipped with the native indexOf.
function countMembers(text: string, maxDepth: number): number | undefined {
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

// A forbidden name makes the count NaN, which equals no other count.
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
