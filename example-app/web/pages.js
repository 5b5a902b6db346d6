import { endedView } from './ended-view.js'
import { errorView } from './error-view.js'
import { render } from './render.js'
import { flows } from '../timeline/flows.js'
import { openStops } from '../tour/tour.js'

/** @typedef {import('../tour/types.js').Stop} Stop */
/** @typedef {import('../tour/types.js').Answer} Answer */

/**
 * @typedef {object} PageOptions
 * @property {import('../tour/types.js').Tour} tour
 * @property {boolean} embedded Whether the providers are the demo's own.
 * @property {boolean} hasBoard Whether there are live updates.
 * @property {Processes | undefined} processes Where there are several.
 */

/**
 * @typedef {object} Processes
 * @property {() => readonly number[]} running Their ids.
 * @property {(pid: number) => void} stop Ends one as `kill -9` does.
 */

/**
 * @typedef {Record<'home' | 'hr' | 'notFound', import('express').RequestHandler> & {
 *   stop: (stop: Stop, answer?: Answer) => import('express').RequestHandler,
 *   failed: import('express').ErrorRequestHandler,
 * }} Handlers
 */

/**
 * Makes the handlers of the pages.
 *
 * @param {PageOptions} options
 */
export function pages({ tour, embedded, hasBoard, processes }) {
  const stops = openStops(tour)

  /** @param {import('express').Request} req */
  const common = async (req) => {
    const person = await personOf(req, tour.login)
    return {
      stops,
      person,
      embedded,
      issuer: tour.issuer,
      live: hasBoard && person !== undefined,
      flows: flows(tour.timeline.startSteps(), await tour.timeline.steps(req)),
      processes: processes && { running: processes.running(), answeredBy: process.pid },
    }
  }

  /** @type {Handlers} */
  const handlers = {
    home: async (req, res) => {
      res.send(render('home', { ...(await common(req)), ended: endedView(req.query) }))
    },

    hr: async (req, res) => {
      res.send(render('hr', await common(req)))
    },

    stop: (stop, answer) => async (req, res) => {
      const all = await common(req)
      const isOpen = !stop.forPeople || all.person !== undefined
      const own = isOpen ? await stop.data?.(req, tour) : {}
      const place = stops.indexOf(stop)
      const around = { number: place + 1, previous: stops[place - 1], next: stops[place + 1] }
      const ownFlows = all.flows.filter((flow) => flow.stop === stop.id)
      res.send(render('stop', { ...all, ...around, ...own, stop, answer, isOpen, flows: ownFlows }))
    },

    notFound: (_req, _res, next) => {
      next(Object.assign(new Error('There is no such page.'), { status: 404, code: 'not_found', expose: true }))
    },

    failed: async (error, req, res, next) => {
      if (res.headersSent) {
        next(error)
        return
      }
      const view = errorView(error)
      if (view.status >= 500) console.error(`${req.method} ${req.path}: ${view.code} ${Object(error).message ?? ''}`)
      res.status(view.status).set(Object(error).headers ?? {})
      res.send(render('error', { ...(await common(req)), ...view, path: req.path }))
    },
  }
  return handlers
}

/**
 * Who is signed in to the demo itself.
 *
 * @param {import('express').Request} req
 * @param {import('express-oidc').OidcMiddleware<unknown>} login
 */
async function personOf(req, login) {
  const claims = (await login.authenticate(req).catch(() => undefined))?.principal.claims
  if (claims === undefined) return undefined
  const name = [claims.name, claims.preferred_username, claims.email, claims.sub].find(
    (value) => typeof value === 'string',
  )
  return { name: String(name), email: claims.email, dept: claims.dept, subject: String(claims.sub) }
}
