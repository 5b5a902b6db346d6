import type { webcrypto } from 'node:crypto'
import type { OidcErrorCode } from '../error-codes.js'
import type { ClientAuthenticationMethod } from '../options/common/client-authentication.js'
import type { DecryptionKeyOption, DpopKeyOptions } from '../options/common/private-key.js'
import type { GivenMetadata } from '../options/common/provider-description.js'
import type { Algorithms } from '../options/common/algorithms.js'
import type { RequestObjectConfiguration } from '../options/oidc/request/request-object.js'
import type { Runtime } from '../base/runtime.js'
import type { ClientKeys } from './authentication/client-keys.js'
import type { AuthorizationDetail } from '../options/authorization-details/detail.js'
import type { TlsSource } from './tls/tls-source.js'
import type { IdTokenClaims } from '../jose/id-token-claims.js'

/** How to reach one authorization server. */
export interface ProviderSettings {
  /** Issuer identifier exactly as configured; compared without any normalization. */
  readonly issuer: string
  /** Other values of `iss` in its tokens. */
  readonly issuerAliases?: readonly string[] | undefined
  /** The tenants whose people may sign in, if `issuer` is a template. */
  readonly tenants?: readonly string[] | ((tenant: string) => unknown) | undefined
  /** URL of the metadata instead of the issuer's well-known ones; `false` for none. */
  readonly discoveryUrl?: string | false | undefined
  /** Members that complete the metadata, or replace them. */
  readonly metadata?: GivenMetadata | undefined
  /** Origin that requests to the issuer's origin go to. */
  readonly internalOrigin?: string | undefined
  /** Whether requests may go to addresses of private networks. @default true */
  readonly allowPrivateAddresses?: boolean | undefined
  readonly runtime: Runtime
  /** Makes the requests. @default `node:http` with connections that are kept alive */
  readonly fetch?: typeof fetch | undefined
  /** Certificate that connections present, and those to APIs too. Not with `fetch`. */
  readonly tls?: TlsSource | undefined
  /** Whether requests go to the endpoints for mutual TLS (RFC 8705 section 5). */
  readonly usesMtlsEndpoints?: boolean | undefined
  /** Deadline of one outbound request, in seconds. */
  readonly httpTimeoutSeconds: number
  /** Allows plain http for hosts that are not loopback. */
  readonly dangerouslyAllowHttp: boolean
  readonly clockToleranceSeconds: number
  /** Age at which metadata and keys are fetched again, in seconds. */
  readonly metadataMaxAgeSeconds: number
  readonly keysMaxAgeSeconds: number
  /** How long the last keys stay in use while the provider is down, in seconds. */
  readonly keysStaleSeconds: number
}

/** The credentials of a client. */
export interface ClientCredentials {
  readonly clientSecret?: string | undefined
  /** PKCS#8 PEM or JWK, for `private_key_jwt`. */
  readonly clientAssertionKey?: string | webcrypto.JsonWebKey | undefined
  /** A ready-made assertion, for `private_key_jwt`. */
  readonly clientAssertion?: string | undefined
}

/** How a client proves who it is. */
export interface ClientIdentity extends ClientCredentials {
  readonly clientId: string
  /** Chosen from the metadata and the given credentials when absent. */
  readonly clientAuthentication?: ClientAuthenticationMethod | undefined
  /** Keys that sign assertions and request objects. */
  readonly clientKeys?: ClientKeys | undefined
  /** `alg` of the assertion; by the key's type when absent. */
  readonly clientAssertionAlg?: string | undefined
  /** `kid` of the assertion; that of the JWK when absent. */
  readonly clientAssertionKid?: string | undefined
  /** PEM of the key's certificate, whose hashes go into the assertion. */
  readonly clientAssertionCertificate?: string | undefined
  /** `aud` of the assertion. @default 'issuer' */
  readonly clientAssertionAudience?: string | undefined
  /** Kind of a ready-made assertion. @default 'jwt-bearer' */
  readonly clientAssertionType?: string | undefined
  /** Looks credentials up for each request, and overrides those given here: they may change while the process runs. */
  readonly currentCredentials?: (() => Promise<ClientCredentials>) | undefined
}

/** The client's registration at the authorization server. */
export interface ClientSettings extends ClientIdentity {
  /** The algorithms accepted for ID Tokens, such as the registered `id_token_signed_response_alg`. */
  readonly idTokenSigningAlg: Algorithms
  /** The same for signed authorization responses; those of ID Tokens when absent. */
  readonly authorizationResponseAlg?: Algorithms | undefined
  /** Whether authorization responses are asked for as signed ones (JARM). */
  readonly hasSignedResponses?: boolean
  /** Private keys, or secrets as JWK, for encrypted tokens. */
  readonly decryptionKeys?: readonly DecryptionKeyOption[]
  /** What is refused if it is not encrypted. Logout tokens follow ID Tokens. */
  readonly encryptedResponses?: readonly ('id_token' | 'userinfo' | 'authorization')[]
  /** Other audiences that ID Tokens may have; `'any'` requires `azp`. None when absent. */
  readonly idTokenAudiences?: readonly string[] | 'any'
  /** The algorithm registered for signed UserInfo responses; when absent, JSON or that of ID Tokens. */
  readonly userinfoSigningAlg?: string
  /** The key that all tokens must be bound to (RFC 9449). */
  readonly dpop?: DpopKeyOptions
  /** Sign authorization requests (RFC 9101) even where the metadata does not require it. */
  readonly requestObject?: RequestObjectConfiguration | undefined
  /** Types of `authorization_details` that are always requested. */
  readonly authorizationDetailTypes?: readonly string[]
  /** Push the authorization request (RFC 9126) even where the metadata does not require it. */
  readonly pushedAuthorizationRequests?: boolean
}

