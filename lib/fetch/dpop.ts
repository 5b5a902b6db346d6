/** The request that a proof is for (RFC 9449 section 4.2). */
interface ProvedRequest {
  /** As sent; case-sensitive. */
  readonly method: string
  /** Query and fragment are not part of the proof. */
  readonly url: URL
  /** The access token of the request; absent at the token endpoint. */
  readonly accessToken?: string
  /** @default the last nonce from this origin */
  readonly nonce?: string | undefined
}

/** Makes DPoP proofs: each shows that this client holds the key that its tokens are bound to (RFC 9449). */
export interface DpopProver {
  /** SHA-256 thumbprint of the public key (RFC 7638). */
  readonly thumbprint: string
  /** The proofs' algorithm. */
  readonly alg: string
  /** Makes a new proof for one request. */
  prove(request: ProvedRequest): string
  /** Remembers an origin's nonce, taken from the `DPoP-Nonce` header of a response; ignores a missing one. */
  rememberNonce(url: URL, nonce: string | null | undefined): void
  /** The last nonce from an origin. */
  nonceOf(url: URL): string | undefined
}

/** The parts of a response that may ask for a nonce: those of a `Response`, for example. */
export interface ChallengedResponse {
  readonly status: number
  readonly headers: { get(name: string): string | null }
}

// A parameter with its value, quoted or not; or a single word, which is a scheme or a token68.
const part = /([!#$%&'*+.^_`|~\w-]+)(?:[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+)))?/g
const maxChallengeLength = 8192

/**
 * Whether a response asks for a proof with another nonce (RFC 9449 section 9): 401 with `error="use_dpop_nonce"` in a
 * DPoP challenge. There may be other challenges as well (RFC 9110 section 11.6.1).
 */
export function asksForNonce({ status, headers }: ChallengedResponse): boolean {
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

/** A request that may have to be sent once more, with another nonce. */
interface ProvedCall<Answer> {
  readonly dpop: Pick<DpopProver, 'nonceOf'>
  readonly url: URL
  /** Sends the request with a new proof, and remembers the nonce of the answer. */
  readonly send: () => Promise<Answer>
  /** Whether an answer asks for a proof with another nonce, and the request may be sent again. */
  readonly asksAgain: (answer: Answer) => boolean
  /** Frees an answer that nobody reads. */
  readonly discard?: (answer: Answer) => void
}

/**
 * Sends a request, and once more if the answer asks for the nonce that it has brought (RFC 9449 sections 8 and 9). A nonce is valid for
 * some time, so most requests succeed with the last one.
 *
 * @throws whatever `send` throws
 */
export async function sendWithNonce<Answer>(call: ProvedCall<Answer>): Promise<Answer> {
  const { dpop, url, send } = call
  const nonce = dpop.nonceOf(url)
  const answer = await send()
  if (!call.asksAgain(answer) || dpop.nonceOf(url) === nonce) return answer
  call.discard?.(answer)
  return send()
}
