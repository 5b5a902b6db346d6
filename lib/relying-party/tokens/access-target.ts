import { hash } from 'node:crypto'
import { omitUndefined } from '../../base/json.js'
import { ConfigurationError, SessionError } from '../../errors.js'
import type { AccessTokenTarget } from '../../options/oidc/access-token.js'
import type { OidcConfiguration } from '../../options/oidc/schema.js'
import type { StoredToken } from '../../session/additional-tokens.js'
import type { SessionTokens } from '../../session/record.js'

/** What an access token of a session is for, in normalised form. */
export interface AccessTarget {
  /** Name of the target: equal for requests that differ in spelling only, empty for the login's own token. */
  readonly name: string
  readonly resource?: string
  /** Sorted and without duplicates; absent for everything that was granted. */
  readonly scope?: string
  /** JSON of some of the details that were granted; absent for all of them. */
  readonly authorizationDetails?: string
}

/** The target of the login's own token. */
export const mainTarget: AccessTarget = { name: '' }

/**
 * Resolves the target of a request.
 *
 * @param login - what logins request: the maximum that may have been granted
 * @throws {ConfigurationError} `invalid_options` for a scope or a resource that logins do not request
 * @throws {SessionError} `access_token_missing` for a scope that this login was not granted (RFC 6749 section 6)
 */
export function accessTarget(
  { resource, scope = '', authorizationDetails }: CheckedTarget,
  granted: SessionTokens,
  login: Pick<OidcConfiguration, 'scope' | 'resource' | 'authorizationParams'>,
): AccessTarget {
  const names = [...namesIn(scope)].sort()
  const isWhole = resource === undefined && authorizationDetails === undefined
  if (isWhole && names.length === 0) return mainTarget
  if (resource !== undefined) requireNamed(resource, login)
  const known = namesIn(granted.scope)
  requireAsked(names, new Set([...known, ...namesIn(login.scope)]))
  // The scope of a token for one API says nothing about what was granted for others, so it is checked only without a
  // resource.
  if (resource === undefined) requireGranted(names, known)
  if (isWhole && names.length === known.size) return mainTarget
  return {
    name: JSON.stringify([resource ?? '', ...names, ...nameOf(authorizationDetails)]),
    ...omitUndefined({ resource, authorizationDetails }),
    ...(names.length === 0 ? {} : { scope: names.join(' ') }),
  }
}

/** What a token is asked for, with the details as JSON. */
type CheckedTarget = Omit<AccessTokenTarget, 'authorizationDetails'> & {
  readonly authorizationDetails?: string | undefined
}

// A hash: names are kept in the session, and cookies have little room. In a list of its own, it equals no scope.
function nameOf(details: string | undefined): readonly (readonly string[])[] {
  return details === undefined ? [] : [[hash('sha256', details, 'base64url')]]
}

/** The set of scopes in a string. */
export function namesIn(scope: string): Set<string> {
  return new Set(scope.split(' ').filter((name) => name !== ''))
}

// RFC 8707 section 2.2. Providers reject other resources, and some of them have used up the refresh token by then.
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

/** A session's access token for one target. */
export interface HeldToken extends StoredToken {
  readonly accessToken: string
}

/** Returns a session's token for a target. */
export function heldToken(tokens: SessionTokens, { name }: AccessTarget): HeldToken | undefined {
  const token = name === '' ? tokens : tokens.additionalTokens?.find(({ target }) => target === name)
  return isHeld(token) ? token : undefined
}

// The provider gave none, or a cookie had no room for it.
function isHeld(token: StoredToken | undefined): token is HeldToken {
  return token?.accessToken !== undefined && token.accessToken !== ''
}
