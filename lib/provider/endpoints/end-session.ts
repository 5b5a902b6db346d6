import type { Engine } from '../openid-client.js'
import type { EndSessionRequest } from '../types.js'

// Longer URLs are cut, or refused, by one proxy or another.
const longestUrl = 2048

/**
 * Builds the URL that ends the person's session at the provider (OpenID Connect RP-Initiated Logout 1.0 section 2). Where the
 * ID Token would make it too long, it goes without: the provider still knows the client by `client_id`, and may ask.
 *
 * @returns `undefined` when the provider has no endpoint for it
 */
export function endSessionUrl(engine: Engine, request: EndSessionRequest): string | undefined {
  const { end_session_endpoint: endpoint } = engine.metadata
  if (endpoint === undefined) return undefined
  const url = urlWith(engine, request)
  if (url.length <= longestUrl) return url
  const { idTokenHint: _, ...rest } = request
  return urlWith(engine, rest)
}

function urlWith({ openid, configuration }: Engine, request: EndSessionRequest): string {
  const parameters: Record<string, string> = { client_id: configuration.clientMetadata().client_id }
  for (const [member, name] of parameterNames) {
    const value = request[member]
    if (value !== undefined) parameters[name] = value
  }
  return openid.buildEndSessionUrl(configuration, parameters).href
}

const parameterNames = [
  ['idTokenHint', 'id_token_hint'],
  ['postLogoutRedirectUri', 'post_logout_redirect_uri'],
  ['state', 'state'],
  ['logoutHint', 'logout_hint'],
  ['uiLocales', 'ui_locales'],
] as const