/**
 * Authorization server metadata (RFC 8414, OpenID Connect Discovery 1.0), as far as it is checked; other members are
 * kept.
 */
export interface ProviderMetadata {
  readonly issuer: string
  readonly authorization_endpoint?: string
  readonly token_endpoint?: string
  readonly jwks_uri?: string
  readonly userinfo_endpoint?: string
  readonly end_session_endpoint?: string
  readonly introspection_endpoint?: string
  readonly revocation_endpoint?: string
  readonly pushed_authorization_request_endpoint?: string
  readonly [member: string]: unknown
}

/** The authorization request of one login. `state`, `nonce` and the PKCE verifier are 32 random bytes each, base64url. */
export interface AuthorizationRequest {
  readonly redirectUri: string
  readonly scope: string
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
  /** Resource indicators (RFC 8707 section 2.1); a parameter of that name replaces them. */
  readonly resource?: readonly string[]
  /** Additional parameters; must not be ones that the protocol reserves. */
  readonly parameters: Readonly<Record<string, string>>
}

/** The members of a token response (RFC 6749 section 5.1), checked. */
export interface ReceivedTokens {
  /** Absent where the provider gave none: some do not where no scope of an API was asked for. */
  readonly accessToken?: string
  /** As sent by the provider, lower-cased: `bearer` or `dpop`. */
  readonly tokenType: string
  /** When the access token expires, in seconds since the epoch; absent when the provider did not say. */
  readonly expiresAt?: number
  readonly refreshToken?: string
  readonly scope: string
  /** As granted, frozen; absent where the provider does not say (RFC 9396 section 7). */
  readonly authorizationDetails?: readonly AuthorizationDetail[]
}

/** Tokens of a grant that is for nothing but an access token. */
export interface GrantedTokens extends ReceivedTokens {
  readonly accessToken: string
}

/** Tokens of a login. The ID Token and its signature were validated; its claims are frozen, and have no prototype. */
export interface TokenSet extends ReceivedTokens {
  readonly idToken: string
  readonly idTokenClaims: IdTokenClaims
}

/** State of a provider's metadata and keys, as last seen. Reading it makes no request. */
export interface ProviderHealth {
  /** The issuer as configured. */
  readonly issuer: string
  /** `unknown` before the first fetch, `stale` once it is due to be fetched again. */
  readonly metadata: 'unknown' | 'fresh' | 'stale'
  /** Seconds since the metadata was fetched. */
  readonly metadataAgeSeconds?: number
  /** `unknown` before the first fetch, `stale` once it is due to be fetched again. */
  readonly keys: 'unknown' | 'fresh' | 'stale'
  /** Seconds since the keys were fetched. */
  readonly keysAgeSeconds?: number
  /** Error code of the last request, if it failed. */
  readonly lastFailure?: string
}

/** State of an endpoint as last seen. A refused grant does not count as a failure of the endpoint. */
export interface EndpointHealth {
  /** How the last request ended; `unknown` before the first one. */
  readonly state: 'unknown' | 'ok' | 'failing'
  /** When a request last succeeded, in seconds since the epoch. */
  readonly lastSuccessAt?: number
  /** When a request last failed, in seconds since the epoch. */
  readonly lastFailureAt?: number
  /** Code of the last failure, such as `provider_timeout`; `provider_refused_client` for credentials that were refused. */
  readonly lastFailure?: string
}

/** State of everything that a client depends on, as last seen. Reading it makes no request. */
export interface Health extends ProviderHealth {
  /** State of the token endpoint. */
  readonly tokenEndpoint: EndpointHealth
  /** How the last operation on the session store or the shared store ended. Absent if neither is configured. */
  readonly store?: 'unknown' | 'ok' | 'failing'
}

/** A refresh of tokens (RFC 6749 section 6). */
export interface RefreshRequest {
  readonly refreshToken: string
  /** The scope granted so far, kept if the response does not name one. */
  readonly scope: string
  /** Claims of the session's ID Token: a new one must be about the same person (OpenID Connect Core section 12.2). */
  readonly idTokenClaims: IdTokenClaims
  /** Further parameters, such as `resource` or a narrower `scope`. */
  readonly parameters?: Readonly<Record<string, string>>
}

/** Tokens of a successful refresh; what the provider left out stays as it was. */
export interface RefreshedTokens extends ReceivedTokens {
  /** The new one, or the old one if the provider does not rotate. */
  readonly refreshToken: string
  readonly idToken?: string
  readonly idTokenClaims?: IdTokenClaims
  /** Why the new ID Token was not taken. */
  readonly idTokenFlaw?: OidcErrorCode
  /** A new ID Token to be validated later, because the issuer's keys could not be fetched. */
  readonly unverifiedIdToken?: string
}
