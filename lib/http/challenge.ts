/** Parameters of a challenge, in the order in which they are written; `undefined` ones are left out. */
export type ChallengeParameters = Readonly<Record<string, string | undefined>>

/**
 * Writes one challenge of a `WWW-Authenticate` header (RFC 9110 section 11.6.1): scheme and quoted parameters. Characters
 * outside the set of RFC 6750 section 3 are dropped, quotes, backslashes and line ends among them.
 */
export function challenge(scheme: string, parameters: ChallengeParameters): string {
  const written = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}="${value.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '')}"`],
  )
  return written.length === 0 ? scheme : `${scheme} ${written.join(', ')}`
}
