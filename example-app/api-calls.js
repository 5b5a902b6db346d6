/**
 * @typedef {object} ApiCall
 * @property {string} id
 * @property {string} label On its button.
 * @property {string} why What it shows.
 * @property {'GET' | 'POST'} method
 * @property {(oidc: import('express-oidc').OidcHandle) => Promise<string | undefined>} token What to bring along.
 */

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
    // The embedded provider's tokens live for 300 seconds: any that is older than a few seconds is replaced.
    token: (oidc) => oidc.accessToken({ minTtl: 297 }),
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

/**
 * @typedef {object} ApiAnswer
 * @property {ApiCall} call
 * @property {number} status
 * @property {string} headers Those that matter, a line each.
 * @property {string} body
 */

/**
 * Calls the API on the person's behalf: server to server, so that the page never holds the token.
 *
 * @param {string} url
 * @param {ApiCall} call
 * @param {import('express-oidc').OidcHandle} oidc
 * @returns {Promise<ApiAnswer>}
 */
export async function callApi(url, call, oidc) {
  const token = await call.token(oidc)
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` }
  const response = await fetch(url, { method: call.method, headers, redirect: 'error' })
  const shown = ['www-authenticate', 'content-type', 'retry-after']
  return {
    call,
    status: response.status,
    headers: shown
      .filter((name) => response.headers.has(name))
      .map((name) => `${name}: ${response.headers.get(name)}`)
      .join('\n'),
    body: pretty(await response.text()),
  }
}

/** @param {string} token */
function forged(token) {
  const at = token.lastIndexOf('.') + 10
  return `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`
}

/** @param {string} text */
function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
