import { auth } from 'express-openid-connect'
import { createClient } from 'redis'
import { ours, oursRedis, oursTesting } from '../harness/library.js'
import { client } from '../issuer/grants.js'

const secret = 'a-secret-of-the-bench-with-more-than-32-characters'
const scope = 'openid profile email offline_access'

function expressOidc(name, storeAt) {
  return {
    name,
    kind: 'ours',
    start: '/login',
    /** @returns what makes further sessions, without a login */
    async mount(app, { issuer, baseUrl, redisUrl, session }) {
      const { oidc } = await ours()
      // A name that does not depend on the port: sessions that one process has begun are read by the next.
      const options = { cookie: { name: 'session' }, ...(await storeAt(redisUrl)) }
      const middleware = oidc({ issuer, ...client, baseUrl, secret, scope, session: options })
      await middleware.ready()
      app.use(middleware)
      return (count, bytes) => mint(middleware, session, { count, bytes })
    },
    subject: (req) => req.oidc.user?.sub,
  }
}

/** express-oidc as it is by default: the session is in the cookie. */
export const expressOidcCookie = expressOidc('express-oidc', () => ({}))

/** The same with the session in Redis. */
export const expressOidcRedis = {
  ...expressOidc('express-oidc, redisStore', async (url) => {
    const { redisStore } = await oursRedis()
    return { store: redisStore(await createClient({ url }).connect()) }
  }),
  needsRedis: true,
}

/** The same as by default, with a session that no request has brought before. */
export const expressOidcUnseen = { ...expressOidcCookie, name: 'express-oidc, sessions never seen', isUnseen: true }

async function mint(middleware, { id_token, access_token: accessToken, refresh_token }, { count, bytes }) {
  const { signedIn } = await oursTesting()
  const claims = JSON.parse(Buffer.from(id_token.split('.')[1], 'base64url'))
  const make = (refreshToken) => signedIn(middleware, claims, { accessToken, refreshToken })
  // Their ID Tokens have a shorter signature. Sealing writes four characters for three bytes.
  const missing = bytes - (await make(refresh_token)).length
  const refreshToken = refresh_token + '~'.repeat(Math.max(0, Math.floor((missing * 3) / 4)))
  return Promise.all(Array.from({ length: count }, () => make(refreshToken)))
}

/** express-openid-connect with the code flow; it uses PKCE then. */
export const expressOpenidConnect = {
  name: 'express-openid-connect',
  kind: 'peer',
  start: '/login',
  mount(app, { issuer, baseUrl }) {
    const authorizationParams = { response_type: 'code', scope }
    const { clientId: clientID, clientSecret } = client
    const places = { issuerBaseURL: issuer, baseURL: baseUrl }
    app.use(auth({ ...places, clientID, clientSecret, secret, authRequired: false, authorizationParams }))
  },
  subject: (req) => req.oidc.user?.sub,
}
