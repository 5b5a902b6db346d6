/**
 * @typedef {object} ApiCall
 * @property {string} id
 * @property {string} label
 * @property {string} why What it shows.
 * @property {'GET' | 'POST'} method
 * @property {'orders' | 'caller' | 'bills' | 'vault'} [at] Which of the addresses in `ApiOptions`. Default `orders`.
 * @property {number} [times] How often the token is asked for, and the API called. Default once.
 * @property {'machine' | 'exchange'} [stop] Of the tour; default `api`.
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
    label: 'Your access token: read orders',
    why: 'with your access token, which carries the scope orders:read',
    method: 'GET',
    token: (oidc) => oidc.accessToken(),
  },
  {
    id: 'write',
    label: 'Your access token: place an order',
    why: 'with the same token: it has no scope orders:write',
    method: 'POST',
    token: (oidc) => oidc.accessToken(),
  },
  {
    id: 'renew',
    label: 'A new access token',
    why: 'with a new token, got by the refresh token, as the app does by itself shortly before a token ends',
    method: 'GET',
    // Any token that is older than a few seconds is replaced.
    token: (oidc) => oidc.accessToken({ minTtl: accessTokenSeconds - 3 }),
  },
  {
    id: 'expired',
    label: 'Whatever is valid by then',
    why: 'with a token that lives for half a minute: the app notices its end, and renews it before it calls',
    method: 'GET',
    token: (oidc) => oidc.accessToken(),
  },
  {
    id: 'machine',
    label: 'A token of the app’s own',
    why: 'twice, with a token of the app’s own that it has asked for once',
    method: 'GET',
    at: 'caller',
    times: 2,
    stop: 'machine',
    token: async (_oidc, machine) => machine?.getToken(),
  },
  {
    id: 'exchange',
    label: 'An exchanged token',
    why: 'with a token that yours was exchanged for: about you, for this service alone',
    method: 'GET',
    at: 'bills',
    stop: 'exchange',
    token: (oidc) => oidc.exchange({ resource: billingAudience, scope: 'bills:read' }),
  },
  {
    id: 'pass-on',
    label: 'Your access token as it is',
    why: 'with your access token as it is, which is for the first API',
    method: 'GET',
    at: 'bills',
    stop: 'exchange',
    token: (oidc) => oidc.accessToken(),
  },
  { id: 'nothing', label: 'Nothing', why: 'without any token', method: 'GET', token: async () => undefined },
  {
    id: 'id-token',
    label: 'The ID Token',
    why: 'with the ID Token, which says who you are and opens no API',
    method: 'GET',
    token: async (oidc) => oidc.idToken,
  },
  {
    id: 'changed',
    label: 'A forged access token',
    why: 'with your access token, one character of it changed',
    method: 'GET',
    token: async (oidc) => forged(await oidc.accessToken()),
  },
]

/**
 * @param {string} id
 * @returns {ApiCall}
 */
export function callNamed(id) {
  const call = apiCalls.find((each) => each.id === id)
  if (call === undefined) throw new RangeError(`there is no call "${id}"`)
  return call
}

/** @param {string} token */
function forged(token) {
  const at = token.lastIndexOf('.') + 10
  return `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`
}
