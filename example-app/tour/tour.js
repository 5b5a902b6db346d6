import express from 'express'
import { acr, csrf, provider, requireAuth } from 'express-oidc'
import { secondFactor } from '../provider/second-factor.js'
import { stops } from './stops.js'

/** @typedef {import('./types.js').Stop} Stop */
/** @typedef {import('./types.js').Answer} Answer */

/**
 * The stops that there are for these providers.
 *
 * @param {import('./types.js').Tour} tour
 * @returns {readonly Stop[]}
 */
export function openStops({ machine, audience }) {
  return stops.filter(({ id, ownProvider = false }) =>
    machine === undefined ? !ownProvider && (id !== 'api' || audience !== undefined) : true,
  )
}

/**
 * The pages of the tour: `GET /tour/<id>` shows a stop, `POST` does what its button says.
 *
 * @param {import('./types.js').Tour} tour
 * @param {(stop: Stop, answer?: Answer) => import('express').RequestHandler} page
 * @returns {express.Router}
 */
export function tourRoutes(tour, page) {
  const router = express.Router()
  const form = express.urlencoded({ extended: false, limit: '1kb' })
  for (const stop of openStops(tour)) {
    const { id, run, forPeople = false } = stop
    router.get(`/${id}`, page(stop))
    if (run === undefined) continue
    const guards = forPeople ? [csrf(), requireAuth()] : [csrf()]
    router.post(`/${id}`, ...guards, form, async (req, res, next) => page(stop, await run(req, tour))(req, res, next))
  }
  const [stepUp, providers] = ['step-up', 'providers'].map((id) => openStops(tour).find((stop) => stop.id === id))
  if (stepUp !== undefined) {
    router.get('/step-up/transfer', requireAuth(acr(secondFactor)), page(stepUp, transferred))
  }
  if (providers !== undefined) {
    router.get('/providers/noticeboard', requireAuth(provider('company')), page(providers, noticeboard))
  }
  return router
}

/** @type {Answer} */
const transferred = {
  lines: [
    {
      what: 'GET /tour/step-up/transfer',
      status: 200,
      isOpen: true,
      said: 'The transfer page is open: acr in your ID Token says that the second factor was seen.',
    },
  ],
}

/** @type {Answer} */
const noticeboard = {
  lines: [
    {
      what: 'GET /tour/providers/noticeboard',
      status: 200,
      isOpen: true,
      said: 'The noticeboard is open: you are signed in at Company.',
    },
  ],
}
