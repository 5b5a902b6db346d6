// Signs a person in at a provider that is a function, and validates an access token, with the built package. Packages named
// on the command line must not be loaded meanwhile: importing one of them ends this process with an error.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer, get } from 'node:http'
import { register } from 'node:module'
import { text } from 'node:stream/consumers'

const [what, ...refused] = process.argv.slice(2)
const hooks = `
  const refused = ${JSON.stringify(refused)}
  export async function resolve(specifier, context, next) {
    const name = refused.find((name) => specifier === name || specifier.startsWith(name + '/'))
    if (name !== undefined && !String(context.parentURL).includes('/node_modules/')) throw new Error('loaded: ' + name)
    return next(specifier, context)
  }`
register(`data:text/javascript,${encodeURIComponent(hooks)}`)
const { bearer, clientCredentials, csrf, oidc, requireAuth } = await import('express-oidc')

const issuer = 'https://issuer.example.com'
const { privateKey, publicKey } = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'jwk' },
})
const now = Math.floor(Date.now() / 1000)
const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
const jwt = (typ, claims) => {
  const input = `${part({ alg: 'ES256', kid: 'a', typ })}.${part({ iss: issuer, sub: 'alice', iat: now, exp: now + 60, ...claims })}`
  return `${input}.${sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}
let nonce = ''
const metadata = {
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/jwks`,
  code_challenge_methods_supported: ['S256'],
}
const answers = {
  '/.well-known/openid-configuration': () => metadata,
  '/jwks': () => ({ keys: [{ ...publicKey, kid: 'a', use: 'sig' }] }),
  '/token': () => ({
    access_token: 'x',
    token_type: 'Bearer',
    expires_in: 60,
    id_token: jwt('JWT', { aud: 'app', nonce }),
  }),
}
const fetchFrom = async (input) => Response.json(answers[new URL(String(input)).pathname]?.() ?? {})

const server = createServer((req, res) => {
  const guard = req.url === '/public' ? (_req, _res, next) => next() : requireAuth()
  web(req, res, () => guard(req, res, () => res.end(String(req.auth?.subject))))
}).listen(0, '127.0.0.1')
await once(server, 'listening')
const baseUrl = `http://127.0.0.1:${server.address().port}`
const client = { issuer, clientId: 'app', clientSecret: 'x'.repeat(32), fetch: fetchFrom }
const web = oidc({ ...client, baseUrl, secret: randomBytes(32).toString('hex'), idTokenSigningAlg: 'ES256' })
const api = bearer({ issuer, audience: 'https://api.example.com', fetch: fetchFrom })
for (const part of [clientCredentials(client), csrf()]) void part

const cookies = new Map()
async function ask(path) {
  const cookie = [...cookies].map((pair) => pair.join('=')).join('; ')
  // The global fetch() would say that it is no navigation.
  const [response] = await once(get(baseUrl + path, { headers: { cookie, accept: 'text/html' } }), 'response')
  for (const line of response.headers['set-cookie'] ?? []) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)
    cookies.set(name, value)
  }
  return { status: response.statusCode, location: response.headers.location, text: await text(response) }
}

const tasks = {
  async page() {
    return (await ask('/public')).text
  },
  async token() {
    const claims = { aud: 'https://api.example.com', client_id: 'app', jti: '1' }
    const headers = { authorization: `Bearer ${jwt('at+jwt', claims)}` }
    const { principal } = await api.authenticate({ headers, rawHeaders: [], method: 'GET', url: '/', socket: {} })
    return principal.subject
  },
  async login() {
    const params = new URL((await ask('/login')).location).searchParams
    nonce = params.get('nonce')
    await ask(`/callback?code=c&state=${params.get('state')}`)
    return (await ask('/')).text
  },
}
console.log(await tasks[what]())
for (const part of [web, api]) part.close()
server.close()
