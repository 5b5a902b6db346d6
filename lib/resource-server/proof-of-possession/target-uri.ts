/**
 * Whether a proof's `htu` names a request's URL: equal after the normalization of RFC 3986 sections 6.2.2 and 6.2.3, query
 * and fragment aside (RFC 9449 section 4.3, item 9).
 */
export function sameTarget(htu: string, url: string | undefined): boolean {
  const expected = url === undefined ? undefined : normalized(url)
  return expected !== undefined && normalized(htu) === expected
}

function normalized(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined
  const { protocol, username, password, origin, pathname } = new URL(text)
  if (!protocol.startsWith('http') || username !== '' || password !== '') return undefined
  return origin + pathname.replace(/%[0-9a-f]{2}/gi, canonicalTriplet)
}

function canonicalTriplet(triplet: string): string {
  const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16))
  return /[A-Za-z0-9\-._~]/.test(character) ? character : triplet.toUpperCase()
}
