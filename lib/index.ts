export { clientCredentials } from './client/client-credentials.js'
export { decision } from './decision/decision.js'
export { policyDecisionPoint } from './decision/policy-decision-point.js'
export {
  AccessError,
  AuthorizationResponseError,
  BearerError,
  ConfigurationError,
  OidcError,
  ProviderError,
  SessionError,
  TokenEndpointError,
  TokenValidationError,
  TransactionError,
  UpstreamError,
} from './errors.js'
export { bearer } from './middleware/bearer.js'
export { csrf } from './middleware/csrf.js'
export { errorPages } from './middleware/error-pages.js'
export { oidc } from './middleware/oidc.js'
export { requireAuth } from './middleware/require-auth.js'
export { resourceMetadata } from './middleware/resource-metadata.js'
export { signInAgain } from './middleware/sign-in-again.js'
export { signals } from './middleware/signals.js'
export { optionsFromEnv } from './options/environment.js'
export { all, any, not } from './policy/combinators.js'
export { authorizationDetails } from './policy/authorization-details.js'
export { claim, role } from './policy/claims.js'
export { deviceBound } from './policy/device-bound.js'
export { mcpAuthInfo } from './policy/mcp-auth-info.js'
export { provider } from './policy/provider.js'
export { acr, machine, maxAge, permission, person, scope } from './policy/requirements.js'
export { createBearerValidator } from './resource-server/bearer-validator.js'

