import { standardRedirectParameter } from '../../options/oidc/logout.js'
import type { ConfiguredClient } from '../openid-client.js'

/** The parameters of an end-session request (OpenID Connect RP-Initiated Logout 1.0 section 2). */
export interface EndSessionRequest {
  readonly idTokenHint?: string
  readonly postLogoutRedirectUri?: string
  readonly state?: string
  readonly logoutHint?: string
  /** Language tags, separated by spaces. */
  readonly uiLocales?: string
  /** Further parameters, none of them one of the above. */
  readonly params?: Readonly<Record<string, string>>
  /**
   * Name for `postLogoutRedirectUri` at a provider with a non-standard endpoint, which gets the client ID, this and
   * `params` only.
   */
  readonly redirectParameter?: string
}

// Some proxies cut or reject longer URLs.
const maxUrlLength = 2048

/**
 * Builds the URL that ends the person's session at the provider (OpenID Connect RP-Initiated Logout 1.0 section 2). If
 * the ID Token makes it too long, it is left out: `client_id` still identifies the client, and the provider may ask the
 * person to confirm.
 *
 * @returns `undefined` if the provider has no such endpoint
 */
export function endSessionUrl(openidClient: ConfiguredClient, request: EndSessionRequest): string | undefined {
  const { end_session_endpoint: endpoint } = openidClient.metadata
  if (endpoint === undefined) return undefined
  const { redirectParameter = standardRedirectParameter } = request
  if (redirectParameter !== standardRedirectParameter) return ownUrl(openidClient, endpoint, request)
  const url = urlWith(openidClient, request)
  if (url.length <= maxUrlLength) return url
  const { idTokenHint: _, ...rest } = request
  return urlWith(openidClient, rest)
}

function urlWith({ openid, configuration }: ConfiguredClient, request: EndSessionRequest): string {
  const parameters = { ...request.params, client_id: configuration.clientMetadata().client_id }
  for (const [member, name] of parameterNames) {
    const value = request[member]
    if (value !== undefined) Object.assign(parameters, { [name]: value })
  }
  return openid.buildEndSessionUrl(configuration, parameters).href
}

// Providers that had a logout before there was a standard refuse parameters that they do not know.
function ownUrl(
  { configuration }: ConfiguredClient,
  endpoint: string,
  { params, postLogoutRedirectUri = '', redirectParameter = '' }: EndSessionRequest,
): string {
  const url = new URL(endpoint)
  const own = { client_id: configuration.clientMetadata().client_id, [redirectParameter]: postLogoutRedirectUri }
  for (const [name, value] of Object.entries({ ...params, ...own })) url.searchParams.set(name, value)
  return url.href
}

const parameterNames = [
  ['idTokenHint', 'id_token_hint'],
  ['postLogoutRedirectUri', 'post_logout_redirect_uri'],
  ['state', 'state'],
  ['logoutHint', 'logout_hint'],
  ['uiLocales', 'ui_locales'],
] as const
