import express from 'express'
import { claim, clientCredentials, csrf, oidc, provider, requireAuth } from 'express-oidc'
import { LRUCache } from 'lru-cache'
import { createApi } from './api.js'
import { billingAudience } from './api-calls.js'
import { recordingApiFetch } from './api-steps.js'
import { assets } from './assets.js'
import { createBilling } from './billing.js'
import { memoryBoard } from './board.js'
import { recordBrowserSteps } from './browser-steps.js'
import { endOtherSession, noteLogins, noteLogouts } from './devices.js'
import { signOutEverywhere } from './everywhere.js'
import { liveStream } from './live.js'
import { memoryStore } from './memory-store.js'
import { pages } from './pages.js'
import { stopProcess } from './stop-process.js'
import { recordingFetch } from './provider-steps.js'
import { receiveSignals, reportOthers } from './signals.js'
import { sitesOf } from './sites.js'
import { createTimeline } from './timeline.js'

const idleSeconds = 900
const absoluteSeconds = 28_800

/**
 * @typedef {object} AppOptions
 * @property {import('./sites.js').OneProvider | import('./sites.js').SeveralProviders} oidc Options of the login middleware. With
 *   several providers there is no API, and no list of a person's sessions.
 * @property {boolean} [embedded] Whether the provider is the demo's own, where alice and bob live. Default false.
 * @property {string} [audience] Identifier of the demo's API in access tokens; without it there is no API.
 * @property {{ clientId: string, clientSecret: string }} [machine] A client that may call the API without a person.
 * @property {string} [pushAuthorization] What the provider's security events come with; without it there are none.
 */

/**
 * What several processes of the application have in common.
 *
 * @typedef {object} Shared
 * @property {import('express-oidc').SharedStore} sharedStore Holds the sessions.
 * @property {import('./board.js').Board} board
 * @property {import('./timeline.js').StepStore} steps
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
export function createApp({ oidc: options, embedded = false, audience, machine, pushAuthorization }, shared) {
  const secureCookie = options.baseUrl.startsWith('https:')
  const timeline = createTimeline({ secureCookie, ...(shared && { store: shared.steps }) })
  const sites = sitesOf(options)
  const recorder = recordingFetch(timeline, { sites, ...(options.fetch && { fetch: options.fetch }) })
  const session = {
    idleSeconds,
    absoluteSeconds,
    // A page that is merely looked at does not prolong the session.
    countsAsUse: (/** @type {import('node:http').IncomingMessage} */ { url }) => url !== '/live',
    ...(shared && { store: shared.sharedStore }),
  }
  // Its own error page shows the messages that led to the error.
  const own = { session, sharedStore: shared?.sharedStore ?? memoryStore(), pages: /** @type {const} */ (false) }
  const one = 'providers' in options ? undefined : options
  const login =
    'providers' in options
      ? oidc({ ...own, ...options, fetch: recorder })
      : oidc({ ...own, ...options, fetch: recorder })
  const api = one && audience !== undefined ? createApi({ issuer: one.issuer, audience }) : undefined
  const billing = one && embedded ? createBilling({ issuer: one.issuer, audience: billingAudience }) : undefined
  const source =
    one &&
    machine &&
    clientCredentials({ issuer: one.issuer, ...machine, scope: 'orders:read', resource: audience, fetch: recorder })
  const apis = {
    urls: apiUrls(options.baseUrl),
    fetch: recordingApiFetch(timeline),
    ...(source && { machine: source }),
  }
  // Other providers may not send logout tokens, so a list of sessions could become wrong.
  const board = one && embedded ? (shared?.board ?? memoryBoard()) : undefined
  const processes = shared?.processes
  const page = pages({
    timeline,
    sites,
    embedded,
    idleSeconds,
    audience,
    machine,
    apis,
    board,
    processes,
  })

  const app = express().disable('x-powered-by')
  app.use(assets(), securityHeaders(), recordBrowserSteps(timeline))
  /** @type {LRUCache<string, number>} */
  const heard = new LRUCache({ max: 1000, ttl: 60_000 })
  if (board !== undefined) {
    const form = express.urlencoded({ extended: false, limit: '64kb' })
    app.all(['/logout', '/backchannel-logout'], form, noteLogouts(board, login))
  }
  if (one !== undefined && board !== undefined && pushAuthorization !== undefined) {
    app.use(receiveSignals(login, { issuer: one.issuer, pushAuthorization }, board))
  }
  app.use(login)
  if (one !== undefined && board !== undefined) {
    const { issuer, clientId } = one
    const clientSecret = typeof one.clientSecret === 'string' ? one.clientSecret : ''
    app.get('/live', liveStream(login, board, heard, processes))
    app.use(noteLogins(board))
    const form = express.urlencoded({ extended: false, limit: '1kb' })
    app.post('/end-session', csrf(), requireAuth(), form, endOtherSession(board))
    const atProvider = { issuer, clientId, clientSecret, fetch: recorder }
    app.post('/sign-out-everywhere', requireAuth(), csrf(), signOutEverywhere(atProvider))
    app.post('/report-others', requireAuth(), csrf(), reportOthers(atProvider))
  }
  if (processes !== undefined) app.post('/stop-process', csrf(), stopProcess(processes))
  app.get('/', page.home)
  app.get('/hr', requireAuth(claim('dept', 'hr')), page.hr)
  if (one === undefined) app.get('/company', requireAuth(provider('company')), page.company)
  if (billing !== undefined) app.use('/billing', billing.router)
  if (api !== undefined) {
    app.use('/api', api.router)
    app.get('/try-api', requireAuth(), page.api)
    app.post('/try-api', requireAuth(), express.urlencoded({ extended: false, limit: '1kb' }), page.callApi)
  }
  app.use(page.notFound, page.failed)
  return { app, ready: async () => void (await Promise.all([login.ready(), api?.ready(), billing?.ready()])) }
}

/** @param {string} baseUrl */
function apiUrls(baseUrl) {
  return { orders: `${baseUrl}/api/orders`, caller: `${baseUrl}/api/caller`, bills: `${baseUrl}/billing/bills` }
}

/**
 * As strict as helmet's default: forms may only post here. After the logout form, a separate page navigates to the
 * provider.
 *
 * @returns {import('express').RequestHandler}
 */
function securityHeaders() {
  return (_req, res, next) => {
    res.set({
      'Content-Security-Policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      'Cache-Control': 'no-store',
      'Referrer-Policy': 'same-origin',
      'X-Content-Type-Options': 'nosniff',
    })
    next()
  }
}
