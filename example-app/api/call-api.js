import { tokenFacts } from './token-facts.js'

/** @typedef {import('./api-calls.js').ApiCall} ApiCall */

/**
 * @typedef {object} ApiOptions
 * @property {Record<NonNullable<ApiCall['at']>, string>} urls
 * @property {import('express-oidc').TokenSource} [machine] Tokens of the app's own.
 * @property {typeof globalThis.fetch} fetch
 */

/**
 * @typedef {object} ApiAnswer
 * @property {ApiCall} call
 * @property {string} path
 * @property {number} status
 * @property {string} headers Those that matter, a line each.
 * @property {string} body
 * @property {string} code Of the problem that it reports; empty where it reports none.
 * @property {[string, string][]} facts What the token says, and where it came from: one line per call.
 */

/**
 * Calls an API on the person's behalf, or as a machine: server to server, so the page never gets the token.
 *
 * @param {ApiOptions} options
 * @param {ApiCall} call
 * @param {import('express-oidc').OidcHandle} oidc
 * @returns {Promise<ApiAnswer>} The last answer, where there are several.
 */
export async function callApi({ urls, machine, fetch }, call, oidc) {
  const url = urls[call.at ?? 'orders']
  /** @type {(string | undefined)[]} */
  const tokens = []
  let response
  do {
    const token = await call.token(oidc, machine)
    tokens.push(token)
    const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` }
    response = await fetch(url, { method: call.method, headers, redirect: 'error' })
  } while (tokens.length < (call.times ?? 1))
  const body = pretty(await response.text())
  return {
    call,
    path: new URL(url).pathname,
    status: response.status,
    headers: shownHeaders(response.headers),
    body,
    code: response.ok ? '' : (/"code": "(\w+)"/.exec(body)?.[1] ?? ''),
    facts: tokenFacts(tokens),
  }
}

/** @param {Headers} headers */
function shownHeaders(headers) {
  return ['www-authenticate', 'content-type', 'retry-after']
    .filter((name) => headers.has(name))
    .map((name) => `${name}: ${headers.get(name)}`)
    .join('\n')
}

/** @param {string} text */
function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
