import express from 'express'
import { claim, clientCredentials, csrf, oidc, requireAuth } from 'express-oidc'
import { LRUCache } from 'lru-cache'
import { billingAudience } from '../api/api-calls.js'
import { createApi, createVault } from '../api/api.js'
import { createBilling } from '../api/billing.js'
import { memoryBoard } from '../devices/board.js'
import { endOtherSession, noteLogins, noteLogouts } from '../devices/devices.js'
import { signOutEverywhere } from '../devices/everywhere.js'
import { liveStream } from '../devices/live.js'
import { memoryStore } from '../devices/memory-store.js'
import { receiveSignals, reportOthers } from '../devices/signals.js'
import { recordingApiFetch } from '../timeline/api-steps.js'
import { recordBrowserSteps } from '../timeline/browser-steps.js'
import { recordingFetch } from '../timeline/provider-steps.js'
import { createTimeline } from '../timeline/timeline.js'
import { isOfSeveral, severalProviders } from '../tour/several.js'
import { tourRoutes } from '../tour/tour.js'
import { assets } from './assets.js'
import { pages } from './pages.js'
import { securityHeaders } from './security-headers.js'
import { stopProcess } from './stop-process.js'

const idleSeconds = 900
const absoluteSeconds = 28_800

/**
 * @typedef {object} AppOptions
 * @property {Omit<import('express-oidc').OidcOptions, 'onError'> & { baseUrl: string }} oidc Options of the login middleware.
 * @property {string} [audience] Identifier of the demo's API in access tokens; without it there is no API.
 * @property {import('../start/own-providers.js').Own} [own] Where the providers are the demo's own.
 */

/**
 * What several processes of the application have in common.
 *
 * @typedef {object} Shared
 * @property {import('express-oidc').SharedStore} sharedStore Holds the sessions.
 * @property {import('../devices/board.js').Board} board
 * @property {import('../timeline/timeline.js').StepStore} steps
 * @property {import('./pages.js').Processes} processes
 */

/**
 * @typedef {object} Demo
 * @property {import('express').Express} app
 * @property {() => Promise<void>} ready Fetches the provider's metadata and keys; fails if the provider is unavailable.
 */

/**
 * Makes the web application: two middlewares of the package, and pages around them.
 *
 * @param {AppOptions} options
 * @param {Shared} [shared] Default: there is one process.
 * @returns {Demo}
 */
