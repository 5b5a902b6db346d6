/** What one proof is about (RFC 9449 section 4.2). */
export interface ProvedRequest {
  /** As it is sent: case-sensitive. */
  readonly method: string
  /** Query and fragment are left out of the proof. */
  readonly url: URL
  /** The token that goes with it; none at the token endpoint. */
  readonly accessToken?: string
  /** @default the last one of this origin */
  readonly nonce?: string | undefined
}

/** Proves with each request that this client holds the key that its tokens are bound to (RFC 9449). */
export interface DpopProver {
  /** SHA-256 thumbprint of the public key (RFC 7638). */
  readonly thumbprint: string
  /** The algorithm of the proofs. */
  readonly alg: string
  /** A new proof, for one request. */
  prove(request: ProvedRequest): string
  /** Remembers the nonce for an origin: the `DPoP-Nonce` of a response, if it has one. */
  rememberNonce(url: URL, nonce: string | null | undefined): void
  /** The last nonce of an origin. */
  nonceOf(url: URL): string | undefined
}

// A parameter with its value, quoted or not, or else a word: a scheme, or what follows one.
const part = /([!#$%&'*+.^_`|~\w-]+)(?:[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+)))?/g
const maxChallengeLength = 8192

/**
 * Whether a response wants a proof with another nonce (RFC 9449 section 9): 401 with `error="use_dpop_nonce"` in a challenge
 * of the scheme DPoP, which may stand beside others (RFC 9110 section 11.6.1).
 */
export function asksForNonce({ status, headers }: Response): boolean {
  const challenge = headers.get('www-authenticate') ?? ''
  if (status !== 401 || challenge.length > maxChallengeLength) return false
  let scheme = ''
  for (const [, name = '', quoted, plain] of challenge.matchAll(part)) {
    const value = quoted ?? plain
    if (value === undefined) scheme = name.toLowerCase()
    else if (scheme === 'dpop' && name.toLowerCase() === 'error' && value === 'use_dpop_nonce') return true
  }
  return false
}

const normalizedMethods: ReadonlySet<string> = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'])

/** The method as `fetch` sends it (Fetch standard, "normalize a method"). */
export function sentMethod(method = 'GET'): string {
  const upper = method.toUpperCase()
  return normalizedMethods.has(upper) ? upper : method
}
