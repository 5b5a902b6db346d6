/** Everything that a program can import from `express-oidc`, sorted: a new name is a decision, and so is one that goes. */
export const publicNames: readonly string[] = [
  'AccessError',
  'AuthorizationResponseError',
  'BearerError',
  'ConfigurationError',
  'OidcError',
  'ProviderError',
  'SessionError',
  'TokenEndpointError',
  'TokenValidationError',
  'TransactionError',
  'UpstreamError',
  'acr',
  'all',
  'any',
  'authorizationDetails',
  'bearer',
  'claim',
  'clientCredentials',
  'createBearerValidator',
  'csrf',
  'decision',
  'deviceBound',
  'errorPages',
  'machine',
  'maxAge',
  'mcpAuthInfo',
  'not',
  'oidc',
  'optionsFromEnv',
  'permission',
  'person',
  'policyDecisionPoint',
  'provider',
  'requireAuth',
  'resourceMetadata',
  'role',
  'scope',
  'signInAgain',
  'signals',
]

/** Everything that a program can import from `express-oidc/bearer`, sorted: what an API needs, and no login. */
export const bearerNames: readonly string[] = [
  'AccessError',
  'BearerError',
  'ConfigurationError',
  'OidcError',
  'ProviderError',
  'TokenEndpointError',
  'TokenValidationError',
  'UpstreamError',
  'acr',
  'all',
  'any',
  'authorizationDetails',
  'bearer',
  'claim',
  'clientCredentials',
  'createBearerValidator',
  'decision',
  'machine',
  'maxAge',
  'mcpAuthInfo',
  'not',
  'permission',
  'person',
  'policyDecisionPoint',
  'requireAuth',
  'resourceMetadata',
  'role',
  'scope',
]

/** Everything that a program can import from `express-oidc/redis`, sorted. */
export const redisNames: readonly string[] = ['redisReplayCache', 'redisStore']

/** Everything that a program can import from `express-oidc/providers`, sorted. */
export const providerNames: readonly string[] = [
  'adfs',
  'apple',
  'auth0',
  'authentik',
  'azureB2c',
  'cognito',
  'dex',
  'entra',
  'entraExternalId',
  'gitlab',
  'google',
  'hydra',
  'keycloak',
  'okta',
  'salesforce',
  'slack',
  'zitadel',
]

/** Everything that a page can import from `express-oidc/browser`. */
export const browserNames: readonly string[] = ['createOidcClient']

/** Everything that a test can import from `express-oidc/testing`. */
export const testingNames: readonly string[] = ['signedIn', 'testProvider']

/** Everything that a program can import from `express-oidc/proxy`, sorted. */
export const proxyNames: readonly string[] = ['apiProxy', 'upgradeListener']

/** Everything that a program can import from `express-oidc/telemetry`, sorted. */
export const telemetryNames: readonly string[] = ['onAudit', 'recordMetrics', 'toEcs', 'toOcsf']
