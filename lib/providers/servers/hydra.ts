import { parseOptions, section } from '../../options/common/parse.js'
import { audience, refreshTokens, scopes, serverUrl } from '../common/fields.js'
import type { ApiOptions, ApiPreset, LoginPreset, RefreshTokenOptions } from '../common/presets.js'

/** Where Ory Hydra is. */
export interface HydraOptions {
  /** `urls.self.issuer` of Hydra's configuration, such as `https://auth.example.com`. */
  url: string
}

const place = { url: serverUrl('https://auth.example.com') }
const loginOptions = section({ ...place, refreshTokens })
const apiOptions = section({ ...place, audience })

/**
 * Ory Hydra, or a project of Ory Network: `oidc({ ...hydra({ url }), clientId, … })`.
 *
 * @example
 * ```ts
 * import { hydra } from 'express-oidc/providers'
 *
 * app.use(oidc({ ...hydra({ url: 'https://login.example.com' }), clientId, clientSecret, baseUrl, secret }))
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function hydra(options: HydraOptions & RefreshTokenOptions): LoginPreset {
  const parsed = parseOptions('hydra()', loginOptions, options)
  return { issuer: parsed.url, ...scopes(parsed.refreshTokens, 'offline_access') }
}

/**
 * Access tokens of clients with the access token strategy `jwt`: `bearer(hydra.api({ url, audience }))`.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
hydra.api = (options: HydraOptions & ApiOptions): ApiPreset => {
  const parsed = parseOptions('hydra.api()', apiOptions, options)
  return { issuer: parsed.url, audience: parsed.audience, profile: 'jwt' }
}
