import { TokenValidationError } from '../../errors.js'
import { parseJsonObject } from '../../base/json.js'
import type { Respond } from '../../http/outcome.js'
import { acceptedResponse, answerFor, postOnly } from './answers.js'
import { receive, type ReceiverParts } from './receiver.js'

/** A request of a transmitter. */
export interface PushRequest {
  readonly method: string
  readonly contentType: string
  readonly authorization: string | undefined
  /** Reads the body. */
  readonly body: () => Promise<string>
}

/**
 * Answers a push: 202 once everything that the token asks for has been done, 400 with a code for one that is not valid, and 503 where
 * that is not known, or cannot be done now.
 *
 * @returns `undefined` and the error where the application's own code has failed: that is for its error handlers
 * @see https://www.rfc-editor.org/rfc/rfc8935#section-2
 */
export async function answerPush(
  parts: ReceiverParts,
  request: PushRequest,
): Promise<Respond | { readonly kind: 'failed'; readonly error: unknown }> {
  if (request.method !== 'POST') return postOnly()
  try {
    const { authorization } = request
    const { options } = await receive(parts, await tokenIn(parts, request), { authorization })
    return acceptedResponse(options.profile === 'apple' ? 200 : 202)
  } catch (error) {
    return answerFor(error) ?? { kind: 'failed', error }
  }
}

// Apple puts the token into JSON.
async function tokenIn({ transmitters }: ReceiverParts, { contentType, body }: PushRequest): Promise<string> {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (type === 'application/secevent+jwt') return (await body()).trim()
  const isApple = transmitters.some(({ transmitter }) => transmitter.options.profile === 'apple')
  if (!isApple || type !== 'application/json') {
    throw malformed('the Content-Type of a push must be application/secevent+jwt')
  }
  const payload = parseJsonObject(await body())?.['payload']
  if (typeof payload === 'string') return payload
  throw malformed('the body must be JSON with a token as its member payload')
}

function malformed(message: string): TokenValidationError {
  return new TokenValidationError('token_malformed', message)
}
