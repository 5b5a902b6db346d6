/**
 * What options of other packages are called here: of express-openid-connect and express-oauth2-jwt-bearer, passport-oauth2 and
 * passport-openidconnect, Auth.js, express-session and openid-client. A name that is an option where the mistake was made is
 * suggested; a sentence says what there is instead. Keys are in lower case, without underscores.
 */
const synonyms: Readonly<Record<string, readonly string[]>> = {
  issuerbaseurl: ['issuer'],
  issuerurl: ['issuer'],
  issueruri: ['issuer'],
  authority: ['issuer'],
  domain: ['issuer'],
  wellknown: ['discoveryUrl'],
  discoverydocument: ['discoveryUrl'],
  authorizationurl: ['issuer', 'metadata'],
  authorizationendpoint: ['metadata'],
  tokenurl: ['metadata'],
  tokenendpoint: ['metadata'],
  userinfourl: ['metadata'],
  appurl: ['baseUrl'],
  appbaseurl: ['baseUrl'],
  url: ['baseUrl'],
  trusthost: ['baseUrl'],
  basepath: ['routes'],
  callbackurl: ['routes.callback, the path of it below "baseUrl"'],
  redirecturi: ['routes.callback, the path of it below "baseUrl"'],
  redirecturis: ['routes.callback, the path of it below "baseUrl"'],
  redirecturl: ['routes.callback, the path of it below "baseUrl"'],
  postlogoutredirect: ['returnTo', 'logout.returnTo'],
  postlogoutredirecturi: ['returnTo', 'logout.returnTo'],
  postlogoutredirecturis: ['returnTo', 'logout.returnTo'],
  auth0logout: [
    'every logout here is one at the provider too: leave it out ("logout.redirectParameter" is for old ones)',
  ],
  idplogout: ['atProvider', 'logout.atProvider'],
  authrequired: ['guard the routes by requireAuth(): app.use(requireAuth()) after oidc() guards all of them'],
  erroronrequiredauth: ["requireAuth({ challenge: 'respond' }) answers 401 instead of a login"],
  appsession: ['session'],
  transactioncookie: ['the cookie of a login under way has no options here: leave it out'],
  rollingduration: ['idleSeconds'],
  absoluteduration: ['absoluteSeconds'],
  rolling: ['sessions are rolling here, up to "absoluteSeconds": leave it out'],
  maxage: ['absoluteSeconds', 'session.absoluteSeconds'],
  expires: ['absoluteSeconds', 'session.absoluteSeconds'],
  cookiename: ['session.cookie.name'],
  cookie: ['session.cookie'],
  store: ['session.store'],
  adapter: ['session.store'],
  genid: ['session identifiers are random here: leave it out'],
  resave: ['sessions are saved when they change: leave it out'],
  saveuninitialized: ['there is no session before a login: leave it out'],
  httponly: ['cookies are always HttpOnly here: leave it out'],
  secure: ['cookies are Secure whenever "baseUrl" is https: leave it out'],
  path: ['cookies are for the path of "baseUrl": leave it out'],
  samesite: ['session.cookie.sameSite'],
  keys: ['secret'],
  secrets: ['secret'],
  sessionsecret: ['secret'],
  clientauthmethod: ['clientAuthentication'],
  tokenendpointauthmethod: ['clientAuthentication'],
  clientassertionsigningkey: ['clientAssertionKey'],
  clientassertionsigningalg: ['clientAssertionAlg'],
  authorizationsignedresponsealg: ['authorizationResponseAlg'],
  jarm: ['authorizationParams.response_mode'],
  authorizationdetails: ['authorizationParams.authorization_details'],
  rar: ['authorizationParams.authorization_details', 'authorizationDetails'],
  signedrequestobject: ['requestObject'],
  dbsc: ['deviceBound', 'session.deviceBound'],
  devicebound: ['session.deviceBound'],
  devicebinding: ['deviceBound', 'session.deviceBound'],
  deviceboundsessions: ['deviceBound', 'session.deviceBound'],
  requestobjects: ['requestObject'],
  jar: ['requestObject'],
  userequestobject: ['requestObject'],
  signingkey: ['clientKeys'],
  signingkeys: ['clientKeys'],
  privatekey: ['clientKeys', 'clientAssertionKey'],
  clientjwks: ['clientKeys'],
  jwks: ['clientKeys', 'routes.jwks'],
  idtokensignedresponsealg: ['idTokenSigningAlg'],
  tokensigningalg: ['algorithms'],
  algorithm: ['algorithms'],
  aud: ['audience'],
  jwksurl: ['jwksUri'],
  tls: [
    'introspection.tls, or NODE_EXTRA_CA_CERTS for an authority ("mtls" is about certificates of callers)',
    'fetch',
  ],
  strict: ['profile'],
  validators: ['check'],
  verify: ['onLogin'],
  passreqtocallback: ['onLogin(login, req) gets the request always: leave it out'],
  skipuserprofile: ['userinfo'],
  fetchuserinfo: ['userinfo'],
  profile: ['onLogin', 'session'],
  user: ['routes.session', 'session'],
  me: ['routes.session', 'session'],
  fields: ['claims'],
  callbacks: ['onLogin'],
  events: ['onLogin'],
  aftercallback: ['onLogin'],
  attemptsilentlogin: ['silentLogin'],
  authorization: ['authorizationParams'],
  params: ['authorizationParams'],
  responsetype: ['the code flow is the only one here: leave it out'],
  responsemode: ['authorizationParams.response_mode'],
  state: ['every login has state, nonce and PKCE here: leave it out'],
  nonce: ['every login has state, nonce and PKCE here: leave it out'],
  pkce: ['every login has state, nonce and PKCE here: leave it out'],
  usepkce: ['every login has state, nonce and PKCE here: leave it out'],
  checks: ['every login has state, nonce and PKCE here: leave it out'],
  scopes: ['scope'],
  clocktolerance: ['clockToleranceSeconds'],
  httptimeout: ['httpTimeoutSeconds'],
  timeout: ['httpTimeoutSeconds'],
  enabletelemetry: ['there is no telemetry here: leave it out'],
  debug: ['set NODE_DEBUG=express-oidc in the environment'],
  logger: ['set NODE_DEBUG=express-oidc in the environment, or subscribe to the tracing channels'],
}

/** Names here for options of other packages, as the end of "is not an option: …". */
export function adviceFor(typed: string, known: readonly string[]): string | undefined {
  const plain = plainName(typed)
  const same = known.find((name) => plainName(name) === plain)
  const candidates = same === undefined ? (Object.hasOwn(synonyms, plain) ? synonyms[plain] : undefined) : [same]
  const fitting = candidates?.find((each) => !isOption(each) || known.includes(/^\w+/.exec(each)?.[0] ?? ''))
  if (fitting === undefined) return undefined
  if (!isOption(fitting)) return fitting
  const [name = '', ...rest] = fitting.split(', ')
  return `did you mean ${[`"${name}"`, ...rest].join(', ')}?`
}

function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, '')
}

// A sentence has a space after its first word.
function isOption(text: string): boolean {
  return /^[A-Za-z_.]+(?:,|$)/.test(text)
}
