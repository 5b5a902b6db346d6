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
  'acr',
  'all',
  'any',
  'bearer',
  'claim',
  'clientCredentials',
  'createBearerValidator',
  'csrf',
  'maxAge',
  'not',
  'oidc',
  'optionsFromEnv',
  'requireAuth',
  'resourceMetadata',
  'role',
  'scope',
]

/** Everything that a program can import from `express-oidc/redis`, sorted. */
export const redisNames: readonly string[] = ['redisMemory', 'redisReplayCache']
