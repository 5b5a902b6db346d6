import { createPrivateKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'

const audience = 'https://api.example.com'
const client = { client_id: 'web', client_secret: 'a secret of web for tests only, 32 characters' }
const departments = { alice: 'hr', bob: 'sales' }

// Made once: making them is slow.
const [privateKey, stranger] = [newKey(), newKey()]
const kid = 'a-key-of-the-provider'

/**
 * A real oidc-provider, which asks on its pages who signs in. It knows Alice of human resources and Bob of sales. `path` is where it lives below its origin, `callbacks` are
 * redirect URIs besides `/callback`, `idTokenTyp` the `typ` of ID Tokens, and `configure` may replace members of its configuration. With `tls`, `{ key, cert }`, it speaks HTTPS.
 */
export async function startProvider({
  home,
  port,
  tls,
  path = '',
  callbacks = [],
  idTokenTyp,
  configure = () => ({}),
}) {
  for (const method of ['warn', 'info']) console[method] = () => undefined
  const { default: Provider } = await import('oidc-provider')
  const issuer = `${tls === undefined ? 'http' : 'https'}://${tls === undefined ? '127.0.0.1' : 'localhost'}:${port}${path}`
  const usual = configurationFor({ home, callbacks })
  const own = configure({ issuer, home, audience })
  const configuration = { ...usual, ...own, features: { ...usual.features, ...own.features } }
  const provider = new Provider(issuer, configuration)
  if (idTokenTyp !== undefined) provider.use(withTyp(idTokenTyp))
  const handle = provider.callback()
  const state = { isDown: false, requests: [] }
  const listener = (req, res) => {
    state.requests.push(`${req.method} ${req.url.split('?')[0]}`)
    if (state.isDown) return res.writeHead(503).end()
    // As a framework would that has it mounted below a path.
    req.originalUrl = req.url
    if (path !== '' && req.url.startsWith(path)) req.url = req.url.slice(path.length) || '/'
    return handle(req, res)
  }
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    issuer,
    audience,
    clientId: client.client_id,
    clientSecret: client.client_secret,
    requests: state.requests,
    /** Whether it answers 503, whatever it is asked. */
    set isDown(value) {
      state.isDown = value
    },
    /** An access token as the provider signs them. A claim that is undefined is left out. */
    token: (claims = {}, header = {}) => jwt(issuer, claims, { typ: 'at+jwt', ...header }, privateKey),
    /** The same with a key of somebody else. */
    forgedToken: (claims = {}) => jwt(issuer, claims, { typ: 'at+jwt' }, stranger),
    /** An ID Token for the web application. */
    idToken: (claims = {}) =>
      jwt(
        issuer,
        { aud: client.client_id, scope: undefined, client_id: undefined, ...claims },
        { typ: 'JWT' },
        privateKey,
      ),
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function configurationFor({ home, callbacks }) {
  const resource = { scope: 'read write', audience, accessTokenFormat: 'jwt', accessTokenTTL: 600 }
  return {
    clients: [
      {
        ...client,
        redirect_uris: ['/callback', ...callbacks].map((callback) => home + callback),
        post_logout_redirect_uris: [home, `${home}/`],
        grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }] },
    cookies: { keys: ['a key of this script'] },
    pkce: { required: () => false },
    claims: { openid: ['sub', 'dept'], profile: ['name'], email: ['email'] },
    conformIdTokenClaims: false,
    features: {
      backchannelLogout: { enabled: true },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_ctx, _client, oneOf) => oneOf,
        useGrantedResource: () => true,
        getResourceServerInfo: () => resource,
      },
    },
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => claimsOf(id) }),
  }
}

const claimsOf = (id) => ({ sub: id, dept: departments[id], name: id, email: `${id}@example.com` })

/** Signs ID Tokens anew, with a `typ` in the header: oidc-provider has none. */
function withTyp(typ) {
  return async (ctx, next) => {
    await next()
    const { id_token: token } = ctx.body ?? {}
    if (token === undefined) return
    const [header, claims] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString())
    ctx.body.id_token = signed({ ...JSON.parse(header), typ }, JSON.parse(claims), privateKey)
  }
}

function jwt(issuer, claims, header, key) {
  const now = Math.floor(Date.now() / 1000)
  const usual = {
    iss: issuer,
    sub: 'alice',
    aud: audience,
    client_id: client.client_id,
    scope: 'read',
    jti: randomUUID(),
  }
  return signed({ alg: 'RS256', kid, ...header }, { ...usual, iat: now, exp: now + 600, ...claims }, key)
}

function signed(header, claims, key) {
  const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
}

// Read from its encoding: in Node.js 20 the JWK export of a new key may wait for its own lock for ever.
function newKey() {
  const encodings = {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }
  return createPrivateKey(generateKeyPairSync('rsa', { modulusLength: 2048, ...encodings }).privateKey)
}
