import { ours } from '../harness/library.js'
import { client } from '../issuer/grants.js'

const secret = 'a-secret-of-the-bench-with-more-than-32-characters'
const other = { clientId: 'another-client', clientSecret: 'another-secret' }

/** The same application with one provider, with several, and with tenants. */
export const contenders = [
  { name: 'no session', mount() {} },
  contender('one provider, by issuer', '/login', (issuer) => ({ issuer, ...client })),
  contender('a map of two', '/login/first', (issuer) => ({
    providers: { first: { issuer, ...client }, second: { issuer, ...other } },
  })),
  contender('tenants, by a function', '/login/first', (issuer) => ({
    providers: async () => ({ issuer, ...client }),
    allowPrivateAddresses: true,
  })),
]

/** The one that all others are compared with. */
export const [, one] = contenders

function contender(name, start, providersOf) {
  return {
    name,
    start,
    async mount(app, { issuer, baseUrl }) {
      const { oidc } = await ours()
      const middleware = oidc({ ...providersOf(issuer), baseUrl, secret })
      await middleware.ready()
      app.use(middleware)
    },
    subject: (req) => req.oidc.user?.sub,
  }
}
