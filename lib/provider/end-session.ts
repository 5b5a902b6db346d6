import type { Engine } from './engine.js'
import type { EndSessionMessage, EndSessionRequest } from './types.js'

/**
 * Builds the request that ends the person's session at the provider (OpenID Connect RP-Initiated Logout 1.0 section 2).
 *
 * @returns `undefined` when the provider has no endpoint for it
 */
export function endSessionMessage(
  { openid, configuration, metadata }: Engine,
  request: EndSessionRequest,
): EndSessionMessage | undefined {
  const { end_session_endpoint: endpoint } = metadata
  if (endpoint === undefined) return undefined
  const parameters: Record<string, string> = { client_id: configuration.clientMetadata().client_id }
  for (const [member, name] of parameterNames) {
    const value = request[member]
    if (value !== undefined) parameters[name] = value
  }
  return { url: openid.buildEndSessionUrl(configuration, parameters).href, endpoint, parameters }
}

const parameterNames = [
  ['idTokenHint', 'id_token_hint'],
  ['postLogoutRedirectUri', 'post_logout_redirect_uri'],
  ['state', 'state'],
  ['logoutHint', 'logout_hint'],
  ['uiLocales', 'ui_locales'],
] as const
