import * as v from 'valibot'
import { text } from '../../options/common/fields.js'
import { parseOptions, section } from '../../options/common/parse.js'
import { audience, guid, host, refreshTokens } from '../common/fields.js'
import type { ApiOptions, ApiPreset, LoginPreset, RefreshTokenOptions } from '../common/presets.js'

/** Which policy of which tenant of Azure AD B2C. */
export interface AzureB2cOptions {
  /** The tenant's name, such as `contoso` of `contoso.onmicrosoft.com`. */
  tenant: string
  /** The tenant's ID, a GUID: tokens name it. */
  tenantId: string
  /** A user flow or custom policy, such as `B2C_1_signin`. */
  policy: string
  /** A custom domain. @default the tenant's name, and `.b2clogin.com` */
  host?: string | undefined
}

const place = {
  tenant: v.pipe(
    text("the tenant's name"),
    v.regex(/^[a-z0-9-]+$/i, 'must be the tenant\'s name alone, such as "contoso", without ".onmicrosoft.com"'),
    v.description("the tenant's name"),
  ),
  tenantId: guid("the tenant's ID", 'a GUID, which is on the Overview page of the tenant'),
  policy: v.pipe(
    text('the name of a user flow or policy'),
    v.regex(/^B2C_1A?_[\w-]+$/i, 'must be the name of a user flow or policy, such as "B2C_1_signin"'),
    v.description('the name of a user flow or policy'),
  ),
  host: v.optional(host('login.example.com')),
}
const loginOptions = section({ ...place, refreshTokens })
const apiOptions = section({ ...place, audience })

/**
 * A user flow of Azure AD B2C, with the issuer claim as it is by default: `oidc({ ...azureB2c({ tenant, tenantId, policy }),
 * clientId, … })`. Its metadata is below the policy, which the issuer does not name.
 *
 * @example
 * ```ts
 * import { azureB2c } from 'express-oidc/providers'
 *
 * const flow = { tenant: 'contoso', tenantId: '775527ff-9a37-4307-8b3d-cc311f58d925', policy: 'B2C_1_signin' }
 * app.use(oidc({ ...azureB2c(flow), clientId, clientSecret, baseUrl, secret }))
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function azureB2c(options: AzureB2cOptions & RefreshTokenOptions): LoginPreset {
  const parsed = parseOptions('azureB2c()', loginOptions, options)
  // It refuses `profile` and `email`: what is in the ID Token is set in the user flow.
  return { ...describe(parsed), scope: parsed.refreshTokens ? 'openid offline_access' : 'openid' }
}

/**
 * Access tokens of a user flow for an own API: `bearer(azureB2c.api({ tenant, tenantId, policy, audience }))`. The audience is the
 * API's client ID.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
azureB2c.api = (options: AzureB2cOptions & ApiOptions): ApiPreset => {
  const parsed = parseOptions('azureB2c.api()', apiOptions, options)
  return { ...describe(parsed), audience: parsed.audience, profile: 'jwt' }
}

function describe({ tenant, tenantId, policy, ...given }: Readonly<AzureB2cOptions>) {
  const name = given.host ?? `${tenant.toLowerCase()}.b2clogin.com`
  return {
    issuer: `https://${name}/${tenantId}/v2.0/`,
    discoveryUrl: `https://${name}/${tenant}.onmicrosoft.com/${policy}/v2.0/.well-known/openid-configuration`,
  }
}
