/** The cookies of one request by name; of several with the same name, the first. */
export type Cookies = Readonly<Record<string, string | undefined>>

/** Gives access to the further values of a name that was sent more than once, such as those of another path or domain. */
export interface FurtherCookies {
  furtherCookies(name: string): readonly string[]
}

/** For cookies that cannot be sent twice. */
export const noFurther: FurtherCookies = { furtherCookies: () => [] }

// Browsers store at most 4096 bytes of name, value and attributes.
const chunkBytes = 3800
const maxChunks = 8
// Limits the work per request: a sibling domain could set many cookies with the same name.
const maxOfOneName = 4
const maxTogether = 16

/**
 * Splits a sealed value into cookies. A short value is one cookie with the plain name. A long value is split into n
 * parts: the cookie with the plain name is `n.` and the first part, and `name.1` to `name.(n-1)` are the others. The
 * seal covers the whole value, so parts of different values do not open together; stale extra parts are not read.
 */
export function toChunks(name: string, sealed: string): ReadonlyMap<string, string> {
  if (sealed.length <= chunkBytes) return new Map([[name, sealed]])
  const count = Math.ceil(sealed.length / chunkBytes)
  const parts = Array.from({ length: count }, (_, index) => sealed.slice(index * chunkBytes, (index + 1) * chunkBytes))
  return new Map(parts.map((part, index) => [chunkName(name, index), index === 0 ? `${count}.${part}` : part]))
}

/** Joins the parts; `undefined` if there is none, or one is missing. */
export function fromChunks(name: string, cookies: Cookies): string | undefined {
  const first = cookies[name]
  if (first === undefined || first === '') return undefined
  // A fast path: most sessions are one cookie, and this runs for each request.
  const count = countOf(first)
  if (count === undefined) return first
  let whole = first.slice(2)
  for (let index = 1; index < count; index++) {
    const part = cookies[chunkName(name, index)]
    if (part === undefined) return undefined
    whole += part
  }
  return whole
}

/** Whether the browser sent any of these cookies more than once. */
export function cameTwice(name: string, cookies: Cookies, further: FurtherCookies): boolean {
  if (further.furtherCookies(name).length > 0) return true
  const count = countOf(cookies[name] ?? '') ?? 1
  for (let index = 1; index < count; index += 1) {
    if (further.furtherCookies(chunkName(name, index)).length > 0) return true
  }
  return false
}

/**
 * Joins the parts in all combinations that cookies of the same name allow, up to a limit. Combinations of the first
 * values, of the second values, and so on are tried first, since browsers keep the cookies of one path together.
 *
 * @param isKnown - whether a first part was sealed with one of our keys
 */
export function allFromChunks(
  name: string,
  cookies: Cookies,
  further: FurtherCookies,
  isKnown: (first: string) => boolean,
): readonly string[] {
  // Values that are not ours are cheap to skip, and must not count towards the limit.
  const firsts = valuesOf(name, cookies, further).filter(isKnown).slice(0, maxOfOneName)
  const wholes = firsts.flatMap((first) => joinCombinations(name, first, cookies, further))
  return [...new Set(wholes)].slice(0, maxTogether)
}

/** All values of one name. */
export function valuesOf(name: string, cookies: Cookies, further: FurtherCookies): readonly string[] {
  const first = cookies[name]
  return first === undefined ? [] : [first, ...further.furtherCookies(name)]
}

function joinCombinations(name: string, first: string, cookies: Cookies, further: FurtherCookies): readonly string[] {
  const count = countOf(first)
  if (count === undefined) return first === '' ? [] : [first]
  const lists = Array.from({ length: count - 1 }, (_, index) =>
    valuesOf(chunkName(name, index + 1), cookies, further).slice(0, maxOfOneName),
  )
  const begin = [withoutCount(first)]
  const sideBySide = Array.from({ length: maxOfOneName }, (_, place) =>
    lists.map((list) => list.slice(place, place + 1)),
  )
  return [...sideBySide, lists].flatMap((parts) =>
    parts.reduce<readonly string[]>(
      (wholes, list) => wholes.flatMap((whole) => list.map((part) => whole + part)).slice(0, maxTogether),
      begin,
    ),
  )
}

/** The first part without the number of parts. */
export function withoutCount(first: string): string {
  return countOf(first) === undefined ? first : first.slice(2)
}

// Unambiguous, since the header of a sealed value is longer than one character.
function countOf(first: string): number | undefined {
  const count = Number(first[0])
  return first[1] === '.' && first.length > 2 && count >= 2 && count <= maxChunks ? count : undefined
}

/** Returns a function that lists this value's cookies which the browser sent, complete or not. */
export function chunkNames(name: string): (cookies: Cookies) => readonly string[] {
  const names = Array.from({ length: maxChunks }, (_, index) => chunkName(name, index))
  return (cookies) => names.filter((chunk) => cookies[chunk] !== undefined)
}

function chunkName(name: string, index: number): string {
  return index === 0 ? name : `${name}.${index}`
}
