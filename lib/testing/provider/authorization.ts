import { parseUrl } from '../../base/url.js'
import { type AuthorizationDetail, authorizationDetailsIn } from '../../options/authorization-details/detail.js'
import { omitUndefined, parseJsonValue } from '../../base/json.js'
import { isLocalhostName, isLoopback } from '../../options/common/fields.js'
import type { Person } from '../options.js'
import { OAuthError, required } from './answers.js'
import { clientOf } from './client-authentication.js'
import type { Grant, ProviderState } from './state.js'

/** Where a browser goes from the provider, and whether it posts there (`response_mode=form_post`). */
export interface AuthorizationAnswer {
  readonly redirectUri: string
  readonly parameters: URLSearchParams
  readonly isPosted: boolean
}

/** What a person does at the provider. */
export interface Decision {
  /** Who signs in; absent for nobody. */
  readonly person?: Person | undefined
  /** The error that they or the provider go back with. */
  readonly error?: string | undefined
  readonly acr?: string | undefined
  readonly authTime?: number | undefined
}

const codeSeconds = 60

/** The parameters of an authorization request: of its URL, or pushed before (RFC 9126 section 4). Throws what no redirect may carry. */
export function readAuthorizationRequest(state: ProviderState, query: URLSearchParams): URLSearchParams {
  const uri = query.get('request_uri')
  const pushed = uri === null ? undefined : state.pushed.get(uri)
  if (uri !== null) state.pushed.delete(uri)
  if (uri !== null && (pushed === undefined || pushed.expiresAt <= state.clock.seconds)) {
    throw new OAuthError('invalid_request_uri', 'this pushed request is unknown, was used before or has expired')
  }
  const parameters = pushed?.parameters ?? query
  if (parameters.get('client_id') !== query.get('client_id')) {
    throw new OAuthError('invalid_request', 'client_id is missing, or differs from the pushed request')
  }
  requireRedirectUri(state, parameters)
  return parameters
}

/** Answers an authorization request (OpenID Connect Core section 3.1.2): the caller has read it. */
export function authorize(
  state: ProviderState,
  request: URLSearchParams,
  { person, error, acr, authTime }: Decision,
): AuthorizationAnswer {
  const { configuration, clock } = state
  const answer = (parameters: Readonly<Record<string, string>>): AuthorizationAnswer => ({
    redirectUri: required(request, 'redirect_uri'),
    parameters: new URLSearchParams(
      omitUndefined({ ...parameters, state: request.get('state') ?? undefined, iss: configuration.issuer }),
    ),
    isPosted: request.get('response_mode') === 'form_post',
  })
  const refusal = error ?? problemOf(state, request)
  if (refusal !== undefined) return answer({ error: refusal })
  if (person === undefined) return answer({ error: 'login_required' })
  const code = clock.newName()
  const grant: Grant = {
    person,
    clientId: required(request, 'client_id'),
    scope: request.get('scope') ?? '',
    audience: [...request.getAll('resource'), ...request.getAll('audience')],
    sid: clock.newName(),
    authTime: authTime ?? clock.seconds,
    ...omitUndefined({
      nonce: request.get('nonce') ?? undefined,
      acr: acr ?? request.get('acr_values')?.split(' ')[0],
      jkt: request.get('dpop_jkt') ?? undefined,
      authorizationDetails: askedDetails(request),
    }),
  }
  state.codes.set(code, {
    grant,
    redirectUri: required(request, 'redirect_uri'),
    challenge: request.get('code_challenge') ?? undefined,
    expiresAt: clock.seconds + codeSeconds,
  })
  return answer({ code })
}

/** The details that a request asks for (RFC 9396 section 2). Throws for malformed ones. */
export function askedDetails(request: URLSearchParams): readonly AuthorizationDetail[] | undefined {
  const details = detailsIn(request)
  if (details !== undefined || !request.has('authorization_details')) return details
  throw new OAuthError(malformedDetails, 'authorization_details must be a list of objects that each have a type')
}

function detailsIn(request: URLSearchParams): readonly AuthorizationDetail[] | undefined {
  return authorizationDetailsIn(parseJsonValue(request.get('authorization_details') ?? ''))
}

const malformedDetails = 'invalid_authorization_details'

/** Refuses a redirect URI that the client has not registered: nothing goes there, not even an error. */
export function requireRedirectUri(state: ProviderState, request: URLSearchParams): void {
  const client = clientOf(state, required(request, 'client_id'))
  if (client === undefined) throw new OAuthError('invalid_client', 'this client is unknown', 401)
  const uri = required(request, 'redirect_uri')
  const { takesAnyClient } = state.configuration
  if (client.redirectUris?.includes(uri) ?? isUsualRedirect(uri, takesAnyClient)) return
  const rule = takesAnyClient ? ': people are sent back to this machine only, such as to http://localhost:3000' : ''
  throw new OAuthError('invalid_request', `${uri} is not a redirect URI of this client${rule}`)
}

/** Whether a URL may be redirected to where none are registered: https anywhere unless all must be local, http on loopback hosts. */
export function isUsualRedirect(uri: string, isLocalOnly: boolean): boolean {
  const url = parseUrl(uri)
  if (url === undefined) return false
  const { protocol, hash, username, password } = url
  if (hash !== '' || username !== '' || password !== '') return false
  if (isLoopback(url) || isLocalhostName(url.hostname)) return protocol === 'http:' || protocol === 'https:'
  return protocol === 'https:' && !isLocalOnly
}

function problemOf(state: ProviderState, request: URLSearchParams): string | undefined {
  if (request.get('response_type') !== 'code') return 'unsupported_response_type'
  if (request.has('request')) return 'request_not_supported'
  if (!['query', 'form_post', null].includes(request.get('response_mode'))) return 'invalid_request'
  return detailsProblem(request) ?? challengeProblem(state, request)
}

function detailsProblem(request: URLSearchParams): string | undefined {
  return request.has('authorization_details') && detailsIn(request) === undefined ? malformedDetails : undefined
}

function challengeProblem(state: ProviderState, request: URLSearchParams): string | undefined {
  const client = clientOf(state, request.get('client_id') ?? '')
  const isPublic = client?.clientSecret === undefined && client?.publicKey === undefined
  const method = request.get('code_challenge_method')
  if (method !== 'S256' && (method !== null || isPublic)) return 'invalid_request'
  return undefined
}

/** Where a browser goes after a logout at the provider (RP-Initiated Logout section 3); `undefined` if it stays there. */
export function endSession(state: ProviderState, query: URLSearchParams): string | undefined {
  const target = query.get('post_logout_redirect_uri')
  if (target === null) return undefined
  const { takesAnyClient } = state.configuration
  const clientId = query.get('client_id')
  const isKnown = clientId === null ? query.has('id_token_hint') : clientOf(state, clientId) !== undefined
  if (!isKnown || !isUsualRedirect(target, takesAnyClient)) {
    throw new OAuthError('invalid_request', `${target} is not a post-logout redirect URI of this client`)
  }
  const url = new URL(target)
  const logoutState = query.get('state')
  if (logoutState !== null) url.searchParams.set('state', logoutState)
  return url.href
}
