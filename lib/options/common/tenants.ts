import * as v from 'valibot'
import { parseUrl } from '../../base/url.js'
import { callback, text } from './fields.js'

/** The place of the tenant in a template of issuers. */
export const tenantPlace = /\{[A-Za-z]+\}/

// Microsoft Entra ID, its national clouds and its earlier names.
const entraHost =
  /^(login\.microsoftonline\.(com|us|de)|login-us\.microsoftonline\.com|login\.microsoft\.com|(login|sts)\.windows\.net|login\.(partner\.microsoftonline|chinacloudapi)\.cn|login\.usgovcloudapi\.net|login\.sovcloud-identity\.(fr|de|sg))$/
const sharedTenant = /^\/(common|organizations|consumers)(\/|$)/i
const sharedTenantName = /^(common|organizations|consumers)$/i

const tenantName = /^[A-Za-z0-9._-]{1,128}$/

/** Tenants by name or ID. */
export const tenantList = v.pipe(
  v.array(
    v.pipe(
      text('a tenant'),
      v.regex(tenantName, 'must be a name or an ID'),
      v.check(
        (tenant) => !sharedTenantName.test(tenant),
        'must be the ID of one tenant rather than "common", "organizations" or "consumers", which no token names (personal accounts are of tenant 9188040d-6c67-4c5b-b112-36a304b66dad)',
      ),
    ),
    'must be a list of tenants',
  ),
  v.minLength(1, 'must name at least one tenant'),
)

/** Tenants of a login: a list, or a function that returns whether a tenant is accepted. */
export const loginTenants = v.optional(
  v.union([tenantList, callback], 'must be a list of tenants, or a function that says whether a tenant may sign in'),
)

/** Whether an issuer is a template such as `https://login.microsoftonline.com/{tenantid}/v2.0`. */
export function isIssuerTemplate(issuer: string): boolean {
  return tenantPlace.test(issuer)
}

/** The tenant in an issuer, by a template; `undefined` if the issuer does not match. */
export function tenantIn(issuer: unknown, template: string): string | undefined {
  const [start = '', end, ...more] = template.split(tenantPlace)
  if (typeof issuer !== 'string' || end === undefined || more.length > 0) return undefined
  if (!issuer.startsWith(start) || !issuer.endsWith(end)) return undefined
  const tenant = issuer.slice(start.length, issuer.length - end.length)
  return tenantName.test(tenant) ? tenant : undefined
}

interface TenantOptions {
  readonly issuer: string
  readonly tenants?: unknown
}

/** The message for an issuer of Microsoft Entra ID that stands for several tenants. */
export const sharedTenantFlaw =
  'must not have "common", "organizations" or "consumers" in "issuer", which no token names: use the template "https://login.microsoftonline.com/{tenantid}/v2.0", and "tenants" (personal accounts are of tenant 9188040d-6c67-4c5b-b112-36a304b66dad)'

/** Whether an issuer is one of Microsoft Entra ID that stands for several tenants. Tokens never name such an issuer. */
export function isSharedTenant(issuer: string): boolean {
  const url = parseUrl(issuer)
  return url !== undefined && entraHost.test(url.hostname) && sharedTenant.test(url.pathname)
}

/** The message for a template without tenants, or tenants without a template. */
export const tenantsMismatch = 'must have "tenants" if, and only if, "issuer" has one placeholder such as {tenantid}'

/** The reason why an issuer of several tenants is invalid, if it is. */
export function tenantsFlaw({ issuer, tenants }: TenantOptions): string | undefined {
  if (isSharedTenant(issuer)) return sharedTenantFlaw
  if (isIssuerTemplate(issuer) === (tenants !== undefined)) return undefined
  return tenantsMismatch
}
