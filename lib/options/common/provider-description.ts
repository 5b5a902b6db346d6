import * as v from 'valibot'
import { hasNoFlaw } from './parse.js'
import { isUrl } from '../../base/url.js'
import { endpointUrl, flag, isAllowedHere, origin, text } from './fields.js'

/** The members of the metadata that are URLs of endpoints. */
export const endpointNames = [
  'authorization_endpoint',
  'token_endpoint',
  'jwks_uri',
  'userinfo_endpoint',
  'end_session_endpoint',
  'introspection_endpoint',
  'revocation_endpoint',
  'pushed_authorization_request_endpoint',
] as const

/** Endpoints that a client with a certificate may have to call elsewhere (RFC 8705 section 5). */
export const mtlsEndpointNames = [
  'token_endpoint',
  'revocation_endpoint',
  'introspection_endpoint',
  'userinfo_endpoint',
  'pushed_authorization_request_endpoint',
] as const

/** A member of the metadata that is an endpoint's URL. */
export type EndpointName = (typeof endpointNames)[number]

/**
 * Members of the provider's metadata, such as `introspection_endpoint`, `end_session_endpoint` or `revocation_endpoint`.
 * `issuer` is not one of them: it is an option.
 *
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata
 * @see https://www.rfc-editor.org/rfc/rfc8414#section-2
 */
export type GivenMetadata = Readonly<Partial<Record<EndpointName, string | undefined>>> & {
  /** Whether authorization responses have `iss` (RFC 9207). It can be switched on here, and not off. */
  readonly authorization_response_iss_parameter_supported?: true | undefined
  /** Endpoints for a client with a certificate (RFC 8705 section 5). */
  readonly mtls_endpoint_aliases?:
    Readonly<Partial<Record<(typeof mtlsEndpointNames)[number], string | undefined>>> | undefined
  readonly [member: string]: unknown
}

/** Where a provider's metadata is, and what it leaves out. */
export interface ProviderDescription {
  /**
   * URL of the metadata, if that is not the issuer with `/.well-known/openid-configuration` appended. `issuer` in the
   * document must still be the configured one. `false`: nothing is fetched, and `metadata` holds everything.
   *
   * @default the issuer's well-known URLs
   */
  discoveryUrl?: string | false | undefined
  /** Members that complete the provider's metadata, or replace them. @default none */
  metadata?: GivenMetadata | undefined
  /**
   * Origin at which this server reaches the provider, such as `http://keycloak:8080`, if that differs from the issuer's. Requests
   * to the issuer's origin go there, over plain http too; browsers are sent to the issuer's. @default the issuer's
   */
  internalOrigin?: string | undefined
  /**
   * Whether requests to the provider may go to private networks: loopback, private, link-local and other addresses outside of the
   * public internet. Set `false` where strangers name the issuer. Each host is then checked after its lookup, and reached at the
   * checked address; `internalOrigin` stays allowed. `false` cannot be combined with your own `fetch`. @default true
   */
  allowPrivateAddresses?: boolean | undefined
}

/** The same, with the names under which the provider issues tokens. */
export interface NamedProviderDescription extends ProviderDescription {
  /**
   * Other spellings of `iss` in this issuer's ID Tokens, such as `accounts.google.com`. Nothing is fetched from them.
   * `req.auth.issuer` is the issuer as configured. @default none
   */
  issuerAliases?: readonly string[] | undefined
  /**
   * Tenants whose people may sign in, if `issuer` is a template such as `https://login.microsoftonline.com/{tenantid}/v2.0`: a
   * list, or a function that returns whether the tenant of an ID Token is accepted, within `httpTimeoutSeconds`. `iss`, `tid` and
   * the key's issuer must agree. `req.auth.issuer` is the issuer of the tenant: identify people by it and `subject`, never by e-mail address. @default none
   */
  tenants?: readonly string[] | ((tenantId: string) => boolean | Promise<boolean>) | undefined
}

const endpoint = v.optional(endpointUrl('the absolute URL of an endpoint'))

