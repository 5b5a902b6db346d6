import * as v from 'valibot'
import { parseOptions, section } from '../../options/common/parse.js'
import { audience, guid, host, refreshTokens, scopes } from '../common/fields.js'
import type { ApiOptions, ApiPreset, LoginPreset, RefreshTokenOptions } from '../common/presets.js'

/** Which tenant of Microsoft Entra ID. */
export interface EntraOptions {
  /** The tenant's ID, a GUID: tokens name it, whatever domain people type. */
  tenant: string
  /** Of a national cloud, such as `login.microsoftonline.us`. @default 'login.microsoftonline.com' */
  host?: string | undefined
}

const place = {
  tenant: guid(
    "the tenant's ID",
    'a GUID, which is on the Overview page of Microsoft Entra ID; its domain is not in tokens',
  ),
  host: v.optional(host('login.microsoftonline.us'), 'login.microsoftonline.com'),
}
const loginOptions = section({ ...place, refreshTokens })
const apiOptions = section({ ...place, audience })

/**
 * One tenant of Microsoft Entra ID: `oidc({ ...entra({ tenant }), clientId, … })`.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function entra(options: EntraOptions & RefreshTokenOptions): LoginPreset {
  const parsed = parseOptions('entra()', loginOptions, options)
  return { issuer: issuerOf(parsed), ...scopes(parsed.refreshTokens, 'offline_access') }
}

/**
 * Access tokens of version 2.0 for an own API: `bearer(entra.api({ tenant, audience }))`. The audience is the API's client ID.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
entra.api = (options: EntraOptions & ApiOptions): ApiPreset => {
  const parsed = parseOptions('entra.api()', apiOptions, options)
  return { issuer: issuerOf(parsed), audience: parsed.audience, profile: 'jwt' }
}

function issuerOf({ tenant, host: name }: { readonly tenant: string; readonly host: string }): string {
  return `https://${name}/${tenant}/v2.0`
}