export function createApp({ oidc: options, audience, own }, shared) {
  const { baseUrl, issuer, clientId } = options
  const timeline = createTimeline({
    secureCookie: baseUrl.startsWith('https:'),
    ...(shared && { store: shared.steps }),
  })
  const labels = Object.values(own?.several ?? {}).map(({ issuer: url, label = '' }) => ({ issuer: url, label }))
  const recorder = recordingFetch(timeline, { labels, ...(options.fetch && { fetch: options.fetch }) })
  const session = {
    idleSeconds,
    absoluteSeconds,
    // A page that is merely looked at does not prolong the session.
    countsAsUse: (/** @type {import('node:http').IncomingMessage} */ { url }) => url !== '/live',
    ...(shared && { store: shared.sharedStore }),
  }
  const sharedStore = shared?.sharedStore ?? memoryStore()
  // The demo's own error page says what led to the error.
  const common = { session, sharedStore, pages: /** @type {const} */ (false) }
  const login = oidc({ ...common, ...options, fetch: recorder })
  const several =
    own && severalProviders({ ...common, baseUrl, secret: options.secret, providers: own.several, fetch: recorder })
  const apis = audience === undefined ? [] : resources(options, audience, own)
  // Other providers may not send logout tokens, so a list of sessions could become wrong.
  const board = own && (shared?.board ?? memoryBoard())
  const clientSecret = typeof options.clientSecret === 'string' ? options.clientSecret : ''
  const atProvider = { issuer, clientId, clientSecret, fetch: recorder }
  const processes = shared?.processes
  /** @type {import('../tour/types.js').Tour} */
  const tour = {
    app: baseUrl,
    issuer,
    clientId,
    timeline,
    login,
    apis: {
      urls: apiUrls(baseUrl),
      fetch: recordingApiFetch(timeline),
      ...machineOf(own, options, audience, recorder),
    },
    ...boundOf(own, options, audience, recorder),
    ...(own && { report: reportOthers(atProvider), machine: own.machine }),
    ...(audience !== undefined && { audience }),
    idleSeconds,
    isStored: shared !== undefined,
  }
  const page = pages({ tour, embedded: own !== undefined, hasBoard: board !== undefined, processes })

  const app = express().disable('x-powered-by')
  app.use(assets(), securityHeaders(), recordBrowserSteps(timeline))
  /** @type {LRUCache<string, number>} */
  const heard = new LRUCache({ max: 1000, ttl: 60_000 })
  if (own !== undefined && board !== undefined) {
    const form = express.urlencoded({ extended: false, limit: '64kb' })
    app.all(['/logout', '/backchannel-logout'], form, noteLogouts(board, login))
    app.use(receiveSignals(login, { issuer, pushAuthorization: own.pushAuthorization }, board))
  }
  app.use((req, res, next) => (several && isOfSeveral(req) ? several : login)(req, res, next))
  if (board !== undefined) {
    app.get('/live', liveStream(login, board, heard, processes))
    app.use(noteLogins(board))
    const form = express.urlencoded({ extended: false, limit: '1kb' })
    app.post('/end-session', csrf(), requireAuth(), form, endOtherSession(board))
    app.post('/sign-out-everywhere', requireAuth(), csrf(), signOutEverywhere(atProvider))
  }
  if (processes !== undefined) app.post('/stop-process', csrf(), stopProcess(processes))
  for (const { path, router } of apis) app.use(path, router)
  app.get('/', page.home)
  app.get('/hr', requireAuth(claim('dept', 'hr')), page.hr)
  app.get('/me', requireAuth(), (req, res) => void res.json({ name: req.oidc.user?.name }))
  app.use('/tour', tourRoutes(tour, page.stop))
  app.use(page.notFound, page.failed)
  const parts = [login, ...(several ? [several] : []), ...apis]
  return { app, ready: async () => void (await Promise.all(parts.map((part) => part.ready()))) }
}

/** @param {string} baseUrl */
function apiUrls(baseUrl) {
  return {
    orders: `${baseUrl}/api/orders`,
    caller: `${baseUrl}/api/caller`,
    bills: `${baseUrl}/billing/bills`,
    vault: `${baseUrl}/vault/orders`,
  }
}

/**
 * The APIs, which are part of the demo.
 *
 * @param {AppOptions['oidc']} options
 * @param {string} audience
 * @param {AppOptions['own']} own
 */
function resources({ issuer, baseUrl }, audience, own) {
  const api = { path: '/api', ...createApi({ issuer, audience }) }
  if (own === undefined) return [api]
  return [
    api,
    { path: '/billing', ...createBilling({ issuer, audience: billingAudience }) },
    { path: '/vault', ...createVault({ issuer, audience, baseUrl }) },
  ]
}

/**
 * @param {AppOptions['own']} own
 * @param {AppOptions['oidc']} options
 * @param {string | undefined} audience
 * @param {typeof globalThis.fetch} fetch
 */
function machineOf(own, { issuer }, audience, fetch) {
  if (own === undefined) return {}
  return { machine: clientCredentials({ issuer, ...own.machine, scope: 'orders:read', resource: audience, fetch }) }
}

/**
 * @param {AppOptions['own']} own
 * @param {AppOptions['oidc']} options
 * @param {string | undefined} audience
 * @param {typeof globalThis.fetch} fetch
 */
function boundOf(own, { issuer, baseUrl }, audience, fetch) {
  if (own === undefined) return {}
  const allowedOrigins = [new URL(baseUrl).origin]
  const options = { issuer, ...own.bound, scope: 'orders:read', resource: audience, allowedOrigins, fetch }
  return { bound: clientCredentials(options) }
}
