import { asksForNonce, sendWithNonce } from '../../fetch/dpop.js'
import type { ApiAccess } from '../../middleware/guard/api-access.js'
import type { AccessTokenTarget } from '../../options/oidc/access-token.js'
import type { ResponseHeaders } from '../response-headers.js'

/** An answer that may be a refusal of the token. */
interface Answer {
  readonly statusCode: number
  readonly headers: ResponseHeaders
}

/** A request that is sent with a token. */
export interface AuthorizedCall<A extends Answer> {
  readonly access: ApiAccess
  readonly target: AccessTokenTarget
  readonly method: string
  readonly url: URL
  /** Whether the request may be sent again: one without a body. */
  readonly isRepeatable: boolean
  /** Sends the request with these headers, names and values in turn. */
  send(credentials: readonly string[]): Promise<A>
  /** Frees an answer that nobody reads. */
  discard(answer: A): void
  /** Whether a request that has failed may be sent once more. */
  isLost(error: unknown): boolean
}

/**
 * Sends a request with the session's access token (RFC 6750 section 2.1), and with a proof if the token is bound to a key (RFC 9449
 * section 7). After a 401 it is sent once more, if it has no body: with a renewed token, or with the nonce that the API asks for.
 *
 * @throws like `req.oidc.accessToken()`, and like `send`
 */
export async function sendWithToken<A extends Answer>(call: AuthorizedCall<A>): Promise<A> {
  const { access, target, isRepeatable } = call
  const token = await access.token(target)
  const answer = await sendProved(call, token)
  if (answer.statusCode !== 401 || !isRepeatable || wantsNonce(answer)) return answer
  const renewed = await access.token(target, token).catch((error: unknown) => {
    call.discard(answer)
    throw error
  })
  if (renewed === token) return answer
  call.discard(answer)
  return sendProved(call, renewed)
}

async function sendProved<A extends Answer>(call: AuthorizedCall<A>, token: string): Promise<A> {
  const { access, method, url } = call
  const { dpop } = access
  if (dpop === undefined) return sendOnceMore(call, () => call.send(['Authorization', `Bearer ${token}`]))
  const attempt = async (): Promise<A> => {
    const proof = dpop.prove({ method, url, accessToken: token })
    const answer = await call.send(['Authorization', `DPoP ${token}`, 'DPoP', proof])
    dpop.rememberNonce(url, valueOf(answer, 'dpop-nonce'))
    return answer
  }
  const send = (): Promise<A> => sendOnceMore(call, attempt)
  const asksAgain = (answer: A): boolean => call.isRepeatable && wantsNonce(answer)
  return sendWithNonce({ dpop, url, send, asksAgain, discard: (answer) => call.discard(answer) })
}

// Each proof is for one request (RFC 9449 section 11.1), so a second try makes its own.
function sendOnceMore<A extends Answer>(call: AuthorizedCall<A>, attempt: () => Promise<A>): Promise<A> {
  return attempt().catch((error: unknown) => {
    if (call.isLost(error)) return attempt()
    throw error
  })
}

function wantsNonce(answer: Answer): boolean {
  return asksForNonce({ status: answer.statusCode, headers: { get: (name) => valueOf(answer, name) } })
}

function valueOf({ headers }: Answer, name: string): string | null {
  const value = headers[name]
  return typeof value === 'string' ? value : (value?.join(', ') ?? null)
}
