import type { DpopProver } from '../fetch/dpop.js'
import { secretAlgorithm } from '../options/common/algorithms.js'
import type { Cached } from '../base/cache/cached-document.js'
import type { JsonObject } from '../base/json.js'
import type { Runtime } from '../base/runtime.js'
import { authorizationUrl } from './endpoints/authorization-request.js'
import {
  type AuthorizationResponse,
  type ValidatedAuthorizationResponse,
  validateAuthorizationResponse,
} from './endpoints/authorization-response.js'
import { grantClientCredentials } from './grants/client-credentials.js'
import { type CodeExchange, exchangeCode } from './grants/authorization-code.js'
import { createCurrentAuthentication } from './authentication/client-authentication.js'
import { createDpopProver } from '../fetch/dpop-prover.js'
import { type EndSessionRequest, endSessionUrl } from './endpoints/end-session.js'
import { EndpointRecord, healthOf } from './health.js'
import { type ConfiguredClient, createOpenidClient } from './openid-client.js'
import { type IdTokenValidator, createIdTokenValidator } from './tokens/id-token.js'
import { type Keys, createKeys } from './keys.js'
import { type LogoutTokenValidator, createLogoutTokenValidator } from './tokens/logout-token.js'
import { type MetadataNeeds, createMetadata, endpointOf, loginNeeds } from './metadata.js'
import { createApiFetch } from './tls/api-fetch.js'
import type { TlsSource } from './tls/tls-source.js'
import { dateFlaw } from './tls/validity.js'
import { type HttpClient, createHttpClient } from './transport/http-client.js'
import { type Readiness, readinessOf } from './readiness.js'
import { refreshTokens } from './grants/refresh-token.js'
import { type IdTokenVerdict, type RefreshedIdToken, checkRefreshedIdToken } from './tokens/refreshed-id-token.js'
import { createClientDecryption } from './tokens/decryption.js'
import { type OpenSignedResponse, createSignedResponses } from './tokens/signed-response.js'
import { createSignatureVerifier } from './tokens/signature.js'
import { tenantKeyRule } from './tokens/tenants.js'
import { type TokenTypeHint, revokeToken } from './endpoints/revocation.js'
import { type AssertionGrant, redeemAssertion } from './grants/jwt-bearer.js'
import { type TokenExchange, exchangeToken } from './grants/token-exchange.js'
import type { FurtherParameters, TokenTarget } from './endpoints/token.js'
import type {
  AuthorizationRequest,
  ClientSettings,
  GrantedTokens,
  Health,
  ProviderMetadata,
  ProviderSettings,
  RefreshedTokens,
  RefreshRequest,
  TokenSet,
} from './types.js'
import { type UserinfoSettings, fetchUserinfo, maxUserinfoBytes } from './endpoints/userinfo.js'

/** One authorization server, as a registered client sees it. */
export interface Provider {
  readonly httpClient: HttpClient
  /** The issuer's keys. */
  readonly keys: Keys
  readonly idTokens: IdTokenValidator
  /** Set if tokens are bound to a key. */
  readonly dpop: DpopProver | undefined
  /** Set if connections present a certificate, to which tokens may be bound. */
  readonly tls: TlsSource | undefined
  /** Calls APIs with that certificate. */
  readonly apiFetch: typeof fetch | undefined
  readonly logoutTokens: LogoutTokenValidator
  /** The metadata, fetched on first use. */
  metadata(): Promise<ProviderMetadata>
  /** Fetches metadata and keys ahead of the first request. */
  ready(): Promise<Readiness>
  /** The state of metadata, keys and token endpoint; makes no request. */
  health(): Health
  /** Aborts requests in flight; nothing is fetched afterwards. */
  close(): void
  /** The URL to send a browser to; see {@link authorizationUrl}. */
  authorizationUrl(request: AuthorizationRequest): Promise<string>
  /** Opens a signed authorization response (JARM); see {@link createSignedResponses}. */
  readonly openSignedResponse: OpenSignedResponse
  /** Checks an authorization response; see {@link validateAuthorizationResponse}. */
  validateResponse(response: AuthorizationResponse, expectedState: string): Promise<ValidatedAuthorizationResponse>
  /** Exchanges the code of a validated response, and validates the ID Token; see {@link exchangeCode}. */
  exchangeCode(exchange: CodeExchange): Promise<TokenSet>
  /** Refreshes tokens; see {@link refreshTokens}. */
  refresh(request: RefreshRequest): Promise<RefreshedTokens>
  /** Validates the ID Token of an earlier refresh; see {@link checkRefreshedIdToken}. */
  checkRefreshedIdToken(refreshed: RefreshedIdToken): Promise<IdTokenVerdict>
  /** The person's claims; see {@link fetchUserinfo}. */
  userinfo(accessToken: string, expectedSubject: string, expectedIssuer?: string): Promise<Readonly<JsonObject>>
  /** The URL that ends the session at the provider, or `undefined`; see {@link endSessionUrl}. */
  endSessionUrl(request: EndSessionRequest): Promise<string | undefined>
  /** Requests a token for the client itself; see {@link grantClientCredentials}. */
  clientCredentials(target: TokenTarget, params?: FurtherParameters): Promise<GrantedTokens>
  /** Requests a token on a user's behalf; see {@link exchangeToken}. */
  exchangeToken(exchange: TokenExchange): Promise<GrantedTokens>
  /** Requests a token for an assertion; see {@link redeemAssertion}. */
  redeemAssertion(grant: AssertionGrant): Promise<GrantedTokens>
  /** Revokes a token, if the provider supports that; see {@link revokeToken}. */
  revokeToken(token: string, hint?: TokenTypeHint): Promise<boolean>
}

