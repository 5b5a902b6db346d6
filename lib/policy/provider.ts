import { quoted, seenValue } from '../base/error-cause.js'
import { requireTexts } from './arguments.js'
import { met, type NamedRequirement, type Verdict } from './requirement.js'

/**
 * Requires that the person signed in at one of these providers of `oidc({ providers })`. Somebody who is signed in at another one
 * is asked to sign in there, which replaces the session. Only a session says where somebody signed in: access tokens meet neither
 * this nor its opposite.
 *
 * @example
 * ```ts
 * app.get('/payroll', requireAuth(provider('work')), payroll)
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function provider(...names: readonly string[]): NamedRequirement {
  const allowed = requireTexts('provider', names)
  return {
    kind: 'provider',
    firstLogin: { providers: allowed },
    check({ scheme, provider: name }): Verdict {
      // The name in bearer({ providers }) says who issued the token, which may be a machine's.
      if (scheme !== 'session') {
        const details = { subject: 'provider', seen: 'an access token or API key', expected: 'a session' }
        return { met: false, kind: 'provider', undecided: true, details }
      }
      if (name !== undefined && allowed.includes(name)) return met
      const details = { subject: 'provider', seen: seenValue(name), expected: allowed.map(quoted).join(' or ') }
      return { met: false, kind: 'provider', stepUp: { providers: allowed }, details }
    },
  }
}
