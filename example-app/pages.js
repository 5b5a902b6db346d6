import { errorView } from './error-view.js'
import { render } from './render.js'
import { claimRows, clocks, cookieRows, decodedIdToken } from './session-view.js'
import { flows } from './timeline-view.js'

/**
 * @typedef {object} PageOptions
 * @property {import('./timeline.js').Timeline} timeline
 * @property {string} issuer
 * @property {string} clientId
 * @property {boolean} embedded
 * @property {number} idleSeconds
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
  const common = (req, active) => ({
    active,
    issuer: options.issuer,
    embedded: options.embedded,
    person: personOf(req),
    flows: flows(options.timeline.startSteps(), options.timeline.steps(req)),
  })

  return {
    /** @type {import('express').RequestHandler} */
    home(req, res) {
      const view = req.oidc?.isAuthenticated() ? 'signed-in' : 'signed-out'
      res.send(render(view, { ...common(req, 'home'), ...sessionOf(req, options.idleSeconds) }))
    },

    /** @type {import('express').RequestHandler} */
    hr(req, res) {
      res.send(render('hr', common(req, 'hr')))
    },

    /** @type {import('express').RequestHandler} */
    notFound(_req, _res, next) {
      next(Object.assign(new Error('There is no such page.'), { status: 404, code: 'not_found', expose: true }))
    },

    /** @type {import('express').ErrorRequestHandler} */
    failed(error, req, res, next) {
      if (res.headersSent) {
        next(error)
        return
      }
      const view = errorView(error)
      if (view.status >= 500) console.error(`${req.method} ${req.path}: ${view.code} ${Object(error).message ?? ''}`)
      res.status(view.status).set(Object(error).headers ?? {})
      res.send(render('error', { ...common(req, req.path === '/hr' ? 'hr' : ''), ...view, path: req.path }))
    },
  }
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
 * @param {number} idleSeconds
 */
function sessionOf(req, idleSeconds) {
  const { user, idToken, session } = req.oidc ?? {}
  if (user === undefined || idToken === undefined || session === undefined) return {}
  const cookies = cookieRows(req.headers.cookie ?? '')
  return {
    claims: claimRows(user),
    idToken: decodedIdToken(idToken),
    clocks: clocks(session, user, idleSeconds),
    now: Math.floor(Date.now() / 1000),
    scopes: req.auth?.scopes ?? [],
    cookies,
    cookieBytes: cookies.reduce((sum, { bytes }) => sum + bytes + 2, -2),
  }
}
