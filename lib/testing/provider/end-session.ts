import { OAuthError } from './answers.js'
import { isUsualRedirect } from './authorization.js'
import { clientOf } from './client-authentication.js'
import type { ProviderState } from './state.js'

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
