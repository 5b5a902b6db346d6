import { auth } from 'express-openid-connect'
import { createClient } from 'redis'
import { ours, oursRedis } from '../harness/library.js'
import { client } from '../issuer/grants.js'

const secret = 'a-secret-of-the-bench-with-more-than-32-characters'
const scope = 'openid profile email offline_access'

function expressOidc(name, sessionOf) {
  return {
    name,
    kind: 'ours',
    start: '/login',
    async mount(app, { issuer, baseUrl, redisUrl }) {
      const { oidc } = await ours()
      const middleware = oidc({ issuer, ...client, baseUrl, secret, scope, ...(await sessionOf(redisUrl)) })
      await middleware.ready()
      app.use(middleware)
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
    return { session: { store: redisStore(await createClient({ url }).connect()) } }
  }),
  needsRedis: true,
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