const metadata = v.pipe(
  v.looseObject(
    {
      issuer: v.optional(v.undefined('must not be here: it is the option "issuer"')),
      authorization_endpoint: endpoint,
      token_endpoint: endpoint,
      jwks_uri: endpoint,
      userinfo_endpoint: endpoint,
      end_session_endpoint: endpoint,
      introspection_endpoint: endpoint,
      revocation_endpoint: endpoint,
      pushed_authorization_request_endpoint: endpoint,
      authorization_response_iss_parameter_supported: v.optional(
        v.literal(true, 'must be true, or be left out: the check of "iss" cannot be switched off'),
      ),
      mtls_endpoint_aliases: v.optional(
        v.looseObject(
          {
            token_endpoint: endpoint,
            revocation_endpoint: endpoint,
            introspection_endpoint: endpoint,
            userinfo_endpoint: endpoint,
            pushed_authorization_request_endpoint: endpoint,
          },
          'must be an object of endpoints',
        ),
      ),
    },
    'must be an object of members of the metadata',
  ),
  // The result gets frozen, and the caller's own object must not be.
  v.transform((given): GivenMetadata => structuredClone(given)),
)

/** The members that describe a provider. */
export const descriptionEntries = {
  discoveryUrl: v.optional(
    v.union(
      [v.literal(false), endpointUrl("the URL of the provider's metadata")],
      "must be the URL of the provider's metadata, or false",
    ),
  ),
  metadata: v.optional(metadata),
  internalOrigin: v.optional(origin),
  allowPrivateAddresses: v.optional(flag),
}

/** Other values of `iss` in tokens of the same issuer. */
export const issuerAliases = v.array(text('a value of iss'), 'must be a list of values of iss')

/** The options that {@link descriptionFlaw} is about. */
interface DescriptionOptions {
  readonly discoveryUrl?: string | false | undefined
  readonly metadata?: GivenMetadata | undefined
  readonly internalOrigin?: string | undefined
}

/**
 * The URLs in a description that requests go to, or browsers, and which must therefore be of https. Those of the internal
 * origin are allowed by its name.
 */
function urlsIn({ discoveryUrl, metadata: given = {}, internalOrigin }: DescriptionOptions): readonly string[] {
  const aliases = given.mtls_endpoint_aliases ?? {}
  const endpoints = [...endpointNames.map((name) => given[name]), ...mtlsEndpointNames.map((name) => aliases[name])]
  const urls = [discoveryUrl, ...endpoints].filter((url) => typeof url === 'string')
  // Values that are not URLs have been refused before.
  return urls.filter((url) => isUrl(url) && new URL(url).origin !== internalOrigin)
}

/** Whether no URL in a description is of plain http that needs a permission. */
export function isReachedSafely(description: DescriptionOptions, dangerouslyAllowHttp: boolean): boolean {
  return urlsIn(description).every((url) => isAllowedHere(new URL(url), dangerouslyAllowHttp))
}

/**
 * The message for a description without discovery in which members are missing, if it is one.
 *
 * @param needs - all of them are needed, or one of each list
 */
export function missingMembers(
  { discoveryUrl, metadata: given = {} }: DescriptionOptions,
  needs: readonly (EndpointName | readonly EndpointName[])[],
): string | undefined {
  if (discoveryUrl !== false) return undefined
  const missing = needs.filter((need) => [need].flat().every((name) => given[name] === undefined))
  if (missing.length === 0) return undefined
  const names = missing.map((need) => [need].flat().join(' or ')).join(', ')
  return `must give ${names} in "metadata": with discoveryUrl false, nothing else names them`
}

/** The rule that a description without discovery is complete. */
export function needsMembers<Options extends DescriptionOptions>(
  needs: (options: Options) => readonly (EndpointName | readonly EndpointName[])[],
) {
  return hasNoFlaw<Options>((options) => missingMembers(options, needs(options)))
}

/** The names under which one provider issues tokens. */
export interface IssuerNames {
  readonly issuer: string
  readonly issuerAliases?: readonly string[] | undefined
}

/** Whether no name of an issuer is given twice. */
export function hasOwnSpellings({ issuer, issuerAliases: aliases = [] }: IssuerNames): boolean {
  return new Set([issuer, ...aliases]).size === aliases.length + 1
}

/** The issuer as configured for each of its names; other values are left as they are. */
export function configuredIssuer<Value>(iss: Value, { issuer, issuerAliases = [] }: IssuerNames): Value | string {
  return issuerAliases.some((alias) => alias === iss) ? issuer : iss
}
