import { createRequire } from 'node:module'
import { createServer } from 'node:http'

const require = createRequire(import.meta.url)
const { version } = require('oidc-provider/package.json')
const audience = 'https://api.example.com'

/** The provider that this package is tested with. It is a development dependency, so always there. */
export const name = `oidc-provider ${version}`

export const missing = () => undefined

export async function start({ home, port }) {
  for (const method of ['warn', 'info']) console[method] = () => undefined
  const { default: Provider } = await import('oidc-provider')
  const issuer = `http://127.0.0.1:${port}`
  const client = { client_id: 'web', client_secret: 'a secret of web for tests only, 32 characters' }
  const resource = { scope: 'read', audience, accessTokenFormat: 'jwt', accessTokenTTL: 600 }
  const provider = new Provider(issuer, {
    clients: [
      {
        ...client,
        redirect_uris: [`${home}/callback`],
        post_logout_redirect_uris: [`${home}/`],
        grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      },
    ],
    cookies: { keys: ['a key of this script'] },
    scopes: ['openid', 'profile', 'offline_access', 'read'],
    features: {
      clientCredentials: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_ctx, _client, oneOf) => oneOf ?? audience,
        useGrantedResource: () => true,
        getResourceServerInfo: () => resource,
      },
    },
    issueRefreshToken: async () => true,
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  })
  const server = createServer(provider.callback())
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    options: { issuer, clientId: client.client_id, clientSecret: client.client_secret },
    lifetimeSeconds: resource.accessTokenTTL,
    api: { issuer, audience },
    machine: { resource: audience, scope: 'read' },
    // An access token for the API does not open userinfo there.
    without: ['userinfo, about the same person'],
    fill: (browser, page, options) => browser.submit(page, { login: 'alice', password: 'any' }, options),
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
