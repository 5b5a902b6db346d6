// The checks of the options of each public function: what `list.js` names.
export { schema as bearer } from '../../lib/options/bearer/schema.js'
export { schema as resourceMetadata } from '../../lib/options/bearer/resource-metadata.js'
export { schema as apiProxy } from '../../lib/options/client/api-proxy.js'
export {
  assertionSchema as onBehalfOf,
  crossAppAccessSchema as crossAppAccess,
  exchangeSchema as exchange,
  schema as clientCredentials,
  targetSchema as getToken,
} from '../../lib/options/client/schema.js'
export { schema as csrf } from '../../lib/options/csrf.js'
export { decisionSchema as decision, pdpSchema as policyDecisionPoint } from '../../lib/options/decision/schema.js'
export { schema as accessToken } from '../../lib/options/oidc/access-token.js'
export { label, own as providers } from '../../lib/options/oidc/providers/parse-providers.js'
export { schema as oidc } from '../../lib/options/oidc/schema.js'
export { schema as userinfo } from '../../lib/options/oidc/userinfo.js'
export { schema as errorPages } from '../../lib/options/pages.js'
export { schema as redisStore } from '../../lib/options/redis.js'
export { schema as signals } from '../../lib/options/signals/schema.js'
export {
  backchannelLogoutOptions as backchannelLogout,
  providerOptions as testProvider,
  signedInOptions as signedIn,
  signInOptions as signIn,
  idTokenOptions as testIdToken,
  tokenOptions as testToken,
} from '../../lib/testing/schema.js'
