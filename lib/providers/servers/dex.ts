import { parseOptions, section } from '../../options/common/parse.js'
import { refreshTokens, scopes, serverUrl } from '../common/fields.js'
import type { LoginPreset, RefreshTokenOptions } from '../common/presets.js'

/** Where Dex is. */
export interface DexOptions {
  /** `issuer` of Dex's configuration, such as `https://dex.example.com` or `https://example.com/dex`. */
  url: string
}

const loginOptions = section({ url: serverUrl('https://dex.example.com'), refreshTokens })

/**
 * Dex: `oidc({ ...dex({ url }), clientId, … })`. There is nothing for APIs: Dex signs access tokens as it signs ID Tokens.
 *
 * @example
 * ```ts
 * import { dex } from 'express-oidc/providers'
 *
 * app.use(oidc({ ...dex({ url: 'https://login.example.com' }), clientId, clientSecret, baseUrl, secret }))
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function dex(options: DexOptions & RefreshTokenOptions): LoginPreset {
  const parsed = parseOptions('dex()', loginOptions, options)
  return { issuer: parsed.url, ...scopes(parsed.refreshTokens, 'offline_access') }
}
