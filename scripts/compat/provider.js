import { createServer } from 'node:http'

const audience = 'https://api.example.com'
const departments = { alice: 'hr', bob: 'sales' }

/** The provider for one application: a real oidc-provider, which knows Alice of human resources and Bob of sales. */
export async function startProvider({ home, port }) {
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
    claims: { openid: ['sub', 'dept'] },
    conformIdTokenClaims: false,
    features: {
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_ctx, _client, oneOf) => oneOf,
        getResourceServerInfo: () => resource,
      },
    },
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, dept: departments[id] }) }),
  })
  const server = createServer(provider.callback())
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    environment: { ISSUER: issuer, CLIENT_ID: client.client_id, CLIENT_SECRET: client.client_secret },
    /** An access token for the API. */
    async accessToken() {
      const body = new URLSearchParams({ grant_type: 'client_credentials', scope: 'read', resource: audience })
      const credentials = Object.values(client).map(encodeURIComponent).join(':')
      const headers = { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }
      const response = await fetch(`${issuer}/token`, { method: 'POST', headers, body })
      const { access_token: token } = await response.json()
      if (token === undefined) throw new Error(`the provider gave no access token (${response.status})`)
      return token
    },
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
