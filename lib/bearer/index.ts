export { clientCredentials } from '../client/client-credentials.js'
export { decision } from '../decision/decision.js'
export { policyDecisionPoint } from '../decision/policy-decision-point.js'
export {
  AccessError,
  BearerError,
  ConfigurationError,
  OidcError,
  ProviderError,
  TokenEndpointError,
  TokenValidationError,
  UpstreamError,
} from '../errors.js'
export { bearer } from '../middleware/bearer.js'
export { requireAuth } from '../middleware/require-auth.js'
export { resourceMetadata } from '../middleware/resource-metadata.js'
export { all, any, not } from '../policy/combinators.js'
export { authorizationDetails } from '../policy/authorization-details.js'
export { claim, role } from '../policy/claims.js'
export { mcpAuthInfo } from '../policy/mcp-auth-info.js'
export { acr, machine, maxAge, permission, person, scope } from '../policy/requirements.js'
export { createBearerValidator } from '../resource-server/bearer-validator.js'

export type {} from '../express.js'
export type * from '../options/declared-claims.js'
export type { AuthorizedRequest, TokenSource, TokenSourceHealth } from '../client/token-source.js'
export type { BearerMiddleware } from '../middleware/bearer.js'
export type { TokenConnection } from '../middleware/guard/live-principals.js'
export type { RequireAuthOptions } from '../middleware/require-auth.js'
export type { ResourceMetadataMiddleware } from '../middleware/resource-metadata.js'
export type { Middleware, Next, NodeRequest, NodeResponse } from '../middleware/types.js'
export type { ResourceMetadataOptions } from '../options/bearer/resource-metadata.js'
export type { ApiKeyOptions, ApiKeyOwner } from '../options/bearer/api-key.js'
export type { BearerErrorContext, BearerOptions } from '../options/bearer/options.js'
export type { DpopOptions, MtlsOptions, ReplayCache } from '../options/bearer/possession-options.js'
export type { IntrospectionOptions } from '../options/bearer/introspection-options.js'
export type { IssuerOptions, IssuerResolver } from '../options/bearer/issuer-options.js'
export type { AuthorizationDetail } from '../options/authorization-details/detail.js'
export type { ClientCredentialsOptions } from '../options/client/options.js'
export type { ChallengeMode } from '../middleware/guard/authentication.js'
export type { DecisionOptions, QuestionPart } from '../decision/decision.js'
export type { PolicyDecisionPoint } from '../decision/policy-decision-point.js'
export type { PolicyDecisionPointOptions } from '../options/decision/options.js'
export type { Principal, PrincipalClaims } from '../policy/principal.js'
export type {
  DecisionAction,
  DecisionAnswer,
  DecisionQuestion,
  DecisionResource,
  DecisionSubject,
} from '../options/decision/question.js'
export type { DetailCheck } from '../policy/authorization-details.js'
export type { ClaimPath } from '../policy/claim-path.js'
export type { ClaimValue, RoleOptions } from '../policy/claims.js'
export type { DeclaredAuthInfo, McpAuthInfo } from '../policy/mcp-auth-info.js'
export type {
  NamedRequirement,
  Predicate,
  Requirement,
  StepUp,
  UnmetRequirement,
  Verdict,
} from '../policy/requirement.js'
export type { BearerValidator, BearerValidatorOptions, PresentedRequest } from '../resource-server/bearer-validator.js'
