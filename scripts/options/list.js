// The pages of docs/options: which types and checks each is made from.
const main = 'lib/index.ts'
const testing = 'lib/testing/index.ts'
const providers = 'lib/providers/index.ts'
const browser = 'lib/browser/index.ts'

/**
 * Each page has parts. A part names the type of its options, and the export of `schemas.ts` that checks them, if there is one.
 *
 * `whole` are options that the caller hands over as one value, and `elsewhere` those that are checked before the schema.
 */
export const pages = [
  {
    page: 'oidc',
    title: 'oidc()',
    about: 'Login, logout and sessions. See [getting started](../getting-started.md) for the usual ones',
    parts: [
      { entry: main, type: 'OidcOptions', schema: 'oidc' },
      {
        title: 'Several providers',
        about:
          'With `providers`, the options above that are about one provider go into its entry, and those that are about the application stay beside `providers`. See [several providers](../several-providers.md).',
        entry: main,
        type: 'ProvidersOptions',
        schema: 'providers',
        elsewhere: ['providers'],
      },
    ],
  },
  {
    page: 'req-oidc',
    title: 'req.oidc',
    about: 'Options of the calls of `req.oidc`, and of `sessions` of what `oidc()` returns',
    parts: [
      { title: 'login()', entry: main, type: 'LoginOptions' },
      { title: 'logout()', entry: main, type: 'LogoutCallOptions' },
      { title: 'accessToken()', entry: main, type: 'AccessTokenOptions', schema: 'accessToken' },
      { title: 'userinfo()', entry: main, type: 'UserinfoOptions', schema: 'userinfo' },
      { title: 'sessions.list() and sessions.end()', entry: main, type: 'PersonOptions' },
    ],
  },
  {
    page: 'bearer',
    title: 'bearer()',
    about:
      'Access tokens at an API. Give `issuer` with `audience`, a map of issuers, or `providers`. `createBearerValidator()` takes the same, except `required`, `onError`, `baseUrl`, `baseUrls` and `apiKey`. See [protecting an API](../bearer.md)',
    parts: [
      {
        entry: main,
        type: 'BearerOptions',
        schema: 'bearer',
        whole: ['resourceMetadata'],
        elsewhere: ['providers'],
      },
    ],
  },
  {
    page: 'resourceMetadata',
    title: 'resourceMetadata()',
    about: 'What an API publishes about itself. See [protecting an API](../bearer.md)',
    parts: [{ entry: main, type: 'ResourceMetadataOptions', schema: 'resourceMetadata' }],
  },
  {
    page: 'requireAuth',
    title: 'requireAuth() and role()',
    about: 'Guards take requirements, and few options',
    parts: [
      { title: 'requireAuth()', entry: main, type: 'RequireAuthOptions' },
      { title: 'role()', entry: main, type: 'RoleOptions' },
    ],
  },
  {
    page: 'decision',
    title: 'decision() and policyDecisionPoint()',
    about: 'Guards that ask a policy engine. See [policy engines](../policy-engines.md)',
    parts: [
      {
        title: 'policyDecisionPoint()',
        entry: main,
        type: 'PolicyDecisionPointOptions',
        schema: 'policyDecisionPoint',
      },
      { title: 'decision()', entry: main, type: 'DecisionOptions', schema: 'decision', whole: ['pdp'] },
    ],
  },
  {
    page: 'csrf',
    title: 'csrf()',
    about: 'Refuses what pages of other sites send',
    parts: [{ entry: main, type: 'CsrfOptions', schema: 'csrf' }],
  },
  {
    page: 'clientCredentials',
    title: 'clientCredentials()',
    about: 'Access tokens of this service, and on behalf of people. See [machines](../machines.md)',
    parts: [
      { entry: main, type: 'ClientCredentialsOptions', schema: 'clientCredentials' },
      { title: 'getToken()', entry: main, type: 'TokenTargetOptions', schema: 'getToken' },
      { title: 'onBehalfOf()', entry: main, type: 'OnBehalfOfOptions', schema: 'onBehalfOf' },
      { title: 'exchange()', entry: main, type: 'TokenExchangeOptions', schema: 'exchange' },
      {
        title: 'crossAppAccess()',
        entry: main,
        type: 'CrossAppAccessOptions',
        schema: 'crossAppAccess',
        whole: ['identityProvider'],
      },
    ],
  },
  {
    page: 'apiProxy',
    title: 'apiProxy()',
    about: 'Sends requests of pages on to an API, with an access token. See [proxy for APIs](../api-proxy.md)',
    parts: [{ entry: 'lib/proxy/index.ts', type: 'ApiProxyOptions', schema: 'apiProxy', elsewhere: ['target'] }],
  },
  {
    page: 'errorPages',
    title: 'errorPages()',
    about: 'The pages about errors, which `oidc()` takes as its option `pages` too. See [pages](../pages.md)',
    parts: [{ entry: main, type: 'PageOptions', schema: 'errorPages' }],
  },
  {
    page: 'signals',
    title: 'signals()',
    about: 'Security events that end sessions. See [signals](../signals.md)',
    parts: [{ entry: main, type: 'SignalsOptions', schema: 'signals', whole: ['oidc'] }],
  },
  {
    page: 'redisStore',
    title: 'redisStore() and redisReplayCache()',
    about: 'Options of both, from `express-oidc/redis`. See [scaling](../scaling.md)',
    parts: [{ entry: 'lib/redis/index.ts', type: 'RedisOptions', schema: 'redisStore' }],
  },
  {
    page: 'optionsFromEnv',
    title: 'optionsFromEnv()',
    about: 'What it reads from the environment, as options of [`oidc()`](oidc.md)',
    parts: [{ entry: main, type: 'EnvironmentOptions' }],
  },
  {
    page: 'createOidcClient',
    title: 'createOidcClient()',
    about: 'The client for pages, from `express-oidc/browser`. See [single-page applications](../single-page-apps.md)',
    parts: [
      { entry: browser, type: 'OidcClientOptions' },
      { title: 'apiFetch()', entry: browser, type: 'ApiFetchInit' },
      { title: 'login()', entry: browser, type: 'PageLoginOptions' },
    ],
  },
  {
    page: 'presets',
    title: 'Presets of providers',
    about: 'Options of the functions of `express-oidc/providers`. See [providers](../providers/README.md)',
    parts: [
      { title: 'adfs()', type: 'AdfsOptions' },
      { title: 'apple()', type: 'AppleOptions' },
      { title: 'auth0()', type: 'Auth0LoginOptions' },
      { title: 'authentik()', type: 'AuthentikOptions' },
      { title: 'azureB2c()', type: 'AzureB2cOptions' },
      { title: 'cognito()', type: 'CognitoLoginOptions' },
      { title: 'cognito.api()', type: 'CognitoApiOptions' },
      { title: 'dex()', type: 'DexOptions' },
      { title: 'entra()', type: 'EntraOptions' },
      { title: 'entra.api()', type: 'EntraApiOptions' },
      { title: 'entraExternalId()', type: 'EntraExternalIdOptions' },
      { title: 'gitlab()', type: 'GitlabOptions' },
      { title: 'google()', type: 'GoogleOptions' },
      { title: 'hydra()', type: 'HydraOptions' },
      { title: 'keycloak()', type: 'KeycloakOptions' },
      { title: 'okta()', type: 'OktaOptions' },
      { title: 'salesforce()', type: 'SalesforceOptions' },
      { title: 'zitadel()', type: 'ZitadelOptions' },
      { title: 'Refresh tokens', type: 'RefreshTokenOptions' },
      { title: 'APIs', type: 'ApiOptions' },
    ].map((part) => ({ ...part, entry: providers })),
  },
  {
    page: 'testProvider',
    title: 'testProvider() and signedIn()',
    about: 'Options of the test kit, `express-oidc/testing`. See [testing](../testing.md)',
    parts: [
      { title: 'testProvider()', entry: testing, type: 'TestProviderOptions', schema: 'testProvider' },
      { title: 'signIn()', entry: testing, type: 'SignInOptions', schema: 'signIn' },
      { title: 'accessToken()', entry: testing, type: 'TestTokenOptions', schema: 'testToken' },
      { title: 'accessToken.idToken()', entry: testing, type: 'TestIdTokenOptions', schema: 'testIdToken' },
      {
        title: 'backchannelLogout()',
        entry: testing,
        type: 'BackchannelLogoutOptions',
        schema: 'backchannelLogout',
        whole: ['app'],
      },
      { title: 'signedIn()', entry: testing, type: 'SignedInOptions', schema: 'signedIn' },
    ],
  },
]

/** Commands with options, whose help is in a source file. */
export const commands = [
  { name: 'dev-provider', source: 'lib/cli/dev-provider.ts' },
  { name: 'doctor', source: 'lib/cli/doctor/doctor.ts' },
]
