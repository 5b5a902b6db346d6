import { pages } from '../pages.js'

const roles = { alice: ['hr'] }
const claimsOf = (sub) => ({ name: sub, oid: `oid-of-${sub}`, tid: 'tenant', roles: roles[sub] ?? [] })

// A provider with the metadata and tokens of Microsoft Entra ID.
const configure = () => ({
  routes: {
    authorization: '/authorize',
    token: '/token',
    jwks: '/discovery/v2.0/keys',
    end_session: '/logout',
  },
  claims: { openid: ['sub', 'oid', 'tid', 'roles'], profile: ['name'] },
  findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub, ...claimsOf(sub) }) }),
})

export const setting = {
  host: 'localhost',
  isTls: true,
  provider: {
    path: '/8eaef023-2b34-4da1-9baa-8bc8c9d6a490/v2.0',
    callbacks: ['/auth/openid/return'],
    idTokenTyp: 'JWT',
    configure,
  },
}

const entra = {
  oid: 'oid-of-alice',
  tid: 'tenant',
  scp: 'Orders.Read',
  azp: 'spa',
  scope: undefined,
  client_id: undefined,
}
const tokenFor = (provider, claims) => provider.token({ ...entra, aud: provider.clientId, ...claims }, { typ: 'JWT' })

/** What happens with a token, apart from the challenge: a step of its own is about that. */
const withToken = (claims) => async (state) => {
  const seen = await state.ask('/api/orders', { token: tokenFor(state.provider, claims) })
  return seen.startsWith('40') ? seen.slice(0, 3) : seen
}
const ago = (seconds) => Math.floor(Date.now() / 1000) - seconds

export const steps = [
  ...Object.values(pages).filter((step) => step !== pages.foreign),
  [
    'a response that belongs to no login of this browser',
    async ({ visitor }) => (await visitor('erin')).open('/auth/openid/return?code=stolen&state=stolen'),
  ],
  ['an API, with an access token', withToken({})],
  ['an API, without a token', ({ ask }) => ask('/api/orders')],
  ['an access token for another API', withToken({ aud: 'api://other' })],
  ['an access token of another tenant', withToken({ iss: 'https://login.example.com/other/v2.0' })],
  ['an access token without the scope', withToken({ scp: 'Orders.Write' })],
  ['an access token that expired a minute ago', withToken({ exp: ago(60) })],
  ['an access token that expired ten minutes ago', withToken({ exp: ago(600) })],
  [
    'the challenge for an access token without the scope',
    ({ ask, provider }) => ask('/api/orders', { token: tokenFor(provider, { scp: 'Orders.Write' }) }),
  ],
  [
    "an ID Token of the application's own login, at an API that asks for no scope",
    ({ ask, provider }) => ask('/api/me', { token: provider.idToken({ oid: 'oid-of-alice', nonce: 'n' }) }),
  ],
]
