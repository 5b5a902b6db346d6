import {
  parseAuthorizationResponse,
  type ValidatedAuthorizationResponse,
} from '../../../lib/provider/endpoints/authorization-response.js'
import type { CodeExchange } from '../../../lib/provider/grants/authorization-code.js'
import type { Provider } from '../../../lib/provider/provider.js'
import type { TokenSet } from '../../../lib/provider/types.js'

/** An authorization response in its raw form, with everything it must match. */
export interface Callback extends Omit<CodeExchange, 'response'> {
  readonly response: URLSearchParams
  readonly state: string
}

/** Checks a response as the callback does. */
export async function validate(
  provider: Provider,
  { response, state }: Pick<Callback, 'response' | 'state'>,
): Promise<ValidatedAuthorizationResponse> {
  return provider.validateResponse(parseAuthorizationResponse(response), state)
}

/** Checks a response, and exchanges its code. */
export async function exchangeCode(provider: Provider, callback: Callback): Promise<TokenSet> {
  return provider.exchangeCode({ ...callback, response: await validate(provider, callback) })
}
