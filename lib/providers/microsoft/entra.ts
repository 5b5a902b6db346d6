import * as v from 'valibot'
import { loginTenants } from '../../options/common/tenants.js'
import { parseOptions, section } from '../../options/common/parse.js'
import { audience, guid, host, refreshTokens, scopes } from '../common/fields.js'
import type { OidcOptions } from '../../options/oidc/options.js'
import type { ApiOptions, ApiPreset, LoginPreset, RefreshTokenOptions } from '../common/presets.js'

/** Who signs in with Microsoft Entra ID. */
export interface EntraOptions {
  /**
   * The tenant's ID, a GUID, as in the tokens; not a domain. Or `organizations` for accounts of any tenant, or
   * `common` for personal accounts too, with `tenants`.
   */
  tenant: string
  /**
   * For `organizations` and `common`: IDs of the tenants whose people may sign in, or a function that returns whether those of a
   * tenant may. @default none
   */
  tenants?: OidcOptions['tenants']
  /** Host of a national cloud, such as `login.microsoftonline.us`. @default 'login.microsoftonline.com' */
  host?: string | undefined
}

/** Which access tokens of Microsoft Entra ID an API takes. */
export interface EntraApiOptions extends ApiOptions {
  /** The tenant's ID, or those of several. */
  tenant: string | readonly string[]
  /** Host of a national cloud, such as `login.microsoftonline.us`. @default 'login.microsoftonline.com' */
  host?: string | undefined
  /** Version of the tokens: what `requestedAccessTokenVersion` of the API's manifest says, where nothing means 1. @default 2 */
  version?: 1 | 2 | undefined
}

const publicCloud = 'login.microsoftonline.com'
const whatId = "the tenant's ID"
const hint = 'a GUID, which is on the Overview page of Microsoft Entra ID; tokens name neither a domain nor "common"'
const tenantId = guid(whatId, hint)
const tenantMessage = `must be ${whatId}: ${hint}`
const hostName = v.optional(host('login.microsoftonline.us'), publicCloud)
const shared = ['common', 'organizations'] as const
const loginOptions = v.pipe(
  section({
    tenant: v.union([v.picklist(shared), tenantId], tenantMessage),
    tenants: loginTenants,
    host: hostName,
    refreshTokens,
  }),
  v.check(
    (o) => isShared(o.tenant) === (o.tenants !== undefined),
    'must have "tenants" with "common" and "organizations", and only then: which tenants may sign people in, as a list of IDs or a function',
  ),
)
const apiOptions = v.pipe(
  section({
    tenant: v.union([tenantId, v.pipe(v.array(tenantId), v.minLength(1, 'must name a tenant'))]),
    host: hostName,
    version: v.optional(v.picklist([1, 2], 'must be 1 or 2'), 2),
    audience,
  }),
  v.check(
    (o) => o.version === 2 || o.host === publicCloud,
    'must not have "host" with version 1: give "issuer" yourself',
  ),
)

/**
 * One tenant of Microsoft Entra ID, or several: `oidc({ ...entra({ tenant }), clientId, … })`.
 *
 * @example
 * ```ts
 * import { entra } from 'express-oidc/providers'
 *
 * app.use(oidc({ ...entra({ tenant: '11111111-2222-3333-4444-555555555555' }), clientId, clientSecret, baseUrl, secret }))
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function entra(options: EntraOptions & RefreshTokenOptions): LoginPreset {
  const { host: name, tenant, ...parsed } = parseOptions('entra()', loginOptions, options)
  const extra = scopes(parsed.refreshTokens, 'offline_access')
  if (!isShared(tenant)) return { issuer: issuerOf(name, tenant), ...extra }
  const discoveryUrl = `${issuerOf(name, tenant)}/.well-known/openid-configuration`
  return { issuer: issuerOf(name, '{tenantid}'), discoveryUrl, tenants: options.tenants, ...extra }
}

/**
 * Access tokens for an own API: `bearer(entra.api({ tenant, audience }))`. The audience is the API's client ID; in version 1 it
 * may be its Application ID URI.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
entra.api = (options: EntraApiOptions): Omit<ApiPreset, 'issuer'> & { issuer: string | readonly string[] } => {
  const { host: name, tenant, version, audience: whom } = parseOptions('entra.api()', apiOptions, options)
  const one = version === 2 ? (id: string) => issuerOf(name, id) : (id: string) => `https://sts.windows.net/${id}/`
  return { issuer: typeof tenant === 'string' ? one(tenant) : tenant.map(one), audience: whom, profile: 'jwt' }
}

function issuerOf(name: string, tenant: string): string {
  return `https://${name}/${tenant}/v2.0`
}

function isShared(tenant: string): boolean {
  return tenant === 'common' || tenant === 'organizations'
}
