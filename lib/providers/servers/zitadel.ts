import { parseOptions, section } from '../../options/common/parse.js'
import { audience, refreshTokens, scopes, serverUrl } from '../common/fields.js'
import type { ApiOptions, ApiPreset, LoginPreset, RefreshTokenOptions } from '../common/presets.js'

/** Where ZITADEL is. */
export interface ZitadelOptions {
  /** The instance's domain as a URL, such as `https://example.eu1.zitadel.cloud`. */
  url: string
}

const place = { url: serverUrl('https://example.eu1.zitadel.cloud') }
const loginOptions = section({ ...place, refreshTokens })
const apiOptions = section({ ...place, audience })

/**
 * ZITADEL: `oidc({ ...zitadel({ url }), clientId, … })`. Its ID Tokens name all applications of the project and the project as
 * their audience, and by `azp` the one that they were issued to, which is checked.
 *
 * @example
 * ```ts
 * import { zitadel } from 'express-oidc/providers'
 *
 * app.use(oidc({ ...zitadel({ url: 'https://login.example.com' }), clientId, clientSecret, baseUrl, secret }))
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function zitadel(options: ZitadelOptions & RefreshTokenOptions): LoginPreset {
  const parsed = parseOptions('zitadel()', loginOptions, options)
  return { issuer: parsed.url, idTokenAudiences: 'any', ...scopes(parsed.refreshTokens, 'offline_access') }
}

/**
 * Access tokens of applications whose "Auth Token Type" is JWT: `bearer(zitadel.api({ url, audience }))`. The audience is a
 * project's ID.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
zitadel.api = (options: ZitadelOptions & ApiOptions): ApiPreset => {
  const parsed = parseOptions('zitadel.api()', apiOptions, options)
  return { issuer: parsed.url, audience: parsed.audience, profile: 'jwt' }
}
