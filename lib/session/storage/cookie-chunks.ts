/** The cookies of one request by name; the first of equal names counts. */
export type Cookies = Readonly<Record<string, string | undefined>>

/** Knows the values after the first of a name that came more than once, such as those of another path or domain. */
export interface FurtherCookies {
  furtherCookies(name: string): readonly string[]
}

/** For cookies that cannot come twice. */
export const noFurther: FurtherCookies = { furtherCookies: () => [] }

// Browsers keep 4096 bytes of name, value and attributes.
const chunkBytes = 3800
const maxChunks = 8
// Anybody on a sibling domain can set more: the work for one request stays bounded.
const maxOfOneName = 4
const maxTogether = 16

/**
 * Splits a sealed value into cookies: one under its plain name, or, where that is too long, `n.` and the first part
 * under the plain name and the other parts under `name.1` to `name.(n-1)`. The seal covers the whole, so parts of
 * different values never fit together, and a stale extra part is not read.
 */
export function toChunks(name: string, sealed: string): ReadonlyMap<string, string> {
  if (sealed.length <= chunkBytes) return new Map([[name, sealed]])
  const count = Math.ceil(sealed.length / chunkBytes)
  const parts = Array.from({ length: count }, (_, index) => sealed.slice(index * chunkBytes, (index + 1) * chunkBytes))
  return new Map(parts.map((part, index) => [chunkName(name, index), index === 0 ? `${count}.${part}` : part]))
}

/** Puts the parts together; `undefined` when there is none or one is missing. */
export function fromChunks(name: string, cookies: Cookies): string | undefined {
  const first = cookies[name]
  if (first === undefined || first === '') return undefined
  // Most sessions are one cookie, and this is asked for each request.
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

/** Whether a cookie of these names came more than once. */
export function cameTwice(name: string, cookies: Cookies, further: FurtherCookies): boolean {
  if (further.furtherCookies(name).length > 0) return true
  const count = countOf(cookies[name] ?? '') ?? 1
  for (let index = 1; index < count; index += 1) {
    if (further.furtherCookies(chunkName(name, index)).length > 0) return true
  }
  return false
}

/**
 * Puts the parts together in all the ways that cookies of equal names allow, up to a bound: parts at the same place of
 * their names first, since browsers send the cookies of one path side by side.
 *
 * @param isKnown - whether a first part is worth the work
 */
export function allFromChunks(
  name: string,
  cookies: Cookies,
  further: FurtherCookies,
  isKnown: (first: string) => boolean,
): readonly string[] {
  // Those of nobody we know cost little, and must not take the places of ours.
  const firsts = valuesOf(name, cookies, further).filter(isKnown).slice(0, maxOfOneName)
  const wholes = firsts.flatMap((first) => wholesOf(name, first, cookies, further))
  return [...new Set(wholes)].slice(0, maxTogether)
}

/** The values that came under one name. */
export function valuesOf(name: string, cookies: Cookies, further: FurtherCookies): readonly string[] {
  const first = cookies[name]
  return first === undefined ? [] : [first, ...further.furtherCookies(name)]
}

function wholesOf(name: string, first: string, cookies: Cookies, further: FurtherCookies): readonly string[] {
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

/** The first part without the count of all. */
export function withoutCount(first: string): string {
  return countOf(first) === undefined ? first : first.slice(2)
}

// No sealed value begins like this: its header is longer than one character.
function countOf(first: string): number | undefined {
  const count = Number(first[0])
  return first[1] === '.' && first.length > 2 && count >= 2 && count <= maxChunks ? count : undefined
}

/** Tells the names of this value's cookies that a browser sent, whole or not. */
export function chunkNames(name: string): (cookies: Cookies) => readonly string[] {
  const names = Array.from({ length: maxChunks }, (_, index) => chunkName(name, index))
  return (cookies) => names.filter((chunk) => cookies[chunk] !== undefined)
}

function chunkName(name: string, index: number): string {
  return index === 0 ? name : `${name}.${index}`
}
