/**
 * @typedef {object} ApiCall
 * @property {string} id
 * @property {string} label On its button.
 * @property {string} why What it shows.
 * @property {'GET' | 'POST'} method
 * @property {'orders' | 'caller' | 'bills'} [at] Which of the addresses in `ApiOptions`. Default `orders`.
 * @property {number} [times] How often the token is asked for, and the API called. Default once.
 * @property {true} [ownProvider] Needs the embedded provider, which knows the machine, the second service and the lifetime.
 * @property {string} [wait] Comes after a pause, and is offered under this label.
 * @property {(oidc: import('express-oidc').OidcHandle, machine: import('express-oidc').TokenSource | undefined) => Promise<string | undefined>} token
 *   What to bring along.
 */

/** Lifetime of the embedded provider's access tokens: short, so that you can soon see one expire. */
export const accessTokenSeconds = 30

/** The second service's identifier in access tokens. */
export const billingAudience = 'urn:example:billing'

/** @type {readonly ApiCall[]} */
export const apiCalls = [
  {
    id: 'read',
    label: 'Read orders',
    why: 'with your access token, which carries the scope orders:read',
    method: 'GET',
    token: (oidc) => oidc.accessToken(),
  },
  {
    id: 'write',
    label: 'Place an order',
    why: 'with the same token: it has no scope orders:write',
    method: 'POST',
    token: (oidc) => oidc.accessToken(),
  },
  {
    id: 'renew',
    label: 'Renew the token first',
    why: 'by the refresh token, as the app does by itself shortly before a token ends: see the timeline',
    method: 'GET',
    // Any token that is older than a few seconds is replaced.
    token: (oidc) => oidc.accessToken({ minTtl: accessTokenSeconds - 3 }),
  },
  {
    id: 'expired',
    label: 'Call the API now',
    wait: 'Wait until the token expires, then call the API',
    why: 'tokens live for half a minute here: the app notices, and renews it before it calls',
    method: 'GET',
    ownProvider: true,
    token: (oidc) => oidc.accessToken(),
  },
  {
    id: 'machine',
    label: 'Call as a machine',
    why: 'twice, with a token of the app’s own: no person behind it, and asked for once',
    method: 'GET',
    at: 'caller',
    times: 2,
    ownProvider: true,
    token: async (_oidc, machine) => machine?.getToken(),
  },
  {
    id: 'exchange',
    label: 'Exchange the token and call the second service',
    why: 'which takes no token that was made for the first: yours is exchanged for one about you, for that service alone',
    method: 'GET',
    at: 'bills',
    ownProvider: true,
    token: (oidc) => oidc.exchange({ resource: billingAudience, scope: 'bills:read' }),
  },
  {
    id: 'pass-on',
    label: 'Call it without exchanging',
    why: 'your access token as it is, which is for the first API',
    method: 'GET',
    at: 'bills',
    ownProvider: true,
    token: (oidc) => oidc.accessToken(),
  },
  { id: 'nothing', label: 'Bring nothing', why: 'without any token', method: 'GET', token: async () => undefined },
  {
    id: 'id-token',
    label: 'Bring the ID Token',
    why: 'which says who you are, and opens no API',
    method: 'GET',
    token: async (oidc) => oidc.idToken,
  },
  {
    id: 'changed',
    label: 'Bring a forged token',
    why: 'yours, with one character changed',
    method: 'GET',
    token: async (oidc) => forged(await oidc.accessToken()),
  },
]

/** @param {string} token */
function forged(token) {
  const at = token.lastIndexOf('.') + 10
  return `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`
}
