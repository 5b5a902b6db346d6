const ago = (seconds) => Math.floor(Date.now() / 1000) - seconds

export const steps = [
  ['no token', ({ ask }) => ask('/api/me')],
  ['a token of the provider', ({ ask, provider }) => ask('/api/me', { token: provider.token() })],
  ['a token that somebody else signed', ({ ask, provider }) => ask('/api/me', { token: provider.forgedToken() })],
  [
    'a token for another API',
    ({ ask, provider }) => ask('/api/me', { token: provider.token({ aud: 'https://other.example' }) }),
  ],
  [
    'a token of another issuer',
    ({ ask, provider }) => ask('/api/me', { token: provider.token({ iss: 'https://other.example' }) }),
  ],
  [
    'a token that expired a minute ago',
    ({ ask, provider }) => ask('/api/me', { token: provider.token({ exp: ago(60) }) }),
  ],
  [
    'a token that expired 15 seconds ago',
    ({ ask, provider }) => ask('/api/me', { token: provider.token({ exp: ago(15) }) }),
  ],
  [
    'a token with `typ: JWT`, without the marks of RFC 9068',
    ({ ask, provider }) => ask('/api/me', { token: provider.token({}, { typ: 'JWT' }) }),
  ],
  [
    'an ID Token whose audience is the API',
    ({ ask, provider }) => ask('/api/me', { token: provider.idToken({ aud: provider.audience, nonce: 'n' }) }),
  ],
  ['something that is no JWT', ({ ask }) => ask('/api/me', { token: 'opaque-token' })],
  ['credentials of another scheme', ({ ask }) => ask('/api/me', { headers: { authorization: 'Basic YWxpY2U6eA==' } })],
  ['a token in the URL', ({ ask, provider }) => ask(`/api/me?access_token=${provider.token()}`)],
  ['the scope is there', ({ ask, provider }) => ask('/api/orders', { token: provider.token() })],
  ['a scope is missing', ({ ask, provider }) => ask('/api/orders', { method: 'POST', token: provider.token() })],
  [
    'both scopes are there',
    ({ ask, provider }) => ask('/api/orders', { method: 'POST', token: provider.token({ scope: 'read write' }) }),
  ],
  ['the claim is there', ({ ask, provider }) => ask('/api/salaries', { token: provider.token({ dept: 'hr' }) })],
  [
    'the claim has another value',
    ({ ask, provider }) => ask('/api/salaries', { token: provider.token({ dept: 'sales' }) }),
  ],
  ['the claim is missing', ({ ask, provider }) => ask('/api/salaries', { token: provider.token() })],
  ['a route where a token is optional, without one', ({ ask }) => ask('/greeting')],
  ['a valid token there', ({ ask, provider }) => ask('/greeting', { token: provider.token() })],
  [
    'a token that is not valid, where a token is optional',
    ({ ask, provider }) => ask('/greeting', { token: provider.forgedToken() }),
  ],
  [
    'the provider is down, and was so when the API started',
    async ({ ask, provider, restart }) => {
      provider.isDown = true
      await restart()
      const seen = await ask('/api/me', { token: provider.token() })
      provider.isDown = false
      return seen
    },
  ],
]
