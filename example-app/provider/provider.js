import { once } from 'node:events'
import { createServer } from 'node:http'
import express from 'express'
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js'
import { Provider } from 'oidc-provider/lib/provider.js'
import { assets } from '../web/assets.js'
import { interactions } from './interactions.js'
import { addTokenExchange, tokenExchangeGrant } from './token-exchange.js'
import { clockTolerance, providerConfiguration } from './configuration.js'
import { endOthers, sessionIndex, signOutEverywhere } from './sessions.js'
import { transmitter } from './transmitter.js'
import { users } from './users.js'

/**
 * @typedef {object} ProviderOptions
 * @property {number} [port] TCP port on 127.0.0.1; 0 takes any free one. Default 0.
 * @property {readonly Record<string, unknown>[]} clients Client metadata (RFC 7591 names), such as {@link webClient} makes.
 * @property {string} [name] What its pages call it. Default `Company`.
 * @property {'home'} [look] Colours of its pages. Default: those of the provider in the timeline.
 * @property {readonly import('./users.js').User[]} [people] Who may sign in. Default alice (dept hr) and bob (dept engineering).
 * @property {string | null} [resource] API that access tokens are for when a request names none; they are JWTs then.
 *   `null`: opaque tokens that open the userinfo endpoint. Default `urn:example:api`.
 * @property {Readonly<Record<string, string>>} [exchangeFor] APIs that access tokens may be exchanged for (RFC 8693), with the
 *   scopes of each. Default none.
 * @property {import('./transmitter.js').Receiver} [signals] The application that gets security events. Default none.
 * @property {number} [accessTokenSeconds] Default 300.
 * @property {number} [idTokenSeconds] Default 3600.
 * @property {number} [refreshTokenSeconds] Default 86400.
 * @property {number} [sessionSeconds] Of the provider's own session. Default 86400.
 * @property {Record<string, unknown>} [configuration] Laid over oidc-provider's configuration, top level by top level.
 */

/**
 * @typedef {object} RunningProvider
 * @property {string} issuer `http://127.0.0.1:port`
 * @property {number} port
 * @property {Provider} provider The oidc-provider instance, for its events.
 * @property {() => Promise<void>} close Ends open connections too.
 */

/**
 * Starts a real OpenID Provider (oidc-provider 9) on a loopback port: PKCE required, refresh tokens rotate, access tokens
 * are JWTs. Keys are made at start, state lives in memory: both are gone when it closes. Prints nothing.
 *
 * @param {ProviderOptions} options
 * @returns {Promise<RunningProvider>}
 */
export async function startProvider(options) {
  const app = express().disable('x-powered-by')
  const server = createServer(app)
  const port = await listen(server, options.port ?? 0)
  const issuer = `http://127.0.0.1:${port}`
  const people = options.people ?? users
  const site = { issuer, name: options.name ?? 'Company', look: options.look ?? '' }
  try {
    const sessions = sessionIndex(createMemoryAdapter(clockTolerance))
    const provider = new Provider(issuer, providerConfiguration(site, people, options, sessions.adapter))
    if (options.exchangeFor !== undefined) addTokenExchange(provider, options.exchangeFor)
    app.use(assets(), signOutEverywhere(provider, sessions, options.clients))
    if (options.signals !== undefined)
      app.use(await transmitter(issuer, options.signals, endOthers(provider, sessions)))
    app.use(interactions(provider, site, people, options.clients), provider.callback())
    return { issuer, port, provider, close: () => closeServer(server) }
  } catch (error) {
    await closeServer(server)
    throw error
  }
}

/**
 * Makes the metadata of a confidential web client with one base URL.
 *
 * @param {{ clientId: string, clientSecret: string, baseUrl: string, callbackPath?: string, home?: string, exchanges?: boolean,
 *   backchannelLogoutUrl?: string }} client With `exchanges` it may call other services on a user's behalf;
 *   `backchannelLogoutUrl` is where it gets logout tokens. `callbackPath`: default `/callback`; `home`, after logout: default `/`.
 * @returns {Record<string, unknown>}
 */
export function webClient({
  clientId,
  clientSecret,
  baseUrl,
  callbackPath = '/callback',
  home = '/',
  exchanges = false,
  backchannelLogoutUrl,
}) {
  const told = { backchannel_logout_uri: backchannelLogoutUrl, backchannel_logout_session_required: true }
  return {
    ...(backchannelLogoutUrl === undefined ? {} : told),
    client_id: clientId,
    client_secret: clientSecret,
    client_name: 'express-oidc demo',
    redirect_uris: [`${baseUrl}${callbackPath}`],
    post_logout_redirect_uris: [`${baseUrl}${home}`],
    grant_types: ['authorization_code', 'refresh_token', ...(exchanges ? [tokenExchangeGrant] : [])],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_basic',
  }
}

/**
 * Makes the metadata of a client that acts for itself: client credentials, nothing else.
 *
 * @param {{ clientId: string, clientSecret: string, bound?: boolean }} client With `bound` it gets no token without a DPoP proof.
 * @returns {Record<string, unknown>}
 */
export function machineClient({ clientId, clientSecret, bound = false }) {
  return {
    dpop_bound_access_tokens: bound,
    client_id: clientId,
    client_secret: clientSecret,
    client_name: 'express-oidc demo, as a machine',
    redirect_uris: [],
    grant_types: ['client_credentials'],
    response_types: [],
    token_endpoint_auth_method: 'client_secret_basic',
  }
}

/**
 * Binds a server to 127.0.0.1.
 *
 * @param {import('node:http').Server} server
 * @param {number} port
 * @returns {Promise<number>} The port in use.
 */
export async function listen(server, port) {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no TCP port')
  return address.port
}

/**
 * @param {import('node:http').Server} server
 * @returns {Promise<void>}
 */
export async function closeServer(server) {
  server.close()
  server.closeAllConnections()
  if (server.listening) await once(server, 'close')
}
