import { requireTesting } from '../options/testing.js'

requireTesting('express-oidc/testing')

export { signedIn } from './signed-in.js'
export { testProvider } from './test-provider.js'

export type { AppFetch, AppUnderTest, TestAgent, TestRequest, TestResponse } from './agent.js'
export type { BackchannelLogoutOptions, SignedInOptions, SignInOptions } from './call-options.js'
export type { BearerTestOptions, ClientTestOptions, OidcTestOptions, ProviderTestOptions } from './given-options.js'
export type { TestClient, TestProviderOptions, TestUser } from './options.js'
export type { TestEndpoint } from './provider/metadata.js'
export type { TestProvider } from './provider/types.js'
export type { AccessTokens, TestIdTokenOptions, TestTokenOptions } from './test-tokens.js'
export type { Walked } from './walk.js'
