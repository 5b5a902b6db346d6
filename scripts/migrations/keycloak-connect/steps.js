import { pages } from '../pages.js'

const roles = { alice: ['hr'] }
const claimsOf = (sub) => ({
  preferred_username: sub,
  realm_access: { roles: roles[sub] ?? [] },
  resource_access: { web: { roles: ['clerk'] } },
})

// A provider with the URLs and tokens of Keycloak.
const routes = {
  authorization: '/protocol/openid-connect/auth',
  token: '/protocol/openid-connect/token',
  userinfo: '/protocol/openid-connect/userinfo',
  jwks: '/protocol/openid-connect/certs',
  end_session: '/protocol/openid-connect/logout',
}

function configure({ audience }) {
  const resource = { scope: 'openid profile read', audience, accessTokenFormat: 'jwt', accessTokenTTL: 300 }
  return {
    routes,
    claims: { openid: ['sub', 'typ', 'preferred_username', 'realm_access', 'resource_access'] },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub, typ: 'ID', ...claimsOf(sub) }) }),
    extraTokenClaims: (_ctx, { accountId }) => ({ typ: 'Bearer', azp: 'web', ...claimsOf(accountId) }),
    formats: {
      customizers: {
        jwt: (_ctx, _token, jwt) => {
          jwt.header = { typ: 'JWT' }
        },
      },
    },
    features: {
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: () => resource,
      },
    },
  }
}

const callbacks = ['/profile', '/salaries', '/basket'].map((page) => `${page}?auth_callback=1`)
export const setting = { provider: { path: '/realms/shop', callbacks, configure } }

const asKeycloak = (claims = {}) => ({ typ: 'Bearer', azp: 'web', ...claimsOf('alice'), ...claims })
const withToken = (make) => (state) => state.ask('/api/orders', { token: make(state.provider) })
const ago = (seconds) => Math.floor(Date.now() / 1000) - seconds

export const steps = [
  ...Object.values(pages).filter((step) => step !== pages.foreign),
  [
    'a response that belongs to no login of this browser',
    async ({ side, visitor }) => {
      const callback = side === 'before' ? '/profile?auth_callback=1&' : '/callback?'
      return (await visitor('erin')).open(`${callback}code=stolen&state=stolen`)
    },
  ],
  ['an API, with an access token', withToken((provider) => provider.token(asKeycloak(), { typ: 'JWT' }))],
  ['an API, without a token', ({ ask }) => ask('/api/orders')],
  [
    'an API, as somebody who is signed in',
    async ({ visitor }) => {
      const bob = await visitor('bob')
      await bob.open('/')
      return bob.fetch('/api/orders')
    },
  ],
  [
    'an access token for another API',
    withToken((provider) => provider.token(asKeycloak({ aud: 'https://other.example' }), { typ: 'JWT' })),
  ],
  [
    'an access token without the role',
    withToken((provider) => provider.token(asKeycloak({ resource_access: {} }), { typ: 'JWT' })),
  ],
  [
    'an access token that expired a minute ago',
    withToken((provider) => provider.token(asKeycloak({ exp: ago(60) }), { typ: 'JWT' })),
  ],
]
