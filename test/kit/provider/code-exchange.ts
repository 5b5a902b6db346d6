import {
  parseAuthorizationResponse,
  type ValidatedAuthorizationResponse,
} from '../../../lib/provider/endpoints/authorization-response.js'
import type { CodeExchange } from '../../../lib/provider/grants/authorization-code.js'
import { createProvider, type Provider } from '../../../lib/provider/provider.js'
import type { AuthorizationRequest, ClientSettings, TokenSet } from '../../../lib/provider/types.js'
import { json } from './answers.js'
import { halfHash, mint } from './keys.js'
import type { FakeProvider } from './provider.js'

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

/** The library's side of a provider, with changes of its client. */
export function providerOf(op: FakeProvider, client: Partial<ClientSettings> = {}): Provider {
  return createProvider(op.settings, { ...op.client, ...client })
}

/** A good authorization request. */
export const request: AuthorizationRequest = {
  redirectUri: 'https://app.example/callback',
  scope: 'openid profile',
  state: 'state-1',
  nonce: 'nonce-1',
  codeVerifier: 'v'.repeat(43),
  parameters: {},
}

/** The good response to {@link request}, changed. */
export function exchange(response: Record<string, string> = {}, changes: Partial<Callback> = {}): Callback {
  return {
    redirectUri: request.redirectUri,
    response: new URLSearchParams({ code: 'code-1', state: 'state-1', ...response }),
    state: 'state-1',
    nonce: 'nonce-1',
    codeVerifier: request.codeVerifier,
    scope: request.scope,
    ...changes,
  }
}

/** Lets the token endpoint answer with a good response, changed. */
export async function answerTokens(
  op: FakeProvider,
  changes: Record<string, unknown> = {},
  idToken?: string,
): Promise<Record<string, unknown>> {
  const body = {
    access_token: 'access-1',
    token_type: 'Bearer',
    expires_in: 3600,
    refresh_token: 'refresh-1',
    id_token: idToken ?? (await mint(op.claims({ at_hash: halfHash('access-1') }))),
    ...changes,
  }
  op.answers['/token'] = () => json(body)
  return body
}
