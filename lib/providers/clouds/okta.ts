import * as v from 'valibot'
import { parseOptions, section } from '../../options/common/parse.js'
import { audience, host, refreshTokens, scopes, segment } from '../common/fields.js'
import type { ApiOptions, ApiPreset, LoginPreset, RefreshTokenOptions } from '../common/presets.js'

/** Which organization of Okta. */
export interface OktaOptions {
  /** The organization's domain, or its custom domain, such as `example.okta.com`: not that of the Admin Console. */
  domain: string
  /** ID of a custom authorization server, such as `default`. @default that of the organization; `default` for `okta.api()` */
  authorizationServer?: string | undefined
}

const place = {
  domain: v.pipe(
    host('example.okta.com'),
    v.check(
      (value) => !/-admin\.(okta|oktapreview|okta-emea)\.com$/.test(value),
      'must be the domain without "-admin": people do not sign in at the Admin Console',
    ),
  ),
}
const server = segment('the ID of a custom authorization server')
const loginOptions = section({ ...place, authorizationServer: v.optional(server), refreshTokens })
const apiOptions = section({ ...place, authorizationServer: v.optional(server, 'default'), audience })

/**
 * Okta: `oidc({ ...okta({ domain }), clientId, … })`. Without `authorizationServer` it is the org authorization server, whose
 * access tokens are for Okta's own APIs.
 *
 * @example
 * ```ts
 * import { okta } from 'express-oidc/providers'
 *
 * app.use(oidc({ ...okta({ domain: 'example.okta.com' }), clientId, clientSecret, baseUrl, secret }))
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function okta(options: OktaOptions & RefreshTokenOptions): LoginPreset {
  const parsed = parseOptions('okta()', loginOptions, options)
  const { domain, authorizationServer } = parsed
  const issuer = authorizationServer === undefined ? `https://${domain}` : issuerOf(domain, authorizationServer)
  return { issuer, ...scopes(parsed.refreshTokens, 'offline_access') }
}

/**
 * Access tokens of a custom authorization server, by default the one called `default`: `bearer(okta.api({ domain, audience }))`.
 * People are identified by `uid`. It equals `sub` of ID Tokens; in access tokens `sub` is the name they sign in with.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
okta.api = (options: OktaOptions & ApiOptions): ApiPreset => {
  const parsed = parseOptions('okta.api()', apiOptions, options)
  return {
    issuer: issuerOf(parsed.domain, parsed.authorizationServer),
    audience: parsed.audience,
    profile: 'jwt',
    subject: { claim: 'uid', client: true },
  }
}

function issuerOf(domain: string, authorizationServer: string): string {
  return `https://${domain}/oauth2/${authorizationServer}`
}
