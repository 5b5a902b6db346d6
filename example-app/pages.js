import { accessTokenSeconds, apiCalls } from './api-calls.js'
import { callApi } from './call-api.js'
import { deviceRows } from './devices.js'
import { endedView } from './ended-view.js'
import { errorView } from './error-view.js'
import { render } from './render.js'
import { claimRows, clocks, cookieRows, decodedIdToken } from './session-view.js'
import { switchOf } from './sites.js'
import { flows } from './timeline-view.js'
import { expiryOf } from './token-facts.js'

/**
 * @typedef {object} PageOptions
 * @property {import('./timeline.js').Timeline} timeline
 * @property {readonly import('./sites.js').Site[]} sites
 * @property {boolean} embedded
 * @property {number} idleSeconds
 * @property {string | undefined} audience Without it there is no API.
 * @property {{ clientId: string, clientSecret: string } | undefined} machine
 * @property {import('./call-api.js').ApiOptions} apis
 * @property {import('./board.js').Board | undefined} board Without it there are no live updates.
 * @property {Processes | undefined} processes Where there are several.
 */

/**
 * @typedef {object} Processes
 * @property {() => readonly number[]} running Their ids.
 * @property {(pid: number) => void} stop Ends one as `kill -9` does.
 */

/**
 * Makes the handlers of the pages.
 *
 * @param {PageOptions} options
 */
export function pages(options) {
  /**
   * @param {import('express').Request} req
   * @param {string} active
   */
  const common = async (req, active) => ({
    active,
    live: options.board !== undefined && req.oidc?.isAuthenticated(),
    sites: options.sites,
    switch: switchOf(options.sites, req.oidc?.provider),
    embedded: options.embedded,
    hasApi: options.audience !== undefined,
    person: personOf(req),
    flows: flows(options.timeline.startSteps(), await options.timeline.steps(req)),
    processes: options.processes && { running: options.processes.running(), answeredBy: process.pid },
  })

  const apiPage = {
    calls: apiCalls.filter(({ ownProvider = false }) => options.embedded || !ownProvider),
    audience: options.audience,
    machine: options.machine,
    apiUrl: options.apis.urls.orders,
  }

  /** @type {Record<'home' | 'hr' | 'company' | 'api' | 'callApi' | 'notFound', import('express').RequestHandler> & { failed: import('express').ErrorRequestHandler }} */
  const handlers = {
    async home(req, res) {
      const view = req.oidc?.isAuthenticated() ? 'signed-in' : 'signed-out'
      const devices = options.board && req.auth && deviceRows(await req.oidc.sessions.list())
      const own = { ...sessionOf(req, options), devices, ended: endedView(req.query) }
      res.send(render(view, { ...(await common(req, 'home')), ...own }))
    },

    async hr(req, res) {
      res.send(render('hr', await common(req, 'hr')))
    },

    async company(req, res) {
      res.send(render('company', await common(req, 'company')))
    },

    async api(req, res) {
      const waiting = apiPage.calls.find(({ wait, id }) => wait !== undefined && id === req.query.wait)
      const clock = waiting && { waiting, ...tokenClock(await req.oidc.accessToken({ minTtl: 0 })) }
      res.send(render('api', { ...(await common(req, 'api')), ...apiPage, ...clock }))
    },

    async callApi(req, res, next) {
      const call = apiPage.calls.find(({ id }) => id === req.body?.call)
      if (call === undefined) {
        next(Object.assign(new Error('There is no such call.'), { status: 400, code: 'unknown_call', expose: true }))
        return
      }
      const answer = await callApi(options.apis, call, req.oidc)
      res.send(render('api', { ...(await common(req, 'api')), ...apiPage, answer }))
    },

    notFound(_req, _res, next) {
      next(Object.assign(new Error('There is no such page.'), { status: 404, code: 'not_found', expose: true }))
    },

    async failed(error, req, res, next) {
      if (res.headersSent) {
        next(error)
        return
      }
      const view = errorView(error)
      if (view.status >= 500) console.error(`${req.method} ${req.path}: ${view.code} ${Object(error).message ?? ''}`)
      res.status(view.status).set(Object(error).headers ?? {})
      res.send(render('error', { ...(await common(req, req.path === '/hr' ? 'hr' : '')), ...view, path: req.path }))
    },
  }
  return handlers
}

/** @param {string} token */
function tokenClock(token) {
  const now = Math.floor(Date.now() / 1000)
  const endsAt = expiryOf(token) ?? now
  const note = 'The access token ends. Nothing happens to your session.'
  return { now, clocks: [{ id: 'token', label: 'Until the token expires', note, endsAt, total: accessTokenSeconds }] }
}

/** @param {import('express').Request} req */
function personOf(req) {
  const claims = req.oidc?.user
  if (claims === undefined) return undefined
  const name = [claims.name, claims.preferred_username, claims.email, claims.sub].find(
    (value) => typeof value === 'string',
  )
  return { name: String(name), email: claims.email, dept: claims.dept, subject: String(claims.sub) }
}

/**
 * @param {import('express').Request} req
 * @param {PageOptions} options
 */
function sessionOf(req, { idleSeconds, processes }) {
  const { user, idToken, session } = req.oidc ?? {}
  if (user === undefined || idToken === undefined || session === undefined) return {}
  const cookies = cookieRows(req.headers.cookie ?? '', processes !== undefined)
  return {
    claims: claimRows(user),
    idToken: decodedIdToken(idToken),
    clocks: clocks(session, decodedIdToken(idToken).claims, idleSeconds),
    now: Math.floor(Date.now() / 1000),
    scopes: req.auth?.scopes ?? [],
    cookies,
    cookieBytes: cookies.reduce((sum, { bytes }) => sum + bytes + 2, -2),
  }
}
