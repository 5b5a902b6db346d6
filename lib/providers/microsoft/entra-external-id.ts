import { parseOptions, section } from '../../options/common/parse.js'
import { audience, guid, refreshTokens, scopes } from '../common/fields.js'
import type { ApiOptions, ApiPreset, LoginPreset, RefreshTokenOptions } from '../common/presets.js'

/** Which external tenant of Microsoft Entra. */
export interface EntraExternalIdOptions {
  /** The tenant's ID, a GUID: the issuer is made of it, and of no name. */
  tenant: string
}

const place = {
  tenant: guid(
    "the external tenant's ID",
    'a GUID, which is on the Overview page; its name and domain are not in the issuer',
  ),
}
const loginOptions = section({ ...place, refreshTokens })
const apiOptions = section({ ...place, audience })

/**
 * Customers of an external tenant: `oidc({ ...entraExternalId({ tenant }), clientId, … })`.
 *
 * @example
 * ```ts
 * import { entraExternalId } from 'express-oidc/providers'
 *
 * app.use(oidc({ ...entraExternalId({ tenant: '11111111-2222-3333-4444-555555555555' }), clientId, clientSecret, baseUrl, secret }))
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function entraExternalId(options: EntraExternalIdOptions & RefreshTokenOptions): LoginPreset {
  const parsed = parseOptions('entraExternalId()', loginOptions, options)
  return { issuer: issuerOf(parsed.tenant), ...scopes(parsed.refreshTokens, 'offline_access') }
}

/**
 * Access tokens for an own API: `bearer(entraExternalId.api({ tenant, audience }))`. The audience is the API's client ID.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
entraExternalId.api = (options: EntraExternalIdOptions & ApiOptions): ApiPreset => {
  const parsed = parseOptions('entraExternalId.api()', apiOptions, options)
  return { issuer: issuerOf(parsed.tenant), audience: parsed.audience, profile: 'jwt' }
}

function issuerOf(tenant: string): string {
  return `https://${tenant}.ciamlogin.com/${tenant}/v2.0`
}