/**
 * Creates everything that concerns one authorization server. Nothing is fetched yet.
 *
 * @throws {ConfigurationError} `invalid_options` for an unusable issuer or credential
 */
export function createProvider(settings: ProviderSettings, client: ClientSettings, needs = loginNeeds): Provider {
  const httpClient = createHttpClient(settings)
  const ownNeeds = needsOf(client, needs)
  const metadata = createMetadata(settings, httpClient, ownNeeds)
  const keys = createKeys(() => endpointOf(metadata, 'jwks_uri'), httpClient, settings)
  const idTokens = createIdTokenValidator({ ...settings, ...client }, keys)
  const authenticate = createCurrentAuthentication(client, settings.runtime)
  const dpop = client.dpop === undefined ? undefined : createDpopProver(client.dpop, settings.runtime)
  const api = settings.tls === undefined ? undefined : createApiFetch(settings.tls)
  const tokenEndpoint = new EndpointRecord(settings.runtime)
  const openidClient = createOpenidClient({ ...client, authenticate, dpop }, metadata, httpClient, tokenEndpoint)
  const userinfo = userinfoSettings(client, settings, keys)
  return {
    httpClient,
    keys,
    idTokens,
    dpop,
    tls: settings.tls,
    apiFetch: api?.fetch,
    logoutTokens: createLogoutTokenValidator({ ...settings, ...client }, keys),
    metadata: () => metadata.get(),
    ready: async () => {
      await Promise.all([openidClient(), ownNeeds.members.includes('jwks_uri') ? keys.ready() : undefined])
      return readinessOf(await metadata.get(), client, await certificateFlaw(settings))
    },
    health: () => ({ ...healthOf(settings.issuer, metadata, keys), tokenEndpoint: tokenEndpoint.health() }),
    close: () => [metadata, keys, httpClient, api].forEach((part) => part?.close()),
    authorizationUrl: async (request) => authorizationUrl(await openidClient(), request, { ...settings, client, keys }),
    ...responseChecks({ ...settings, ...client }, keys, metadata),
    exchangeCode: async (exchange) => exchangeCode(await openidClient(), exchange, idTokens, settings.runtime),
    refresh: async (request) => refreshTokens(await openidClient(), request, idTokens, settings.runtime),
    checkRefreshedIdToken: (refreshed) => checkRefreshedIdToken(refreshed, idTokens),
    userinfo: (token, subject, expectedIssuer) =>
      endpointOf(metadata, 'userinfo_endpoint').then(async () =>
        fetchUserinfo(await openidClient(), userinfo, token, { subject, issuer: expectedIssuer }),
      ),
    endSessionUrl: async (request) => endSessionUrl(await openidClient(), request),
    ...tokenRequests(openidClient, settings.runtime),
  }
}

async function certificateFlaw({ tls, runtime }: ProviderSettings): Promise<string | undefined> {
  const known = await tls?.current()
  return known === undefined ? undefined : dateFlaw(known, runtime.now())
}

function responseChecks(
  settings: ProviderSettings & ClientSettings,
  keys: Keys,
  metadata: Cached<ProviderMetadata>,
): Pick<Provider, 'openSignedResponse' | 'validateResponse'> {
  return {
    openSignedResponse: createSignedResponses(settings, keys),
    validateResponse: async (response, state) => validateAuthorizationResponse(response, state, await metadata.get()),
  }
}

function tokenRequests(
  openidClient: () => Promise<ConfiguredClient>,
  runtime: Runtime,
): Pick<Provider, 'clientCredentials' | 'exchangeToken' | 'redeemAssertion' | 'revokeToken'> {
  return {
    clientCredentials: async (target, params) =>
      grantClientCredentials(await openidClient(), target, { runtime, params }),
    exchangeToken: async (exchange) => exchangeToken(await openidClient(), exchange, runtime),
    redeemAssertion: async (grant) => redeemAssertion(await openidClient(), grant, runtime),
    revokeToken: async (token, hint) => revokeToken(await openidClient(), token, hint),
  }
}

// HS256 signs with the client's secret, so no keys of the provider are needed.
function needsOf({ idTokenSigningAlg }: ClientSettings, needs: MetadataNeeds): MetadataNeeds {
  if (secretAlgorithm(idTokenSigningAlg) === undefined) return needs
  return { ...needs, members: needs.members.filter((name) => name !== 'jwks_uri') }
}

function userinfoSettings(client: ClientSettings, settings: ProviderSettings, keys: Keys): UserinfoSettings {
  const { clientSecret, userinfoSigningAlg: algorithms = client.idTokenSigningAlg } = client
  const signature = {
    token: 'UserInfo response',
    algorithms,
    option: 'idTokenSigningAlg',
    clientSecret,
    from: 'provider',
    isKeyOf: tenantKeyRule(settings),
  } as const
  const isEncrypted = client.encryptedResponses?.includes('userinfo') === true
  const decrypt = createClientDecryption(client, {
    token: 'UserInfo response',
    response: 'userinfo',
    maxBytes: maxUserinfoBytes,
  })
  const verifySignature = createSignatureVerifier(signature, keys)
  const { issuer, issuerAliases } = settings
  return { ...client, issuer, issuerAliases, verifySignature, decrypt, isEncrypted }
}
