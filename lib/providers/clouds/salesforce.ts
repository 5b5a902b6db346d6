import { parseOptions, section } from '../../options/common/parse.js'
import { host, refreshTokens, scopes } from '../common/fields.js'
import type { LoginPreset, RefreshTokenOptions } from '../common/presets.js'

/** Which organization of Salesforce. */
export interface SalesforceOptions {
  /** The My Domain that people sign in at, such as `example.my.salesforce.com`, or the URL's host of an Experience Cloud site. */
  domain: string
}

const loginOptions = section({ domain: host('example.my.salesforce.com'), refreshTokens })

/**
 * Salesforce: `oidc({ ...salesforce({ domain }), clientId, … })`.
 *
 * @example
 * ```ts
 * import { salesforce } from 'express-oidc/providers'
 *
 * app.use(oidc({ ...salesforce({ domain: 'example.my.salesforce.com' }), clientId, clientSecret, baseUrl, secret }))
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function salesforce(options: SalesforceOptions & RefreshTokenOptions): LoginPreset {
  const parsed = parseOptions('salesforce()', loginOptions, options)
  return { issuer: `https://${parsed.domain}`, ...scopes(parsed.refreshTokens, 'refresh_token') }
}
