const ago = (seconds) => Math.floor(Date.now() / 1000) - seconds
const preflight = { origin: 'https://app.example.com', 'access-control-request-headers': 'authorization' }

/** What happens with a token, apart from the challenge: a step of its own is about that. */
const withToken = (make) => async (state) => {
  const seen = await state.ask('/api/me', { token: make(state.provider) })
  return seen.startsWith('401') ? '401' : seen
}

export const steps = [
  ['a route without protection', ({ ask }) => ask('/api/health')],
  ['a token of the provider', withToken((provider) => provider.token())],
  ['a token that somebody else signed', withToken((provider) => provider.forgedToken())],
  ['a token for another API', withToken((provider) => provider.token({ aud: 'https://other.example' }))],
  ['a token of another issuer', withToken((provider) => provider.token({ iss: 'https://other.example' }))],
  ['a token that expired a minute ago', withToken((provider) => provider.token({ exp: ago(60) }))],
  ['a token that expired 15 seconds ago', withToken((provider) => provider.token({ exp: ago(15) }))],
  ['a token without `exp`', withToken((provider) => provider.token({ exp: undefined }))],
  ['a token without `sub`', withToken((provider) => provider.token({ sub: undefined }))],
  [
    'a token with `typ: JWT`, without the marks of RFC 9068',
    withToken((provider) => provider.token({}, { typ: 'JWT' })),
  ],
  [
    'an ID Token whose audience is the API',
    withToken((provider) => provider.idToken({ aud: provider.audience, nonce: 'n' })),
  ],
  ['something that is no JWT', withToken(() => 'opaque-token')],
  ['the challenge without a token', ({ ask }) => ask('/api/me')],
  [
    'the challenge for a token that is not valid',
    ({ ask, provider }) => ask('/api/me', { token: provider.forgedToken() }),
  ],
  ['the scope is there', ({ ask, provider }) => ask('/api/orders', { token: provider.token() })],
  ['a scope is missing', ({ ask, provider }) => ask('/api/orders', { method: 'POST', token: provider.token() })],
  ['a preflight request of CORS', ({ ask }) => ask('/api/me', { method: 'OPTIONS', headers: preflight })],
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