export type {} from './express.js'
// Applications add claims to these interfaces, which TypeScript allows where a module exports all of another.
export type * from './options/declared-claims.js'
export type { SharedStoreHealth } from './client/shared-tokens.js'
export type { AuthorizedRequest, TokenSource, TokenSourceHealth } from './client/token-source.js'
export type {
  AccessErrorCode,
  AuthorizationResponseErrorCode,
  BearerErrorCode,
  ConfigurationErrorCode,
  OidcErrorCode,
  ProviderErrorCode,
  SessionErrorCode,
  TokenEndpointErrorCode,
  TokenValidationErrorCode,
  TransactionErrorCode,
  UpstreamErrorCode,
} from './error-codes.js'
export type { OidcErrorDetails, OidcErrorInit, ProviderErrorReport, TokenDetails } from './error-details.js'
export type { BearerMiddleware } from './middleware/bearer.js'
export type { OidcHandle } from './middleware/session/oidc-handle.js'
export type { ListedSession } from './middleware/session/list/listed-session.js'
export type { OwnSession, OwnSessions } from './middleware/session/list/own-sessions.js'
export type { PersonOptions, PersonSessions } from './middleware/session/list/person-sessions.js'
export type { OidcMiddleware } from './middleware/oidc-middleware.js'
export type { Connection } from './middleware/session/connection.js'
export type { TokenConnection } from './middleware/guard/live-principals.js'
export type { RequireAuthOptions } from './middleware/require-auth.js'
export type { ResourceMetadataMiddleware } from './middleware/resource-metadata.js'
export type { ErrorPages } from './middleware/error-pages.js'
export type { ErrorMiddleware } from './middleware/sign-in-again.js'
export type { SignalsMiddleware } from './middleware/signals.js'
export type { ChallengeMode } from './middleware/guard/authentication.js'
export type { Middleware, Next, NodeRequest, NodeResponse } from './middleware/types.js'
export type { AccessTokenOptions, AccessTokenTarget } from './options/oidc/access-token.js'
export type {
  AccessTokenAlgorithm,
  AccessTokenProfile,
  AsymmetricAlgorithm,
  Audience,
  IssuerKeyOptions,
  IssuerMapOptions,
  IssuerOptions,
  IssuerResolver,
  OctJwk,
  ResolvedIssuer,
  SharedAudienceOptions,
  SharedSecret,
  SubjectOptions,
} from './options/bearer/issuer-options.js'
export type { TokenProvider, TokenProviderOptions } from './options/bearer/providers.js'
export type { ApiKeyOptions, ApiKeyOwner } from './options/bearer/api-key.js'
export type {
  BearerErrorContext,
  BearerOptions,
  CheckedPrincipal,
  CommonBearerOptions,
  TokenCacheOptions,
} from './options/bearer/options.js'
export type { DpopMode, DpopOptions, MtlsOptions, ReplayCache } from './options/bearer/possession-options.js'
export type { IntrospectionAuthentication, IntrospectionOptions } from './options/bearer/introspection-options.js'
export type {
  ClientCredentialsOptions,
  CrossAppAccessOptions,
  Current,
  IdentityProvider,
  OnBehalfOfOptions,
  TokenExchangeOptions,
  TokenTargetOptions,
} from './options/client/options.js'
export type {
  ClientAuthenticationMethod,
  ClientKeyOption,
  ClientKeysOptions,
  CredentialOptions,
  KeyOption,
  LocalKey,
  NamedKey,
  RemoteKey,
} from './options/common/client-authentication.js'
export type { CsrfOptions } from './options/csrf.js'
export type { DecryptionKeyOption, DpopKeyOptions } from './options/common/private-key.js'
export type {
  EndpointName,
  GivenMetadata,
  NamedProviderDescription,
  ProviderDescription,
} from './options/common/provider-description.js'
export type { EnvironmentOptions } from './options/environment.js'
export type { PageOptions, PageTextName } from './options/pages.js'
export type {
  SecurityEvent,
  SignalAction,
  SubjectContext,
  SubjectFound,
  SubjectIdentifier,
  SubjectLookup,
  SubjectMatch,
} from './options/signals/events.js'
export type {
  OidcOfSignals,
  SignalPollOptions,
  SignalsOptions,
  SignalTokenSource,
  TransmitterOptions,
} from './options/signals/options.js'
export type { EventStream, EventStreams, StreamRequest, StreamStatus } from './options/signals/streams.js'
export type {
  CompletedLogin,
  CurrentLogin,
  ErrorContext,
  LoginResult,
  MigratedLogin,
  OnLoginResult,
  UnverifiedParameters,
} from './options/oidc/callbacks.js'
export type { RequestEncryption, RequestObjectOptions } from './options/oidc/request/request-object.js'
export type { RouteOptions } from './options/oidc/routes/routes.js'
export type { LogoutOptions } from './options/oidc/logout.js'
export type {
  AuthorizationParams,
  ClientAuthentication,
  OidcOptions,
  ReturnedParams,
  ReturnToOptions,
} from './options/oidc/options.js'
export type {
  ApplicationOption,
  LoginChoice,
  LoginPageContext,
  ProviderCacheOptions,
  ProviderDefault,
  ProviderOptions,
  ProviderResolver,
  ProvidersOptions,
} from './options/oidc/providers/options.js'
export type { MigrateFromOptions, OldCookieOptions, OldSessionStore } from './options/oidc/migration/migrate-from.js'
export type { CookieOptions, DeviceBoundOptions, SessionOptions } from './options/oidc/session.js'
export type { SessionRouteClaims, SessionRouteOptions } from './options/oidc/routes/session-route.js'
export type { UserinfoOptions } from './options/oidc/userinfo.js'
export type { ResourceMetadataOptions } from './options/bearer/resource-metadata.js'
export type { DecisionOptions, QuestionPart } from './decision/decision.js'
export type { PolicyDecisionPoint } from './decision/policy-decision-point.js'
export type { PolicyDecisionPointOptions } from './options/decision/options.js'
export type {
  DecisionAction,
  DecisionAnswer,
  DecisionQuestion,
  DecisionResource,
  DecisionSubject,
} from './options/decision/question.js'
export type { AuthorizationDetail } from './options/authorization-details/detail.js'
export type { DetailCheck } from './policy/authorization-details.js'
export type { TraceEvent, TraceRemark, TraceStep } from './base/tracing/event.js'
export type { Principal, PrincipalClaims } from './policy/principal.js'
export type { FrameworkRequest, FrameworkResponse } from './options/framework.js'
export type {
  NamedRequirement,
  Predicate,
  Requirement,
  StepUp,
  UnmetRequirement,
  Verdict,
} from './policy/requirement.js'
export type { ClaimPath } from './policy/claim-path.js'
export type { DeclaredAuthInfo, McpAuthInfo } from './policy/mcp-auth-info.js'
export type { ClaimValue, RoleOptions } from './policy/claims.js'
export type { TokenTypeHint } from './provider/endpoints/revocation.js'
export type { Readiness } from './provider/readiness.js'
export type { ProvidersHealth } from './provider/health.js'
export type { EndpointHealth, Health, ProviderHealth } from './provider/types.js'
export type { LoginOptions } from './relying-party/login/login.js'
export type { LogoutCallOptions } from './relying-party/logout/logout.js'
export type { Prompt } from './relying-party/login/login.js'
export type { SessionStore } from './options/common/stores.js'
export type { SharedStore } from './options/common/stores.js'
export type { ApiTlsOptions, CurrentTls, TlsOptions } from './options/common/tls.js'
export type { SessionClocks } from './session/lifetime.js'
export type { BearerValidator, BearerValidatorOptions, PresentedRequest } from './resource-server/bearer-validator.js'
