export { clientCredentials } from './client/client-credentials.js'
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
} from './errors.js'
export { bearer } from './node/bearer.js'
export { csrf } from './node/csrf.js'
export { oidc } from './node/oidc.js'
export { requireAuth } from './node/require-auth.js'
export { resourceMetadata } from './node/resource-metadata.js'
export { signInAgain } from './node/sign-in-again.js'
export { optionsFromEnv } from './options/env.js'
export { all, any, not } from './policy/combinators.js'
export { acr, claim, machine, maxAge, permission, person, role, scope } from './policy/requirements.js'
export { createBearerValidator } from './resource-server/bearer-validator.js'

export type {} from './express.js'
export type { AuthorizedRequest, TokenSource } from './client/token-source.js'
export type { OidcErrorCode, OidcErrorDetails } from './errors.js'
export type { BearerMiddleware } from './node/bearer.js'
export type { OidcHandle } from './node/handle.js'
export type { OidcMiddleware } from './node/oidc.js'
export type { Connection } from './node/connection.js'
export type { RequireAuthOptions } from './node/guard-arguments.js'
export type { ResourceMetadataMiddleware } from './node/resource-metadata.js'
export type { ErrorMiddleware } from './node/sign-in-again.js'
export type { Middleware } from './node/types.js'
export type { AccessTokenOptions, AccessTokenTarget } from './options/access-token-options.js'
export type {
  AccessTokenAlgorithm,
  Audience,
  BearerErrorContext,
  BearerOptions,
  DpopMode,
  DpopOptions,
  IntrospectionAuthentication,
  IntrospectionOptions,
  IssuerKeyOptions,
  IssuerOptions,
  IssuerResolver,
  MtlsOptions,
  ReplayCache,
  ResolvedIssuer,
  SubjectOptions,
  TokenCacheOptions,
} from './options/bearer-options.js'
export type { ClientCredentialsOptions, TokenExchangeOptions, TokenTargetOptions } from './options/client-options.js'
export type { CsrfOptions } from './options/csrf-options.js'
export type { DpopKeyOptions } from './options/dpop-key.js'
export type { EnvironmentOptions } from './options/env.js'
export type {
  ClientAuthentication,
  CompletedLogin,
  CookieOptions,
  ErrorContext,
  LogoutOptions,
  OidcOptions,
  OnLoginResult,
  ReturnToOptions,
  RouteOptions,
  SessionOptions,
} from './options/oidc-options.js'
export type { UserinfoOptions } from './options/userinfo-options.js'
export type { ResourceMetadataOptions } from './options/resource-metadata.js'
export type { TraceEvent, TraceRemark, TraceStep } from './options/trace.js'
export type { Claims, Principal } from './policy/principal.js'
export type { NamedRequirement, Predicate, Requirement } from './policy/requirement.js'
export type { TokenTypeHint } from './provider/revocation.js'
export type { EndpointHealth, Health, ProviderHealth } from './provider/types.js'
export type { LoginOptions } from './relying-party/login.js'
export type { LogoutCallOptions } from './relying-party/logout.js'
export type { Prompt } from './relying-party/prompt.js'
export type { SessionStore } from './options/session-store.js'
export type { SharedMemory } from './options/shared-memory.js'
export type { SessionClocks } from './session/clocks.js'
export type { BearerValidator, BearerValidatorOptions, PresentedRequest } from './resource-server/bearer-validator.js'
