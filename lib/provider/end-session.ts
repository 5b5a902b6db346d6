import type { Engine } from './engine.js'
import type { EndSessionRequest } from './types.js'

/**
 * Builds the URL that ends the person's session at the provider (OpenID Connect RP-Initiated Logout 1.0 section 2).
 *
 * @returns `undefined` when the provider has no such endpoint
 */
export function endSessionUrl(
  { openid, configuration, metadata }: Engine,
  request: EndSessionRequest,
): string | undefined {
  if (metadata.end_session_endpoint === undefined) return undefined
  const parameters = new URLSearchParams()
  for (const [member, name] of parameterNames) {
    const value = request[member]
    if (value !== undefined) parameters.set(name, value)
  }
  return openid.buildEndSessionUrl(configuration, parameters).href
}

const parameterNames = [
  ['idTokenHint', 'id_token_hint'],
  ['postLogoutRedirectUri', 'post_logout_redirect_uri'],
  ['state', 'state'],
  ['logoutHint', 'logout_hint'],
] as const
