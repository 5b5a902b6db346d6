import type { SessionClaims } from '../options/declared-claims.js'
import type { FrameworkRequest, FrameworkResponse } from '../options/framework.js'
import type { OidcOptions } from '../options/oidc/options.js'
import type { ProvidersOptions } from '../options/oidc/providers/options.js'
import {
  hasProviders,
  parseProvidersOptions,
  type ProvidersConfiguration,
  withoutEmptyProviders,
} from '../options/oidc/providers/parse-providers.js'
import { type OidcConfiguration, parseOidcOptions } from '../options/oidc/schema.js'
import { runtimeFor } from '../base/runtime.js'
import { warnOfUnsharedRefreshes } from '../options/oidc/unshared-refreshes.js'
import type { ProvidersHealth } from '../provider/health.js'
import { createOidc, createOidcOfSeveral, type OidcMiddleware } from './oidc-middleware.js'

/**
 * Creates middleware that signs people in at several providers: those of a list, or those that a function finds by their names.
 * People choose at the login route. They have one session, of one provider at a time.
 *
 * @example
 * ```ts
 * import { entra, google } from 'express-oidc/providers'
 *
 * app.use(
 *   oidc({
 *     providers: {
 *       google: { ...google(), clientId: 'app-at-google', clientSecret, label: 'Google' },
 *       work: { ...entra({ tenant: '8eaef023-2b34-4da1-9baa-8bc8c9d6a490' }), clientId: 'app-at-work', clientSecret },
 *     },
 *     baseUrl: 'https://app.example.com',
 *     secret,
 *   }),
 * )
 * app.get('/payroll', requireAuth(provider('work')), payroll)
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`. The message names the provider.
 * @see https://www.rfc-editor.org/rfc/rfc9700#section-4.4
 */
export function oidc<
  PersonClaims extends object = SessionClaims,
  Request = FrameworkRequest,
  Response = FrameworkResponse,
>(
  options: ProvidersOptions<PersonClaims, Request, Response>,
  ...none: readonly undefined[]
): OidcMiddleware<ProvidersHealth>
// The last overload is the one by which TypeScript 7 reports mistakes: that of most applications. By `none`, TypeScript refuses
// app.use(oidc): a framework would call it with a request.
/**
 * Creates middleware that signs people in by OpenID Connect, with the authorization code flow, state, nonce and PKCE. It adds
 * the login, callback and logout routes and sets `req.oidc` and `req.auth`.
 *
 * @example
 * ```ts
 * app.use(
 *   oidc({
 *     issuer: 'https://id.example.com',
 *     clientId: 'my-app',
 *     clientSecret,
 *     baseUrl: 'https://app.example.com',
 *     secret,
 *   }),
 * )
 * app.get('/', requireAuth(), (req, res) => res.send(`Hello ${req.oidc.user?.sub}`))
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`. The message lists every invalid option.
 * @see https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth
 * @see https://www.rfc-editor.org/rfc/rfc9700#section-2.1
 */
export function oidc<
  PersonClaims extends object = SessionClaims,
  Request = FrameworkRequest,
  Response = FrameworkResponse,
>(options: OidcOptions<PersonClaims, Request, Response>, ...none: readonly undefined[]): OidcMiddleware
export function oidc(options: object): OidcMiddleware | OidcMiddleware<ProvidersHealth> {
  if (hasProviders(options)) {
    const configuration = parseProvidersOptions(options)
    const each = configurationsOf(configuration)
    for (const one of each) warnUnlessShared(one)
    return createOidcOfSeveral(configuration, runtimeFor(...each, configuration))
  }
  const configuration = parseOidcOptions(withoutEmptyProviders(options))
  warnUnlessShared(configuration)
  return createOidc(configuration, runtimeFor(configuration))
}

// With session.use 'request', the first login shows whether the application's session store is shared.
function warnUnlessShared(configuration: OidcConfiguration): void {
  if (configuration.session.use !== 'request') warnOfUnsharedRefreshes(configuration)
}

function configurationsOf({ providers }: ProvidersConfiguration): readonly OidcConfiguration[] {
  return typeof providers === 'function' ? [] : providers.map(({ configuration }) => configuration)
}
