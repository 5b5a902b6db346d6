import type { ApplicationConfiguration, OidcConfiguration } from './schema.js'
import { isOneOfSeveral } from '../common/several-processes.js'

let isWarned = false

/** What logins ask for. Absent where each provider has its own. */
type LoginRequests = Partial<Pick<OidcConfiguration, 'scope' | 'authorizationParams'>>

/**
 * Warns, once, if several processes would use a refresh token twice: providers that rotate then revoke all tokens, and
 * sign people out (RFC 9700 section 4.14.2).
 *
 * @param hasRefreshToken - whether a login has brought a refresh token: some providers issue one unasked
 */
export function warnOfUnsharedRefreshes(
  configuration: Pick<ApplicationConfiguration, 'sharedStore' | 'session'> & LoginRequests,
  isShared = isOneOfSeveral(),
  hasRefreshToken = false,
): void {
  const { sharedStore, session } = configuration
  if (isWarned || sharedStore !== undefined || session.store !== undefined) return
  if (!isShared || !(hasRefreshToken || asksForRefreshTokens(configuration))) return
  isWarned = true
  const why = 'this process is one of several, and none knows which refresh tokens the others have used'
  const remedy = 'oidc({ sharedStore: redisStore(client) }), see docs/scaling.md'
  process.emitWarning(`${why}: people get signed out because of it. Set a shared store: ${remedy}`, {
    type: 'ExpressOidcWarning',
    code: 'EXPRESS_OIDC_UNSHARED_REFRESHES',
  })
}

function asksForRefreshTokens({ scope = '', authorizationParams = {} }: LoginRequests): boolean {
  return scope.split(' ').includes('offline_access') || authorizationParams['access_type'] === 'offline'
}
