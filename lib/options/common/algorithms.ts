/** Signature algorithms with a public key (RFC 7518 section 3.1, RFC 8037, RFC 9864). */
export const asymmetricAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
  'Ed448',
] as const

/** Signature algorithms with a shared secret (RFC 7518 section 3.2). */
export const secretAlgorithms = ['HS256', 'HS384', 'HS512'] as const

/** How many bytes the secret must have (RFC 7518 section 3.2). */
export const secretBytes: Readonly<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 } satisfies Record<
  (typeof secretAlgorithms)[number],
  number
>

/** One algorithm, or a list of them. */
export type Algorithms = string | readonly string[]

/** The algorithms as a list. */
export function algorithmNames(algorithms: Algorithms): readonly string[] {
  return typeof algorithms === 'string' ? [algorithms] : algorithms
}

/** The algorithm with a shared secret among these, if there is one. */
export function secretAlgorithm(algorithms: Algorithms): string | undefined {
  return algorithmNames(algorithms).find((name) => Object.hasOwn(secretBytes, name))
}

/**
 * Whether an algorithm is among these. `EdDSA` and `Ed25519` count as one: RFC 9864 gave the common curve a name of its own,
 * and both names stand for the same signature.
 */
export function includesAlgorithm(algorithms: Algorithms | ReadonlySet<string>, alg: string): boolean {
  if (typeof algorithms === 'string') return includesAlgorithm([algorithms], alg)
  const has = (name: string) => ('has' in algorithms ? algorithms.has(name) : algorithms.includes(name))
  return has(alg) || (alg === 'EdDSA' && has('Ed25519')) || (alg === 'Ed25519' && has('EdDSA'))
}
