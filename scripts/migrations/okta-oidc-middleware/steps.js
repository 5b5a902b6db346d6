import { pages } from '../pages.js'

const path = '/oauth2/default'
const routes = {
  authorization: '/v1/authorize',
  token: '/v1/token',
  userinfo: '/v1/userinfo',
  jwks: '/v1/keys',
  end_session: '/v1/logout',
  revocation: '/v1/revoke',
}

export const setting = {
  provider: {
    path,
    callbacks: ['/authorization-code/callback'],
    configure: () => ({ routes, features: { revocation: { enabled: true } } }),
  },
}

export const steps = [
  ...Object.values({ ...pages, foreign: undefined }).filter((step) => step !== undefined),
  [
    'a response that belongs to no login of this browser',
    async ({ visitor }) => (await visitor('erin')).open('/authorization-code/callback?code=stolen&state=stolen'),
  ],
  [
    'a logout by `curl -X POST`, without a session',
    ({ ask }) => ask('/logout', { method: 'POST', headers: { accept: '*/*' } }),
  ],
]
