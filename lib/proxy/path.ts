/** Most characters of a request target. */
export const maxTargetLength = 8192

// What may stand in a path (RFC 3986 section 3.3), without ";": some servers remove it with all that follows. Browsers leave
// brackets and "|" as they are.
const pathText = /^\/(?:[\w\-.~!$&'()*+,=:@/[\]|]|%[\da-f]{2})*$/i
// Printable ASCII without "#".
const queryText = /^[\x21\x22\x24-\x7e]*$/
// Letters, digits and -._~ mean the same with and without escape (RFC 3986 section 6.2.2.2): a guard that looks for /admin does not
// see /%61dmin.
const needlessEscape = /%(?:2[de]|3\d|4[1-9a-f]|5[\daf]|6[1-9a-f]|7[\dae])/i
const encodedTwice = /%25[\da-f]{2}/i
const encodedSlash = /%2f/i
const ambiguous = /[\\;\p{Cc}]/u
const dots = /^\s*\.[.\s]*$/

/** A path and query that cannot lead out of the target. */
export interface PlainTarget {
  readonly path: string
  /** The query with its `?`; empty if there is none. */
  readonly search: string
}

/** Why a request target is refused. */
export type TargetFlaw = 'spelling' | 'length'

/**
 * Splits a request target into path and query, if it has only one reading. Servers differ in what they decode, shorten and
 * normalise. Another spelling of `..` or `/` might lead the API to a path that no guard has seen (CWE-22, CWE-436). Anything
 * ambiguous is refused, not corrected.
 */
export function plainTarget(target: string, allowEncodedSlashes: boolean): PlainTarget | TargetFlaw {
  if (target.length > maxTargetLength) return 'length'
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  const search = mark === -1 ? '' : target.slice(mark)
  return isPlainPath(path, allowEncodedSlashes) && queryText.test(search) ? { path, search } : 'spelling'
}

/** Whether a path has only one reading. */
export function isPlainPath(path: string, allowEncodedSlashes: boolean): boolean {
  if (!pathText.test(path) || !hasPlainSegments(path)) return false
  if (!path.includes('%')) return true
  if (needlessEscape.test(path) || encodedTwice.test(path)) return false
  if (!allowEncodedSlashes && encodedSlash.test(path)) return false
  const decoded = decode(path)
  return decoded !== undefined && !ambiguous.test(decoded) && isPlainFolded(decoded)
}

// Full-width dots and slashes become plain ones in servers that normalise Unicode (UAX #15).
function isPlainFolded(decoded: string): boolean {
  const folded = decoded.normalize('NFKC')
  return hasPlainSegments(folded) && !ambiguous.test(folded) && slashes(folded) === slashes(decoded)
}

// Neither "." and ".." nor "//", which some servers read as the beginning of a host.
function hasPlainSegments(path: string): boolean {
  return !path.includes('//') && !path.split('/').some((segment) => dots.test(segment))
}

function slashes(text: string): number {
  return text.split('/').length
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}
