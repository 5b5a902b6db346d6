import { ConfigurationError, SessionError } from '../../errors.js'
import type { AccessTokenTarget } from '../../options/oidc/access-token.js'
import type { OidcConfiguration } from '../../options/oidc/schema.js'
import type { SessionTokens } from '../../session/record.js'

/** What an access token of a session is good for, in its one form. */
export interface AccessTarget {
  /** Names the target: equal for requests that differ in spelling only, empty for the token that the login brought. */
  readonly name: string
  readonly resource?: string
  /** Sorted and without repetitions; absent for all that was granted. */
  readonly scope?: string
}

/** The target of the token that the login brought. */
export const mainTarget: AccessTarget = { name: '' }

/**
 * The target that a request means.
 *
 * @param login - what logins ask for: the most that may have been granted for any API
 * @throws {ConfigurationError} `invalid_options` for a scope or a resource that no login asks for
 * @throws {SessionError} `access_token_missing` for a scope that this login was not granted (RFC 6749 section 6)
 */
export function accessTarget(
  { resource, scope = '' }: AccessTokenTarget,
  granted: SessionTokens,
  login: Pick<OidcConfiguration, 'scope' | 'resource' | 'authorizationParams'>,
): AccessTarget {
  const names = [...namesIn(scope)].sort()
  if (resource === undefined && names.length === 0) return mainTarget
  if (resource !== undefined) requireNamed(resource, login)
  const known = namesIn(granted.scope)
  requireAsked(names, new Set([...known, ...namesIn(login.scope)]))
  // A token for one API lists the scopes of that one only, and so says nothing of what was granted for the others.
  if (resource === undefined) requireGranted(names, known)
  if (resource === undefined && names.length === known.size) return mainTarget
  return {
    name: JSON.stringify([resource ?? '', ...names]),
    ...(resource === undefined ? {} : { resource }),
    ...(names.length === 0 ? {} : { scope: names.join(' ') }),
  }
}

/** Scopes one by one. */
export function namesIn(scope: string): Set<string> {
  return new Set(scope.split(' ').filter((name) => name !== ''))
}

// RFC 8707 section 2.2. Providers refuse another one, and there are some that have spent the refresh token by then.
function requireNamed(name: string, { resource, authorizationParams }: Parameters<typeof accessTarget>[2]): void {
  if (resource.includes(name) || authorizationParams['resource'] === name) return
  const message =
    'accessToken(): "resource" is not one that logins request: add it to oidc({ resource }), with the same spelling'
  throw new ConfigurationError('invalid_options', message)
}

function requireAsked(names: readonly string[], asked: ReadonlySet<string>): void {
  const unasked = names.filter((name) => !asked.has(name))
  if (unasked.length === 0) return
  const message = `accessToken(): "scope" names ${unasked.join(', ')}, which logins do not request: add it to oidc({ scope })`
  throw new ConfigurationError('invalid_options', message)
}

function requireGranted(names: readonly string[], granted: ReadonlySet<string>): void {
  const missing = names.filter((name) => !granted.has(name))
  if (missing.length === 0) return
  const message = `this login was not granted ${missing.join(', ')}: sign in again to grant it`
  throw new SessionError('access_token_missing', message)
}
